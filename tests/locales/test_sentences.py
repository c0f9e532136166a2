"""Both `.ftl` files and the code name the same sentences, with the same arguments."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest
from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax import FluentParser
from fluent.syntax import ast as ftl
from fluent.syntax.visitor import Visitor

import explorer
from explorer.locales import LANGUAGES

PACKAGE = Path(explorer.__file__).parent
WRITERS = {"tr", "of", "Message", "ExplorerError", "option", "argument"}  # what takes an id as its first argument
NOT_ARGUMENTS = {"lang", "metavar", "min"}  # their keywords that fill nothing


class Variables(Visitor):
    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_VariableReference(self, node: ftl.VariableReference) -> None:
        self.names.add(node.id.name)


def source(tag: str) -> str:
    return files("explorer.locales").joinpath(f"{tag}.ftl").read_text(encoding="utf-8")


@cache
def sentences(tag: str) -> dict[str, ftl.Message]:
    """Id to sentence; the file has nothing that Fluent cannot read, and no id twice."""
    body = FluentParser().parse(source(tag)).body
    assert not [entry.content for entry in body if isinstance(entry, ftl.Junk)]
    found = [entry for entry in body if isinstance(entry, ftl.Message)]
    ids = [entry.id.name for entry in found]
    assert len(set(ids)) == len(ids), f"twice in {tag}.ftl: {sorted({i for i in ids if ids.count(i) > 1})}"
    return dict(zip(ids, found, strict=True))


def variables(sentence: ftl.Message) -> set[str]:
    visitor = Variables()
    visitor.visit(sentence)
    return visitor.names


def modules() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE), ast.parse(path.read_text(encoding="utf-8"))


def strings_in_code() -> set[str]:
    """Every string constant: an id that stands in a table counts as used."""
    found = {
        node.value
        for _, module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    for script in PACKAGE.rglob("*.js"):
        found |= {match[2] for match in re.finditer(r"""(["'`])([\w-]+)\1""", script.read_text(encoding="utf-8"))}
    return found


def calls_that_name_a_sentence() -> Iterator[tuple[str, str, set[str] | None]]:
    """(where, id, names of the arguments or None where they are not written out)."""
    for path, module in modules():
        for node in ast.walk(module):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name in WRITERS and isinstance(first, ast.Constant) and isinstance(first.value, str):
                names = {keyword.arg for keyword in node.keywords if keyword.arg not in NOT_ARGUMENTS}
                complete = None not in names and name != "Message"
                yield f"{path}:{node.lineno}", first.value, {n for n in names if n} if complete else None


def test_both_languages_have_the_same_sentences() -> None:
    english, chinese = (set(sentences(tag)) for tag in LANGUAGES)
    assert english - chinese == set(), "missing in zh-Hans.ftl"
    assert chinese - english == set(), "missing in en.ftl"


def test_both_languages_take_the_same_arguments() -> None:
    english, chinese = (sentences(tag) for tag in LANGUAGES)
    different = {i for i in english if i in chinese and variables(english[i]) != variables(chinese[i])}
    assert not different


def test_no_sentence_is_unused() -> None:
    unused = set(sentences("en")) - strings_in_code()
    assert not unused


def test_no_sentence_is_missing_and_each_gets_its_arguments() -> None:
    known = sentences("en")
    wrong = []
    for where, message_id, given in calls_that_name_a_sentence():
        if message_id not in known:
            wrong.append(f"{where}: there is no sentence {message_id!r}")
        elif given is not None and given != variables(known[message_id]):
            wrong.append(f"{where}: {message_id} takes {variables(known[message_id])}, gets {given}")
    assert not wrong


@pytest.mark.parametrize("tag", LANGUAGES)
def test_every_sentence_can_be_written(tag: str) -> None:
    bundle = FluentBundle([tag], use_isolating=False)
    bundle.add_resource(FluentResource(source(tag)))
    for message_id, sentence in sentences(tag).items():
        pattern = bundle.get_message(message_id).value
        assert pattern is not None, message_id
        text, errors = bundle.format_pattern(pattern, dict.fromkeys(variables(sentence), 3))
        assert not errors, (message_id, errors)
        assert text.strip(), message_id


def test_chinese_is_chinese() -> None:
    """A sentence without a Chinese character is one that has no words in English either (``{ $n } ms``)."""
    words = re.compile(r"[A-Za-z]{3,}")
    bare = FluentBundle(["en"], use_isolating=False)
    bare.add_resource(FluentResource(source("en")))
    chinese = FluentBundle(["zh-Hans"], use_isolating=False)
    chinese.add_resource(FluentResource(source("zh-Hans")))
    for message_id, sentence in sentences("en").items():
        filled = dict.fromkeys(variables(sentence), 3)
        texts = [bundle.format_pattern(bundle.get_message(message_id).value, filled)[0] for bundle in (bare, chinese)]
        if words.search(texts[0]):
            assert re.search(r"[\u4e00-\u9fff]", texts[1]), (message_id, *texts)
