"""See a language model choose its next token."""
