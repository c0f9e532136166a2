"""Which engine answers: numpy where it reads a model rightly, else torch; and a sentence where neither can."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.engine import agreement, loading
from explorer.engine.loading import load
from explorer.engine.numpy_engine import llama
from explorer.engine.stored_reference import FOLDER, stored_reference
from explorer.engine.weights.json_folder import JsonFolder
from explorer.engine.weights.weights_version import weights_version
from explorer.locales import ExplorerError
from explorer.models import bundled
from explorer.models.catalog import BUNDLED, CATALOG, BundledSource
from tests.test_torch_free import run


def refusal(name: Path | str, **options: Any) -> str:
    with pytest.raises(ExplorerError) as caught:
        load(str(name), **options)
    return caught.value.message.id


def test_numpy_is_taken_where_it_reads_the_model(tiny_gpt2: Path, tiny_llama: Path, monkeypatch: Any) -> None:
    for folder in (tiny_gpt2, tiny_llama):
        assert load(str(folder), device="cpu").info.engine == "numpy"
        assert load(str(folder), device="cpu", engine="torch").info.engine == "torch"
        assert load(str(folder), device="cpu", dtype="bfloat16").info.engine == "torch"
    monkeypatch.setenv("EXPLORER_ENGINE", "torch")
    assert load(str(tiny_gpt2), device="cpu").info.engine == "torch"


def test_both_engines_name_the_weights_alike(tiny_llama: Path) -> None:
    versions = {load(str(tiny_llama), device="cpu", engine=engine).info.weights_version for engine in loading.ENGINES}
    assert versions == {weights_version(tiny_llama)}


def test_what_numpy_cannot_read_is_said(tiny_gpt2: Path, folder_of: Callable[[str], Path]) -> None:
    assert refusal(tiny_gpt2, engine="numpy", dtype="bfloat16") == "numpy-cannot-read"
    assert refusal(folder_of("gpt-neox"), device="cpu", engine="numpy") == "numpy-cannot-read"
    assert refusal(tiny_gpt2, engine="abacus") == "unknown-engine"


def test_a_model_that_numpy_gets_wrong_is_read_by_torch(
    folder_of: Callable[[str], Path], checked_anew: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotate = llama.rotate
    monkeypatch.setattr(llama, "rotate", lambda x, cosines, sines: rotate(x, cosines, -sines))
    folder = folder_of("llama")
    assert load(str(folder), device="cpu").info.engine == "torch"
    assert refusal(folder, device="cpu", engine="numpy") == "numpy-differs"


def test_without_torch_a_model_that_needs_it_is_one_sentence(folder_of: Callable[[str], Path], tmp_path: Path) -> None:
    program = """
import sys
from explorer.engine.loading import load
from explorer.locales import ExplorerError
try:
    load(sys.argv[1], device="cpu")
except ExplorerError as error:
    print(error.message.id, str(error).count("\\n"))
"""
    assert run(program, tmp_path, str(folder_of("gpt-neox"))).stdout.split() == ["torch-missing", "0"]


# --- what is known of an engine's numbers


def test_a_check_is_made_once_for_the_same_conditions(
    tiny_gpt2: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agreement, "facts_of", lambda _: JsonFolder(tmp_path))
    made, checked = loading._numpy_beside_transformers, []
    monkeypatch.setattr(loading, "_numpy_beside_transformers", lambda *args: checked.append(1) or made(*args))
    for _ in range(2):
        load(str(tiny_gpt2), device="cpu")
    assert len(checked) == 1
    monkeypatch.setattr(agreement, "_processor", lambda: "another")
    load(str(tiny_gpt2), device="cpu")
    assert len(checked) == 2
    (kept,) = tmp_path.glob("check-*.json")
    for damage in ("", "{", "[]", '{"conditions": 1}'):
        kept.write_text(damage)
        load(str(tiny_gpt2), device="cpu")
    assert len(checked) == 6


def test_the_bundled_model_has_a_reference_that_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    lm = load(BUNDLED, device="cpu", engine="numpy")
    reference = stored_reference(lm.info.weights_version)
    assert reference is not None
    assert reference.compare(lm).attention
    lm.forget()
    logits = lm.engine.logits
    monkeypatch.setattr(lm.engine, "logits", lambda hidden: logits(hidden) * np.float32(1.01))
    assert not reference.compare(lm).right


def test_references_are_of_the_weights_that_are_here() -> None:
    source = CATALOG[BUNDLED].source
    assert isinstance(source, BundledSource)
    assert stored_reference(weights_version(bundled.bundled_folder(source))) is not None
    assert {file.stem for file in FOLDER.glob("*.safetensors")} <= set(CATALOG)
