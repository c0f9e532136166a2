"""How the next token would be drawn: the stages of the sampler, in the order in force."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from explorer.figures.shared.stage_names import stage_name, stage_parameter
from explorer.generation.presets import PRESETS, preset_of
from explorer.language_model.model import Model
from explorer.language_model.tokens import Token, whole_characters
from explorer.locales import ExplorerError, Message, numbers
from explorer.sampling.sampling import RANGES, WHOLE, Sampling
from explorer.sampling.spelling import tokens_spelling
from explorer.sampling.stages import DEFAULT_ORDER, GREEDY, STAGES
from explorer.widgets import controls as w
from explorer.widgets.elements.sampler_controls.widget import SamplerControls, place, scales
from explorer.widgets.number_input import normalized, typed_number
from explorer.widgets.panels.panel import Panel

ALWAYS = ("temperature", "top_k", "top_p", "min_p")
"""Rows that are in view while the others are folded away."""

USUAL: dict[str, Any] = {
    "temperature": 0.7,
    "top_k": 40,
    "top_p": 0.9,
    "min_p": 0.05,
    "typical_p": 0.95,
    "repetition_penalty": 1.2,
    "presence_penalty": 0.5,
    "frequency_penalty": 0.5,
    "no_repeat_ngram": 3,
}
"""What a switch sets that is turned on where nothing was set."""

EXPLAINED = {
    "bias": "bias-explained",
    "repetition_penalty": "repetition-penalty-explained",
    "presence_penalty": "presence-penalty-explained",
    "frequency_penalty": "frequency-penalty-explained",
    "no_repeat_ngram": "no-repeat-ngram-explained",
    "banned": "banned-explained",
    "temperature": "temperature-explained",
    "top_k": "top-k-explained",
    "top_p": "top-p-explained",
    "min_p": "min-p-explained",
    "typical_p": "typical-p-explained",
}

MAX_CHIPS = 40
TOKEN = "token"
"""The box in which tokens are banned and biased; it has notes as a stage has."""

N_VOCAB_UNKNOWN = 50_000
"""How far the slider of top-k goes before a model is there."""

MAX_TYPED = 200
"""Characters of what was typed that are read, and kept for mending."""

_BIAS = re.compile(r"(?P<text>.*\S)(?:\s*=|\s+(?=[+\-−]))\s*(?P<amount>[+\-−]?[\d.]+)")


@dataclass(frozen=True)
class Note:
    """What is to be said about the last change of a stage; ``typed`` is what was refused, None where nothing was."""

    message: Message
    typed: str | None = None


class SamplingPanel(Panel):
    """Every parameter of the sampler. The same logits are read anew; the model is not asked."""

    follows = ("sampler.sampling", "reader.model")

    def build(self) -> list[w.Widget]:
        self._notes: dict[str, Note] = {}
        self._noted: tuple[Sampling, Model | None] | None = None  # what the notes are about
        self._controls = SamplerControls(self._on_asked)
        return [self._controls]

    def translate(self) -> None:
        names = {stage: stage_name(stage, self.state.display.theme.language) for stage in STAGES}
        self._controls.words = {
            "title": self.tr("sampler-controls"),
            "preset": self.tr("sampler-controls-preset"),
            "presets": [[preset, self.tr(preset)] for preset in PRESETS],
            "own": self.tr("sampler-controls-own"),
            "reset": self.tr("sampler-controls-reset"),
            "unfold": self.tr("sampler-controls-unfold"),
            "fold": self.tr("sampler-controls-fold"),
            "order": self.tr("sampler-controls-order"),
            "default-order": list(DEFAULT_ORDER),
            "all": self.tr("sampler-controls-all"),
            "token": self.tr("sampler-controls-token"),
            "token-example": self.tr("sampler-controls-token-example"),
            "token-explained": self.tr("sampler-controls-token-explained"),
            "stages": {
                stage: {
                    "name": name,
                    "explained": self.tr(EXPLAINED[stage]),
                    "number": self.tr("sampler-stage-number", stage=name),
                    "earlier": self.tr("sampler-stage-earlier", stage=name),
                    "later": self.tr("sampler-stage-later", stage=name),
                }
                for stage, name in names.items()
            },
        }

    def refresh(self) -> None:
        sampling = self.state.sampler.sampling
        if self._noted != (sampling, self.state.reader.model):
            self._notes.clear()  # somebody else changed it meanwhile
        self._controls.show(
            {
                "rows": [self._row(sampling, stage) for stage in sampling.order],
                "line": self._line(sampling),
                "preset": preset_of(sampling) or "",
                "default_order": sampling.order == DEFAULT_ORDER,
                "token": self._said(self._notes.get(TOKEN)),
            },
            scales(self._n_vocab),
        )

    @property
    def _n_vocab(self) -> int:
        return self.state.reader.model.info.vocab_size if self.state.reader.model is not None else N_VOCAB_UNKNOWN

    def _row(self, sampling: Sampling, stage: str) -> dict[str, Any]:
        value = getattr(sampling, stage)
        chosen = sampling.greedy and stage == "temperature"  # a temperature of 0
        moved = chosen or value != STAGES[stage].neutral
        note = self._notes.get(stage)
        row = {
            "stage": stage,
            "on": chosen or (moved and stage not in sampling.off),
            "in_force": chosen or stage in sampling.in_force,
            "passed": sampling.greedy and STAGES[stage].reshapes and not chosen,
            "in_view": moved or stage in ALWAYS,
        }
        row |= self._said(note)
        if note is None and sampling.greedy and STAGES[stage].reshapes:
            row["note"] = self.tr("greedy-explained" if chosen else "sampler-stage-passed")
        if stage not in RANGES:
            return row | {"chips": self._chips(sampling, stage)}
        value = 0 if chosen else value
        return row | {
            "place": place(value, scales(self._n_vocab)[stage]["stops"]),
            "text": self.tr("sampler-controls-all") if value is None else numbers.parameter(value),
        }

    def _said(self, note: Note | None) -> dict[str, Any]:
        if note is None:
            return {"note": "", "typed": None}
        return {"note": note.message.render(self.state.display.theme.language), "typed": note.typed}

    def _chips(self, sampling: Sampling, stage: str) -> list[dict[str, Any]]:
        pairs = (
            [(i, "") for i in sampling.banned]
            if stage == "banned"
            else [(i, f" {'+' if b > 0 else ''}{numbers.parameter(b)}") for i, b in sampling.bias]
        )
        chips: list[dict[str, Any]] = []
        for i, amount in pairs[:MAX_CHIPS]:
            label = self._token(i).label + amount
            chips.append({"id": i, "label": label, "remove": self.tr("sampler-stage-remove", token=label)})
        if len(pairs) > MAX_CHIPS:
            chips.append({"id": None, "label": f"+{len(pairs) - MAX_CHIPS:,}", "remove": ""})
        return chips

    def _token(self, token_id: int) -> Token:
        known = self.state.reader.model is not None and token_id < len(self.state.reader.model.vocabulary)
        return self.state.reader.model.vocabulary[token_id] if known else Token(token_id, b"")

    def _line(self, sampling: Sampling) -> dict[str, Any]:
        """What is said while nobody points at a row: what went wrong, else a notice, else the sampler in words."""
        notes = sorted(self._notes.values(), key=lambda note: note.typed is None)
        if notes:
            return self._said(notes[0])
        said = [stage_parameter(sampling, stage, self.state.display.theme.language) for stage in sampling.in_force]
        if sampling.greedy:
            said.append(stage_name(GREEDY, self.state.display.theme.language))
        if sampling.greedy and len(said) == 1:
            text = self.tr("greedy-explained")
        elif said:
            text = self.tr("sampler-controls-in-force", stages=" → ".join(said))
        else:
            text = self.tr("sampler-controls-nothing-in-force")
        return {"note": text, "typed": None}

    # --- what the page asks for

    def _on_asked(self, changes: list[Any]) -> None:
        with self.state.lock:
            sampling = self.state.sampler.sampling
            for change in changes:
                match change:
                    case [str(kind), str(about), str(typed)]:
                        sampling = self._tried(sampling, kind, about, _readable(typed))
                    case [str(kind), str(about), value]:
                        sampling = self._tried(sampling, kind, about, value)
            self._noted = (sampling, self.state.reader.model)
            self.state.sampler.sampling = sampling
            self.redraw()  # an answer is due even where nothing changed

    def _tried(self, sampling: Sampling, kind: str, about: str, value: Any) -> Sampling:
        """``sampling`` with one change; or as it was, and a note about it that says why."""
        self._notes.pop(about, None)
        try:
            return self._changed(sampling, kind, about, value)
        except ExplorerError as error:
            self._notes[about] = Note(error.message, str(value)[:MAX_TYPED])
            return sampling

    def _changed(self, sampling: Sampling, kind: str, about: str, value: Any) -> Sampling:
        match kind, value:
            case "value", _ if about in RANGES:
                return self._valued(sampling, about, value)
            case "switch", bool() if about in STAGES:
                return _switched(sampling, about, value)
            case "order", list():
                return replace(sampling, order=tuple(value))
            case "token", str():
                return self._with_token(sampling, value)
            case "drop", int() if about in ("banned", "bias"):
                return _without_token(sampling, about, value)
            case "preset", str() if value in PRESETS:
                self._notes.clear()
                return PRESETS[value]
        return sampling  # "forget", which is done already, or nothing that our page asks for

    def _valued(self, sampling: Sampling, stage: str, given: Any) -> Sampling:
        """With a value from a slider or, as text, from the box beside it. Setting a value switches its stage on."""
        off = tuple(name for name in sampling.off if name != stage)
        value = self._meant(stage, given)
        if stage == "temperature" and value == 0:
            # A slider has a left end; a temperature of 0 has no formula. The limit is greedy, and the row says so.
            return replace(sampling, temperature=1.0, greedy=True, off=off)
        if stage == "top_k" and isinstance(value, int) and value >= self._n_vocab:
            self._notes[stage] = Note(Message.of("top-k-is-all", value=str(given)[:20], n=self._n_vocab))
            value = None
        changed = replace(sampling, off=off, **{stage: value})
        return replace(changed, greedy=False) if stage == "temperature" else changed

    def _meant(self, stage: str, given: Any) -> Any:
        """The number that a text means, or the text itself where it means none."""
        if not isinstance(given, str):
            return given
        if normalized(given).casefold() in ("", self.tr("sampler-controls-all").casefold()):
            return STAGES[stage].neutral
        return typed_number(given, whole=stage in WHOLE)

    def _with_token(self, sampling: Sampling, text: str) -> Sampling:
        """``cat`` banned; with an amount (``cat +2``, ``cat=-1.5``), biased; an amount of 0 takes the bias away."""
        if self.state.reader.model is None:
            raise ExplorerError("status-no-model")
        vocabulary = self.state.reader.model.vocabulary
        plain = text.rstrip() or text
        amount = _BIAS.fullmatch(plain)
        if amount is None:
            ids = (token.id for token in tokens_spelling(vocabulary, plain))
            return replace(sampling, banned=(*sampling.banned, *ids))
        number = self._meant("bias", amount["amount"])
        tokens = tokens_spelling(vocabulary, amount["text"])
        # By itself first: a refusal quotes what was typed, and no more.
        added = Sampling(bias=tuple((token.id, number) for token in tokens)).bias
        return replace(sampling, bias=tuple((i, b) for i, b in dict((*sampling.bias, *added)).items() if b))


def _readable(typed: str) -> str:
    """What was typed, not too long, and without halves of characters, which could not be sent back."""
    return whole_characters(typed[:MAX_TYPED])


def _without_token(sampling: Sampling, stage: str, token_id: int) -> Sampling:
    if stage == "banned":
        return replace(sampling, banned=tuple(i for i in sampling.banned if i != token_id))
    return replace(sampling, bias=tuple(pair for pair in sampling.bias if pair[0] != token_id))


def _switched(sampling: Sampling, stage: str, on: bool) -> Sampling:
    off = tuple(name for name in sampling.off if name != stage)
    neutral = getattr(sampling, stage) == STAGES[stage].neutral
    if stage == "temperature" and sampling.greedy:
        return sampling if on else replace(sampling, temperature=1.0, greedy=False, off=off)
    if on and neutral and stage in USUAL:
        return replace(sampling, off=off, **{stage: USUAL[stage]})
    return replace(sampling, off=off if on or neutral else (*off, stage))
