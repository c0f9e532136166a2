"""Logits to distributions: how the next token is chosen."""
