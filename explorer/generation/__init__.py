"""Many steps: a text, several strategies side by side, what they wrote in numbers."""
