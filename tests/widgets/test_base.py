"""What every widget of ours does with what a page sends: it takes what it may, and nothing else changes anything."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import traitlets as t
from ipywidgets.widgets.widget import _instances

from explorer.locales import ExplorerError
from explorer.widgets import controls as w
from explorer.widgets.base import Element, Guarded
from explorer.widgets.page_message import MAX_EXACT, MAX_TEXT, Index, PageMessage, Text
from tests.widgets.page import Page


class Press(PageMessage):
    kind: Literal["press", "hold"]
    place: Index


class Write(PageMessage):
    kind: Literal["write"]
    text: Text


class Board(Element):
    """Four places to press, a name that a page may write, and a number that it may not."""

    page_writes = frozenset({"name", "level"})
    name = t.Unicode("").tag(sync=True)
    level = t.Int(0).tag(sync=True)
    secret = t.Int(0).tag(sync=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.heard: list[PageMessage] = []
        self.failure: Exception | None = None

    @t.validate("level")
    def _valid_level(self, proposal: dict[str, Any]) -> int:
        return min(int(proposal["value"]), 9)

    def receive(self, message: Press | Write) -> None:
        if self.failure is not None:
            raise self.failure
        self.heard.append(message)


@pytest.fixture
def board(page: Page) -> Board:
    board = Board()
    page.messages.clear()
    return board


def state_of(widget: Guarded) -> dict[str, Any]:
    return dict(widget.get_state())


# --- messages that are none

MALFORMED: list[Any] = [
    None,
    5,
    [],
    {},
    {"content": None},
    {"content": {}},
    {"content": {"data": None}, "buffers": []},
    {"content": {"data": {}}, "buffers": []},
    {"content": {"data": {"method": None}}, "buffers": []},
    {"content": {"data": {"method": ["update"]}}, "buffers": []},
    {"content": {"data": {"method": "explode"}}, "buffers": []},
    {"content": {"data": {"method": "update"}}, "buffers": []},
    {"content": {"data": {"method": "update", "state": None}}, "buffers": []},
    {"content": {"data": {"method": "update", "state": [["name", "x"]]}}, "buffers": []},
    {"content": {"data": {"method": "update", "state": {"name": "x"}}}, "buffers": [b"x"]},
    {"content": {"data": {"method": "update", "state": {}, "buffer_paths": [["name"]]}}, "buffers": [b"x"]},
    {"content": {"data": {"method": "update", "state": {"name": "x"}, "buffer_paths": 7}}, "buffers": []},
    {"content": {"data": {"method": "update", "state": {"name": "x"}, "buffer_paths": [[]]}}, "buffers": [b"x"]},
    {"content": {"data": {"method": "update", "state": {"name": "x"}, "buffer_paths": [["a", "b"]]}}, "buffers": []},
    {"content": {"data": {"method": "custom"}}, "buffers": []},
    {"content": {"data": {"method": "custom", "content": {"kind": "press", "place": 1}}}, "buffers": [b"x"]},
    {"content": {"data": {"method": "custom", "content": None}}, "buffers": 5},
]


@pytest.mark.parametrize("message", MALFORMED, ids=repr)
def test_a_malformed_message_changes_nothing_and_is_counted(board: Board, message: Any) -> None:
    before, all_before = state_of(board), Guarded.ignored_by_all
    board._handle_msg(message)
    if message != MALFORMED[15]:  # whose state is empty: there is nothing to refuse
        assert (board.ignored, Guarded.ignored_by_all) == (1, all_before + 1)
    assert (state_of(board), board.heard) == (before, [])


NO_MESSAGES: list[Any] = [
    {"kind": "press"},
    {"place": 1},
    {"kind": "press", "place": True},
    {"kind": "press", "place": 1.0},
    {"kind": "press", "place": "1"},
    {"kind": "press", "place": -1},
    {"kind": "press", "place": MAX_EXACT + 1},
    {"kind": "press", "place": [1]},
    {"kind": "press", "place": 1, "more": 1},
    {"kind": ["press"], "place": 1},
    {"kind": {"press": 1}, "place": 1},
    {"kind": "Press", "place": 1},
    {"kind": "write", "place": 1},
    {"kind": "write", "text": 1},
    {"kind": "write", "text": "x" * (MAX_TEXT + 1)},
    "press",
    ["press", 1],
    7,
    None,
]


@pytest.mark.parametrize("content", NO_MESSAGES, ids=lambda content: repr(content)[:40])
def test_what_an_element_does_not_declare_never_arrives(board: Board, page: Page, content: Any) -> None:
    page.deliver(board, content)
    assert (board.heard, board.ignored) == ([], 1)
    page.deliver(board, {"kind": "hold", "place": 3})
    assert board.heard == [Press(kind="hold", place=3)]


def test_halves_of_characters_are_mended_in_what_is_typed(board: Board, page: Page) -> None:
    page.deliver(board, {"kind": "write", "text": "a\ud800b"})
    assert board.heard == [Write(kind="write", text="a\ufffdb")]


def test_an_element_that_declares_nothing_hears_nothing(page: Page) -> None:
    silent = Element()
    page.deliver(silent, {"kind": "press", "place": 1})
    assert silent.ignored == 1


# --- writes


def test_what_a_page_may_write_is_written_and_the_rest_put_right(board: Board, page: Page) -> None:
    page.set(board, name="typed", secret=7, layout="IPY_MODEL_none", nonsense=1)
    assert (board.name, board.secret, board.ignored) == ("typed", 0, 3)
    echo, right = page.messages
    assert (echo.kind, echo.data["state"]) == ("echo_update", {"name": "typed"})
    assert (right.kind, right.data["state"]) == (
        "update",
        {"secret": 0, "layout": f"IPY_MODEL_{board.layout.model_id}"},
    )


@pytest.mark.parametrize("value", [1, None, ["x"], {"x": 1}, True, "x" * 10_001], ids=lambda value: repr(value)[:20])
def test_what_a_trait_refuses_is_put_right(board: Board, page: Page, value: Any) -> None:
    board.name = "before"
    page.messages.clear()
    page.set(board, name=value)
    assert (board.name, board.ignored) == ("before", 1)
    assert [message.data["state"] for message in page.messages] == [{"name": "before"}]


@pytest.mark.parametrize("value", [True, "1", 1.0, 1.5, None, [1], 10**30, -(10**30)])
def test_only_a_whole_number_is_an_int(board: Board, page: Page, value: Any) -> None:
    board.level = 5
    page.set(board, level=value)
    assert (board.level, board.ignored) == (5, 1)


def test_a_value_made_valid_is_said_to_the_page_also_where_it_stood_before(board: Board, page: Page) -> None:
    page.set(board, level=12)
    assert board.level == 9
    for _ in range(2):
        assert page.messages[-1].data["state"] == {"level": 9}
        page.messages.clear()
        page.set(board, level=12)


def test_of_a_message_what_is_right_is_written_at_once(board: Board, page: Page) -> None:
    seen = []
    board.observe(lambda _change: seen.append((board.name, board.level)), ["name", "level"])
    page.set(board, name="a", secret=1, level=2)
    assert seen == [("a", 2), ("a", 2)]


def test_a_page_that_comes_anew_is_told_everything(board: Board, page: Page) -> None:
    board._handle_msg({"content": {"data": {"method": "request_state"}}, "buffers": []})
    (sent,) = page.messages
    assert sent.data["state"] == state_of(board)
    assert board.ignored == 0


def test_what_has_no_utf_8_is_sent_as_what_has(board: Board, page: Page) -> None:
    page.set(board, name="a\ud800b")
    assert board.name == "a\ud800b"
    board._handle_msg({"content": {"data": {"method": "request_state"}}, "buffers": []})
    assert page.messages[-1].data["state"]["name"] == "a\ufffdb"


# --- what handlers raise


def test_a_refusal_goes_to_whoever_wants_it(board: Board, page: Page) -> None:
    heard: list[ExplorerError] = []
    board.failure, board.on_error = ExplorerError("status-no-model"), heard.append
    page.send(board, kind="press", place=1)
    assert heard == [board.failure]


@pytest.mark.parametrize("failure", [KeyError("a bug of ours"), ExplorerError("status-no-model")], ids=repr)
def test_what_nobody_expects_is_logged_once_and_the_widget_goes_on(
    board: Board, page: Page, caplog: pytest.LogCaptureFixture, failure: Exception
) -> None:
    board.failure = failure
    page.send(board, kind="press", place=1)
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert record.exc_info[1] is failure
    caplog.clear()
    board.failure = None
    page.send(board, kind="press", place=2)
    assert board.heard == [Press(kind="press", place=2)]


def test_what_an_observer_of_a_written_trait_raises_is_no_refusal(
    board: Board, page: Page, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_change: object) -> None:
        raise t.TraitError("a bug of ours")

    board.observe(fail, "name")
    page.set(board, name="x")
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert (board.name, board.ignored) == ("x", 0)
    caplog.clear()


# --- the end


def test_a_closed_widget_is_nowhere_and_says_nothing(board: Board, page: Page) -> None:
    comm, layout, model_id = board.comm, board.layout, board.model_id
    board.close()
    assert (board.closed, layout.closed, board.comm) == (True, True, None)
    assert not {model_id, layout.model_id} & _instances.keys()
    assert sorted(message.kind for message in page.messages) == ["comm_close", "comm_close"]
    page.messages.clear()
    board.close()
    layout.close()
    page.set(board, name="late")
    page.deliver(board, {"kind": "press", "place": 1})
    comm.handle_msg({"content": {"data": {"method": "request_state"}}, "buffers": []})
    with board.hold_sync():
        board.secret = 5
        board.send({"kind": "late"})
    assert (page.messages, board.heard, board.name) == ([], [], "")


def test_closing_drops_the_handlers_and_keeps_what_a_control_needs_itself(page: Page) -> None:
    menu = w.Dropdown(options=[("a", 1), ("b", 2)])
    heard: list[object] = []
    menu.observe(heard.append)
    menu.close()
    menu.options = [("c", 3), ("d", 4)]
    menu.value = 4
    assert (menu.index, heard) == (1, [])


def test_a_box_is_closed_with_all_that_is_in_it(page: Page) -> None:
    before = set(_instances)
    menu, board = w.Dropdown(options=["a"], style={"description_width": "initial"}), Board()
    box = w.VBox([w.HBox([menu]), board, w.Tab([w.Label("x")])])
    assert len(_instances) > len(before) + 10
    box.close()
    assert set(_instances) == before
    assert board.closed


def test_a_box_on_show_can_still_be_sent_when_a_part_of_it_is_closed(page: Page) -> None:
    board = Board()
    box, model_id = w.VBox([board]), board.model_id
    board.close()
    box.send_state()
    assert page.messages[-1].data["state"]["children"] == [f"IPY_MODEL_{model_id}"]


def test_a_layout_that_is_replaced_is_closed(page: Page) -> None:
    board = Board()
    old, before = board.layout, len(_instances)
    board.layout = {"width": "auto"}
    assert old.closed
    assert len(_instances) == before


@pytest.fixture
def fast_switches() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_it_may_be_closed_while_another_thread_shows_something(page: Page, fast_switches: None) -> None:
    failures: list[BaseException] = []
    for _ in range(50):
        board, started = Board(), threading.Event()

        def show(board: Board = board, started: threading.Event = started) -> None:
            try:
                for i in range(1, 1_000):
                    with board.hold_sync():
                        board.secret = i
                    board.send({"i": i})
                    started.set()
                    if board.closed:
                        return
            except BaseException as error:
                failures.append(error)

        thread = threading.Thread(target=show)
        thread.start()
        started.wait()
        board.close()
        thread.join()
    assert failures == []
