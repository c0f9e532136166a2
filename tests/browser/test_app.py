"""The app in JupyterLab, used as a person would use it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab import PATIENCE, Lab, Screen, open_cell
from tests.browser.reference import Reference

TEXT = "The cat sat on the mat"


@pytest.fixture(autouse=True)
def _nothing_goes_wrong(screen: Screen, new_page: Callable[[], Page]) -> Iterator[None]:
    """No error on the console, and nothing asked of the world outside."""
    before = len(screen.problems)
    yield
    assert screen.problems[before:] == []
    assert new_page.asked == []


def shown_bars(screen: Screen) -> list[tuple[str, float]]:
    return [(label, number(value)) for label, value in zip(screen.bar_labels(), screen.bar_values(), strict=True)]


def number(shown: str) -> float:
    return 1 - float(shown.removeprefix("1 − ")) if shown.startswith("1 − ") else float(shown)


def test_the_bars_are_the_model_s_own_probabilities(screen: Screen, reference: Reference) -> None:
    screen.fill("")
    screen.type(TEXT)
    screen.wait_chips(reference.labels(TEXT))
    screen.wait_ready()
    bars, expected = shown_bars(screen), reference.top(TEXT, 10)
    assert [label for label, _ in bars[:10]] == [label for label, _ in expected]
    for (_, shown), (_, p) in zip(bars, expected, strict=False):
        assert shown == pytest.approx(p, rel=6e-3)  # three digits, two below 1e-4
    assert re.fullmatch(r"the other [\d,]+ tokens", bars[10][0])
    assert sum(p for _, p in bars) == pytest.approx(1, abs=5e-3)


def test_bars_move_while_one_types_and_never_go_back(screen: Screen, reference: Reference) -> None:
    screen.fill("")
    screen.wait_ready()
    screen.page.evaluate(
        """() => {
            window.answers = [];
            const plot = document.querySelector(".nte-bars");
            new MutationObserver(() => window.answers.push(Number(plot.dataset.answer)))
                .observe(plot, { attributes: true, attributeFilter: ["data-answer"] });
        }"""
    )
    text = "Once upon a time there was a little cat who sat on the mat"
    screen.type(text, delay=30)
    screen.wait_chips(reference.labels(text))
    screen.wait_ready()
    answers = screen.page.evaluate("window.answers")
    assert len(set(answers)) >= 4
    assert answers == sorted(answers)
    assert [label for label, _ in shown_bars(screen)[:10]] == [label for label, _ in reference.top(text, 10)]


def test_the_slider_changes_probabilities_as_its_formula_says(screen: Screen, reference: Reference) -> None:
    screen.fill(TEXT)
    screen.wait_chips(reference.labels(TEXT))
    screen.set_parameter("temperature", "2")
    expected = reference.top(TEXT, 10, temperature=2.0)
    screen.page.wait_for_function(
        "label => document.querySelector('.nte-bars .trace:last-child .bartext').textContent === label",
        arg=f"{expected[0][1]:.3g}",
        timeout=PATIENCE,
    )
    for (_, shown), (_, p) in zip(shown_bars(screen), expected, strict=False):
        assert shown == pytest.approx(p, rel=6e-3)
    assert screen.page.locator(".nte-bars .barlayer > .trace").count() == 2  # the pale bars: before the temperature
    screen.set_parameter("temperature", "0")
    screen.page.wait_for_function(
        "document.querySelector('.nte-bars .trace:last-child .bartext').textContent === '1'", timeout=PATIENCE
    )
    assert "removed by greedy" in screen.bar_values()[1]
    screen.set_parameter("temperature", "1")
    screen.page.wait_for_function("document.querySelectorAll('.nte-bars .barlayer > .trace').length === 1")


def test_tokens_can_be_searched_and_stay_pinned(screen: Screen, reference: Reference) -> None:
    screen.fill(TEXT)
    screen.wait_chips(reference.labels(TEXT))
    screen.open_section("Find a token")
    screen.page.get_by_role("textbox", name="Find a token").fill("the")
    screen.page.locator(".nte-choices button", has_text="·the").first.click()
    screen.page.wait_for_function("document.querySelectorAll('.nte-bars .ytick').length === 12", timeout=PATIENCE)
    more = f"{TEXT} and"
    screen.fill(more)
    screen.wait_chips(reference.labels(more))
    screen.wait_ready()
    token = reference.tokenizer(" the").input_ids
    assert len(token) == 1
    label, shown = shown_bars(screen)[11]
    assert label == "·the"
    assert shown == pytest.approx(float(reference.probabilities(more)[token[0]]), rel=6e-3)
    screen.page.locator(".nte-choices button[aria-pressed=true]").click()
    screen.page.wait_for_function("document.querySelectorAll('.nte-bars .ytick').length === 11", timeout=PATIENCE)
    screen.page.get_by_role("textbox", name="Find a token").fill("")


def test_what_the_kernel_refuses_is_put_right_on_the_page(screen: Screen) -> None:
    screen.open_section("Find a token")
    query = screen.page.get_by_role("textbox", name="Find a token")
    query.fill("the")
    query.fill("x" * 10_001)  # more than anybody types
    expect(query).to_have_value("the", timeout=PATIENCE)
    query.fill("")


def test_the_empty_prefix_says_what_it_does(screen: Screen) -> None:
    screen.fill("")
    screen.wait_chips(["<|endoftext|>"])
    screen.page.get_by_text("starts from its start token <|endoftext|>").wait_for(timeout=PATIENCE)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("👩‍💻 and 👨‍👩‍👧", id="joiners"),
        pytest.param("שלום עולם", id="right-to-left"),
        pytest.param("e\u0301a\u0308", id="combining"),
        pytest.param("a\0b", id="nul"),
        pytest.param("\u202eabc", id="bidi-control"),
        pytest.param("<|endoftext|>", id="special"),
        pytest.param("  \n\t ", id="blank"),
        pytest.param("<b>&amp;</b> $x$ <script>", id="markup"),
    ],
)
def test_any_text_is_read(screen: Screen, text: str) -> None:
    screen.fill("x")
    screen.wait_chips(["x"])
    put(screen, text)
    screen.page.wait_for_function("document.querySelector('.nte-chips > span').textContent !== 'x'", timeout=PATIENCE)
    screen.wait_ready()
    assert screen.box.input_value() == text.replace("\r", "\n")
    chips = screen.chips()
    assert all(chips)
    assert not any("\ufffd" in chip for chip in chips)
    assert screen.page.locator(".nte-chips script, .nte-chips img, .nte-chips b").count() == 0


def put(screen: Screen, text: str) -> None:
    """As an input event gives it: the page's own ways of typing stumble over halves of characters."""
    screen.box.evaluate(
        "(box, json) => { box.value = JSON.parse(json); box.dispatchEvent(new Event('input', { bubbles: true })); }",
        json.dumps(text),
    )


