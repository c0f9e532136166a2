"""The one way text gets into a plotly figure."""

from __future__ import annotations

from explorer.locales import visible

# plotly reads labels and hovers as a kind of HTML, and text between dollars as TeX.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"})


def escape(text: str, longest: int | None = None) -> str:
    """``text`` so that plotly shows exactly its characters, those without a glyph by `visible`; cut to ``longest`` of
    them with an ellipsis."""
    if longest is not None and len(text) > longest:
        text = text[: longest - 1] + "…"
    return visible(text).translate(_ENTITIES)
