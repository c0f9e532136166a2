// Reports what the page looks like, so that pictures drawn in the kernel can match it, and which browser it is, so that
// a reader finds their own sessions again. Shows nothing.

const BROWSER = "next-token-explorer.browser";

// A random number that this browser keeps; where it may keep nothing, one for as long as the page is open.
function browser() {
  window[Symbol.for(BROWSER)] ??= Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
    byte.toString(16).padStart(2, "0"),
  ).join("");
  try {
    const kept = localStorage.getItem(BROWSER);
    if (/^[0-9a-f]{16}$/.test(kept)) return kept;
    localStorage.setItem(BROWSER, window[Symbol.for(BROWSER)]);
  } catch {
    // forbidden, or full
  }
  return window[Symbol.for(BROWSER)];
}

function isDark() {
  const background = getComputedStyle(document.body).getPropertyValue("--jp-layout-color0").trim();
  const probe = document.createElement("span");
  probe.style.color = background || getComputedStyle(document.body).backgroundColor;
  document.body.append(probe);
  const [r, g, b, alpha = 1] = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
  probe.remove();
  return alpha > 0 && 0.299 * r + 0.587 * g + 0.114 * b < 128;
}

function render({ model, el }) {
  el.style.display = "none";
  const contrast = matchMedia("(prefers-contrast: more)");
  const report = () => {
    model.set("dark", isDark());
    model.set("contrast", contrast.matches);
    model.set("browser", browser());
    model.save_changes();
  };
  // JupyterLab says light or dark on the body, and loads the theme's colours a moment later.
  let timer;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(report, 150);
  };
  const watcher = new MutationObserver(later);
  watcher.observe(document.body, { attributes: true, attributeFilter: ["class", "data-jp-theme-light", "data-jp-theme-name"] });
  watcher.observe(document.head, { childList: true });
  contrast.addEventListener("change", later);
  report();
  return () => {
    watcher.disconnect();
    contrast.removeEventListener("change", later);
  };
}

export default { render };
