// One plotly figure. plotly.js itself (1.5 MB packed) comes from the kernel once a page, over the widget's own
// channel, so that neither a network nor a copy in every widget is needed.

const LIBRARY = Symbol.for("next-token-explorer.plotly");
const PATIENCE = 20_000; // milliseconds until another widget may ask

function library(model) {
  if (!window[LIBRARY]) {
    window[LIBRARY] = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        delete window[LIBRARY];
        reject(new Error("plotly.js did not arrive"));
      }, PATIENCE);
      const onMessage = async (content, buffers) => {
        if (content.kind !== "library") return;
        model.off("msg:custom", onMessage);
        clearTimeout(timer);
        const unpacked = new Blob([buffers[0]]).stream().pipeThrough(new DecompressionStream("gzip"));
        const source = await new Response(unpacked).text();
        // As a CommonJS module: it must not find the AMD loader that some pages (Voila) bring along.
        const module = { exports: {} };
        new Function("module", "exports", "define", source)(module, module.exports, undefined);
        resolve(module.exports);
      };
      model.on("msg:custom", onMessage);
      model.send({ kind: "library" });
    });
  }
  return window[LIBRARY];
}

function button(Plotly, title, format) {
  return {
    name: format,
    title,
    icon: format === "png" ? Plotly.Icons.camera : Plotly.Icons.disk,
    click: (box) => Plotly.downloadImage(box, { format, filename: "next-token" }),
  };
}

// The rows of a bar chart: a click anywhere in one, or Enter, picks its token. The bars' `customdata` is token ids, -1
// for a bar that stands for many. Returns what is to be called after each drawing.
function pickRows(Plotly, { model, el, box }) {
  const mark = document.createElement("div"); // the row under the pointer or the cursor keys
  mark.className = "nte-plot-row";
  const said = document.createElement("div"); // the same for those who listen
  said.className = "nte-plot-said";
  said.setAttribute("aria-live", "polite");
  el.append(mark, said);
  let bars = { customdata: [], number: 0 };
  let active = -1;

  const pickable = (row) => bars.customdata[row] >= 0;
  const rowAt = ({ clientY }) => {
    const { yaxis, _size } = box._fullLayout;
    const y = clientY - box.getBoundingClientRect().top - _size.t;
    return y >= 0 && y < _size.h ? Math.round(yaxis.p2l(y)) : -1;
  };
  const activate = (row, byKeys = false) => {
    active = pickable(row) ? row : -1;
    mark.hidden = active < 0;
    mark.classList.toggle("nte-plot-entered", byKeys);
    el.classList.toggle("nte-plot-over", active >= 0);
    if (active < 0) return;
    const { yaxis, _size } = box._fullLayout;
    mark.style.top = `${_size.t + yaxis.l2p(active - 0.5)}px`;
    mark.style.height = `${yaxis.l2p(active + 0.5) - yaxis.l2p(active - 0.5)}px`;
  };
  const pick = (row) => {
    if (pickable(row)) model.send({ kind: "pick", id: bars.customdata[row], answer: Number(el.dataset.answer) });
  };
  const walk = (step) => {
    let row = active < 0 && step < 0 ? bars.customdata.length : active;
    do row += step;
    while (row in bars.customdata && !pickable(row));
    if (!pickable(row)) return;
    activate(row, true);
    Plotly.Fx.hover(box, [{ curveNumber: bars.number, pointNumber: row }]);
    // plotly's markup, read as a document of its own: nothing in it runs.
    const html = bars.hovertext?.[row]?.replaceAll("<br>", ", ") ?? "";
    said.textContent = new DOMParser().parseFromString(html, "text/html").body.textContent;
  };
  const leave = () => {
    activate(-1);
    said.textContent = "";
  };

  el.addEventListener("click", (event) => {
    if (!box.data || event.target.closest(".modebar")) return;
    box.focus({ preventScroll: true }); // plotly keeps the focus from coming by itself
    activate(rowAt(event));
    pick(active);
  });
  el.addEventListener("pointermove", (event) => box.data && activate(rowAt(event)));
  el.addEventListener("pointerleave", leave);
  box.addEventListener("focus", () => {
    if (active < 0 && box.matches(":focus-visible")) walk(1); // a focus by keys is seen
  });
  box.addEventListener("blur", () => {
    leave();
    Plotly.Fx.unhover(box);
  });
  box.addEventListener("keydown", (event) => {
    if (event.target !== box || !box.data) return;
    if (event.key === "Enter") pick(active);
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    walk(step);
  });

  return (data) => {
    const number = data.findLastIndex((trace) => Array.isArray(trace.customdata));
    bars = number < 0 ? { customdata: [], number } : { ...data[number], number };
    box.tabIndex = number < 0 ? -1 : 0;
    activate(active, mark.classList.contains("nte-plot-entered"));
  };
}

async function render({ model, el }) {
  el.classList.add("nte-plot");
  const box = document.createElement("div");
  el.append(box);
  const reserve = () => (box.style.minHeight = `${model.get("height")}px`); // the place is kept before the picture
  reserve();

  let Plotly;
  for (let tries = 0; !Plotly && tries < 3; tries++) {
    Plotly = await library(model).catch(() => undefined);
  }
  if (!Plotly) {
    box.textContent = model.get("words").missing ?? "";
    return;
  }

  const renew = model.get("picks") ? pickRows(Plotly, { model, el, box }) : () => {};
  let waiting = false;
  const draw = async () => {
    waiting = false;
    if (!model.get("figure")) return;
    const { data, layout } = JSON.parse(model.get("figure"));
    reserve();
    const words = model.get("words");
    const config = {
      displaylogo: false,
      typesetMath: false,
      modeBarButtons: [[button(Plotly, words.png, "png"), button(Plotly, words.svg, "svg")]],
    };
    await Plotly.react(box, data, layout, config);
    box.setAttribute("role", model.get("picks") ? "application" : "img");
    box.setAttribute("aria-label", model.get("description"));
    el.dataset.answer = model.get("answer"); // which question this picture answers
    renew(data);
  };
  const schedule = () => {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(draw);
    }
  };
  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));
  // The window is not all that changes its size: panels of JupyterLab do as well.
  const resize = new ResizeObserver(() => box.data && box.clientWidth && Plotly.Plots.resize(box));
  resize.observe(el);
  model.on("change:figure", schedule);
  model.on("change:stale", dim);
  draw();
  dim();
  return () => {
    resize.disconnect();
    Plotly.purge(box);
  };
}

export default { render };
