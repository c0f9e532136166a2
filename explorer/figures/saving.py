"""A figure as a file: a page of its own, or a picture where a Chrome is there to draw it."""

from __future__ import annotations

from pathlib import Path

import plotly.graph_objects as go

from explorer.locales import ExplorerError

PICTURES = (".png", ".svg", ".pdf")


def save(figure: go.Figure, file: Path) -> None:
    """Write ``figure`` as what the name of ``file`` ends with: ``.html`` (with plotly.js in it, 5 MB), or a picture.

    Raises:
        ExplorerError: another ending, a file that cannot be written, or a picture without kaleido and a Chrome.
    """
    kind = file.suffix.lower()
    try:
        if kind == ".html":
            figure.write_html(file, include_plotlyjs=True)
        elif kind in PICTURES:
            figure.write_image(file)
        else:
            raise ExplorerError("figure-unknown-kind", file=file.name, kinds=", ".join((".html", *PICTURES)))
    except OSError as error:
        raise ExplorerError("figure-not-saved", file=str(file), reason=error.strerror or str(error)) from error
    except (ImportError, ValueError, RuntimeError) as error:  # kaleido, or the Chrome it drives, is missing
        if isinstance(error, ExplorerError):
            raise
        raise ExplorerError("figure-no-chrome", file=file.name) from error
