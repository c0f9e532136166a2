"""Whether an engine's numbers are those of transformers, and for how long that is known.

The check (`explorer.engine.check`) takes a second or more, and for numpy it needs transformers. So its outcome is kept
beside the prepared weights, for as long as nothing changes that it depends on; and for the models that most people have
a small reference travels with the package (`stored_reference`), against which numpy is held without torch.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Callable
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from explorer.engine.check import Outcome
from explorer.engine.local_model import LocalModel
from explorer.engine.states_check import states_hold
from explorer.engine.stored_reference import stored_reference
from explorer.engine.weights.weights_cache import facts_of

_ENGINE_FOLDER = Path(__file__).parent


def outcome_of(model: LocalModel, check: Callable[[], Outcome]) -> Outcome:
    """What is known of the numbers of ``model``: from an earlier check under the same conditions, from the reference
    that travels with the package where numpy computes in float32, or else by ``check``.

    Raises:
        ExplorerError: the weights are damaged.
    """
    info = model.info
    facts, name = facts_of(info.weights_version), f"check-{info.engine}-{info.device}-{info.dtype}"
    conditions = conditions_of(info.engine)
    kept = _kept(facts.read_json(name), conditions)
    if kept is not None:
        return kept
    reference = stored_reference(info.weights_version) if (info.engine, info.dtype) == ("numpy", "float32") else None
    outcome = reference.compare(model) if reference is not None else check()
    outcome = replace(outcome, states=outcome.attention and states_hold(model))
    model.forget()
    facts.write_json(name, {"conditions": conditions, "outcome": outcome.record()})
    return outcome


def conditions_of(engine: str) -> dict[str, str]:
    """What the numbers of an engine depend on, besides the weights: its code, the libraries, and the processor."""
    found = {
        "code": _code_digest(),
        "numpy": np.__version__,
        "blas": str(_numpy_config("Build Dependencies").get("blas")),
        "simd": str(_numpy_config("SIMD Extensions")),
        "processor": _processor(),
    }
    if engine == "torch":
        found |= {name: version(name) for name in ("torch", "transformers")}
    return found


def _kept(record: Any, conditions: dict[str, str]) -> Outcome | None:
    """The outcome in a record, if it was found under these conditions; a damaged record holds none."""
    try:
        return Outcome.of(record["outcome"]) if record["conditions"] == conditions else None
    except (TypeError, KeyError, ValueError):
        return None


def _code_digest() -> str:
    """Of all our code that computes: another version of it may have other numbers."""
    digest = hashlib.sha256()
    for file in sorted(_ENGINE_FOLDER.rglob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _numpy_config(part: str) -> dict[str, Any]:
    config: Any = np.show_config(mode="dicts")
    return dict(config.get(part, {}))


def _processor() -> str:
    """The processor, as the system names it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model"))]
    return f"{platform.machine()} {names[0] if names else platform.processor()}"
