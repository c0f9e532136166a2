"""Strategies side by side: the list of them, their texts, and views of how these differ."""

from __future__ import annotations

from typing import Any

from explorer.figures.comparison.method_names import method_in_words
from explorer.generation.compare import Comparison
from explorer.generation.decoders import Sample, Step, first_difference
from explorer.generation.generate import END, LENGTH, TEXT
from explorer.generation.presets import COMPARED
from explorer.generation.strategy import Beam, Strategy
from explorer.locales import ExplorerError, numbers, visible
from explorer.sampling.sampling import Sampling
from explorer.widgets import controls as w
from explorer.widgets.elements.strategy_list.widget import StrategyList
from explorer.widgets.elements.text_columns.widget import N_SHADES, Place, TextColumns
from explorer.widgets.number_input import typed_number
from explorer.widgets.panels.compare.compare_views import CompareViewsPanel
from explorer.widgets.panels.main.stepping import SteppingPanel
from explorer.widgets.panels.main.tokens import MAX_BITS, TokensPanel
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel

WAYS = {"surprisal": "compare-colour-surprisal", "choice": "compare-colour-choice"}
ENDS = {END: "■", LENGTH: "…", TEXT: "▪", None: ""}
"""The sign after a text: ended by the model, as long as allowed, ended by a string, still growing."""

ENDED = {END: "compare-ended-end", LENGTH: "compare-ended-length", TEXT: "compare-ended-text"}

NOTHING, SAMPLER = "", "\0"
"""The menu's values for its title and for the sampler as it is set."""

MAX_SHOWN = 60
"""Characters of the text before that are shown."""

MAX_SAMPLES, MAX_TOKENS = 64, 400
_SECOND, _LATER = 10, 15
"""Shades of tokens that were not the first choice: rank 2 to 10, and beyond."""


