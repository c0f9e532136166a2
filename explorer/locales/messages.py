"""Message ids to sentences: `tr`, `Message`, `ExplorerError`, and which language is in force."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias

from explorer.locales.untrusted import shown, visible

if TYPE_CHECKING:
    from fluent.runtime import FluentBundle

LANGUAGES = {"en": "English", "zh-Hans": "中文"}
"""Language tags we have sentences for, each with its own name for itself."""

Argument: TypeAlias = "str | int | float | Message"
"""What a sentence can be filled with. Numbers are written the way the language writes them, other sentences in the same
language; a text is shown by `visible`, for it may be a stranger's."""

_MAX_REPR = 300
_MAX_FILLING = 2000  # characters; Fluent writes {???} for more than 2,500

_chosen: str | None = None


def closest_language(tag: str | None) -> str | None:
    """The language we have that ``tag`` (``zh_CN.UTF-8``, ``en-GB``, ``zh``) asks for, or None."""
    prefix = str(tag or "").replace("_", "-").split("-")[0].split(".")[0].lower()
    return {"en": "en", "zh": "zh-Hans"}.get(prefix)


def language() -> str:
    """The language in force: what `set_language` was given, else ``EXPLORER_LANG``, else English."""
    return _chosen or closest_language(os.environ.get("EXPLORER_LANG")) or "en"


def set_language(tag: str) -> None:
    """Write everything that follows in the language ``tag``.

    Raises:
        ExplorerError: we have no sentences in that language.
    """
    global _chosen
    found = closest_language(tag)
    if found is None:
        raise ExplorerError(
            "unknown-language", language=tag if isinstance(tag, str) else shown(tag), known=", ".join(LANGUAGES)
        )
    _chosen = found


@cache
def _bundle(tag: str) -> FluentBundle:
    # Fluent takes 0.1 s to import: the first sentence pays for it, not `import explorer`.
    from fluent.runtime import FluentBundle, FluentResource

    # Isolation marks (U+2068, U+2069) around arguments would show up in terminals and in copied text.
    bundle = FluentBundle([tag], use_isolating=False)
    source = files(__package__).joinpath(f"{tag}.ftl").read_text(encoding="utf-8")
    bundle.add_resource(FluentResource(source))
    return bundle


def tr(message_id: str, lang: str | None = None, **arguments: Argument) -> str:
    """The sentence ``message_id`` in ``lang`` (or the language in force), filled with ``arguments``.

    A sentence that a language lacks, or that an argument does not fit, is a bug of ours and not the reader's: the
    English one, or the bare id, stands in for it. The tests hold the files complete.
    """
    for tag in (lang or language(), "en"):
        bundle = _bundle(tag)
        if bundle.has_message(message_id):
            pattern = bundle.get_message(message_id).value
            if pattern is not None:
                filled = {name: _filling(value, tag) for name, value in arguments.items()}
                return str(bundle.format_pattern(pattern, filled)[0])
    return message_id


def _filling(value: Argument, tag: str) -> str | int | float:
    if not isinstance(value, str | Message):
        return value
    text = value.render(tag) if isinstance(value, Message) else visible(value)
    return text if len(text) <= _MAX_FILLING else f"{text[:_MAX_FILLING]}…"


@dataclass(frozen=True)
class Message:
    """A sentence that is not written out yet: ``id`` in the ``.ftl`` files and what fills it."""

    id: str
    arguments: tuple[tuple[str, Argument], ...] = ()

    @classmethod
    def of(cls, message_id: str, **arguments: Argument) -> Message:
        return cls(message_id, tuple(arguments.items()))

    def render(self, lang: str | None = None) -> str:
        return tr(self.id, lang, **dict(self.arguments))

    def __repr__(self) -> str:
        sentence = self.render()
        return f"Message({self.id!r}, {sentence if len(sentence) <= _MAX_REPR else sentence[:_MAX_REPR] + '…'!r})"

    def __str__(self) -> str:
        return self.render()


class ExplorerError(ValueError):
    """Something a person can mend. ``str()`` is the whole sentence: what, the value, the remedy."""

    def __init__(self, message_id: str, **arguments: Argument) -> None:
        super().__init__(message_id)
        self.message = Message.of(message_id, **arguments)

    @classmethod
    def of(cls, message: Message) -> ExplorerError:
        """The error whose sentence is ``message``."""
        return cls(message.id, **dict(message.arguments))

    def __str__(self) -> str:
        return self.message.render()

    def __reduce__(self) -> tuple[Callable[[Message], ExplorerError], tuple[Message]]:
        return (ExplorerError.of, (self.message,))
