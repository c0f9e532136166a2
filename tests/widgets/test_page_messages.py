"""The messages that elements declare: what they take, and that nothing near it is taken for it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from explorer.widgets.base import Element
from explorer.widgets.elements.sampler_controls.widget import Asked
from explorer.widgets.elements.step_buttons.widget import Command
from tests.widgets.elements import ELEMENTS
from tests.widgets.junk import messages_of

Schema = dict[str, Any]

DECLARED = [(kind, model) for kind in ELEMENTS for model in messages_of(kind)]
AS_LONG_AS_IT_COMES = {(Command, "prefix")}
"""Of a text of any length the end is read."""


def example(schema: Schema) -> Any:
    """Something of a JSON schema."""
    match schema:
        case {"const": value} | {"enum": [value, *_]}:
            return value
        case {"anyOf": [first, *_]}:
            return example(first)
        case {"type": "integer"}:
            return 1
        case {"type": "string"}:
            return "x"
        case {"prefixItems": items}:
            return [example(item) for item in items]
    raise NotImplementedError(schema)


def wrong(schema: Schema) -> Iterator[Any]:
    """What is near to a JSON schema."""
    match schema:
        case {"const": str(value)} | {"enum": [str(value), *_]}:
            yield from (value.upper(), [value], {value: 1}, None, 1)
        case {"anyOf": [first, {"type": "null"}]}:
            yield from (value for value in wrong(first) if value is not None)
        case {"type": "integer", "minimum": least, "maximum": most}:
            yield from (True, 1.0, "1", [1], None, float("nan"), least - 1, most + 1)
        case {"type": "string"}:
            yield from (1, None, ["x"], {"x": 1}, False)
            if "maxLength" in schema:
                yield "x" * (schema["maxLength"] + 1)
        case {"prefixItems": items}:
            right = [example(item) for item in items]
            yield from (None, 1, "1" * len(right), right[1:], [*right, 1], dict(enumerate(right)))
            yield from ([value, *right[1:]] for value in wrong(items[0]))


def properties(model: type[BaseModel]) -> dict[str, Schema]:
    found = {name: dict(each) for name, each in model.model_json_schema()["properties"].items()}
    found.pop("buffers", None)  # which travel beside the message
    return found


@pytest.mark.parametrize(("kind", "model"), DECLARED, ids=lambda each: each.__name__)
def test_what_is_near_a_message_is_none(kind: type[Element], model: type[BaseModel]) -> None:
    schemas = properties(model)
    right = {name: example(schema) for name, schema in schemas.items()}
    if "buffers" not in model.model_fields:
        assert model.model_validate(right)
    required = [name for name, field in model.model_fields.items() if field.is_required() and name != "buffers"]
    near: list[Any] = [{key: value for key, value in right.items() if key != name} for name in required]
    near += [right | {name: value} for name, schema in schemas.items() for value in wrong(schema)]
    near += [right | {"more": 1}, [right], list(right.values()), right["kind"], None]
    for content in near:
        for each in messages_of(kind):
            with pytest.raises(ValidationError):
                each.model_validate(content)


def unlimited(schema: Schema) -> list[Schema]:
    """Parts of a JSON schema in which a page could say as much as it likes."""
    match schema:
        case {"const": _} | {"enum": _} | {"type": "boolean" | "null" | "number"}:
            return []
        case {"anyOf": parts}:
            return [found for part in parts for found in unlimited(part)]
        case {"prefixItems": parts, "maxItems": _}:
            return [found for part in parts for found in unlimited(part)]
        case {"type": "array", "maxItems": _, "items": part}:
            return unlimited(part)
        case {"type": "string", "maxLength": _} | {"type": "integer", "minimum": _, "maximum": _}:
            return []
    return [schema]


@pytest.mark.parametrize("model", [*(model for _, model in DECLARED), Asked], ids=lambda model: model.__name__)
def test_a_message_has_limits(model: type[BaseModel]) -> None:
    schema = model.model_json_schema()
    assert schema["additionalProperties"] is False
    found = {name for name, each in schema["properties"].items() if unlimited(each)}
    assert found == {name for kind, name in AS_LONG_AS_IT_COMES if kind is model}
