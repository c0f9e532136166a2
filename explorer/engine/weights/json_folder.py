"""`JsonFolder`: small JSON files that only save work.

What cannot be read is worked out anew by whoever asks, and what cannot be kept is not.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.models.user_files import written_aside

MAX_BYTES = 1 << 24


@dataclass(frozen=True)
class JsonFolder:
    """A folder of JSON files, each written whole or not at all; it need not exist."""

    folder: Path

    def read_json(self, name: str) -> Any | None:
        """What was written under ``name``; None where nothing was, or where it is damaged."""
        with suppress(OSError, ValueError, RecursionError), self._file(name).open("rb") as file:
            return json.loads(file.read(MAX_BYTES).decode("utf-8"))
        return None

    def write_json(self, name: str, content: Any) -> None:
        """Keep ``content`` under ``name``, if the disk lets us."""
        file = self._file(name)
        text = json.dumps(content, ensure_ascii=False, indent=1)
        with suppress(OSError):
            self.folder.mkdir(parents=True, exist_ok=True)
            with written_aside(file) as unfinished:
                unfinished.write_text(text + "\n", encoding="utf-8")

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.json"
