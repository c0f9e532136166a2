"""Settings of torch and transformers that we need otherwise than the user may have them: changed for a while only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from transformers.utils import logging


@contextmanager
def transformers_quiet() -> Iterator[None]:
    """transformers draws its own progress bars and prints advice to developers: neither is for a person here."""
    settings: Any = logging
    verbosity, bars = settings.get_verbosity(), settings.is_progress_bar_enabled()
    settings.set_verbosity_error()
    settings.disable_progress_bar()
    try:
        yield
    finally:
        settings.set_verbosity(verbosity)
        if bars:
            settings.enable_progress_bar()


@contextmanager
def exact_products() -> Iterator[None]:
    """Products of float32 matrices in float32, not in TensorFloat-32 or bfloat16.

    TensorFloat-32 has 10 bits of mantissa: too few for numbers one is to trust. ``set_float32_matmul_precision`` sets
    the same two places, but refuses to say what they were once somebody has set them one by one.
    """
    torch_backends: Any = torch.backends
    backends = (torch_backends.cuda.matmul, torch_backends.mkldnn.matmul)
    before = [backend.fp32_precision for backend in backends]
    try:
        for backend in backends:
            backend.fp32_precision = "ieee"
        yield
    finally:
        for backend, precision in zip(backends, before, strict=True):
            backend.fp32_precision = precision


@contextmanager
def quiet_and_exact() -> Iterator[None]:
    """Both, for reading a model and checking it."""
    with transformers_quiet(), exact_products():
        yield
