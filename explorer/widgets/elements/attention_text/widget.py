"""`AttentionText`: the text as chips, coloured by the attention weights between one token and each, and arcs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import traitlets as t

from explorer.figures.attention.attention_weights import weight_share
from explorer.figures.shared.theme import Theme
from explorer.language_model.attention import Floats
from explorer.locales import numbers
from explorer.widgets.base import Element
from explorer.widgets.page_message import Index, Name, PageMessage

N_SHADES = 64
"""Colours between no weight and all of it: more than an eye can tell apart."""

N_STRONGEST = 5
"""So many are named in the line above the text."""

MIN_ARC, MAX_ARCS = 0.02, 48
"""A weight below the first has no arc; of more than so many arcs, the strongest are drawn."""

CHOICES = {"blend": ("head", "mean", "max"), "heads": ("all", "layer"), "direction": ("to", "from")}
"""What the buttons choose, and between what."""


@lru_cache(maxsize=4)
def palette(theme: Theme) -> list[tuple[str, str]]:
    """`N_SHADES` pairs of a colour and the ink that is readable on it, from no weight to all of it."""
    colours = [theme.weight(i / (N_SHADES - 1)) for i in range(N_SHADES)]
    return [(colour, theme.ink_on(colour)) for colour in colours]


def token_weights(
    row: int, first: int, weights: Floats, title: str, labels: Sequence[str], *, log: bool, shown_from: int = 0
) -> dict[str, Any]:
    """What the page shows of one token's attention weights; rows count from the first token that the model reads.

    Args:
        row: the token.
        weights: (n,) of the tokens from row ``first`` on; NaN where one is left out.
        title: what the strongest weights are, as the beginning of a sentence.
        labels: of all rows.
        log: whether colours are logarithmic.
        shown_from: rows before it have no chip, and their weights stay here; but the strongest are named wherever.

    Returns:
        ``row`` and ``title``; ``strongest``, of each its row, label, number and shade; of the chips from row
        ``first`` on the ``weights`` (float32, as bytes), ``shades`` (of `palette`, as bytes) and ``numbers``.
    """
    known = np.nan_to_num(np.asarray(weights))
    shades = np.rint(weight_share(known, log=log) * (N_SHADES - 1)).astype(np.uint8)
    order = [int(i) for i in np.argsort(-known, kind="stable")[:N_STRONGEST] if known[i] > 0]
    unseen = max(0, shown_from - first)
    return {
        "row": row,
        "title": title,
        "strongest": [
            (first + i, labels[first + i], numbers.probability(float(known[i])), int(shades[i])) for i in order
        ],
        "first": first + unseen,
        "weights": np.asarray(weights[unseen:], np.float32).tobytes(),
        "shades": shades[unseen:].tobytes(),
        "numbers": [_short(weight) for weight in weights[unseen:].tolist()],
    }


def _short(weight: float) -> str:
    """As wide as the place below a chip."""
    if np.isnan(weight):
        return "–"
    return numbers.probability(weight) if weight == 0 or weight >= 1e-3 else f"{weight:.0e}".replace("e-0", "e-")


class Ask(PageMessage):
    """The look of a token is wanted."""

    kind: Literal["ask"]
    row: Index


class Pin(PageMessage):
    """A token was clicked; None: the last one is to be followed again."""

    kind: Literal["pin"]
    row: Index | None


class Choose(PageMessage):
    """A button was pressed; ``what`` is a key of `CHOICES`."""

    kind: Literal["choose"]
    what: Name
    name: Name


class AttentionText(Element):
    """Chips in reading order with a number below each, arcs between them, a line above that names the strongest.

    The page asks for the weights of the token under the pointer and keeps what it got until the next `show`.

    Args:
        on_ask: called with the row of a token whose weights the page wants, see `answer`.
        on_pin: called with the row of a token that was clicked; None: the last token is to be followed again.
        on_choose: called with a key of `CHOICES` and one of its values.

    Attributes:
        tokens: ``labels`` of the chips; ``first``, the row of the first, below 0 where the model does not read it;
            ``joined``, by index as text, the characters that this chip and the next ones spell only together;
            ``special``, indices; ``elided``, what stands in the place of earlier tokens, and ``elided_note``.
        shown: ``number`` of this answer; the ``row`` whose weights are shown, whether it is ``pinned``, and the
            ``token_weights`` of it and of what else the page is likely to want, see `token_weights`.
        chosen: by the keys of `CHOICES`, the button that is down; ``several``: whether several heads are chosen.
        palette: see `palette`; scale: ``name``, ``least`` and ``most`` of what the colours tell.
        sentence: stands in the place of the text where there is nothing to show.
        arcs: whether they are drawn.
        stale: newer weights are being computed.
    """

    styled_like = ("token_chips",)
    page_writes = frozenset({"arcs"})
    tokens = t.Dict().tag(sync=True)
    shown = t.Dict().tag(sync=True)
    chosen = t.Dict().tag(sync=True)
    words = t.Dict().tag(sync=True)
    palette: t.List[tuple[str, str]] = t.List().tag(sync=True)
    scale = t.Dict().tag(sync=True)
    sentence = t.Unicode("").tag(sync=True)
    explanation = t.Unicode("").tag(sync=True)
    least_arc = t.Float(MIN_ARC).tag(sync=True)
    most_arcs = t.Int(MAX_ARCS).tag(sync=True)
    arcs = t.Bool(True).tag(sync=True, echo_update=False)
    stale = t.Bool(False).tag(sync=True)

    def __init__(
        self,
        on_ask: Callable[[int], None],
        on_pin: Callable[[int | None], None],
        on_choose: Callable[[str, str], None],
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._on_ask, self._on_pin, self._on_choose = on_ask, on_pin, on_choose
        self._number = 0

    def show(self, row: int, pinned: bool, found: Sequence[dict[str, Any]]) -> None:
        """Show the weights of ``row``; whatever the page knew before is forgotten."""
        self._number += 1
        self.shown = {"number": self._number, "row": row, "pinned": pinned, "token_weights": list(found)}

    def answer(self, found: dict[str, Any]) -> None:
        """The weights that were asked for, see `token_weights`."""
        apart = ("weights", "shades")
        content = {key: value for key, value in found.items() if key not in apart}
        answer = {"kind": "token_weights", "number": self._number, "token_weights": content}
        self.send(answer, [found[key] for key in apart])

    def has(self, row: int) -> bool:
        """Whether there is a chip for ``row``, and the model reads it."""
        first, n = self.tokens.get("first", 0), len(self.tokens.get("labels", ()))
        return max(0, first) <= row < first + n and not self.sentence

    def receive(self, message: Ask | Pin | Choose) -> None:
        match message:
            case Ask(row=row) if self.has(row):
                self._on_ask(row)
            case Pin(row=row) if row is None or self.has(row):
                self._on_pin(row)
            case Choose(what=what, name=name) if name in CHOICES.get(what, ()):
                self._on_choose(what, name)
            case _:
                self.ignore()
