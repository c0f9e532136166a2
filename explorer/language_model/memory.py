"""A full memory, whichever device it is of, as one error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from explorer.locales import ExplorerError


class FullMemory(ExplorerError):
    """The memory of the device is full."""

    def __init__(self) -> None:
        super().__init__("memory-full")


@contextmanager
def noticing_full_memory() -> Iterator[None]:
    """Raise `FullMemory` in place of what torch and numpy raise.

    A GPU's is `torch.OutOfMemoryError`; but on a CPU torch raises a bare RuntimeError, of which its words alone tell
    what it is, and so do some libraries of CUDA and Apple's GPUs.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise FullMemory from error
    except RuntimeError as error:
        if any(words in str(error) for words in ("DefaultCPUAllocator", "out of memory")):
            raise FullMemory from error
        raise
