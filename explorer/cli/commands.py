"""Every command and its options.

Help is written in the language in force while this module is imported: `explorer.cli.main` imports it once it knows
the language. What a command does is imported inside it, so that ``explorer --help`` starts no torch.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from explorer import __version__
from explorer.cli.options import ModelOptions, with_options
from explorer.cli.sampling_options import SamplingOptions
from explorer.locales import ExplorerError, tr

MAX_INPUT_BYTES = 16_000_000
"""Of standard input; a model reads the last 64 KB."""

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}

# A server's own options may follow ours, with or without `--` before them.
WITH_SERVER_OPTIONS = {**HELP_OPTIONS, "ignore_unknown_options": True}

Text = Annotated[str, typer.Argument(metavar="TEXT", help=tr("cli-argument-text"), show_default=False)]
Language = Annotated[str | None, typer.Option("--lang", metavar="en|zh", help=tr("cli-option-lang"))]
AsJson = Annotated[bool, typer.Option("--json", help=tr("cli-option-json"))]
ServerOptions = Annotated[
    list[str] | None, typer.Argument(metavar="[-- OPTIONS]", help=tr("cli-argument-server"), show_default=False)
]

app = typer.Typer(
    help=tr("cli-about"), add_completion=False, pretty_exceptions_enable=False, context_settings=HELP_OPTIONS
)
models = typer.Typer(help=tr("cli-models"), context_settings=HELP_OPTIONS)
app.add_typer(models, name="models")


@app.callback(invoke_without_command=True)
def explorer(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help=tr("cli-option-version"))] = False,
    lang: Language = None,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), nl=False)


@models.callback(invoke_without_command=True)
def models_alone(context: typer.Context, as_json: AsJson = False, lang: Language = None) -> None:
    if context.invoked_subcommand is None:
        from explorer.cli.models import list_models

        list_models(as_json=as_json)


@app.command(help=tr("cli-lab"), context_settings=WITH_SERVER_OPTIONS)
@with_options
def lab(*, options: ServerOptions = None, model: ModelOptions, lang: Language = None) -> None:
    from explorer.cli import jupyter

    model.check()
    jupyter.hand_to_kernels(model, lang)
    raise typer.Exit(jupyter.lab(options or []))


@app.command("app", help=tr("cli-app"), context_settings=WITH_SERVER_OPTIONS)
@with_options
def app_page(
    *,
    options: ServerOptions = None,
    model: ModelOptions,
    allow_download: Annotated[bool, typer.Option("--allow-download", help=tr("cli-option-allow-download"))] = False,
    lang: Language = None,
) -> None:
    from explorer.cli import jupyter

    model.check()
    jupyter.hand_to_kernels(model, lang)
    raise typer.Exit(jupyter.app(options or [], allow_download=allow_download))


@app.command(help=tr("cli-predict"))
@with_options
def predict(
    *,
    text: Text,
    sampling: SamplingOptions,
    top: Annotated[int, typer.Option("--top", min=1, metavar="N", help=tr("cli-option-top"))] = 10,
    as_json: AsJson = False,
    model: ModelOptions,
    lang: Language = None,
) -> None:
    from explorer.cli.predict import predict

    predict(_given(text), model=model, options=sampling, top=top, as_json=as_json)


@app.command(help=tr("cli-generate"))
@with_options
def generate(
    *,
    text: Text,
    sampling: SamplingOptions,
    # Numbers are text here, as in `SamplingOptions`.
    max_new_tokens: Annotated[
        str, typer.Option("--max-new-tokens", metavar="N", help=tr("cli-option-max-new-tokens"))
    ] = "20",
    n: Annotated[str, typer.Option("--n", metavar="N", help=tr("cli-option-n"))] = "1",
    seed: Annotated[str | None, typer.Option("--seed", metavar="N", help=tr("cli-option-seed"))] = None,
    stop: Annotated[str, typer.Option("--stop", metavar="TEXT", help=tr("cli-option-stop"), show_default=False)] = "",
    through_end: Annotated[bool, typer.Option("--through-end", help=tr("cli-option-through-end"))] = False,
    session: Annotated[Path | None, typer.Option("--session", metavar="FILE", help=tr("cli-option-session"))] = None,
    as_json: AsJson = False,
    model: ModelOptions,
    lang: Language = None,
) -> None:
    from explorer.cli.generate import generate

    generate(
        _given(text),
        model=model,
        options=sampling,
        max_new_tokens=max_new_tokens,
        n=n,
        seed=seed,
        stop_text=stop,
        through_end=through_end,
        as_json=as_json,
        file=session,
    )


def _given(text: str) -> str:
    return _standard_input() if text == "-" else text


def _standard_input() -> str:
    """All of stdin, less the line break that `echo` and editors put at its end.

    Bytes that are no UTF-8 become lone surrogates, as in `sys.argv`: the tokenizer says what it made of them.

    Raises:
        ExplorerError: it has more than any text that is meant well; it may have no end.
    """
    from explorer.models.text_files import without_mark

    try:
        data = sys.stdin.buffer.read(MAX_INPUT_BYTES + 1)
    except OSError as error:
        raise ExplorerError("cli-no-input", reason=error.strerror or str(error)) from error
    if len(data) > MAX_INPUT_BYTES:
        raise ExplorerError("cli-input-too-large", most=MAX_INPUT_BYTES // 10**6)
    text = without_mark(data, "-").decode("utf-8", errors="surrogateescape")
    return text.removesuffix("\n").removesuffix("\r")


@app.command(help=tr("cli-compare"))
@with_options
def compare(
    *,
    text: Text,
    strategies: Annotated[
        Path | None, typer.Option("--strategies", metavar="FILE", help=tr("cli-option-strategies"))
    ] = None,
    max_new_tokens: Annotated[
        str, typer.Option("--max-new-tokens", metavar="N", help=tr("cli-option-max-new-tokens"))
    ] = "30",
    n: Annotated[str, typer.Option("--n", metavar="N", help=tr("cli-option-n-each"))] = "3",
    seed: Annotated[str | None, typer.Option("--seed", metavar="N", help=tr("cli-option-seed"))] = None,
    stop: Annotated[str, typer.Option("--stop", metavar="TEXT", help=tr("cli-option-stop"), show_default=False)] = "",
    through_end: Annotated[bool, typer.Option("--through-end", help=tr("cli-option-through-end"))] = False,
    table: Annotated[Path | None, typer.Option("--table", metavar="FILE", help=tr("cli-option-table"))] = None,
    figure: Annotated[Path | None, typer.Option("--figure", metavar="FILE", help=tr("cli-option-figure"))] = None,
    as_json: AsJson = False,
    model: ModelOptions,
    lang: Language = None,
) -> None:
    from explorer.cli.compare import compare

    compare(
        _given(text),
        model=model,
        strategies_file=strategies,
        max_new_tokens=max_new_tokens,
        n=n,
        seed=seed,
        stop_text=stop,
        through_end=through_end,
        as_json=as_json,
        table=table,
        figure=figure,
    )


@app.command(help=tr("cli-train"))
def train(
    *,
    corpus: Annotated[Path, typer.Option("--corpus", metavar="FOLDER", help=tr("cli-option-corpus"))],
    work: Annotated[Path, typer.Option("--work", metavar="FOLDER", help=tr("cli-option-work"))],
    recipe: Annotated[Path | None, typer.Option("--recipe", metavar="FILE", help=tr("cli-option-recipe"))] = None,
    device: Annotated[str | None, typer.Option("--device", metavar="DEVICE", help=tr("cli-option-device"))] = None,
    lang: Language = None,
) -> None:
    from explorer.cli.train import train

    train(corpus=corpus, work=work, recipe=recipe, device=device)


@models.command("list", help=tr("cli-models-list"))
def models_list(as_json: AsJson = False, lang: Language = None) -> None:
    from explorer.cli.models import list_models

    list_models(as_json=as_json)


@models.command("fetch", help=tr("cli-models-fetch"))
def models_fetch(
    name: Annotated[str, typer.Argument(metavar="NAME|auto", help=tr("cli-argument-name"), show_default=False)],
    lang: Language = None,
) -> None:
    from explorer.cli.models import fetch

    fetch(name)


@app.command(help=tr("cli-doctor"))
@with_options
def doctor(
    *,
    as_json: AsJson = False,
    write_reference: Annotated[
        str | None, typer.Option("--write-reference", metavar="NAME", help=tr("cli-option-write-reference"))
    ] = None,
    model: ModelOptions,
    lang: Language = None,
) -> None:
    if write_reference is not None:
        from explorer.cli.reference import write

        return write(write_reference)
    from explorer.cli.doctor import examine

    return examine(as_json=as_json, model=model)