class ComparePanel(Panel):
    """What each strategy writes after the text on show."""

    follows = (
        "reader.model",
        "reader.trace",
        "comparison.strategies",
        "comparison.comparison",
        "comparison.running",
        "comparison.colour_by",
        "comparison.chosen",
    )

    def build(self) -> list[w.Widget]:
        comparison = self.comparison = self.state.comparison
        self._wrong: ExplorerError | None = None
        self._list = StrategyList(
            {
                "take": lambda place: comparison.put(place, self.state.sampler.sampling),
                "show": self._show_in_sampler,
                "duplicate": comparison.duplicate,
                "up": lambda place: comparison.move(place, -1),
                "down": lambda place: comparison.move(place, 1),
                "remove": comparison.remove,
            },
            comparison.rename,
            self._on_beam,
        )
        plain = {"style": {"description_width": "initial"}}
        self._add = w.Dropdown(layout={"width": "210px"}, **plain)
        self._n = w.BoundedIntText(comparison.n_samples, min=1, max=MAX_SAMPLES, layout={"width": "130px"}, **plain)
        self._length = w.BoundedIntText(comparison.n_tokens, min=1, max=MAX_TOKENS, layout={"width": "175px"}, **plain)
        self._way = w.Dropdown(layout={"width": "250px"}, **plain)
        self._run = w.Button(button_style="primary", layout={"width": "150px"})
        self._texts = TextColumns(self._note, self._on_pick)
        self._views = CompareViewsPanel(self.state, visible=False)
        self._run.on_click(self._on_run)
        self._add.observe(self._on_add, "value")
        self._way.observe(self._on_way, "value")
        self._n.observe(lambda change: setattr(comparison, "n_samples", change["new"]), "value")
        self._length.observe(lambda change: setattr(comparison, "n_tokens", change["new"]), "value")
        controls = w.HBox(
            [self._run, self._n, self._length, self._add, self._way],
            layout={"flex_flow": "row wrap", "align_items": "center"},
        )
        return [self._list, controls, self._texts, self._views]

    def translate(self) -> None:
        words = {
            "name": "strategy-name",
            "take": "strategy-take",
            "show": "strategy-show",
            "duplicate": "strategy-duplicate",
            "up": "strategy-up",
            "down": "strategy-down",
            "remove": "strategy-remove",
            "n_beams": "strategy-beams",
            "length_penalty": "strategy-length-penalty",
        }
        self._list.words = {action: self.tr(message) for action, message in words.items()}
        self._list.labels = {
            "take": self.tr("strategy-take-label"),
            "show": self.tr("strategy-show-label"),
            "duplicate": self.tr("strategy-duplicate-label"),
        }
        self._n.description, self._length.description = self.tr("compare-n"), self.tr("compare-length")
        self._way.description = self.tr("compare-colours")
        self._texts.description = self.tr("compare-description")
        set_options(
            self._way,
            [(self.tr(message), way) for way, message in WAYS.items()],
            self.comparison.colour_by,
            self._on_way,
        )
        options = [(self.tr("compare-add"), NOTHING), (self.tr("compare-add-sampler"), SAMPLER)]
        options += [(self.tr(name), name) for name in COMPARED]
        set_options(self._add, options, NOTHING, self._on_add)

    def refresh(self) -> None:
        comparison, theme = self.comparison, self.state.display.theme
        self._list.strategies = [self._row(each) for each in comparison.strategies]
        self._run.description = self.tr("compare-stop" if comparison.running else "compare-run")
        self._run.disabled = self.state.reader.trace is None or not (comparison.strategies or comparison.running)
        made = comparison.comparison
        with self._texts.hold_sync():
            back = [theme.amount(i / (N_SHADES - 1)) for i in range(N_SHADES)]
            self._texts.palette = [{"back": colour, "ink": theme.ink_on(colour)} for colour in back]
            self._texts.legend = self._legend(made) if made is not None else []
            self._texts.heading = self._heading(made) if made is not None else ""
            self._texts.summary = self._summary(made)
            if made is not None:
                self._texts.columns = [
                    {
                        "name": visible(written.name),
                        "method": self._in_words(written.strategy),
                        "samples": [self._sample(sample, made, place) for place, sample in enumerate(written.samples)],
                    }
                    for written in made.strategies
                ]
            self._texts.chosen = list(comparison.chosen)

    def _row(self, strategy: Strategy) -> dict[str, Any]:
        if isinstance(strategy.method, Beam):
            beam = {
                "n_beams": str(strategy.method.n_beams),
                "length_penalty": numbers.parameter(strategy.method.length_penalty),
            }
            return {"name": visible(strategy.name), "method": "", "beam": beam}
        return {"name": visible(strategy.name), "method": self._in_words(strategy)}

    def on_visible(self) -> None:
        self._views.visible = self.visible

    def _sample(self, sample: Sample, made: Comparison, place: int) -> dict[str, Any]:
        first = made.strategies[0].samples
        other = first[min(place, len(first) - 1)]
        parts = None if sample is other else first_difference(sample, other)
        return {
            "tokens": [_text(step) for step in sample.steps],
            "shades": [self._shade(sample, i) for i in range(len(sample.steps))],
            "parts": -1 if parts is None else parts,
            "ended": ENDS[sample.ended],
        }

    def _shade(self, sample: Sample, i: int) -> int:
        if self.comparison.colour_by == "choice":
            rank = sample.steps[i].choice.rank
            return -1 if rank == 1 else _SECOND if rank <= 10 else _LATER
        share = min(1.0, float(sample.surprisal[i]) / MAX_BITS)
        return round(share * (N_SHADES - 1))

    def _heading(self, made: Comparison) -> str:
        """What the texts follow; and what is no longer, or not yet, as it should be."""
        text = made.text.replace("\n", "⏎")
        shown = text if len(text) <= MAX_SHOWN else f"… {text[-MAX_SHOWN:]}"
        said = [self.tr("compare-after", text=shown)]
        place = self.state.reader.shown
        if not (made.complete or self.comparison.running):
            said.append(self.tr("compare-unfinished"))
        if place is not None and place.tree is not None and tuple(place.tree.ids(place.number)) != made.ids:
            said.append(self.tr("compare-other-text"))
        if [each.strategy.method for each in made.strategies] != [each.method for each in self.comparison.strategies]:
            said.append(self.tr("compare-other-strategies"))
        return " · ".join(said)

    def _summary(self, made: Comparison | None) -> str:
        if made is None:
            return self.tr("compare-nothing")
        notices = [notice.render(self.state.display.theme.language) for notice in made.notices]
        return " ".join(notices) or self.tr("compare-summary")

    def _legend(self, made: Comparison) -> list[dict[str, Any]]:
        if self.comparison.colour_by == "choice":
            shades = {"2–10": _SECOND, "> 10": _LATER}
            legend: list[dict[str, Any]] = [
                {"colours": [self._texts.palette[shade]["back"]], "text": self.tr("scale-rank", n=ranks)}
                for ranks, shade in shades.items()
            ]
        else:
            bits = self.tr("compare-legend-bits", most=f"{MAX_BITS:.0f}")
            legend = [{"colours": list(self.state.display.theme.amounts), "text": bits}]
        if len(made.strategies) > 1:
            legend.append({"parts": True, "text": self.tr("compare-legend-parts")})
        ended = {sample.ended for written in made.strategies for sample in written.samples}
        return legend + [{"sign": ENDS[why], "text": self.tr(ENDED[why])} for why in ENDED if why in ended]

    def _in_words(self, strategy: Strategy) -> str:
        """What it does, where its name does not say so already."""
        words = method_in_words(strategy.method, self.state.display.theme.language)
        return "" if words == strategy.name else words

    def _note(self, place: Place) -> str:
        made = self.comparison.comparison
        if made is None:
            return ""
        step = made.strategies[place[0]].samples[place[1]].steps[place[2]]
        choice = step.choice
        return self.tr(
            "compare-note",
            strategy=made.strategies[place[0]].name,
            number=place[2] + 1,
            token=choice.token.label,
            probability=numbers.probability(choice.probability),
            raw=numbers.probability(choice.raw_probability),
            rank=choice.rank,
            u=numbers.draw(choice.u) if choice.u is not None else "–",
            entropy=numbers.bits(step.raw_entropy_bits),
            after=numbers.bits(step.entropy_bits),
        )

    def around(self) -> list[w.Widget]:
        return [*super().around(), TokensPanel(self.state), SteppingPanel(self.state)]

    def _show_in_sampler(self, place: int) -> None:
        method = self.comparison.strategies[place].method
        if isinstance(method, Sampling):
            with self.state.lock:
                self.state.sampler.sampling = method

    def _on_beam(self, place: int, n_beams: str, length_penalty: str) -> None:
        before, self._wrong = self._wrong, None
        try:
            self.comparison.put(place, Beam(typed_number(n_beams[:40], whole=True), typed_number(length_penalty[:40])))
        except ExplorerError as error:
            self._wrong = error
            self.state.status.fail(error)
        else:
            if before is not None:
                self.state.resolved(before)

    def _on_run(self, _button: object) -> None:
        if self.comparison.running:
            self.comparison.cancel()
        else:
            self.state.status.attempt(self.comparison.run)

    def _on_add(self, change: dict[str, Any]) -> None:
        name = change["new"]
        if name == SAMPLER:
            self.comparison.add(self.state.sampler.sampling)
        elif name in COMPARED:
            self.comparison.add(COMPARED[name])
        self._add.value = NOTHING

    def _on_way(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.comparison.colour_by = change["new"]

    def _on_pick(self, place: Place) -> None:
        with self.state.lock:
            self.comparison.chosen = place


def _text(step: Step) -> str:
    """A token in a running text: its own characters where it has any, with line breaks one can see."""
    text = step.choice.token.text
    if text is None or step.choice.token.special:
        return step.choice.token.label
    return text.replace("\n", "⏎\n")
