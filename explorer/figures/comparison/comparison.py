"""All pictures of a comparison: on a page of their own, or the ranks alone where a Chrome is there to draw them."""

from __future__ import annotations

import html
from pathlib import Path

import plotly.graph_objects as go

from explorer.figures.comparison.beam_tree import MAX_STEPS, beam_tree
from explorer.figures.comparison.measure_names import MEASURES, measure_name
from explorer.figures.comparison.strategies import fingerprints, measure_strips
from explorer.figures.shared.picture import KINDS, picture, require_chrome
from explorer.figures.shared.theme import Theme
from explorer.generation.compare import Comparison
from explorer.generation.measures import fingerprint
from explorer.language_model.tokens import Vocabulary
from explorer.locales import ExplorerError
from explorer.models.user_files import require_writable, write_file

PAGE = ".html"
PICTURES = tuple(f".{kind}" for kind in KINDS)

_PAGE = """\
<!DOCTYPE html>
<html lang="{language}">
<head><meta charset="utf-8"><title>{title}</title></head>
<body style="font-family: sans-serif; margin: 2em"><h1>{title}</h1>
{figures}
</body>
</html>
"""


def ranks_figure(made: Comparison, theme: Theme) -> go.Figure:
    """The fingerprint of every strategy."""
    return fingerprints({written.name: fingerprint(written.samples) for written in made.strategies}, theme)


def comparison_page(made: Comparison, vocabulary: Vocabulary, language: str) -> str:
    """HTML of the ranks, every measure and each beam search, that needs no network: plotly.js is in it, 5 MB."""
    theme = Theme(language=language)
    figures = [ranks_figure(made, theme)]
    for name in MEASURES:
        of_each = {strategy: measured[name] for strategy, measured in made.measures.items()}
        figures.append(measure_strips(of_each, theme, name=measure_name(name, language)))
    for written in made.strategies:
        best = [token.id for token in written.samples[0].tokens]
        for first in range(0, len(written.search), MAX_STEPS):
            figures.append(beam_tree(written.search, vocabulary, theme, title=written.name, best=best, first=first))
    parts = [figure.to_html(full_html=False, include_plotlyjs=not place) for place, figure in enumerate(figures)]
    return _PAGE.format(language=language, title=html.escape(made.text), figures="\n".join(parts))


def require_savable(file: Path) -> None:
    """Complain of what `save` could not write, before long work is done for it.

    Raises:
        ExplorerError: the name ends neither as a page nor as a picture, the file could not be written, or there is no
            Chrome to draw a picture.
    """
    if file.suffix.lower() not in (PAGE, *PICTURES):
        raise ExplorerError("figure-unknown-kind", file=file.name, kinds=", ".join((PAGE, *PICTURES)))
    require_writable(file)
    if file.suffix.lower() != PAGE:
        require_chrome()


def save(made: Comparison, vocabulary: Vocabulary, language: str, file: Path) -> None:
    """Write what the name of ``file`` ends with: the page, or a picture of the ranks.

    Raises:
        ExplorerError: another ending, a file that cannot be written, or a picture without a Chrome that draws it.
    """
    require_savable(file)
    if file.suffix.lower() == PAGE:
        content = comparison_page(made, vocabulary, language).encode()
    else:
        content = picture(ranks_figure(made, Theme(language=language)), file.suffix[1:].lower())
    write_file(file, content)
