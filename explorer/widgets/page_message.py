"""`PageMessage`: what a page says to an element, read strictly."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from explorer.language_model.tokens import whole_characters

MAX_EXACT = 2**53 - 1
"""A page's numbers are floats: beyond this they have not every whole number."""

MAX_NAME, MAX_TEXT = 200, 10_000
"""Characters of what names something, and of what somebody types."""


class PageMessage(BaseModel):
    """A message of an element; ``kind``, a `Literal`, tells it from the element's other messages.

    What is True is no int here, what is "1" neither, and a key that no field has makes it no message at all.
    """

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)


def _mended(text: Any) -> Any:
    return whole_characters(text) if isinstance(text, str) else text


Name = Annotated[str, Field(max_length=MAX_NAME)]
"""One of the names that we gave: a key, a command."""

Text = Annotated[str, BeforeValidator(_mended), Field(max_length=MAX_TEXT)]
"""What somebody typed; halves of characters, which have no UTF-8, become U+FFFD."""

Index = Annotated[int, Field(ge=0, le=MAX_EXACT)]
"""A place in something, from 0; whether there is such a place the element knows."""

Integer = Annotated[int, Field(ge=-MAX_EXACT, le=MAX_EXACT)]
