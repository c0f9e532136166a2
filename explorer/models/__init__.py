"""Where weights come from: names and folders in, a checked local folder out. No torch."""

from __future__ import annotations
