"""What every widget of ours does (`Guarded`: refuse what a page may not write), and `Element`, one of our own."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, ClassVar, get_type_hints

import anywidget
import ipywidgets
import traitlets as t
from ipywidgets.widgets.trait_types import InstanceDict
from ipywidgets.widgets.widget import widget_serialization
from pydantic import Field, TypeAdapter, ValidationError

from explorer.language_model.tokens import whole_characters
from explorer.locales import ExplorerError
from explorer.widgets.page_message import MAX_EXACT, PageMessage
from explorer.widgets.scripts import script

log = logging.getLogger(__name__)


class Guarded(ipywidgets.Widget):  # type: ignore[misc]  # ipywidgets is untyped
    """A widget to which a page may send anything: what it may not write, and what makes no sense, changes nothing.

    A refused value is put right on the page too. Nothing that a page sends raises or is logged as an error; only what
    our own handlers raise is: an `ExplorerError` goes to `on_error`, all else to the log.

    Attributes:
        page_writes: the traits that a page may write; where the widget is ``disabled``, none.
        longest_text: characters of a text that a page writes; None: as many as come.
        on_error: called with an `ExplorerError` that a handler of this widget's raised.
        lock: held while a trait is written, and while those who observe it hear of it: so nobody who holds it finds
            the one done and the other not.
        ignored: how many messages, and writes to single traits, were refused.
        ignored_by_all: the same of all widgets of this process together.
        closed: whether `close` was called. A closed widget hears and says nothing.
    """

    page_writes: ClassVar[frozenset[str]] = frozenset()
    longest_text: ClassVar[int | None] = 10_000
    ignored_by_all: ClassVar[int] = 0

    on_error: Callable[[ExplorerError], None] | None = None
    lock: AbstractContextManager[object] = nullcontext()
    ignored: int = 0
    closed: bool = False

    # --- what a page sends

    def _handle_msg(self, msg: object) -> None:
        """All that a page sends arrives here, as it came."""
        if self.closed:
            return
        try:
            try:
                self._read_message(msg)
            except ExplorerError as error:
                if self.on_error is None:
                    raise
                self.on_error(error)
        except Exception:
            log.exception("a message of the page to %s failed", type(self).__name__)

    def _read_message(self, msg: object) -> None:
        buffers = msg.get("buffers") if isinstance(msg, dict) else None
        match msg:
            case {"content": {"data": {"method": "update", "state": dict(state), **more}}}:
                # No trait that a page may write holds bytes.
                if buffers or more.get("buffer_paths"):
                    self._refuse_writes(state)
                else:
                    self.set_state(state)
            case {"content": {"data": {"method": "request_state"}}}:
                self.send_state()
            case {"content": {"data": {"method": "custom", "content": content}}}:
                self._handle_custom_msg(content, buffers if isinstance(buffers, list) else [])
            case _:
                self.ignore()

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Write what a page may write, and put the rest right on the page."""
        taken = {name: value for name, value in sync_data.items() if self._may_write(name, value)}
        if taken:
            with self.lock:
                super().set_state(taken)
        if len(taken) < len(sync_data):
            self._refuse_writes(sync_data.keys() - taken.keys())

    def _may_write(self, name: str, value: object) -> bool:
        if name not in self.page_writes or getattr(self, "disabled", False):
            return False
        trait = self.traits()[name]
        too_long = isinstance(value, str) and self.longest_text is not None and len(value) > self.longest_text
        if too_long or not _is_exact(trait, value):
            return False
        try:
            valid = trait._validate(self, value)
        except (t.TraitError, ValidationError):
            return False
        # A value that is made valid, and is then what stands there already, would never be said to the page.
        return bool(valid == value or valid != getattr(self, name))

    def _refuse_writes(self, names: Any) -> None:
        """Put traits that a page wrote right on the page."""
        for _ in names:
            self.ignore()
        self.send_state({*names} & {*self.keys})

    def _handle_custom_msg(self, content: object, buffers: Sequence[object]) -> None:
        self.ignore()

    def ignore(self) -> None:
        """Count something that a page sent, and do no more about it."""
        self.ignored += 1
        Guarded.ignored_by_all += 1

    # --- what a page is sent

    def _send(self, msg: dict[str, Any], buffers: Any = None) -> None:
        comm = self.comm  # another thread may close the widget meanwhile
        if comm is None or getattr(comm, "kernel", True) is None:
            return
        try:
            comm.send(data=msg, buffers=buffers)
        except UnicodeEncodeError:  # halves of characters, which have no UTF-8
            comm.send(data=json.loads(whole_characters(json.dumps(msg, ensure_ascii=False))), buffers=buffers)

    @property
    def model_id(self) -> str | None:
        """As it was before the widget was closed: a box around it may still be sent."""
        comm = self.comm
        found: str | None = comm.comm_id if comm is not None else self._model_id
        return found

    # --- the end

    def close(self) -> None:
        """Take the widget off the page and out of ipywidgets' registry, with its layout, style and children.

        Handlers of its traits are dropped. It may be closed twice, and by any thread; it may still be shown things,
        which then go nowhere.
        """
        if self.closed:
            return
        self.closed = True
        self.on_error = None
        for handlers in list(self._trait_notifiers.values()):
            for kind, each in list(handlers.items()):  # the class's own keep, say, a menu's value and index together
                handlers[kind] = [handler for handler in each if isinstance(handler, t.EventHandler)]
        if self.comm is not None:
            self.comm.on_msg(None)
        super().close()
        for part in self.parts():
            part.close()

    @t.observe("layout", "style")
    def _close_replaced(self, change: dict[str, Any]) -> None:
        if isinstance(change["old"], Guarded):
            change["old"].close()

    def parts(self) -> Iterator[ipywidgets.Widget]:
        """Its layout, style and children, which end with it."""
        for name in ("layout", "style", "children"):
            if self.has_trait(name) and self.trait_has_value(name):
                value = getattr(self, name)
                yield from value if isinstance(value, tuple) else (value,)


