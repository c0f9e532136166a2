"""`Display`: how things are shown, and what of them."""

from __future__ import annotations

import traitlets as t

from explorer.figures.shared.theme import Theme
from explorer.locales import language
from explorer.probes.first_token import FIRST_TOKEN
from explorer.state.slice import Slice


class Display(Slice):
    """
    Attributes:
        theme: colours and language.
        browser: who looks at this, as 16 hexadecimal digits that the page keeps; "" before it says so.
        section: which of the sections below the bars is open, by its name; view, compare_view: which view of the
            attention, of the comparison.
        n_bars, log_axis: how the distribution is drawn.
        colour_by: what the colours of tokens tell: ``surprisal``, ``rank`` or ``probability``.
        first_token: whether weights on the first token are ``shown``, ``hidden``, or ``renormalised`` away.
        log_weights: whether weights have a logarithmic colour scale.
        head_order: how heads are sorted: by ``layer``, or by the name of a score.
    """

    theme = t.Instance(Theme)
    browser = t.Unicode("")
    section = t.Unicode("")
    view = t.Unicode("")
    compare_view = t.Unicode("")
    n_bars = t.Int(10)
    log_axis = t.Bool(False)
    colour_by = t.Enum(["surprisal", "rank", "probability"], default_value="surprisal")
    first_token = t.Enum(FIRST_TOKEN, default_value="shown")
    log_weights = t.Bool(False)
    head_order = t.Unicode("layer")

    @t.default("theme")
    def _theme(self) -> Theme:
        return Theme(language=language())
