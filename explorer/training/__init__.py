"""How the bundled model is made: books become documents, documents tokens, tokens a model, the model its figures."""
