// Says that the kernel was restarted or ended. Nothing that is typed would reach it, so nothing can be typed any more.

import { make } from "../../js/lib/dom.js";
import { openView } from "../../js/lib/view.js";

const DISCONNECTED = "jupyter-widgets-disconnected"; // ipywidgets gives it to its boxes when their kernel is gone

/** @param {import("../../js/lib/types").RenderProps<{ sentence: string }>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-kernel");
  const banner = make("div", "nte-kernel-banner");
  banner.setAttribute("role", "alert");
  el.append(banner);

  /** @param {HTMLElement} app */
  const watch = (app) => {
    let wasGone = false;
    const paint = () => {
      const gone = app.classList.contains(DISCONNECTED);
      if (gone === wasGone) return;
      wasGone = gone;
      banner.textContent = gone ? model.get("sentence") : "";
      el.classList.toggle("nte-kernel-gone", gone);
      app.classList.toggle("nte-gone", gone);
      for (const part of app.children) {
        if (part instanceof HTMLElement && part !== el) part.inert = gone;
      }
    };
    const watcher = new MutationObserver(paint);
    watcher.observe(app, { attributes: true, attributeFilter: ["class"] });
    view.onEnd(() => watcher.disconnect());
    paint();
  };
  // A view is put on the page some time after it was made.
  let frame = 0;
  const find = () => {
    const app = /** @type {HTMLElement | null} */ (el.closest(".nte-root"));
    if (app) watch(app);
    else frame = requestAnimationFrame(find);
  };
  view.onEnd(() => cancelAnimationFrame(frame));
  find();
  return view.close;
}

export default { render };
