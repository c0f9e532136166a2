// A page in a frame of its own, which runs scripts and can reach nothing of the page around it. The frame on show stays
// until the next one has drawn itself; of the pages that come meanwhile, the latest is next.

function render({ model, el }) {
  el.classList.add("nte-framed");
  const sentence = document.createElement("p");
  sentence.setAttribute("role", "status");
  el.append(sentence);
  let shown;
  let coming;
  let drawn = "";

  const load = () => {
    const page = model.get("page");
    if (coming || page === drawn) return;
    coming = document.createElement("iframe");
    coming.className = "nte-framed-coming";
    coming.title = model.get("title");
    coming.setAttribute("sandbox", "allow-scripts"); // without allow-same-origin: it is a stranger to this page
    coming.srcdoc = page;
    coming.addEventListener(
      "load",
      () => {
        shown?.remove();
        shown = coming;
        shown.className = "";
        coming = undefined;
        drawn = page;
        load();
      },
      { once: true },
    );
    el.append(coming);
  };
  const paint = () => {
    sentence.textContent = model.get("instead");
    el.classList.toggle("nte-framed-instead", sentence.textContent !== "");
    el.classList.toggle("nte-stale", model.get("stale"));
  };
  model.on("change:page", load);
  model.on("change:title", () => shown && (shown.title = model.get("title")));
  ["instead", "stale"].forEach((name) => model.on(`change:${name}`, paint));
  paint();
  load();
}

export default { render };
