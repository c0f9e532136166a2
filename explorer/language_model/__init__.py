"""Text to tokens, tokens to a `Trace`: the one room that runs a model."""
