"""From a name to a `LocalModel` that answers: find, choose an engine, read, check. torch only where it is needed."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from explorer.engine.agreement import outcome_of
from explorer.engine.check import Outcome
from explorer.engine.local_model import LocalModel
from explorer.engine.numpy_engine import loading as numpy_loading
from explorer.engine.numpy_engine.engine import DTYPES as NUMPY_DTYPES
from explorer.engine.numpy_engine.engine import NumpyEngine, shape_of
from explorer.engine.numpy_engine.shape import Shape
from explorer.engine.tokenizer import open_tokenizer
from explorer.engine.weights.weights_version import weights_version
from explorer.locales import ExplorerError, Message
from explorer.models import sources
from explorer.models.config_check import check_config
from explorer.models.model_files import read_json_object
from explorer.models.progress import Progress, Report
from explorer.models.sources import ModelFiles

DTYPES = ("float32", "float64", "bfloat16", "float16")
ENGINES = ("numpy", "torch")
STEPS = 3


def load(
    name: str | os.PathLike[str] | None = None,
    *,
    device: str | None = None,
    dtype: str | None = None,
    engine: str | None = None,
    report: Report | None = None,
) -> LocalModel:
    """A model, ready to answer.

    Args:
        name: a catalogue name (``gpt2``), a folder, or ``organisation/name[@revision]`` on the hub; it is fetched if
            it must be. None takes ``EXPLORER_MODEL`` or else the best one on disk, and asks no network for that.
        device: ``cuda``, ``mps`` or ``cpu``; None takes ``EXPLORER_DEVICE`` or else the first of them that is there.
        dtype: ``float32``, ``float64``, ``bfloat16`` or ``float16``; None takes ``EXPLORER_DTYPE`` or else float32, on
            every device.
        engine: ``numpy`` or ``torch``; None takes ``EXPLORER_ENGINE`` or else numpy where it reads the model rightly,
            on a CPU.
        report: told how far it is.

    Raises:
        ExplorerError: an unknown name, device, dtype or engine, no network, a damaged or unsupported model.
    """
    # `explorer lab --model ...` reaches the kernels it starts by these variables.
    name = (os.environ.get("EXPLORER_MODEL") or None) if name is None or name == "" else name
    chosen_dtype = dtype or os.environ.get("EXPLORER_DTYPE") or "float32"
    chosen_engine = engine or os.environ.get("EXPLORER_ENGINE") or None
    check_options(name, dtype=chosen_dtype, engine=chosen_engine)
    chosen_device = choose_device(device or os.environ.get("EXPLORER_DEVICE") or None, engine=chosen_engine)
    files = sources.best_on_disk() if name is None else sources.locate(name, report=report)
    prepare(files, report)
    return _read(files, chosen_device, chosen_dtype, chosen_engine, report or (lambda _: None))


def check_options(
    name: str | os.PathLike[str] | None = None,
    *,
    device: str | None = None,
    dtype: str | None = None,
    engine: str | None = None,
) -> None:
    """What can be said of `load`'s arguments without loading anything; None passes.

    Raises:
        ExplorerError: there is no such model, as far as that is known without a network; an unknown device, dtype or
            engine.
    """
    if dtype is not None:
        _known(dtype, DTYPES, "unknown-dtype", "dtype")
    if engine is not None:
        _known(engine, ENGINES, "unknown-engine", "engine")
    if name is not None:
        sources.check_name(name)
    if device is not None:
        choose_device(device, engine=engine)


def make_ready(files: ModelFiles, report: Report | None = None) -> None:
    """Do now what the first `load` of a model would do once: convert it, lay its weights out, check its numbers.

    Raises:
        ExplorerError: a damaged model.
    """
    prepare(files, report)
    check_config(files.folder)
    shape = shape_of(read_json_object(files.folder / "config.json"))
    if shape is not None:
        _with_numpy(files, shape, "float32", report or (lambda _: None))


def prepare(files: ModelFiles, report: Report | None = None) -> None:
    """Make ``files.folder`` loadable: convert its GGUF, once."""
    if files.gguf is not None:
        with torch_needed(files.name):
            from explorer.engine.torch_engine.convert import convert_gguf

        convert_gguf(files.gguf, files.folder, report=report)


def choose_device(device: str | None, *, engine: str | None = None) -> str:
    """``device`` if it is here, the fastest for None.

    Raises:
        ExplorerError: it is not here.
    """
    if device == "cpu" or (device is None and (engine == "numpy" or not _may_have_accelerator())):
        return "cpu"
    there = devices()
    return _known(device or there[0], tuple(there), "unknown-device", "device")


def devices() -> list[str]:
    """Where a model can run on this machine, fastest first. Imports torch where there may be more than the CPU."""
    if not _may_have_accelerator():
        return ["cpu"]
    with torch_needed(""):
        from explorer.engine.torch_engine.loading import devices as of_torch
    return of_torch()


@contextmanager
def torch_needed(name: str) -> Iterator[None]:
    """Within its ``with``, torch and transformers are imported for the model ``name``.

    Raises:
        ExplorerError: one of them is not installed.
    """
    try:
        yield
    except ImportError as error:
        raise ExplorerError("torch-missing", name=name, reason=str(error)[:200]) from error


def _may_have_accelerator() -> bool:
    """Whether it is worth importing torch, which takes seconds, to ask it: is there a driver, or an Apple processor?"""
    apple = platform.system() == "Darwin" and platform.machine() == "arm64"
    drivers = ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg")  # NVIDIA's, AMD's, and Windows' below Linux
    return apple or platform.system() == "Windows" or any(Path(driver).exists() for driver in drivers)


def _known(value: str, known: tuple[str, ...], message_id: str, argument: str) -> str:
    if value not in known:
        raise ExplorerError(message_id, **{argument: value, "known": ", ".join(known)})
    return value


def _read(files: ModelFiles, device: str, dtype: str, engine: str | None, report: Report) -> LocalModel:
    check_config(files.folder)
    config = read_json_object(files.folder / "config.json")
    shape = shape_of(config)
    can_numpy = shape is not None and device == "cpu" and dtype in NUMPY_DTYPES
    if engine == "numpy" and not can_numpy:
        kind = str(config.get("model_type"))[:60]
        raise ExplorerError("numpy-cannot-read", name=files.name, kind=kind, device=device, dtype=dtype)
    report(Progress(Message.of("loading-weights", name=files.title), 0, STEPS))
    if shape is not None and can_numpy and engine != "torch":
        model = _with_numpy(files, shape, dtype, report)
        if model is not None:
            return model
        if engine == "numpy":
            raise ExplorerError("numpy-differs", name=files.name)
    return _with_torch(files, device, dtype, report)


def _with_numpy(files: ModelFiles, shape: Shape, dtype: str, report: Report) -> LocalModel | None:
    """The model on the numpy engine; None where its numbers are not those of transformers."""
    engine, info = numpy_loading.open_engine(files, shape, dtype, report)
    report(Progress(Message.of("loading-tokenizer", name=files.title), 1, STEPS))
    tokenizer = open_tokenizer(files.folder, info.vocab_size)
    info = replace(info, end_ids=tokenizer.end_ids, notices=(*info.notices, *tokenizer.notices))
    model = LocalModel(engine, tokenizer, info)
    report(Progress(Message.of("checking-model", name=files.title), 2, STEPS))
    outcome = outcome_of(model, lambda: _numpy_beside_transformers(model, engine, files))
    if not outcome.right or not outcome.attention:
        return None
    model.info = outcome.without_what_is_wrong(model.info)
    report(Progress(Message.of("model-ready", name=files.title), STEPS, STEPS))
    return model


def _numpy_beside_transformers(model: LocalModel, engine: NumpyEngine, files: ModelFiles) -> Outcome:
    with torch_needed(files.name):
        from explorer.engine.torch_engine.agreement import compare_with_transformers
        from explorer.engine.torch_engine.loading import open_module
    module = open_module(files, model.info.dtype)
    return compare_with_transformers(model, module, lambda config: engine.with_config(config.to_dict()))


def _with_torch(files: ModelFiles, device: str, dtype: str, report: Report) -> LocalModel:
    """The model on the torch engine.

    Raises:
        ExplorerError: its numbers would be wrong.
    """
    with torch_needed(files.name):
        from explorer.engine.torch_engine.agreement import compare_with_transformers
        from explorer.engine.torch_engine.loading import open_engine
    engine, info = open_engine(files, device, dtype)
    report(Progress(Message.of("loading-tokenizer", name=files.title), 1, STEPS))
    tokenizer = open_tokenizer(files.folder, info.vocab_size)
    version = weights_version(files.folder, name=files.name, report=report)
    notices = (*info.notices, *tokenizer.notices)
    info = replace(info, end_ids=tokenizer.end_ids, weights_version=version, notices=notices)
    model = LocalModel(engine, tokenizer, info)
    report(Progress(Message.of("checking-model", name=files.title), 2, STEPS))
    outcome = outcome_of(model, lambda: compare_with_transformers(model, engine.module, engine.with_config))
    outcome.require_right(files.name, engine.module.config.model_type)
    model.info = outcome.without_what_is_wrong(model.info)
    report(Progress(Message.of("model-ready", name=files.title), STEPS, STEPS))
    return model
