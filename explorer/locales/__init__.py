"""Every sentence a person reads, in English and Simplified Chinese.

The sentences live in ``en.ftl`` and ``zh-Hans.ftl`` (Project Fluent) and are read at run time; code names them by id.
A sentence that is not yet written out is a `Message`, an error that carries one is an `ExplorerError`: both are
rendered where somebody reads them, in that reader's language.
"""

from __future__ import annotations

from explorer.locales.messages import (
    LANGUAGES,
    Argument,
    ExplorerError,
    Message,
    closest_language,
    language,
    set_language,
    tr,
)
from explorer.locales.untrusted import shown, visible

__all__ = [
    "LANGUAGES",
    "Argument",
    "ExplorerError",
    "Message",
    "closest_language",
    "language",
    "set_language",
    "shown",
    "tr",
    "visible",
]
