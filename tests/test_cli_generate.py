"""`explorer generate`: what it writes, that it can be repeated, what it refuses, what is left when it is stopped."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from explorer.cli import generate as command
from explorer.cli.terminal import visible
from explorer.engine.loading import load
from explorer.engine.local_model import LocalModel
from explorer.generation.generate import Stop, generate
from explorer.sampling.distribution import Candidate
from explorer.sampling.sampling import Sampling
from explorer.sessions import session_file
from explorer.sessions.replay import replay
from explorer.sessions.session import ROOT
from tests.command_line import Ran, Run, runner

pytestmark = pytest.mark.usefixtures("english")

PROMPT = "the cat"
END = "#511=100"  # the tiny GPT-2's end-of-text token, certain to come


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(capsys)


@pytest.fixture(scope="module")
def lm(tiny_gpt2: Path) -> LocalModel:
    return load(str(tiny_gpt2), dtype="float64")


@pytest.fixture
def write(run: Run, lm: LocalModel, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `explorer generate` on the tiny GPT-2 in float64."""
    monkeypatch.setattr("explorer.load", lambda *_, **__: lm)
    return lambda *options: run("generate", *options)


def samples(ran: Ran) -> list[dict[str, Any]]:
    assert ran.status == 0, ran.err
    found: list[dict[str, Any]] = json.loads(ran.out)["samples"]
    return found


def ids(ran: Ran) -> list[list[int]]:
    return [[token["id"] for token in sample["tokens"]] for sample in samples(ran)]


def spelled(sample: dict[str, Any]) -> bytes:
    return b"".join(bytes.fromhex(token["bytes"]) for token in sample["tokens"])


# --- what it writes --------------------------------------------------------------------------------------------------


def test_json_is_one_object_with_the_promised_fields(write: Run, lm: LocalModel) -> None:
    ran = write(PROMPT, "--json", "--seed", "7", "--n", "2", "--max-new-tokens", "5", "--temperature", "0.8")
    found = json.loads(ran.out)
    assert list(found) == ["schema", "model", "prompt", "sampling", "seed", "samples"]
    assert (found["schema"], found["model"], found["prompt"], found["seed"]) == (1, lm.info.name, PROMPT, 7)
    assert Sampling.of(found["sampling"]) == Sampling(temperature=0.8)
    assert len(found["samples"]) == 2
    record = ["id", "text", "bytes", "raw_probability", "probability", "logit", "rank", "u", "chosen_by"]
    for sample in found["samples"]:
        assert list(sample) == ["text", "tokens", "stopped_by"]
        assert all(list(token) == record for token in sample["tokens"])
        assert sample["text"] == spelled(sample).decode(errors="replace")
        assert (len(sample["tokens"]), sample["stopped_by"]) == (5, "length")


def test_the_same_seed_gives_the_same_texts_here_and_in_the_library(run: Run, tiny_gpt2: Path, lm: LocalModel) -> None:
    options = ["--model", str(tiny_gpt2), "--dtype", "float64", "--json", "--n", "2", "--top-p", "0.95"]
    first, again, other = (ids(run("generate", PROMPT, *options, "--seed", seed)) for seed in ("7", "7", "8"))
    sampling, prefix_ids = Sampling(top_p=0.95), lm.tokenize(PROMPT).ids
    stop = Stop(20, lm.info.end_ids)
    library = [[c.id for c in generate(lm, prefix_ids, sampling, seed=7, sample=i, stop=stop)] for i in range(2)]
    assert first == again == library
    assert first != other
    assert first[0] != first[1]


def test_temperature_zero_is_greedy_and_says_so(write: Run) -> None:
    ran = write(PROMPT, "--json", "--temperature", "-0.0")
    assert "greedy" in ran.err
    assert json.loads(ran.out)["sampling"]["greedy"]
    (sample,) = samples(ran)
    assert {(token["rank"], token["u"], token["chosen_by"]) for token in sample["tokens"]} == {(1, None, "greedy")}
    assert ids(ran) == ids(write(PROMPT, "--json", "--greedy"))


@pytest.mark.parametrize("options", [[], ["--bias", END], ["--n", "3"]], ids=str)
def test_the_page_holds_the_texts_harmless_for_a_terminal(write: Run, options: list[str]) -> None:
    options = [*options, "--seed", "3", "--max-new-tokens", "60", "--top-k", "400"]
    texts = [
        visible(PROMPT + spelled(sample).decode(errors="replace"))
        for sample in samples(write(PROMPT, "--json", *options))
    ]
    ran = write(PROMPT, *options)
    assert (ran.status, ran.err) == (0, "")
    page, _, summary = ran.out.rstrip("\n").rpartition("\n")
    if len(texts) > 1:
        assert page == "\n\n".join(f"text {i} of {len(texts)}\n{text}" for i, text in enumerate(texts, 1))
    else:
        assert page == texts[0]
    assert re.search(r" · (bias 1 token, )?top_k 400 · seed 3 · [\d,]+(\.\d)? tokens/s · ", summary)


