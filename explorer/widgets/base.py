"""`Element`: what all of our own small widgets have in common."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, ClassVar

import anywidget

from explorer.widgets.scripts import script


class Element(anywidget.AnyWidget):
    """A widget whose browser half lies beside it: `widget.js`, and `widget.css` where it has a style.

    Text reaches the page through ``textContent`` only: tokens and prompts are data, never HTML. Strings that people
    read come from here, already in their language.
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
