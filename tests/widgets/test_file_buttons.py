"""Sessions as files: what goes to the page, what may come from it, and who is to find it again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from explorer.locales import ExplorerError
from explorer.sessions.session_file import MAX_BYTES
from explorer.widgets.elements.file_buttons.widget import FileButtons, safe_file_name
from explorer.widgets.elements.theme_reporter.widget import ThemeReporter
from tests.widgets.page import Page


class Panel:
    """Keeps what the buttons ask for."""

    def __init__(self, name: str = "session.json", data: bytes = b"\x00\xff{}") -> None:
        self.name, self.data, self.asked = name, data, list[Any]()
        self.buttons = FileButtons(self.save, lambda *file: self.asked.append(file), self.asked.append)
        self.buttons.earlier = [{"key": "one", "label": "yesterday"}, {"key": "two", "label": "<b>today</b>"}]

    def save(self) -> tuple[str, bytes]:
        self.asked.append("save")
        return self.name, self.data

    def receive(self, content: object, *buffers: bytes) -> None:
        """A message of the page with binary parts."""
        data = {"method": "custom", "content": content}
        self.buttons._handle_msg({"content": {"data": data}, "buffers": [memoryview(part) for part in buffers]})


def test_saving_sends_the_bytes_to_the_page(page: Page) -> None:
    panel = Panel(name="../my session.json", data=bytes(range(256)))
    panel.receive({"kind": "save"})
    sent = page.to(panel.buttons)[-1]
    assert sent.data["content"] == {"kind": "file", "name": "my session.json"}
    assert sent.n_bytes == len(json.dumps(sent.data)) + 256


def test_a_file_that_was_chosen_is_opened() -> None:
    panel = Panel()
    panel.receive({"kind": "open", "name": "C:\\fakepath\\会话 1.json"}, b"\x00{}")
    panel.receive({"kind": "open", "name": "full.json"}, b"x" * MAX_BYTES)
    assert panel.asked == [("会话 1.json", b"\x00{}"), ("full.json", b"x" * MAX_BYTES)]


def test_an_earlier_session_is_known_by_its_key() -> None:
    panel = Panel()
    panel.receive({"kind": "earlier", "key": "two"})
    assert panel.asked == ["two"]


@pytest.mark.parametrize(
    ("content", "buffers"),
    [
        ({"kind": "open", "name": "a.json"}, []),
        ({"kind": "open", "name": "a.json"}, [b"1", b"2"]),
        ({"kind": "open", "name": "a.json"}, [b"x" * (MAX_BYTES + 1)]),
        ({"kind": "earlier", "key": "three"}, []),
        ({"kind": "save"}, [b"1"]),
    ],
)
def test_what_no_reader_can_do_is_ignored(page: Page, content: object, buffers: list[bytes]) -> None:
    panel = Panel()
    page.messages.clear()
    panel.receive(content, *buffers)
    assert (panel.asked, page.to(panel.buttons)) == ([], [])


def test_what_goes_wrong_is_said_beside_the_buttons(page: Page) -> None:
    def fail(*_: object) -> tuple[str, bytes]:
        raise ExplorerError("no-such-node", number="7", last="3")

    buttons = FileButtons(fail, lambda *_: None, lambda _: None)
    page.send(buttons, kind="save")
    assert page.to(buttons)[-1].data["content"]["text"].startswith("There is no token number 7")
    buttons.translate("zh-Hans")
    page.send(buttons, kind="save")
    assert page.to(buttons)[-1].data["content"] == {
        "kind": "problem",
        "text": "这段历史中没有编号为 7 的词元。最后一个的编号是 3。",
    }


def test_the_page_is_told_the_limit_and_the_words_for_it() -> None:
    buttons = Panel().buttons
    buttons.translate("en")
    assert buttons.most_bytes == MAX_BYTES
    assert f"{MAX_BYTES // 10**6} MB" in buttons.words["too_big"]
    assert all(buttons.words.values())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("session-gpt2-20261122.json", "session-gpt2-20261122.json"),
        ("/etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("..", "session"),
        ("", "session"),
        ("...json", "json"),
        ("a\x00\nb:*?.json", "a b.json"),
        ("x\u202egpj.json", "x gpj.json"),
        ("<img src=x>.json", "img src x.json"),
        ("a" * 300 + ".json", "a" * 75 + ".json"),
        ("a." + "b" * 300, "a." + "b" * 78),
        ("法国 巴黎.json", "法国 巴黎.json"),
    ],
)
def test_a_file_name_leads_nowhere_else(name: str, expected: str) -> None:
    assert safe_file_name(name) == expected


@pytest.mark.parametrize(
    "value", ["", "0123456789abcde", "0123456789ABCDEF", "../../0123456789abcdef", "0" * 16 + "\n"]
)
def test_a_browser_has_sixteen_digits_or_is_nobody(page: Page, value: str) -> None:
    reporter = ThemeReporter()
    assert reporter.browser == ""
    page.set(reporter, browser="0123456789abcdef")
    assert reporter.browser == "0123456789abcdef"
    page.set(reporter, browser=value)
    assert reporter.browser == ""
