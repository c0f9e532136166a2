// A page in a frame of its own, which runs scripts and can reach nothing of the page around it. The frame on show stays
// until the next one has drawn itself; of the pages that come meanwhile, the latest is next.

import { addTo, make } from "../../js/lib/dom.js";
import { dimStale, openView, paintTogether } from "../../js/lib/view.js";

/** @typedef {{ page: string, title: string, instead: string, stale: boolean }} Traits */

/** @param {import("../../js/lib/types").RenderProps<Traits>} props */
function render({ model, el }) {
  const view = openView(model);
  el.classList.add("nte-framed");
  const sentence = addTo(el, "p");
  sentence.setAttribute("role", "status");
  /** @type {HTMLIFrameElement | undefined} */
  let shown;
  /** @type {HTMLIFrameElement | undefined} */
  let coming;
  let drawn = "";

  const load = () => {
    const page = model.get("page");
    if (coming || page === drawn) return;
    const frame = make("iframe", "nte-framed-coming");
    coming = frame;
    frame.title = model.get("title");
    frame.setAttribute("sandbox", "allow-scripts"); // without allow-same-origin: it is a stranger to this page
    frame.srcdoc = page;
    const replace = () => {
      shown?.remove();
      shown = frame;
      shown.className = "";
      coming = undefined;
      drawn = page;
      load();
    };
    view.listen(frame, "load", replace, { once: true });
    el.append(frame);
  };
  const entitle = () => {
    if (shown) shown.title = model.get("title");
  };
  const explain = () => {
    sentence.textContent = model.get("instead");
    el.classList.toggle("nte-framed-instead", sentence.textContent !== "");
  };
  paintTogether(view, [
    [["instead"], explain],
    [["page"], load],
    [["title"], entitle],
  ]);
  dimStale(view, model, el);
  return view.close;
}

export default { render };