def test_a_token_is_on_the_page_before_the_next_one_is_computed(write: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe = io.BytesIO()  # gets what was flushed, and nothing else
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(pipe, encoding="utf-8"))
    lengths = []

    def watched(*arguments: Any, **keywords: Any) -> Iterator[Candidate]:
        for choice in generate(*arguments, **keywords):
            yield choice
            lengths.append(len(pipe.getvalue()))

    monkeypatch.setattr(command, "chosen_tokens", watched)
    write(PROMPT, "--seed", "1", "--bias", "cat=100", "--max-new-tokens", "4")
    word = {len("cat"), len(" cat")}
    assert len(lengths) == 4
    assert {after - before for before, after in zip([len(PROMPT), *lengths], lengths, strict=False)} <= word


def test_without_a_seed_it_says_which_one_it_took(write: Run) -> None:
    first = write(PROMPT)
    seed = re.findall(r"seed (\d+)", first.out)[-1]
    page, again = (ran.out.rpartition(" · seed ")[0] for ran in (first, write(PROMPT, "--seed", seed)))
    assert page == again
    found = json.loads(write(PROMPT, "--json").out)
    assert str(found["seed"]) != seed, "two runs took the same random seed"


def test_it_stops_at_a_text(write: Run) -> None:
    (whole,) = samples(write(PROMPT, "--json", "--seed", "5"))
    middle = next(token["text"] for token in whole["tokens"][8:] if token["text"] and token["text"].isprintable())
    (cut,) = samples(write(PROMPT, "--json", "--seed", "5", "--stop", middle))
    assert cut["stopped_by"] == "text"
    assert middle in cut["text"]
    assert len(cut["tokens"]) < 20
    assert cut["tokens"] == whole["tokens"][: len(cut["tokens"])]
    (line,) = samples(write(PROMPT, "--json", "--bias", r"\n=100", "--stop", r"\n"))
    assert (line["text"], line["stopped_by"]) == ("\n", "text")


def test_it_stops_at_the_end_of_a_text_or_goes_on(write: Run) -> None:
    (ended,) = samples(write(PROMPT, "--json", "--bias", END))
    assert (ended["text"], ended["stopped_by"]) == ("<|endoftext|>", "end")
    (gone_on,) = samples(write(PROMPT, "--json", "--bias", END, "--through-end", "--max-new-tokens", "3"))
    assert (gone_on["text"], gone_on["stopped_by"]) == ("<|endoftext|>" * 3, "length")


def test_the_last_line_counts_why_texts_stopped(write: Run) -> None:
    assert "2 × end of the text" in write(PROMPT, "--n", "2", "--bias", END).out
    assert write(PROMPT, "--lang", "zh", "--max-new-tokens", "2").out.rstrip().endswith("达到允许的词元数")


def test_a_dash_reads_stdin(write: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"caf\xff\n"), encoding="utf-8"))
    ran = write("-", "--json", "--max-new-tokens", "1")
    assert json.loads(ran.out)["prompt"] == "caf\ufffd"
    assert "\ufffd" in ran.err


def test_the_empty_text_says_where_the_model_starts(write: Run) -> None:
    ran = write("", "--json", "--max-new-tokens", "1")
    assert json.loads(ran.out)["prompt"] == ""
    assert "start token" in ran.err


# --- the session -----------------------------------------------------------------------------------------------------


def test_every_text_is_a_branch_of_a_session_that_replays(write: Run, lm: LocalModel, tmp_path: Path) -> None:
    file = tmp_path / "new" / "texts.json"
    ran = write(PROMPT, "--json", "--n", "3", "--seed", "9", "--top-k", "100", "--session", str(file))
    assert str(file) in ran.err
    session = session_file.load(file, lm.vocabulary)
    session_file.check_model(session, lm.info, lm.tokenize)
    tree = session.trees[PROMPT]
    leaves = [number for number in range(1, len(tree) + 1) if not tree.children[number]]
    assert len(tree.children[ROOT]) == 3
    assert [[node.choice.id for node in tree.path(leaf)] for leaf in leaves] == ids(ran)
    assert [{node.sample for node in tree.path(leaf)} for leaf in leaves] == [{0}, {1}, {2}]
    replayed = list(replay(session, lm))
    assert len(replayed) == 60
    assert not any(one.off or one.u_differs or one.falls_elsewhere for one in replayed)


@pytest.mark.parametrize("name", ["there.json", "link.json", "there.json/inside.json", "x" * 300], ids=lambda n: n[:20])
def test_a_session_that_could_not_be_saved_is_refused_before_the_model_is_loaded(
    run: Run, unloaded: None, tmp_path: Path, name: str
) -> None:
    (tmp_path / "there.json").write_text("somebody's work")
    (tmp_path / "link.json").symlink_to("nowhere")
    before = sorted(tmp_path.iterdir())
    ran = run("generate", PROMPT, "--session", str(tmp_path / name))
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert name in ran.err
    assert sorted(tmp_path.iterdir()) == before
    assert (tmp_path / "there.json").read_text() == "somebody's work"


