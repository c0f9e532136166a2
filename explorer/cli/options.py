"""Options that several commands share, as dataclasses, and how Typer is told of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

import explorer
from explorer.cli.terminal import progress_bar
from explorer.locales import tr


@dataclass(frozen=True)
class ModelOptions:
    """Which model, where it runs, the number format of its weights, and what computes; None where nothing was said."""

    model: Annotated[str | None, typer.Option("--model", metavar="NAME", help=tr("cli-option-model"))] = None
    device: Annotated[str | None, typer.Option("--device", metavar="DEVICE", help=tr("cli-option-device"))] = None
    dtype: Annotated[str | None, typer.Option("--dtype", metavar="TYPE", help=tr("cli-option-dtype"))] = None
    engine: Annotated[str | None, typer.Option("--engine", metavar="ENGINE", help=tr("cli-option-engine"))] = None

    def check(self) -> None:
        """Refuse at once what `load` would refuse after a server was started.

        Raises:
            ExplorerError: there is no such model, device, dtype or engine.
        """
        from explorer.engine.loading import check_options

        check_options(self.model, device=self.device, dtype=self.dtype, engine=self.engine)

    def load(self) -> explorer.LocalModel:
        """The model, with a progress bar while it is fetched and read; see `explorer.load`."""
        with progress_bar() as report:
            return explorer.load(self.model, device=self.device, dtype=self.dtype, engine=self.engine, report=report)


def with_options(command: Callable[..., None]) -> Callable[..., None]:
    """``command`` as Typer shall read it: in the place of a parameter that is a dataclass of options, its fields."""
    own = inspect.signature(command, eval_str=True).parameters
    groups: dict[str, Any] = {name: p.annotation for name, p in own.items() if is_dataclass(p.annotation)}

    @wraps(command)
    def run(**given: Any) -> None:
        made = {name: kind(**{f.name: given.pop(f.name) for f in fields(kind)}) for name, kind in groups.items()}
        command(**made, **given)

    parameters: list[inspect.Parameter] = []
    for name, parameter in own.items():
        if name in groups:
            hints = get_type_hints(groups[name], include_extras=True)
            parameters += [_keyword(f.name, f.default, hints[f.name]) for f in fields(groups[name])]
        else:
            parameters.append(_keyword(name, parameter.default, parameter.annotation))
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _keyword(name: str, default: Any, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