def test_half_a_character_is_replaced_and_said(screen: Screen) -> None:
    put(screen, "a\ud800b")
    screen.page.get_by_text("lone surrogate").wait_for(timeout=PATIENCE)
    screen.wait_ready()
    screen.fill("a")
    screen.wait_chips(["a"])
    assert screen.page.get_by_text("lone surrogate").count() == 0


def test_a_megabyte_leaves_the_page_alive(screen: Screen) -> None:
    put(screen, "all work and no play " * 50_000)
    screen.page.get_by_text("Only its last 64 KB were read").wait_for(timeout=PATIENCE)
    screen.page.get_by_text("The text is longer than the model can read").wait_for(timeout=PATIENCE)
    screen.page.wait_for_function("document.querySelectorAll('.nte-chips > span').length === 401", timeout=PATIENCE)
    assert screen.chips()[0].startswith("… ")
    assert len(screen.box.input_value()) == 1_050_000  # nothing typed is lost
    screen.fill("a")
    screen.wait_chips(["a"])


def test_chips_are_explained_under_pointer_and_keys(screen: Screen, reference: Reference) -> None:
    screen.fill(TEXT)
    screen.wait_chips(reference.labels(TEXT))
    screen.wait_ready()
    line = screen.page.locator(".nte-line")
    assert "perplexity" in line.inner_text()
    screen.page.locator(".nte-chips > span").nth(2).hover()
    assert "surprisal" in line.inner_text()
    screen.box.click()
    screen.page.locator(".nte-chips").focus()
    screen.page.keyboard.press("Home")
    assert "first in the window" in line.inner_text()
    screen.page.keyboard.press("ArrowRight")
    assert line.inner_text().startswith("token 2 ")
    screen.box.click()


def test_nothing_below_moves_with_the_pointer(screen: Screen, reference: Reference) -> None:
    screen.fill(f"{TEXT} because of its incomprehensibilities")
    screen.wait_chips(reference.labels(f"{TEXT} because of its incomprehensibilities"))
    screen.wait_ready()
    screen.page.mouse.move(2, 2)
    before = screen.page.locator(".nte-bars").bounding_box()
    for chip in screen.page.locator(".nte-chips > span").all()[::3]:
        chip.hover()
        assert "token" in screen.page.locator(".nte-line").inner_text()
        assert screen.page.locator(".nte-bars").bounding_box() == before


