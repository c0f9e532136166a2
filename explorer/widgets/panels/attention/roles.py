"""Which heads do what is known of heads: previous token, first token, same token, induction."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import plotly.graph_objects as go
import traitlets as t

from explorer.figures.attention.attention_weights import head_name
from explorer.figures.attention.role_names import role_name
from explorer.figures.attention.summary import score_map, score_map_size
from explorer.figures.shared.empty import empty_figure
from explorer.language_model.attention import EXACT_TOKENS
from explorer.locales import Message, numbers
from explorer.probes.roles import FEWEST, KINDS, LIFT, Roles, roles_of
from explorer.state.reader import N_RANDOM
from explorer.state.refresher import Paint
from explorer.widgets import controls as w
from explorer.widgets.elements.plot.widget import Plot
from explorer.widgets.elements.role_labels.widget import RoleLabels
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.menus import set_options
from explorer.widgets.panels.panel import Panel

MAX_HEADS = 12
"""Buttons for the heads of one role; of more, the best."""

HEIGHT = 324  # of the picture, before there is one

ABOUT = {
    "previous": ("role-previous-about", "role-previous-score"),
    "first": ("role-first-about", "role-first-score"),
    "same": ("role-same-about", "role-same-score"),
    "induction": ("role-induction-about", "role-induction-score"),
}
"""Message ids: what such heads do, and what the score is."""

TEXT, RANDOM = "text", "random"


class RolesPanel(Panel):
    """The scores of all heads for a role, and the heads that have the label of each.

    A click on a head opens it; one on the name of a role chooses all heads that have its label.

    Attributes:
        kind: the role whose scores are drawn.
        source: ``text`` for scores on the text, ``random`` for those on random tokens that come twice.
    """

    follows = ("reader.model", "experiment.interventions", "reader.trace", "selection.head", "selection.heads")
    required_extras = frozenset({"attention"})
    kind = t.Enum(KINDS, default_value="induction")
    source = t.Enum([TEXT, RANDOM], default_value=TEXT)

    def build(self) -> list[w.Widget]:
        style = {"description_width": "initial"}
        self._kinds, self._sources = (w.Dropdown(layout={"width": "auto"}, style=style) for _ in range(2))
        self._plot = Plot(on_cell=self._on_head, height=HEIGHT)
        self._explanation = StatusLine(state="plain")
        self._labels = RoleLabels(self._on_role, self._on_head)
        self._shown: Roles | None = None
        self._kinds.observe(self._on_kind, "value")
        self._sources.observe(self._on_source, "value")
        self.follow("kind", self)
        self.follow("source", self)
        for trait in ("answer", "stale", "problem"):
            self.follow(trait, self.state.reader.roles)
        self.dimmed = (self._plot, self._labels)
        menus = w.HBox([self._kinds, self._sources], layout={"flex_flow": "row wrap"})
        return [menus, self._plot, self._explanation, self._labels]

    def translate(self) -> None:
        language = self.state.display.theme.language
        self._kinds.description = self._kinds.tooltip = self.tr("roles-kind")
        self._sources.description = self._sources.tooltip = self.tr("roles-source")
        set_options(self._kinds, [(role_name(kind, language), kind) for kind in KINDS], self.kind, self._on_kind)
        sources = [(self.tr("roles-on-text"), TEXT), (self.tr("roles-on-random", n=N_RANDOM), RANDOM)]
        set_options(self._sources, sources, self.source, self._on_source)

    def refresh(self) -> Paint | None:
        self._kinds.value, self._sources.value = self.kind, self.source
        reader = self.state.reader
        trace = reader.trace
        if self.source == RANDOM:
            return self._refresh_random()
        if reader.no_attention is not None:
            return partial(self._say, reader.no_attention)
        if trace is not None and trace.recorded_attention is not None:
            return partial(self._draw, lambda: roles_of(trace), exact=trace.recorded_attention.exact is not None)
        return None

    def _refresh_random(self) -> Paint | None:
        question = self.state.reader.roles
        question.ask(N_RANDOM)
        if question.problem is not None:
            return partial(self._say, question.problem)
        if not question.stale and (roles := question.answer) is not None:
            return partial(self._draw, lambda: roles, exact=True)
        computing = Message.of("roles-computing", n=N_RANDOM)
        if self._shown is None:
            return partial(self._say, computing)
        self._explanation.text = computing.render(self.state.display.theme.language)
        return None

    @property
    def is_stale(self) -> bool:
        waits = self.state.reader.roles.stale if self.source == RANDOM else self.state.reader.late
        return self._shown is not None and waits

    def _draw(self, compute: Callable[[], Roles], *, exact: bool) -> None:
        roles = compute()
        n_layer, n_head = roles.of(self.kind).shape
        self._shown = roles
        self._show(self.figure_of(roles), score_map_size(n_layer, n_head)[0])
        notes = [self.tr("roles-caution", lift=numbers.percent(LIFT))]
        if not exact:
            notes.append(self.tr("summary-bytes", exact=EXACT_TOKENS))
        with self._explanation.hold_sync():
            self._explanation.text, self._explanation.notes = self.tr(ABOUT[self.kind][1]), notes
        self._labels.groups = [self._group(roles, kind) for kind in KINDS]

    def figure_of(self, roles: Roles) -> go.Figure:
        """The scores for the chosen role."""
        theme, scores, number = self.state.display.theme, roles.of(self.kind), KINDS.index(self.kind)
        chance = numbers.fraction(roles.chance[number], 2)
        labelled = {kind: set(roles.heads(kind)) for kind in KINDS}
        plain = self.tr("roles-hover", score="{}", chance=chance)

        def text(layer: int, head: int) -> str:
            labels = [role_name(kind, theme.language) for kind in KINDS if (layer, head) in labelled[kind]]
            return "\n".join([plain.format(numbers.fraction(scores[layer, head], 2)), *labels])

        aside = "roles-aside" if roles.n_cases[number] else "roles-aside-nothing"
        return score_map(
            scores,
            text,
            theme,
            title=self.tr(
                "roles-title-text" if self.source == TEXT else "roles-title-random",
                role=role_name(self.kind, theme.language),
                n=N_RANDOM,
            ),
            aside=self.tr(aside),
            unit=self.tr("roles-score"),
            most=1.0,
            colours=theme.weights,
            opened=self.state.selection.head,
            marked=roles.heads(self.kind),
        )

    def _group(self, roles: Roles, kind: str) -> dict[str, Any]:
        """What `RoleLabels` shows of one role."""
        state, name = self.state, role_name(kind, self.state.display.theme.language)
        heads, n_cases = roles.heads(kind), int(roles.n_cases[KINDS.index(kind)])
        note = self.tr("roles-too-few") if n_cases < FEWEST else self.tr("roles-count", n=len(heads))
        return {
            "kind": kind,
            "name": name,
            "about": self.tr(ABOUT[kind][0]),
            "note": note,
            "tip": self.tr("roles-choose", role=name, n=len(heads)),
            "pressed": bool(heads) and set(state.selection.heads) == set(heads),
            "heads": [
                {
                    "layer": layer,
                    "head": head,
                    "label": head_name(layer, head),
                    "note": numbers.fraction(roles.of(kind)[layer, head], 2),
                    "pressed": state.selection.head == (layer, head),
                    "description": self.tr("roles-open", head=head_name(layer, head), role=name),
                }
                for layer, head in heads[:MAX_HEADS]
            ],
            "more": self.tr("roles-more", n=len(heads) - MAX_HEADS) if len(heads) > MAX_HEADS else "",
        }

    def _say(self, problem: Message) -> None:
        """A sentence in the place of the picture; no head has a label."""
        self._shown = None
        sentence = problem.render(self.state.display.theme.language)
        self._show(empty_figure(sentence, self.state.display.theme, height=self._plot.height), None)
        with self._explanation.hold_sync():
            self._explanation.text, self._explanation.notes = "", []
        self._labels.groups = []

    def _show(self, figure: go.Figure, width: int | None) -> None:
        """``width``: pixels that the picture has at most."""
        self._plot.layout.max_width = f"{width}px" if width is not None else None
        self._plot.show(figure, self.state.display.theme, answer=self.state.reader.answer)

    def _on_kind(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.kind = change["new"]

    def _on_source(self, change: dict[str, Any]) -> None:
        with self.state.lock:
            self.state.reader.roles.again()
            self.source = change["new"]

    def _on_role(self, kind: str) -> None:
        with self.state.lock:
            self.kind = kind
            heads = self._shown.heads(kind) if self._shown is not None else ()
            if heads and all(self.state.selection.has_head(*each) for each in heads):
                self.state.selection.choose_heads(heads, "mean")

    def _on_head(self, layer: int, head: int) -> None:
        with self.state.lock:
            if self.state.selection.has_head(layer, head):
                self.state.selection.open_head(layer, head)
