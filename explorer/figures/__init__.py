"""Records to plotly figures: pure functions of ``(record, theme)``."""
