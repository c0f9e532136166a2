"""Steps, picks, branches and sessions, as people take them: with the mouse, with keys, and all at once."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from explorer.engine.loading import load
from explorer.generation.generate import Stop, generate
from explorer.sampling.sampling import Sampling
from tests.browser.lab import PATIENCE, Screen

TEXT = "The cat sat on the mat"


@pytest.fixture(autouse=True)
def _a_clean_start(screen: Screen, new_page: Callable[[], Page]) -> Iterator[None]:
    """Another prefix for each test, so that no tree is there; afterwards no error on the console."""
    before = len(screen.problems)
    screen.fill("")
    screen.wait_chips(["<|endoftext|>"])
    yield
    assert screen.problems[before:] == []
    assert new_page.asked == []


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    return f"{TEXT} {zlib.crc32(request.node.name.encode()) % 1000}"


@pytest.fixture
def stepping(screen: Screen, prefix: str) -> Screen:
    screen.fill(prefix)
    screen.page.wait_for_function("document.querySelectorAll('.nte-chips > span').length > 5", timeout=PATIENCE)
    screen.wait_after(0)
    return screen


def ids_in_session(screen: Screen) -> dict[str, list[int]]:
    """What the session file says: for each prefix, the ids of the text on show after it."""
    screen.open_section("History")
    with screen.page.expect_download() as download:
        screen.page.get_by_role("button", name="Save session").click()
    trees = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))["trees"]
    paths = {}
    for tree in trees:
        path, number = [], tree["current"]
        while number:
            node = tree["nodes"][number - 1]
            path.append(node["id"])
            number = node["parent"]
        paths[tree["prefix"]] = path[::-1]
    return paths


def test_the_button_and_the_keys_step_and_the_tokens_are_the_seed_s(
    stepping: Screen, prefix: str, folders: dict[str, Path]
) -> None:
    stepping.command("step")
    stepping.wait_after(1)
    stepping.page.keyboard.press("s")  # the focus is on the button
    stepping.wait_after(2)
    stepping.box.click()
    stepping.page.keyboard.press("Control+Enter")
    stepping.wait_after(3)
    lm = load(str(folders["gpt2"]), device="cpu")
    expected = list(generate(lm, lm.tokenize(prefix).ids, Sampling(), seed=1, stop=Stop(3)))
    assert stepping.after() == [choice.token.label for choice in expected]
    assert ids_in_session(stepping)[prefix] == [choice.id for choice in expected]


def test_a_click_on_a_bar_takes_its_token_and_undo_and_redo_follow(stepping: Screen) -> None:
    label = stepping.bar_labels()[3]
    stepping.page.locator(".nte-bars .ytick text").nth(3).click(force=True)
    stepping.wait_after(1)
    assert stepping.after() == [label]
    stepping.command("undo")
    stepping.wait_after(0)
    assert stepping.page.locator(".nte-generated > .ahead").all_text_contents() == [label]
    stepping.command("redo")
    stepping.wait_after(1)
    stepping.page.locator(".nte-then button").click()
    stepping.wait_after(0)


def test_branches_show_in_the_tree_and_a_click_there_leads_back(stepping: Screen) -> None:
    stepping.set_parameter("temperature", "2")
    for n in (1, 2, 3):
        stepping.command("step")
        stepping.wait_after(n)
    first = stepping.after()
    stepping.command("branch")
    stepping.page.wait_for_function(
        "old => document.querySelectorAll('.nte-generated > span:not(.ahead)')[2]?.textContent !== old",
        arg=first[2],
        timeout=PATIENCE,
    )
    stepping.wait_after(3)
    assert stepping.after()[:2] == first[:2]
    stepping.open_section("History")
    nodes = stepping.page.locator(".nte-node")
    assert nodes.count() == 5  # the prefix, three tokens, and the other third one
    nodes.nth(3).click()
    stepping.page.wait_for_function(
        "old => document.querySelectorAll('.nte-generated > span:not(.ahead)')[2]?.textContent === old",
        arg=first[2],
        timeout=PATIENCE,
    )
    stepping.set_parameter("temperature", "1")


def test_drawing_again_moves_u_and_not_the_text(stepping: Screen) -> None:
    line = stepping.page.locator(".nte-draw-line")
    before = line.inner_text()
    stepping.page.get_by_role("button", name="Draw again").click()
    stepping.page.wait_for_function(
        "old => document.querySelector('.nte-draw-line').textContent !== old", arg=before, timeout=PATIENCE
    )
    assert "draw 2" in line.inner_text()
    assert stepping.after() == []
    token = line.inner_text().split(" falls on ")[1].split(" (")[0]
    stepping.command("step")
    stepping.wait_after(1)
    assert stepping.after() == [token], "the token that was announced"


def test_it_runs_and_pauses(stepping: Screen) -> None:
    stepping.page.locator(".nte-steps select").select_option(label="5 /s")
    stepping.command("play")
    stepping.page.wait_for_function("document.querySelectorAll('.nte-generated > span').length > 4", timeout=PATIENCE)
    stepping.command("play")
    stepping.page.locator(".nte-steps [data-command=play][aria-label=Run]").wait_for(timeout=PATIENCE)
    n = len(stepping.after())
    stepping.page.wait_for_timeout(1000)  # the step under way when Pause was pressed may still come
    still = len(stepping.after())
    assert still in (n, n + 1)
    stepping.page.wait_for_timeout(500)  # and nothing after it
    assert len(stepping.after()) == still
    stepping.page.locator(".nte-steps select").select_option(label="2 /s")


def test_hammering_everything_ends_with_the_path_of_the_tree_on_show(
    stepping: Screen, prefix: str, folders: dict[str, Path]
) -> None:
    choice = random.Random(5)
    slider = stepping.page.locator(".nte-stage", has_text="temperature").locator(".nte-stage-slider")
    stepping.page.locator(".nte-steps select").select_option(label="max")
    stepping.command("step")
    for _ in range(120):
        name = choice.choice(["s"] * 6 + ["u"] * 3 + ["r", "b", "d", "p", "p", "slide", "slide"])
        if name == "slide":
            slider.evaluate(
                "(s, v) => { s.value = v; s.dispatchEvent(new Event('input', { bubbles: true })); }",
                choice.randrange(10, 50),
            )
        else:
            stepping.page.keyboard.press(name)
    stepping.page.locator(".nte-steps [data-command=undo]").click()  # which also ends a run
    stepping.page.wait_for_timeout(1500)
    stepping.wait_ready()
    shown = stepping.after()
    ids = ids_in_session(stepping).get(prefix, [])
    lm = load(str(folders["gpt2"]), device="cpu")
    assert shown == [token.label for token in lm.vocabulary.tokens(ids)]
    stepping.set_parameter("temperature", "1")
    stepping.page.locator(".nte-steps select").select_option(label="2 /s")


def test_wrong_input_is_a_sentence_and_stays_for_mending(stepping: Screen) -> None:
    seed = stepping.page.get_by_role("textbox", name="seed")
    seed.fill("1.5")
    stepping.page.get_by_text("The seed is 1.5").wait_for(timeout=PATIENCE)
    assert seed.input_value() == "1.5"
    seed.fill("7")
    stepping.page.wait_for_function("!document.querySelector('.nte-steps [aria-invalid=true]')", timeout=PATIENCE)
    seed.fill("1")
    for name, value, words in [
        ("top-p", "1.5", "top_p is 1.5"),
        ("temperature", "nan", "temperature nan"),
        ("min-p", "abc", "min_p is 'abc'"),
    ]:
        stepping.set_parameter(name, value)
        stepping.page.get_by_text(words).first.wait_for(timeout=PATIENCE)
        stepping.set_parameter(name, "0" if name == "min-p" else "1")
    stepping.set_parameter("top-k", "999999")
    stepping.page.get_by_text("999999").first.wait_for(timeout=PATIENCE)
    assert stepping.page.locator(".nte-bars .barlayer > .trace").count() == 1, "and the sampler is as it was"


def test_a_session_survives_a_restart_of_the_kernel(stepping: Screen, prefix: str) -> None:
    for n in (1, 2, 3):
        stepping.command("step")
        stepping.wait_after(n)
    shown = stepping.after()
    stepping.page.wait_for_timeout(1000)  # the autosave, 0.3 s later
    stepping.page.evaluate(
        """async () => {
            const panel = window.jupyterapp.shell.currentWidget;
            await panel.sessionContext.session.kernel.restart();
        }"""
    )
    stepping.page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    stepping.page.keyboard.press("Shift+Enter")
    stepping.page.wait_for_function(
        "text => document.querySelector('.nte-prefix textarea')?.value !== text", arg=prefix, timeout=PATIENCE
    )
    stepping.wait_ready()
    stepping.open_section("History")
    menu = stepping.page.locator(".nte-files select")
    menu.select_option(index=1)
    stepping.wait_after(3)
    assert stepping.box.input_value() == prefix
    assert stepping.after() == shown
    stepping.page.get_by_text("same probabilities").wait_for(timeout=PATIENCE)
