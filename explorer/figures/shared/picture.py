"""A figure as a picture, drawn by kaleido with a Chrome of this machine."""

from __future__ import annotations

import kaleido
import plotly.graph_objects as go
from kaleido.errors import ChromeNotFoundError, KaleidoError

from explorer.locales import ExplorerError

KINDS = ("png", "svg", "pdf")
WIDTH, HEIGHT = 900, 450
"""Pixels of a figure that does not say them itself."""

SCALE = 2
"""Pixels of a PNG for one of the figure: sharp on a slide."""

MARGIN = 10
"""Pixels between the title and the edge, where no page stands around it."""


def require_chrome() -> None:
    """Complain of a missing Chrome before long work is done for a picture.

    Raises:
        ExplorerError: none is found.
    """
    try:
        kaleido.Kaleido(mathjax=False)  # looks for one, and starts it only when it is used
    except ChromeNotFoundError as error:
        raise ExplorerError("picture-no-chrome") from error


def picture(figure: go.Figure, kind: str) -> bytes:
    """A file of the ``kind``, one of `KINDS`.

    Plotly's own ``write_image`` is not used: it has MathJax fetched from the network, which would also set a name such
    as ``$x$`` as a formula.

    Raises:
        ExplorerError: no Chrome is found, or the one there is fails.
    """
    framed = go.Figure(figure).update_layout(title={"pad": {"l": MARGIN}})
    size = {"width": figure.layout.width or WIDTH, "height": figure.layout.height or HEIGHT}
    try:
        drawn = kaleido.calc_fig_sync(
            framed.to_dict(), opts={"format": kind, "scale": SCALE, **size}, kopts={"mathjax": False}
        )
    except ChromeNotFoundError as error:
        raise ExplorerError("picture-no-chrome") from error
    except (OSError, RuntimeError, KaleidoError) as error:
        raise ExplorerError("picture-not-drawn", reason=str(error) or type(error).__name__) from error
    return bytes(drawn)
