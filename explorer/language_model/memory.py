"""A full memory, whichever device it is of and whoever noticed it, as one error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from explorer.locales import ExplorerError


class OutOfMemory(ExplorerError):
    """The memory of the device is full."""

    def __init__(self) -> None:
        super().__init__("memory-full")


_WORDS = ("DefaultCPUAllocator", "out of memory")


@contextmanager
def translate_oom() -> Iterator[None]:
    """Raise `OutOfMemory` in place of what numpy and torch raise.

    numpy raises `MemoryError`. A GPU's is ``torch.OutOfMemoryError``; but on a CPU torch raises a bare RuntimeError, of
    which its words alone tell what it is, and so do some libraries of CUDA and Apple's GPUs. All of torch's are
    RuntimeErrors, so they are told apart without it.
    """
    try:
        yield
    except MemoryError as error:
        raise OutOfMemory from error
    except RuntimeError as error:
        if type(error).__name__ == "OutOfMemoryError" or any(words in str(error) for words in _WORDS):
            raise OutOfMemory from error
        raise
