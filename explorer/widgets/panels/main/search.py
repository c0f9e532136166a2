"""Ask for the probability of any token, and keep it in view while the text changes."""

from __future__ import annotations

import re
from typing import Any

from explorer.figures.shared.stage_names import stage_name
from explorer.locales import Message, numbers
from explorer.sampling.distribution import Candidate, Distribution
from explorer.state.selection import MAX_PINS
from explorer.widgets import controls as w
from explorer.widgets.elements.choices.widget import Choices
from explorer.widgets.elements.status_line.widget import StatusLine
from explorer.widgets.panels.panel import Panel

MAX_FOUND = 6


class SearchPanel(Panel):
    """A search box over the vocabulary; what it finds can be pinned into the bars."""

    follows = ("reader.trace", "sampler.sampling", "selection.pins")

    def build(self) -> list[w.Widget]:
        self._query = w.Text(continuous_update=True, layout={"width": "auto"}, style={"description_width": "initial"})
        self._choices = Choices(self._on_chosen)
        self.follow("value", self._query)
        self.follow("answer", self.state.reader.pieces)
        self._hint = StatusLine(state="plain")
        return [self._query, self._hint, self._choices]

    def translate(self) -> None:
        self._query.description = self._query.tooltip = self.tr("search")
        self._query.placeholder = self.tr("search-placeholder")

    def refresh(self) -> None:
        distribution = self.state.sampler.distribution
        if distribution is None or distribution.vocabulary is None:
            self._choices.choices = []
            return
        query = self._query.value.rstrip()
        found, hint = find(distribution, query), self.tr("search-hint")
        # While another model is on its way, the distribution is still the old one's: its ids mean nothing to the new.
        model, pieces = self.state.reader.model, self.state.reader.pieces
        if query and not found and model is not None and distribution.vocabulary is model.vocabulary:
            pieces.ask(query)
            if pieces.answer is not None and not pieces.stale:
                found = [distribution.candidate(i) for i in dict.fromkeys(pieces.answer)][:MAX_FOUND]
                hint = self.tr("search-pieces", text=query[:20])
        pinned = [distribution.candidate(i) for i in self.state.selection.pins]
        found = [candidate for candidate in found if candidate.id not in self.state.selection.pins]
        self._hint.text = hint
        self._choices.choices = [self._choice(candidate) for candidate in (*pinned, *found)]

    def _choice(self, candidate: Candidate) -> dict[str, Any]:
        pinned = candidate.id in self.state.selection.pins
        about = {"token": candidate.token.label, "probability": numbers.probability(candidate.probability)}
        about["rank"] = f"{candidate.rank:,}"
        return {
            "key": str(candidate.id),
            "label": candidate.token.label,
            "note": self.tr("choice-note", **about) if candidate.removed_by is None else self._removed(candidate),
            "pressed": pinned,
            "description": self.tr("choice-unpin" if pinned else "choice-pin", **about),
        }

    def _removed(self, candidate: Candidate) -> str:
        language = self.state.display.theme.language
        return self.tr("removed-by", stage=stage_name(candidate.removed_by or "", language))

    def _on_chosen(self, key: str) -> None:
        token_id, pins = int(key), self.state.selection.pins
        with self.state.lock:
            if token_id in pins:
                self.state.selection.pins = tuple(i for i in pins if i != token_id)
            elif len(pins) < MAX_PINS:
                self.state.selection.pins = (*pins, token_id)
            else:
                self.state.status.say(Message.of("pins-full", n=MAX_PINS))


def find(distribution: Distribution, query: str, most: int = MAX_FOUND) -> list[Candidate]:
    """Tokens that spell ``query``, with or without a space before it, then those that begin so, likeliest first."""
    vocabulary = distribution.vocabulary
    if not query or vocabulary is None:
        return []
    if (number := re.fullmatch(r"#(\d{1,9})", query)) and int(number[1]) < len(vocabulary):
        return [distribution.candidate(int(number[1]))]
    spellings = [query] if query.startswith(" ") else [query, f" {query}"]
    exact = [token.id for token in map(vocabulary.find, spellings) if token is not None]
    longer = [i for i in vocabulary.starting_with(*spellings) if i not in exact]
    likeliest = [*sorted(exact, key=distribution.ranks.item), *sorted(longer, key=distribution.ranks.item)]
    return [distribution.candidate(i) for i in likeliest[:most]]