def _is_exact(trait: Any, value: object) -> bool:
    """Whether ``value`` is meant as it is: traitlets takes True for 1, 1 for True, and "1" and 1.9 for a CInt."""
    if isinstance(trait, t.Bool):
        return isinstance(value, bool)
    if isinstance(trait, t.Int):
        return value is None or (type(value) is int and abs(value) <= MAX_EXACT)
    return True


def guarded_widgets(root: Guarded) -> Iterator[Guarded]:
    """``root`` and all below it."""
    yield root
    for part in root.parts():
        if isinstance(part, Guarded):
            yield from guarded_widgets(part)


class Layout(Guarded, ipywidgets.Layout):  # type: ignore[misc]
    """How much place a widget takes; a page writes nothing of it."""

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> dict[str, Any]:
        """Of a new one, what is set: a page has the same defaults, and the app has a hundred of these."""
        state: dict[str, Any] = super().get_state(key, drop_defaults)
        return state if key is not None else {name: value for name, value in state.items() if value is not None}


class GuardedDOMWidget(Guarded, ipywidgets.DOMWidget):  # type: ignore[misc]
    """A guarded widget that takes place on the page."""

    layout = InstanceDict(Layout).tag(sync=True, **widget_serialization)


class Element(GuardedDOMWidget, anywidget.AnyWidget):
    """A widget whose browser half lies beside it: `widget.js`, and `widget.css` where it has a style.

    Text reaches the page through ``textContent`` only: tokens and prompts are data, never HTML. Strings that people
    read come from here, already in their language.

    A subclass that is spoken to defines ``receive(self, message: Open | Close) -> None``: the annotation names the
    messages, subclasses of `PageMessage`, that it understands. What is none of them never arrives there.
    """

    styled_like: ClassVar[tuple[str, ...]] = ()
    """Other elements, by their folders, whose styles this one uses too."""

    def __init_subclass__(cls, **keywords: Any) -> None:
        folder = Path(str(sys.modules[cls.__module__].__file__)).parent
        # anywidget makes a subclass of each class, with traits of these names.
        if "_esm" not in cls.__dict__ and (folder / "widget.js").is_file():
            styles = [*(folder.parent / other / "widget.css" for other in cls.styled_like), folder / "widget.css"]
            cls._esm = script(folder / "widget.js")
            cls._css = "".join(style.read_text(encoding="utf-8") for style in styles if style.is_file())
        super().__init_subclass__(**keywords)

    def receive(self, message: Any) -> None:
        """Called with a message from the page."""
        raise NotImplementedError

    def _handle_custom_msg(self, content: object, buffers: Sequence[object]) -> None:
        reader = _reader(type(self).receive)
        if buffers and isinstance(content, dict):
            content = content | {"buffers": [bytes(b) for b in buffers if isinstance(b, (bytes, memoryview))]}
        try:
            message = reader.validate_python(content) if reader is not None else None
        except ValidationError:
            message = None
        if message is None:
            self.ignore()
        else:
            self.receive(message)


@cache
def _reader(receive: Callable[..., None]) -> TypeAdapter[PageMessage] | None:
    """What reads the messages that ``receive`` is declared to take; None where there are none."""
    if receive is Element.receive:
        return None
    messages: Any = get_type_hints(receive)["message"]
    if isinstance(messages, UnionType):
        messages = Annotated[messages, Field(discriminator="kind")]
    return TypeAdapter(messages)