def test_chinese_leaves_no_english(screen: Screen, reference: Reference) -> None:
    screen.fill(TEXT)
    screen.wait_chips(reference.labels(TEXT))
    screen.page.get_by_role("button", name="中文").click()
    screen.page.get_by_text("下一个词元的概率").wait_for(timeout=PATIENCE)
    app = screen.page.locator(".nte-app")
    words = set(re.findall(r"[A-Za-z]{3,}", app.inner_text()))
    names = {"English", "GPT", "MB", "small", "medium", "large", "DistilGPT", "SmolLM", "bit", "source", "cpu", "float"}
    names |= {"mini", "numpy", "top", "min"}  # the latter two of stages, as people write them
    tokens = screen.page.locator(".nte-draw-share, .nte-choices, .nte-draw-line").all_text_contents()
    texts = set(re.findall(r"[A-Za-z]{3,}", " ".join([TEXT, *screen.chips(), *screen.bar_labels(), *tokens])))
    assert words <= names | texts
    screen.page.get_by_role("button", name="English").click()
    screen.page.get_by_text("Probability of the next token").wait_for(timeout=PATIENCE)


def test_figures_follow_the_theme(screen: Screen) -> None:
    ink = "getComputedStyle(document.querySelector('.nte-bars .ytick text')).fill"
    light = screen.page.evaluate(ink)
    for theme, colour in ("JupyterLab Dark", "rgb(230, 230, 230)"), ("JupyterLab Light", light):
        screen.execute("apputils:change-theme", theme=theme)
        screen.page.wait_for_function(f"{ink} === '{colour}'", timeout=PATIENCE)
        # JupyterLab takes its splash away twice, which is an error, when themes change while it still fades.
        screen.page.wait_for_selector("#jupyterlab-splash", state="detached", timeout=PATIENCE)


def test_another_model_can_be_chosen_and_its_hostile_tokens_are_text(screen: Screen) -> None:
    screen.fill("<script>window.hacked=1</script><b>bold</b>&amp;$x$")
    picker = screen.page.get_by_role("combobox", name="Model")
    picker.select_option(label="DistilGPT-2 (82M)")
    screen.wait_chips(["<script>window.hacked=1</script>", "<b>bold</b>", "&amp;", "$x$"])
    screen.wait_ready()
    screen.open_section("Find a token")
    for token in ("<img src=x", "<b>bold", "&amp;", "$x$"):
        screen.page.get_by_role("textbox", name="Find a token").fill(token)
        screen.page.locator(".nte-choices button", has_text=token.replace(" ", "·")).last.click()
    screen.page.wait_for_function("document.querySelectorAll('.nte-bars .ytick').length === 15", timeout=PATIENCE)
    assert screen.bar_labels()[11:] == ["<img·src=x·onerror=wi…", "<b>bold</b>", "&amp;", "$x$"]
    screen.page.locator(".nte-bars .barlayer .point").last.hover(force=True)
    screen.page.wait_for_selector(".nte-bars .hoverlayer text", timeout=PATIENCE)
    assert "$x$" in screen.page.locator(".nte-bars .hoverlayer").text_content()
    assert screen.page.evaluate("window.hacked") is None
    picker.select_option(label="GPT-2 small (124M)")
    screen.page.wait_for_function("document.querySelectorAll('.nte-bars .ytick').length === 11", timeout=PATIENCE)
    screen.wait_ready()


def test_a_panel_works_alone_in_a_cell(lab: Lab, new_page: Callable[[], Page], reference: Reference) -> None:
    source = f"import explorer\nexplorer.DistributionPanel(explorer.load(), prefix={TEXT!r})"
    alone = open_cell(new_page(), lab.notebook(source))
    alone.wait_ready()
    assert alone.bar_labels()[0] == reference.top(TEXT, 1)[0][0]
    alone.type(" and")
    label = reference.top(f"{TEXT} and", 1)[0][0]
    alone.page.wait_for_function(
        "label => document.querySelector('.nte-bars .ytick text').textContent === label", arg=label, timeout=PATIENCE
    )
    alone.page.close()


def test_a_model_that_is_not_there_is_said_and_nothing_is_lost(lab: Lab, new_page: Callable[[], Page]) -> None:
    failed = open_cell(new_page(), lab.notebook("import explorer\nexplorer.Explorer('gtp2')"))
    failed.page.wait_for_selector(".nte-status[data-state='error']", timeout=PATIENCE)
    assert "gpt2" in failed.page.locator(".nte-status[data-state='error']").inner_text()  # the nearest name
    failed.type(" still here")
    failed.page.get_by_role("combobox", name="Model").select_option(label="GPT-2 small (124M)")
    failed.wait_ready()
    assert failed.box.input_value() == "The capital of France is still here"
    failed.page.close()