def test_a_folder_that_cannot_be_written_is_refused(
    run: Run, unloaded: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda folder, _: Path(folder) != tmp_path)  # root may write anywhere
    ran = run("generate", PROMPT, "--session", str(tmp_path / "new" / "texts.json"))
    assert (ran.status, ran.out) == (1, "")
    assert "Permission denied" in ran.err


def test_more_than_a_session_can_hold_is_refused(run: Run, unloaded: None, tmp_path: Path) -> None:
    ran = run("generate", PROMPT, "--n", "501", "--session", str(tmp_path / "texts.json"))
    assert (ran.status, ran.out) == (1, "")
    assert "501 texts of up to 20 tokens" in ran.err


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """No model may be loaded."""

    monkeypatch.setattr("explorer.load", lambda *_, **__: pytest.fail("a model was loaded"))


SEEDS = [("--seed", value) for value in ("abc", "1e3", "0x10", "5.0", "-1", "", str(2**63), str(2**70), "9" * 5000)]
NUMBERS = [
    *(("--n", value) for value in ("0", "-1", "10000", "2.5", "two", "nan")),
    *(("--max-new-tokens", value) for value in ("0", "-1", "99999999", "1e2", "")),
]


@pytest.mark.parametrize(("option", "value"), [*SEEDS, *NUMBERS])
def test_a_wrong_seed_or_number_is_one_sentence(run: Run, unloaded: None, option: str, value: str) -> None:
    ran = run("generate", PROMPT, option, value)
    assert (ran.status, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert value[:20] in ran.err
    assert "whole number from" in ran.err
    assert len(ran.err) < 200


# --- stopping --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_json", [False, True])
def test_ctrl_c_keeps_what_there_is(
    write: Run, lm: LocalModel, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, as_json: bool
) -> None:
    def interrupted(*arguments: Any, **keywords: Any) -> Iterator[Candidate]:
        for n, choice in enumerate(generate(*arguments, **keywords)):
            if n == 3:
                raise KeyboardInterrupt
            yield choice

    monkeypatch.setattr(command, "chosen_tokens", interrupted)
    file = tmp_path / "texts.json"
    ran = write(PROMPT, "--seed", "2", "--bias", "cat=100", "--session", str(file), *(["--json"] if as_json else []))
    assert ran.status == 130
    assert ran.err.endswith("Stopped by Ctrl-C.\n")
    (tree,) = session_file.load(file, lm.vocabulary).trees.values()
    assert len(tree) == 3
    if as_json:
        assert ran.out == ""
    else:
        text, summary = ran.out.splitlines()
        assert text == PROMPT + lm.vocabulary.text(node.choice.id for node in tree)
        assert "seed 2" in summary
        assert summary.endswith("broken off")


def test_a_sampler_that_runs_out_of_tokens_keeps_what_there_is(write: Run, lm: LocalModel, tmp_path: Path) -> None:
    others = [word for i in range(2, 512) for word in ("--ban", f"#{i}")]
    file = tmp_path / "texts.json"
    ran = write(PROMPT, *others, "--no-repeat-ngram", "1", "--session", str(file))
    assert ran.status == 1
    assert "no_repeat_ngram" in ran.err or "banned" in ran.err
    assert "broken off" in ran.out
    assert len(session_file.load(file, lm.vocabulary)) == 2


def started(*options: str) -> subprocess.Popen[bytes]:
    """A run in a process of its own, long enough to be stopped, that has written a token already."""
    words = [
        sys.executable,
        "-m",
        "explorer",
        "generate",
        PROMPT,
        "--max-new-tokens",
        "9999",
        "--through-end",
        *options,
    ]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    read = b""
    while len(read) <= len(PROMPT):
        read += os.read(process.stdout.fileno(), 100) or pytest.fail("it ended")
    return process


def test_a_reader_that_leaves_early_is_no_error(tiny_gpt2: Path, tmp_path: Path, lm: LocalModel) -> None:
    file = tmp_path / "texts.json"
    with started("--model", str(tiny_gpt2), "--session", str(file)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        (said,) = process.stderr.read().decode().splitlines()
    assert str(file) in said
    assert 0 < len(session_file.load(file)) < 9999


def test_a_signal_keeps_what_there_is(tiny_gpt2: Path, tmp_path: Path) -> None:
    file = tmp_path / "texts.json"
    with started("--model", str(tiny_gpt2), "--session", str(file)) as process:
        process.send_signal(signal.SIGINT)
        out, err = process.communicate()
    assert process.returncode == 130
    assert b"broken off" in out
    assert err.endswith(b"Stopped by Ctrl-C.\n")
    assert 0 < len(session_file.load(file)) < 9999
