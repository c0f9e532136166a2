"""`Sampler`: how the next token is drawn from what the model said."""

from __future__ import annotations

import threading
from dataclasses import replace

import traitlets as t

from explorer.locales import ExplorerError
from explorer.sampling.distribution import Candidate, Distribution
from explorer.sampling.draw import choose, uniform
from explorer.sampling.sampling import Sampling
from explorer.state.reader import Reader
from explorer.state.slice import Slice
from explorer.state.status import StatusReport

NO_TOKEN_LEFT = "no-token-left"


class Sampler(Slice):
    """Changing it costs no forward pass: the same logits are read anew.

    Attributes:
        sampling: the parameters of all stages.
        seed, redraw: with the number of tokens after the prefix they give the coming draw; ``redraw`` counts how often
            it was drawn anew at this place.
        distribution: of the trace on show under ``sampling``; None before the first answer, and where the stages leave
            no token.
    """

    sampling = t.Instance(Sampling, args=())
    seed = t.Int(1)
    redraw = t.Int(0)

    def __init__(
        self, lock: threading.RLock, status: StatusReport, reader: Reader, sampling: Sampling, seed: int
    ) -> None:
        self._status, self._reader = status, reader
        self.distribution: Distribution | None = None
        super().__init__(lock, sampling=sampling, seed=seed)
        self.observe(self._read_again, "sampling")
        reader.observe(self._read_again, "trace")
        self.observe(self._draw_from_the_start, "seed")

    def on_model(self) -> None:
        """Another model: tokens are named by their ids, which mean others in another vocabulary."""
        self.sampling = replace(self.sampling, banned=(), bias=())

    @property
    def u(self) -> float:
        """Where the coming draw falls, in [0, 1)."""
        return uniform(self.seed, 0, self._reader.n_after, self.redraw)

    @property
    def coming(self) -> Candidate | None:
        """The token that a step would take; None while there is no distribution."""
        return choose(self.distribution, self.u) if self.distribution is not None else None

    def draw_again(self) -> None:
        """Draw anew at this place, without moving on."""
        with self.lock:
            self.redraw += 1

    def _read_again(self, _change: object) -> None:
        trace = self._reader.trace
        if trace is None:
            self.distribution = None
            return
        try:
            self.distribution = trace.distribution(self.sampling)
        except ExplorerError as error:
            self.distribution = None
            self._status.fail(error)
            return
        if self._status.current.message.id == NO_TOKEN_LEFT:
            self._reader.say_ready()

    def _draw_from_the_start(self, _change: object) -> None:
        self.redraw = 0
