// Reports what the page looks like, so that pictures drawn in the kernel can match it, and which browser it is, so that
// a reader finds their own sessions again. Shows nothing.

import { isDark } from "../../js/lib/colours.js";
import { make } from "../../js/lib/dom.js";
import { openView } from "../../js/lib/view.js";

const BROWSER = "next-token-explorer.browser";
const SETTLED = 150; // milliseconds: JupyterLab says light or dark on the body, and loads the colours a moment later

// A random number that this browser keeps; where it may keep nothing, one for as long as the page is open.
function browserId() {
  const page = /** @type {any} */ (window);
  page[Symbol.for(BROWSER)] ??= Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  try {
    const kept = localStorage.getItem(BROWSER);
    if (kept && /^[0-9a-f]{16}$/.test(kept)) return kept;
    localStorage.setItem(BROWSER, page[Symbol.for(BROWSER)]);
  } catch {
    // forbidden, or full
  }
  return page[Symbol.for(BROWSER)];
}

function isPageDark() {
  const background = getComputedStyle(document.body).getPropertyValue("--jp-layout-color0").trim();
  const probe = make("span");
  probe.style.color = background || getComputedStyle(document.body).backgroundColor;
  document.body.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return isDark(colour);
}

/** @param {import("../../js/lib/types").RenderProps<{ dark: boolean, contrast: boolean, browser: string }>} props */
function render({ model, el }) {
  const view = openView(model);
  el.style.display = "none";
  const contrast = matchMedia("(prefers-contrast: more)");
  const report = () => {
    model.set("dark", isPageDark());
    model.set("contrast", contrast.matches);
    model.set("browser", browserId());
    model.save_changes();
  };
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(report, SETTLED);
  };
  const watcher = new MutationObserver(later);
  const attributeFilter = ["class", "data-jp-theme-light", "data-jp-theme-name"];
  watcher.observe(document.body, { attributes: true, attributeFilter });
  watcher.observe(document.head, { childList: true });
  view.onEnd(() => {
    watcher.disconnect();
    clearTimeout(timer);
  });
  view.listen(contrast, "change", later);
  report();
  return view.close;
}

export default { render };
