"""A plot on a page whose content policy lets no text be evaluated, without a kernel: the test answers in its place."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route

import explorer
from explorer.figures.distribution.bars import distribution_bars
from explorer.figures.shared.theme import Theme
from explorer.widgets.elements.plot.widget import Plot, _packed_library
from explorer.widgets.scripts import script
from tests.browser.lab import PATIENCE
from tests.figures.reading import some_distribution

POLICY = "default-src 'self'; script-src 'self' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:"

KERNEL = """
import widget from "./widget.js";

window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
const [create, revoke] = [URL.createObjectURL, URL.revokeObjectURL];
window.urls = new Set();
URL.createObjectURL = (blob) => { const url = create(blob); window.urls.add(url); return url; };
URL.revokeObjectURL = (url) => { window.urls.delete(url); revoke(url); };

const bytes = (text) => new DataView(Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer);
const { library, ...traits } = await (await fetch("./traits.json")).json();

window.evaluateText = () => {
  try {
    new Function("return 1")();
  } catch (error) {
    document.addEventListener("securitypolicyviolation", () => {
      document.documentElement.dataset.evaluated = error.name;
    });
  }
};

window.plots = [];
window.addPlot = () => {
  const listeners = [];
  const plot = { asked: 0, el: document.createElement("div") };
  const model = {
    get: (trait) => (trait === "packed" ? bytes(traits.packed) : traits[trait]),
    send: ({ kind }) => {
      if (kind === "library") plot.el.dataset.asked = ++plot.asked;
    },
    on: (event, callback) => listeners.push([event, callback]),
    off: (event, callback) => {
      const at = listeners.findIndex(([e, c]) => e === event && c === callback);
      if (at >= 0) listeners.splice(at, 1);
    },
  };
  plot.answer = () => {
    for (const [event, callback] of [...listeners])
      if (event === "msg:custom") callback({ kind: "library" }, [bytes(library)]);
  };
  document.body.append(plot.el);
  plot.close = widget.render({ model, el: plot.el });
  window.plots.push(plot);
};
document.documentElement.dataset.ready = "yes";
"""


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Iterator[Page]:
    plot = Plot(lambda *_: None)
    plot.show(distribution_bars(some_distribution(), Theme()), Theme(), answer=4)
    names = ("answer", "stale", "height", "description", "words", "picks", "cells", "zooms")
    traits = {name: getattr(plot, name) for name in names}
    packed = {"packed": plot.packed, "library": _packed_library()}
    traits |= {name: base64.b64encode(data).decode() for name, data in packed.items()}
    elements = Path(explorer.__file__).parent / "widgets" / "elements"
    files = {
        "": (
            "text/html",
            '<!doctype html><meta charset="utf-8"><body><script type="module" src="/kernel.js"></script>',
        ),
        "kernel.js": ("text/javascript", KERNEL),
        "widget.js": ("text/javascript", script(elements / "plot" / "widget.js")),
        "traits.json": ("application/json", json.dumps(traits)),
    }

    def serve(route: Route) -> None:
        content_type, body = files.get(route.request.url.rpartition("/")[2], ("text/plain", ""))
        headers = {"Content-Type": f"{content_type}; charset=utf-8", "Content-Security-Policy": POLICY}
        route.fulfill(body=body, headers=headers)

    page = new_page()
    page.route("http://127.0.0.1:8/*", serve)
    page.goto("http://127.0.0.1:8/")
    page.wait_for_selector("[data-ready]", state="attached")  # `wait_for_function` evaluates text
    yield page
    page.close()


def wait_drawn(page: Page, n: int) -> None:
    page.locator(".nte-plot[data-answer='4']:has(.ytick)").nth(n - 1).wait_for(timeout=PATIENCE)


def asked(page: Page) -> list[int]:
    found: list[int] = page.evaluate("window.plots.map(({ asked }) => asked)")
    return found


def test_the_policy_forbids_to_evaluate_text(page: Page) -> None:
    page.evaluate("setTimeout(window.evaluateText)")  # what playwright evaluates itself is let through
    page.wait_for_selector("[data-evaluated=EvalError]", state="attached")
    assert page.evaluate("window.violations") == ["script-src"]


def test_a_plot_is_drawn_and_the_library_is_asked_for_once(page: Page) -> None:
    page.evaluate("window.addPlot(); window.addPlot(); window.plots[0].answer()")
    wait_drawn(page, 2)
    page.evaluate("window.addPlot()")
    wait_drawn(page, 3)
    assert asked(page) == [1, 0, 0]
    assert page.evaluate("window.violations") == []
    assert page.evaluate("window.urls.size") == 0, "the library's text is kept"


def test_another_plot_asks_when_the_first_is_closed_before_the_answer(page: Page) -> None:
    page.evaluate("window.addPlot(); window.addPlot(); window.plots[0].close()")
    page.wait_for_selector(".nte-plot:nth-of-type(2)[data-asked='1']", state="attached")
    page.evaluate("window.plots[1].answer()")
    wait_drawn(page, 1)
    assert asked(page) == [1, 1]
    assert page.evaluate("window.violations") == []
