from __future__ import annotations

import pickle

import pytest

from explorer.locales import ExplorerError, Message, closest_language, language, messages, set_language, tr


@pytest.fixture(autouse=True)
def no_language_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_chosen", None)
    monkeypatch.delenv("EXPLORER_LANG", raising=False)


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("en", "en"),
        ("en-GB", "en"),
        ("EN_us.UTF-8", "en"),
        ("zh", "zh-Hans"),
        ("zh_CN.UTF-8", "zh-Hans"),
        ("zh.UTF-8", "zh-Hans"),
        ("zh-Hans", "zh-Hans"),
        ("de", None),
        ("", None),
        (None, None),
    ],
)
def test_closest_language(tag: str | None, expected: str | None) -> None:
    assert closest_language(tag) == expected


def test_english_unless_the_environment_or_a_choice_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    assert language() == "en"
    monkeypatch.setenv("EXPLORER_LANG", "zh_CN")
    assert language() == "zh-Hans"
    set_language("en")
    assert language() == "en"


def test_an_unknown_language_in_the_environment_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_LANG", "tlh")
    assert language() == "en"


def test_an_unknown_language_that_was_asked_for_is_an_error() -> None:
    with pytest.raises(ExplorerError, match=r"“tlh”.*en, zh-Hans"):
        set_language("tlh")
    assert language() == "en"


def test_a_sentence_is_written_where_it_is_read() -> None:
    error = ExplorerError("unknown-language", language="tlh", known="en")
    assert str(error).startswith("There are no sentences in the language “tlh”")
    set_language("zh")
    assert str(error).startswith("没有“tlh”这种语言")
    assert error.message.render("en").startswith("There are no sentences")


def test_messages_are_values() -> None:
    message = Message.of("unknown-language", language="tlh", known="en")
    assert message == Message.of("unknown-language", language="tlh", known="en")
    assert len({message, Message.of("unknown-language", language="de", known="en")}) == 2
    assert str(message) == message.render() == tr("unknown-language", language="tlh", known="en")


def test_an_error_survives_pickling() -> None:
    error = ExplorerError("unknown-language", language="tlh", known="en")
    copy = pickle.loads(pickle.dumps(error))
    assert isinstance(copy, ExplorerError)
    assert (copy.message, str(copy)) == (error.message, str(error))


def test_an_unknown_id_stands_for_itself() -> None:
    assert tr("no-such-sentence") == "no-such-sentence"


def test_an_argument_is_never_read_as_fluent() -> None:
    assert "{ $known }" in tr("unknown-language", language="{ $known }", known="en")


def test_what_is_too_long_for_a_sentence_is_cut() -> None:
    sentence = tr("no-such-folder", "en", folder="x" * 10_000)
    assert sentence.startswith("There is no folder “xxxx")
    assert "x…”. Name a folder" in sentence
