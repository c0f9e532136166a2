"""transformers' models, on every device and in every dtype."""
