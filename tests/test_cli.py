"""The command line: what it prints, where, and how it ends."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from huggingface_hub import constants
from hypothesis import given
from hypothesis import strategies as st

from explorer import cli
from explorer.cli import terminal
from explorer.cli.doctor import CHECKS
from explorer.engine.loading import load
from explorer.locales import numbers
from explorer.sampling.sampling import Sampling
from tests.command_line import Run, explorer, runner

Started = list[tuple[list[str], dict[str, str]]]
"""Commands, with their environments."""

pytestmark = pytest.mark.usefixtures("english")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


# --- predict ---------------------------------------------------------------------------------------------------------


def test_json_is_one_object_with_the_promised_fields(run: Run, tiny_gpt2: Path) -> None:
    ran = run("predict", "the cat", "--json", "--top", "3", "--model", str(tiny_gpt2))
    assert ran.status == 0
    found = json.loads(ran.out)
    assert list(found) == [
        "schema",
        "model",
        "text",
        "tokens",
        "entropy_bits",
        "candidates",
        "rest_probability",
        "milliseconds",
    ]
    assert (found["schema"], found["model"], found["text"]) == (1, str(tiny_gpt2), "the cat")
    assert b"".join(bytes.fromhex(token["bytes"]) for token in found["tokens"]) == b"the cat"
    assert all(set(token) == {"id", "text", "bytes"} for token in found["tokens"])
    assert len(found["candidates"]) == 3
    record = {"id", "text", "bytes", "raw_probability", "probability", "logit", "rank", "u", "chosen_by"}
    assert all(set(candidate) == record for candidate in found["candidates"])
    assert [candidate["rank"] for candidate in found["candidates"]] == [1, 2, 3]
    total = found["rest_probability"] + sum(candidate["probability"] for candidate in found["candidates"])
    assert total == pytest.approx(1, abs=1e-6)
    assert found["milliseconds"] > 0


def test_temperature_zero_is_greedy_and_says_so(run: Run, tiny_gpt2: Path) -> None:
    ran = run("predict", "the cat", "--json", "--temperature", "0", "--model", str(tiny_gpt2))
    found = json.loads(ran.out)
    assert "greedy" in ran.err
    assert found["candidates"][0]["probability"] == 1
    assert (found["entropy_bits"], found["rest_probability"]) == (0, 0)


def test_the_table_claims_no_0_and_no_1_where_there_is_none(run: Run, tiny_gpt2: Path) -> None:
    asked = ("predict", "the cat", "--top", "4", "--bias", "#5=18", "--model", str(tiny_gpt2))
    found = json.loads(run(*asked, "--json").out)
    exact = [candidate["probability"] for candidate in found["candidates"]]
    assert exact[0] > 0.99995, "which would read 1.0000"
    assert 0 < exact[3] < 0.00005, "which would read 0.0000"
    printed = run(*asked).out
    for probability in (*exact, found["rest_probability"]):
        assert numbers.fraction(probability, 4) in printed
    assert "1.0000" not in printed
    assert ("0.0000" in printed) == (found["rest_probability"] == 0)


def test_a_wrong_temperature_is_one_sentence(run: Run, tiny_gpt2: Path) -> None:
    ran = run("predict", "the cat", "--temperature", "-1", "--model", str(tiny_gpt2))
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
    assert "-1" in ran.err


def test_the_empty_text_says_where_the_model_starts(run: Run, tiny_gpt2: Path) -> None:
    ran = run("predict", "", "--json", "--model", str(tiny_gpt2))
    assert json.loads(ran.out)["text"] == ""
    assert "start token" in ran.err


@pytest.mark.parametrize(("given", "read"), [("the cat\n", "the cat"), ("the cat\r\n", "the cat"), ("a\n\n", "a\n")])
def test_a_dash_reads_stdin(run: Run, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch, given: str, read: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode()), encoding="utf-8"))
    assert json.loads(run("predict", "-", "--json", "--model", str(tiny_gpt2)).out)["text"] == read


def test_bytes_that_are_no_text_are_replaced_and_said(
    run: Run, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xff"), encoding="utf-8"))
    ran = run("predict", "-", "--json", "--model", str(tiny_gpt2))
    assert json.loads(ran.out)["text"] == "caf\ufffd"
    assert "\ufffd" in ran.err


def test_the_table_shows_tokens_as_they_are(run: Run, tiny_gpt2: Path) -> None:
    ran = run("predict", "[red]x[/red] \x1b[31m\t", "--top", "100000", "--model", str(tiny_gpt2))
    assert ran.status == 0
    assert "\x1b" not in ran.out, "a control character reached the terminal"
    prefix = ran.out.splitlines()[0]
    assert prefix.replace(" ", "").startswith("[red]x[/red]"), "a token was read as markup"
    assert "⇥" in prefix
    assert "entropy" in ran.out


def test_the_sampler_takes_the_same_options_as_in_the_library(run: Run, tiny_gpt2: Path) -> None:
    options = ["--temperature", "0.5", "--top-k", "3", "--repetition-penalty", "1.3", "--bias", "#5=2.5", "--ban", "#7"]
    ran = run("predict", "the cat", "--json", "--top", "4", "--dtype", "float64", "--model", str(tiny_gpt2), *options)
    sampling = Sampling(temperature=0.5, top_k=3, repetition_penalty=1.3, bias=((5, 2.5),), banned=(7,))
    distribution = load(str(tiny_gpt2), dtype="float64").trace("the cat").distribution(sampling)
    found = json.loads(ran.out)
    assert found["candidates"] == [candidate.record() for candidate in distribution.top(4)]
    assert found["candidates"][3]["probability"] == 0
    assert found["entropy_bits"] == distribution.entropy_bits < 2


def test_the_table_says_what_the_sampler_did_and_what_it_removed(run: Run, tiny_gpt2: Path) -> None:
    shown = run(
        "predict", "the cat", "--top-k", "2", "--temperature", "0.5", "--top", "3", "--model", str(tiny_gpt2)
    ).out
    assert "removed by" in shown
    assert "temperature 0.5, top_k 2" in shown
    rows = [line for line in shown.splitlines() if line.strip()[:1] in ("1", "2", "3")]
    assert [row.rstrip().endswith("top_k") for row in rows] == [False, False, True]
    plain = run("predict", "the cat", "--top", "3", "--model", str(tiny_gpt2)).out
    assert "removed by" not in plain
    assert "sampler:" not in plain


@given(st.text())
def test_nothing_steers_the_terminal(text: str) -> None:
    steering = {"Cc", "Cs"}  # control characters, surrogates; tests/locales/test_untrusted.py has the others
    assert not [c for c in terminal.visible(text) if c != "\n" and unicodedata.category(c) in steering]


# --- errors ----------------------------------------------------------------------------------------------------------


def test_an_unknown_model_is_one_sentence_with_the_nearest_names(run: Run) -> None:
    ran = run("predict", "x", "--model", "gtp2")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.count("\n") == 1
    assert "gpt2" in ran.err


@pytest.mark.parametrize(("option", "value"), [("--device", "abacus"), ("--dtype", "int3")])
def test_a_wrong_device_or_dtype_is_one_sentence(run: Run, tiny_gpt2: Path, option: str, value: str) -> None:
    ran = run("predict", "x", "--model", str(tiny_gpt2), option, value)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert value in ran.err


def test_an_unknown_language_is_one_sentence(run: Run) -> None:
    ran = run("models", "list", "--lang", "tlh")
    assert (ran.status, ran.out) == (1, "")
    assert "tlh" in ran.err


def test_an_error_speaks_the_language_that_was_asked_for(run: Run) -> None:
    assert "没有" in run("predict", "x", "--model", "gtp2", "--lang", "zh").err


def fail_with(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr("explorer.cli.models.list_models", fail)


def test_what_nobody_foresaw_is_one_line_without_a_traceback(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EXPLORER_DEBUG", raising=False)
    fail_with(monkeypatch, RuntimeError("the disk is on \x1b[31mfire"))
    ran = run("models", "list")
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert "RuntimeError" in ran.err
    assert "EXPLORER_DEBUG=1" in ran.err
    assert "\x1b" not in ran.err


def test_debugging_shows_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_DEBUG", "1")
    fail_with(monkeypatch, RuntimeError("the disk is on fire"))
    with pytest.raises(RuntimeError, match="on fire"):
        cli.main(["models", "list"])


def test_ctrl_c_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(monkeypatch, KeyboardInterrupt())
    ran = run("models", "list")
    assert (ran.status, ran.out) == (130, "")
    assert ran.err == "Stopped by Ctrl-C.\n"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    command = [sys.executable, "-m", "explorer", "models", "list", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process:
        assert process.stderr.read() == b""


# --- help ------------------------------------------------------------------------------------------------------------

EVERY_COMMAND = [
    [],
    ["lab"],
    ["app"],
    ["predict"],
    ["generate"],
    ["models"],
    ["models", "list"],
    ["models", "fetch"],
    ["doctor"],
]


@pytest.mark.parametrize("command", EVERY_COMMAND, ids=" ".join)
def test_help_is_complete_in_both_languages(command: list[str]) -> None:
    for tag, word in (("en", "The language of everything"), ("zh", "输出和界面用哪种语言")):
        ran = explorer(*command, "--help", EXPLORER_LANG=tag)
        assert (ran.returncode, ran.stderr) == (0, "")
        assert word in ran.stdout
        assert "cli-" not in ran.stdout, "a sentence is missing"
        assert "…" not in ran.stdout, "a sentence is cut off at 80 columns"


def test_lang_reaches_help() -> None:
    assert "语言模型" in explorer("--lang", "zh", "--help").stdout
    assert "语言模型" in explorer("--help", "--lang=zh-CN").stdout


def test_alone_it_prints_help() -> None:
    alone = explorer()
    assert (alone.returncode, alone.stderr) == (0, "")
    for command in ("lab", "app", "predict", "generate", "models", "doctor"):
        assert command in alone.stdout


def test_help_starts_no_torch() -> None:
    code = (
        "import sys\n"
        "from explorer.cli import main\n"
        "try: main(['--help'])\n"
        "finally: print({'torch', 'transformers', 'plotly', 'ipywidgets'} & set(sys.modules), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ran.stderr == "set()\n"


def test_version(run: Run) -> None:
    assert run("--version").out.strip()[0].isdigit()


# --- models, doctor --------------------------------------------------------------------------------------------------


def test_the_catalogue_is_listed(run: Run) -> None:
    ran = run("models", "list", "--json")
    found = json.loads(ran.out)
    assert found["schema"] == 1
    assert {"gpt2", "smollm2-135m"} <= {model["name"] for model in found["models"]}
    shown = run("models", "list")
    assert all(model["name"] in shown.out for model in found["models"])
    assert run("models").out == shown.out
    assert run("models", "--json").out == ran.out


def test_a_folder_is_fetched_already(run: Run, tiny_gpt2: Path) -> None:
    ran = run("models", "fetch", str(tiny_gpt2))
    assert (ran.status, ran.out) == (0, "")
    assert str(tiny_gpt2) in ran.err


def test_fetching_without_a_network_is_one_sentence(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path))
    ran = run("models", "fetch", "nobody/nothing")
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)


def test_doctor_reports_every_check(run: Run) -> None:
    ran = run("doctor", "--json")
    found = json.loads(ran.out)
    assert (ran.status, found["schema"]) == (0, 1)
    by_name = {check["name"]: check for check in found["checks"]}
    assert list(by_name) == list(CHECKS)
    assert by_name["python"]["ok"]
    assert by_name["packages"]["ok"]
    assert by_name["kernel"]["ok"]
    assert not by_name["hub"]["ok"], "the tests have no network"
    assert all(check["sentence"] for check in found["checks"])


def test_doctor_says_where_everything_is_kept(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("platformdirs.user_data_path", lambda name: tmp_path / "data" / name)
    checks = json.loads(run("doctor", "--json").out)["checks"]
    (kept,) = (check for check in checks if check["name"] == "kept")
    assert kept["ok"]
    for folder in (tmp_path / "cache", tmp_path / "data" / "next-token-explorer", constants.HF_HUB_CACHE):
        assert str(folder) in kept["sentence"]


def test_doctor_tries_the_model_it_is_given(run: Run, tiny_gpt2: Path) -> None:
    checks = json.loads(run("doctor", "--json", "--model", str(tiny_gpt2)).out)["checks"]
    assert checks[-1]["name"] == "model"
    assert checks[-1]["ok"]


def test_doctor_prints_a_line_for_each_check(run: Run) -> None:
    shown = run("doctor").out
    assert shown.count("✓") + shown.count("! ") >= len(CHECKS)


# --- lab, app --------------------------------------------------------------------------------------------------------


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Started:
    """What this process would have become."""
    commands: Started = []

    def become(_program: str, command: list[str], environment: dict[str, str]) -> None:
        commands.append((command, environment))
        raise SystemExit(0)  # nothing comes back from `exec`

    monkeypatch.setattr(os, "execve", become)
    for name in (
        "JUPYTER_PATH",
        *(f"EXPLORER_{name}" for name in ("MODEL", "DEVICE", "DTYPE", "LANG", "ALLOW_DOWNLOAD")),
    ):
        monkeypatch.setenv(name, "")  # so that what the command sets is undone
    return commands


def test_options_go_on_to_the_server_and_to_the_kernels(run: Run, started: Started) -> None:
    assert run("lab", "--no-browser", "--model", "gpt2", "--lang", "zh", "--", "--port", "9000").status == 0
    ((command, environment),) = started
    assert command == [sys.executable, "-P", "-m", "explorer.cli.lab_server", "--no-browser", "--port", "9000"]
    assert (environment["EXPLORER_MODEL"], environment["EXPLORER_LANG"]) == ("gpt2", "zh")
    assert environment["OMP_WAIT_POLICY"] == "PASSIVE"


def test_a_folder_is_the_same_model_wherever_a_kernel_runs(
    run: Run, started: Started, tiny_gpt2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tiny_gpt2.parent)
    run("lab", "--model", tiny_gpt2.name)
    ((_, environment),) = started
    assert environment["EXPLORER_MODEL"] == str(tiny_gpt2)


@pytest.mark.parametrize(("given", "allowed"), [((), "0"), (("--allow-download",), "1")])
def test_visitors_fetch_models_if_the_host_says_so(
    run: Run, started: Started, given: tuple[str, ...], allowed: str
) -> None:
    assert run("app", "--no-browser", *given).status == 0
    ((command, environment),) = started
    assert command == [sys.executable, "-P", "-m", "explorer.cli.page_server", "--no-browser"]
    assert environment["EXPLORER_ALLOW_DOWNLOAD"] == allowed


def test_app_begins_with_a_model_that_is_there(run: Run, started: Started) -> None:
    ran = run("app", "--model", "gtp2")
    assert (ran.status, ran.err.count("\n")) == (1, 1)
    assert "gpt2" in ran.err
    assert started == []
