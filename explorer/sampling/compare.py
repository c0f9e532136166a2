"""`compare`: one prefix, one seed, many strategies, run as one batch."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explorer.language_model.forward import LanguageModel, window_start
from explorer.language_model.tokens import Token
from explorer.language_model.trace import Floats
from explorer.locales import ExplorerError, Message
from explorer.sampling.beam import BeamSearch
from explorer.sampling.distribution import Candidate, softmax
from explorer.sampling.draw import checked_seed, choose, uniform
from explorer.sampling.generate import Stop
from explorer.sampling.sampling import Sampling, number
from explorer.sampling.strategy import Beam, Method, Strategy, strategies

MOST_SAMPLES = 1000
SCHEMA = 1
