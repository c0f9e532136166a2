"""Traces to numbers about what heads do."""
