// One plotly figure. plotly.js itself (1.5 MB packed) comes from the kernel once a page, over the widget's own
// channel, so that neither a network nor a copy in every widget is needed.

const LIBRARY = Symbol.for("next-token-explorer.plotly");
const PATIENCE = 20_000; // milliseconds until another widget may ask
const FRAME = 17; // milliseconds

// The text that the kernel compressed.
function unpack(packed) {
  return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
}

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
        const source = await unpack(buffers[0]);
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

// What lies over the picture: a mark for the pointer or the cursor keys, and the same for those who listen.
function overlay(el, className) {
  const mark = document.createElement("div");
  mark.className = className;
  mark.hidden = true;
  const said = document.createElement("div");
  said.className = "nte-plot-said";
  said.setAttribute("aria-live", "polite");
  el.append(mark, said);
  return { mark, said };
}

// The rows of a bar chart: a click anywhere in one, or Enter, picks its token. The bars' `customdata` is token ids, -1
// for a bar that stands for many. Returns what is to be called after each drawing.
function pickRows(Plotly, { model, el, box }) {
  const { mark, said } = overlay(el, "nte-plot-row");
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

// The cells of a heatmap: a click picks one, and Enter the one that the cursor keys moved to. Cells without a number
// are passed over. A box that is dragged, and + and - and 0, ask the kernel for a part of the picture: what plotly shows
// of it at once is replaced by what comes back. Returns what is to be called after each drawing.
function pickCells(Plotly, { model, el, box }) {
  const { mark, said } = overlay(el, "nte-plot-cell");
  let number = -1; // of the heatmap among the traces
  let z = []; // its rows
  let at = null; // column and row of the cell under the keys

  const has = (column, row) => Number.isFinite(z[row]?.[column]);
  const place = (cell, byKeys = false) => {
    at = cell;
    mark.hidden = !at || !byKeys;
    if (mark.hidden) return;
    const { xaxis, yaxis } = box._fullLayout;
    const [x, y] = [xaxis.l2p(at[0] - 0.5), yaxis.l2p(at[1] - 0.5)];
    mark.style.left = `${xaxis._offset + x}px`;
    mark.style.top = `${yaxis._offset + y}px`;
    mark.style.width = `${xaxis.l2p(at[0] + 0.5) - x}px`;
    mark.style.height = `${yaxis.l2p(at[1] + 0.5) - y}px`;
  };
  // What plotly writes beside the cell is what is said; of keys that are held down, it writes one cell in 50 ms.
  let saying;
  const say = () => {
    Plotly.Fx.hover(box, [{ curveNumber: number, xval: at[0], yval: at[1] }]);
    clearTimeout(saying);
    saying = setTimeout(() => {
      const lines = [...box.querySelectorAll(".hoverlayer .hovertext .line")].map((line) => line.textContent);
      said.textContent = at ? lines.join(", ") : "";
    }, 60);
  };
  // The nearest cell with a number in a direction; before the first step, the last cell of the last row.
  const walk = (right, down) => {
    let [column, row] = at ?? [z[0].length, z.length - 1];
    if (!at) [right, down] = [-1, 0];
    do [column, row] = [column + right, row + down];
    while (column in (z[row] ?? []) && !has(column, row));
    if (!has(column, row)) return;
    place([column, row], true);
    say();
  };
  const pick = ([column, row]) => model.send({ kind: "cell", column, row });
  const leave = () => {
    place(null);
    said.textContent = "";
    Plotly.Fx.unhover(box);
  };

  const all = () => [[0, z[0].length - 1], [0, z.length - 1]];
  const zoom = (columns, rows) => {
    place(null);
    if (model.get("zooms")) model.send({ kind: "zoom", columns, rows });
  };
  // The cells whose middle lies in a range; of a box within one cell, that.
  const inside = (range) => {
    const [low, high] = range.map(Number).sort((a, b) => a - b);
    const [first, last] = [Math.ceil(low), Math.floor(high)];
    return first <= last ? [first, last] : [Math.round(low), Math.round(low)];
  };
  const onRelayout = (change) => {
    if (!Object.keys(change).some((key) => /^[xy]axis\.(range|autorange)/.test(key))) return;
    const { xaxis, yaxis } = box._fullLayout;
    const part = [inside(xaxis.range), inside(yaxis.range)];
    if (String(part) === String(all())) zoom(null, null);
    else zoom(...part);
  };
  const closer = () => {
    const half = ([first, last], middle) => {
      const size = Math.max(1, Math.ceil((last - first + 1) / 2));
      const start = Math.min(Math.max(first, middle - (size >> 1)), last + 1 - size);
      return [start, start + size - 1];
    };
    if (at) zoom(...all().map((range, i) => half(range, at[i])));
  };

  const keys = {
    ArrowLeft: () => walk(-1, 0),
    ArrowRight: () => walk(1, 0),
    ArrowUp: () => walk(0, -1),
    ArrowDown: () => walk(0, 1),
    Enter: () => at && pick(at),
    "+": closer,
    "-": () => zoom(null, null),
    0: () => zoom(null, null),
  };
  box.addEventListener("keydown", (event) => {
    if (event.target !== box || number < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has uses of its own for these keys
    act();
  });
  box.addEventListener("focus", () => {
    if (!at && number >= 0 && box.matches(":focus-visible")) walk(0, 0);
  });
  box.addEventListener("blur", leave);

  let bound = false;
  return (data) => {
    if (!bound) {
      bound = true; // plotly's events are there after the first drawing
      box.on("plotly_click", ({ points: [point] }) => {
        if (point.curveNumber !== number) return;
        box.focus({ preventScroll: true });
        place([point.pointNumber[1], point.pointNumber[0]]);
        pick(at);
      });
      box.on("plotly_relayout", onRelayout);
    }
    number = data.findIndex((trace) => trace.type === "heatmap");
    z = number < 0 ? [] : box.calcdata[number][0].z;
    box.tabIndex = number < 0 ? -1 : 0;
    place(at && has(...at) ? at : null, !mark.hidden);
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

  const [picks, cells] = [model.get("picks"), model.get("cells")];
  const pick = picks ? pickRows : cells ? pickCells : () => () => {};
  const renew = pick(Plotly, { model, el, box });
  let latest = { number: 0 }; // of the figures that are unpacked
  let taken = 0;
  let waiting = false;
  let drawn = -Infinity; // when
  const draw = async () => {
    waiting = false;
    const { data, layout, words, description, answer } = latest;
    reserve();
    const config = {
      displaylogo: false,
      typesetMath: false,
      doubleClick: "reset",
      showTips: false,
      modeBarButtons: [[button(Plotly, words.png, "png"), button(Plotly, words.svg, "svg")]],
    };
    await Plotly.react(box, data, structuredClone(layout), config); // a zoom is written into what plotly was given
    box.setAttribute("role", picks || cells ? "application" : "img");
    box.setAttribute("aria-label", description);
    el.dataset.answer = answer; // which question this picture answers
    renew(data);
    drawn = performance.now();
  };
  const take = async () => {
    if (!model.get("packed").byteLength) return;
    const number = ++taken;
    const [words, description, answer] = ["words", "description", "answer"].map((name) => model.get(name));
    const figure = JSON.parse(await unpack(model.get("packed")));
    if (number < latest.number) return; // a later one was unpacked sooner
    latest = { number, words, description, answer, ...figure };
    if (waiting) return;
    waiting = true;
    // At once, unless one was drawn a moment ago: of those that come together the last alone is drawn.
    if (performance.now() - drawn > FRAME) draw();
    else requestAnimationFrame(draw);
  };
  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));
  // The window is not all that changes its size: panels of JupyterLab do as well.
  const resize = new ResizeObserver(async () => {
    if (!box.data || !box.clientWidth) return;
    await Plotly.Plots.resize(box);
    renew(box.data);
  });
  resize.observe(el);
  model.on("change:packed", take);
  model.on("change:stale", dim);
  // What was asked for is no other picture: what plotly made of it meanwhile is taken back.
  model.on("msg:custom", ({ kind }) => kind === "again" && latest.data && draw());
  take();
  dim();
  return () => {
    resize.disconnect();
    Plotly.purge(box);
  };
}

export default { render };
