"""Step through generation: the buttons, the seed, the speed, and where to stop."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from explorer.locales import ExplorerError
from explorer.sampling.draw import MAX_SEED
from explorer.sessions.session import ROOT
from explorer.widgets import controls as w
from explorer.widgets.elements.step_buttons.widget import StepButtons
from explorer.widgets.panels.panel import Panel

SPEEDS = {"2": "speed-slow", "1": "speed-one", "0.5": "speed-two", "0.2": "speed-five", "0": "speed-fastest"}
"""Seconds a token, and the message that names the speed."""

LONGEST_RUN = 10_000


class SteppingPanel(Panel):
    """Undo, redo, step, run and pause, branch; each has a key."""

    follows = (
        "document.tree_version",
        "reader.trace",
        "reader.waiting",
        "playback.playing",
        "sampler.seed",
        "playback.step_seconds",
        "playback.stop",
        "playback.stop_at_end",
        "reader.model",
    )

    def build(self) -> list[w.Widget]:
        self._wrong: dict[str, ExplorerError] = {}
        self._buttons = StepButtons(self._on_command)
        self._buttons.observe(self._on_seed, "seed")
        self._buttons.observe(self._on_speed, "speed")
        self._buttons.observe(self._on_stop, ["stop_at_end", "stop_text", "length"])
        return [self._buttons]

    def translate(self) -> None:
        self._buttons.words = {
            "undo": self.tr("step-undo"),
            "redo": self.tr("step-redo"),
            "step": self.tr("step-step"),
            "play": self.tr("step-run"),
            "pause": self.tr("step-pause"),
            "branch": self.tr("step-branch"),
            "tip_undo": self.tr("step-undo-explained"),
            "tip_redo": self.tr("step-redo-explained"),
            "tip_step": self.tr("step-step-explained"),
            "tip_play": self.tr("step-run-explained"),
            "tip_branch": self.tr("step-branch-explained"),
            "seed": self.tr("step-seed"),
            "tip_seed": self.tr("step-seed-explained"),
            "speed": self.tr("step-speed"),
            "stop": self.tr("step-stop"),
            "stop_at_end": self.tr("step-stop-at-end"),
            "stop_text": self.tr("step-stop-text"),
            "length": self.tr("step-length"),
        }
        self._buttons.speeds = [[key, self.tr(message)] for key, message in SPEEDS.items()]

    def refresh(self) -> None:
        state, tree, buttons = self.state, self.state.document.tree, self._buttons
        back = tree is not None and tree.current != ROOT
        with buttons.hold_sync():
            buttons.enabled = {
                "undo": back,
                "redo": tree is not None and bool(tree.ahead()),
                "step": state.reader.model is not None,
                "play": state.reader.model is not None,
                "branch": back,
            }
            buttons.playing = state.playback.playing
            buttons.speed = next((key for key in SPEEDS if float(key) == state.playback.step_seconds), "")
            buttons.stop_at_end, buttons.stop_text = state.playback.stop_at_end, state.playback.stop.text
            # What cannot be read stays as it was typed, and so does 007.
            if "seed" not in self._wrong and _whole(buttons.seed) != state.sampler.seed:
                buttons.seed = str(state.sampler.seed)
            if "length" not in self._wrong and _whole(buttons.length) != state.playback.stop.max_new_tokens:
                buttons.length = str(state.playback.stop.max_new_tokens)
            buttons.wrong = {
                name: error.message.render(state.display.theme.language) for name, error in self._wrong.items()
            }

    def _on_command(self, name: str, prefix: str | None) -> None:
        document, playback = self.state.document, self.state.playback
        if prefix is not None and prefix != document.prefix:
            document.prefix = prefix  # typed a moment ago, and still on its way
        actions = {
            "undo": playback.undo,
            "redo": playback.redo,
            "step": playback.step,
            "play": playback.play,
            "pause": playback.pause,
            "branch": playback.branch,
            "again": self.state.sampler.draw_again,
        }
        self.state.status.attempt(actions[name])

    def _on_seed(self, change: dict[str, Any]) -> None:
        text = change["new"]
        wrong = ExplorerError("seed-out-of-range", value=text[:60], most=str(MAX_SEED))
        seed = self._read("seed", text, 0, MAX_SEED, wrong)
        if seed is not None:
            self.state.sampler.seed = seed
        self.redraw()

    def _on_speed(self, change: dict[str, Any]) -> None:
        if change["new"] in SPEEDS:
            self.state.playback.step_seconds = float(change["new"])

    def _on_stop(self, _change: object) -> None:
        text = self._buttons.length
        wrong = ExplorerError("length-out-of-range", value=text[:60], most=LONGEST_RUN)
        length = self._read("length", text, 1, LONGEST_RUN, wrong)
        stop, at_end = self.state.playback.stop, self._buttons.stop_at_end
        self.state.playback.stop = replace(
            stop, max_new_tokens=length or stop.max_new_tokens, text=self._buttons.stop_text
        )
        self.state.playback.stop_at_end = at_end
        self.redraw()

    def _read(self, name: str, text: str, least: int, most: int, wrong: ExplorerError) -> int | None:
        """A whole number as somebody typed it, or None, and the sentence stands at its field."""
        number = _whole(text)
        before = self._wrong.pop(name, None)
        if number is not None and least <= number <= most:
            if before is not None:
                self.state.resolved(before)
            return number
        self._wrong[name] = wrong
        self.state.status.fail(wrong)
        return None


def _whole(text: str) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 30 else None
