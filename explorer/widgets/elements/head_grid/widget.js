// A small picture of every head. One canvas has the pictures; for each head there is an element as well, an option of a
// list, which has the frame, hears the pointer, and is what a screen reader reads. So a hover repaints no picture.

const [LEAST, MOST, NAMED, GAP] = [10, 64, 32, 3]; // css pixels of a picture: at least and at most, at least with a name
// below it, and between two
const [HIGH, LEFT, TOP, NAME, SCROLLBAR] = [400, 28, 25, 12, 16]; // what all of them have in height, what the names on the
// edges take, and a name below a picture
const [SMALL, BANDS, BETWEEN] = [24, 3, 16]; // where pictures would be smaller, layers stand in bands below each other

// Where the pictures lie when they have `width` pixels: their `size`, the column and row of each head, and how much of
// the `height` is on view: in an order as much as by layer, so that nothing below moves.
function layout(width, [n_layer, n_head], order) {
  const tried = (bands) => {
    const columns = Math.ceil(n_layer / bands);
    const room = (HIGH - (bands - 1) * BETWEEN) / (n_head * bands);
    const fit = Math.floor(Math.min((width - LEFT) / columns, room)) - GAP;
    return { bands, columns, size: Math.max(LEAST, Math.min(MOST, fit)) };
  };
  let found = tried(1);
  for (let bands = 2; bands <= BANDS && found.size < SMALL; bands++)
    if (tried(bands).size > 1.15 * found.size) found = tried(bands);
  const { bands, columns, size } = found;
  const side = size + GAP;
  const at = Array.from({ length: n_layer * n_head }, (_, number) => {
    const [layer, head] = [Math.floor(number / n_head), number % n_head];
    return [layer % columns, Math.floor(layer / columns) * n_head + head];
  });
  const y = (row) => TOP + row * side + Math.floor(row / n_head) * BETWEEN;
  const plain = { size, left: LEFT, across: side, down: side, columns, at, y };
  plain.height = y(n_head * bands - 1) + side;
  plain.view = Math.min(plain.height, TOP + HIGH);
  return order.length ? sorted(width, order, plain.view) : plain;
}
function sorted(width, order, view) {
  const tried = (size, room) => {
    const columns = Math.max(1, Math.floor((room - GAP) / (size + GAP)));
    const rows = Math.ceil(order.length / columns);
    return { size, columns, rows, height: GAP + rows * (size + GAP + NAME) };
  };
  let found = tried(MOST, width);
  for (let size = MOST; size >= NAMED && found.height > view; size--) found = tried(size, width);
  if (found.height > view) found = tried(NAMED, width - SCROLLBAR);
  const { size, columns } = found;
  const at = [];
  order.forEach((head, place) => (at[head] = [place % columns, Math.floor(place / columns)]));
  const down = size + GAP + NAME;
  return { ...found, left: GAP, across: size + GAP, down, y: (row) => GAP + row * down, at, view };
}

// The picture of a triangle of bytes, `side` cells high, in `size` pixels, each as large as the largest cell on it.
function drawing(context, side, size, palette) {
  const image = context.createImageData(size, size);
  const pixels = new Uint32Array(image.data.buffer); // red is the lowest byte
  const colours = new Uint32Array(256).map((_, i) => {
    const [red, green, blue] = palette.subarray(3 * i, 3 * i + 3);
    return (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0;
  });
  const n = Math.min(side, size);
  const block = Int32Array.from({ length: side }, (_, cell) => Math.floor((cell * n) / side));
  const from = Int32Array.from({ length: size }, (_, pixel) => Math.floor((pixel * n) / size));
  const largest = new Uint8Array(n * n);
  return (cells, start) => {
    largest.fill(0);
    let at = start;
    for (let row = 0; row < side; row++) {
      const base = block[row] * n;
      for (let column = 0; column <= row; column++, at++) {
        const place = base + block[column];
        if (cells[at] > largest[place]) largest[place] = cells[at];
      }
    }
    for (let y = 0, pixel = 0; y < size; y++) {
      const base = from[y] * n;
      for (let x = 0; x < size; x++, pixel++) pixels[pixel] = from[x] > from[y] ? 0 : colours[largest[base + from[x]]];
    }
    return image;
  };
}

let grids = 0; // on this page, so that ids differ

function render({ model, el }) {
  el.classList.add("nte-grid");
  const key = `nte-grid-${grids++}`;
  const make = (name, className, parent) => {
    const made = document.createElement(name);
    made.className = className;
    parent.append(made);
    return made;
  };
  const about = make("div", "nte-grid-about", el);
  const [title, explained] = [make("strong", "", about), make("span", "", about)];
  const box = make("div", "nte-grid-box", el);
  box.tabIndex = 0;
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-multiselectable", "true");
  const sentence = make("div", "nte-grid-sentence", box);
  sentence.setAttribute("role", "status");
  const field = make("div", "nte-grid-field", box);
  field.setAttribute("role", "presentation");
  const edges = make("div", "nte-grid-edges", field);
  edges.setAttribute("aria-hidden", "true");
  const heads = make("div", "", field);
  heads.setAttribute("role", "presentation");
  const canvas = make("canvas", "", field);
  canvas.setAttribute("aria-hidden", "true");
  const context = canvas.getContext("2d");
  const line = make("div", "nte-grid-line", el);
  line.setAttribute("aria-live", "polite");
  const foot = make("div", "nte-grid-foot", el);
  const [least, ramp, most] = ["", "nte-grid-ramp", ""].map((name) => make("span", name, foot));
  const [means, help] = ["nte-grid-means", "nte-grid-help"].map((name) => make("span", name, foot));

  const bytes = (name) => {
    const view = model.get(name);
    return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  };
  const ratio = () => window.devicePixelRatio || 1;
  let laid = { at: [] };
  let ones = []; // by head, its element
  let active = -1;
  let notes = new Map(); // by head, its line; "" while it is asked for

  // --- where everything lies

  const lay = () => {
    const [shape, order, width] = [model.get("shape"), model.get("order"), el.clientWidth];
    const all = [width, ratio(), shape, order].join(" ");
    if (!width || laid.all === all) return;
    laid = { all, ...layout(width, shape, order) };
    const [right, bottom] = [laid.left + laid.columns * laid.across, laid.height];
    for (const { style } of [field, canvas]) Object.assign(style, { width: `${right}px`, height: `${bottom}px` });
    box.style.height = `${laid.view + (right > width ? SCROLLBAR : 0)}px`;
    [canvas.width, canvas.height] = [Math.round(right * ratio()), Math.round(bottom * ratio())];
    field.classList.toggle("nte-grid-sorted", order.length > 0);
    const names = model.get("names");
    while (ones.length > laid.at.length) ones.pop().remove();
    laid.at.forEach(([column, row], head) => {
      ones[head] ??= make("div", "nte-grid-one", heads);
      const one = ones[head];
      one.id = `${key}-${head}`;
      one.setAttribute("role", "option");
      one.dataset.head = head;
      one.dataset.name = names[head];
      one.setAttribute("aria-label", names[head]);
      const [x, y] = [laid.left + column * laid.across, laid.y(row)];
      Object.assign(one.style, { left: `${x}px`, top: `${y}px`, width: `${laid.size}px`, height: `${laid.size}px` });
    });
    heads.append(...(order.length ? order.map((head) => ones[head]) : ones)); // as they are read
    if (active >= ones.length) activate(-1);
    mark();
    label(order.length ? [0, 0] : shape);
  };
  const label = ([n_layer, n_head]) => {
    edges.replaceChildren();
    if (!n_layer) return;
    const { layers, heads: rows } = model.get("words");
    make("span", "nte-grid-layers", edges).textContent = layers ?? "";
    make("span", "nte-grid-heads", edges).textContent = rows ?? "";
    const edge = (text, style) => {
      const made = make("span", "", edges);
      made.textContent = text;
      Object.assign(made.style, style);
    };
    const { size, across, columns, y } = laid;
    const every = across < 16 ? 2 : 1; // or the numbers would touch
    const top = (layer) => y(Math.floor(layer / columns) * n_head);
    for (let layer = 0; layer < n_layer; layer += every) {
      const left = `${LEFT + (layer % columns) * across}px`;
      edge(layer, { left, top: `${top(layer) - 13}px`, width: `${size}px` });
    }
    for (let layer = 0; layer < n_layer; layer += columns) {
      for (let head = 0; head < n_head; head++)
        edge(head, { left: "12px", top: `${top(layer) + head * across + size / 2 - 6}px`, width: "14px" });
    }
  };
  const mark = () => {
    const [opened, chosen] = [model.get("opened"), new Set(model.get("chosen"))];
    ones.forEach((one, head) => {
      one.setAttribute("aria-selected", chosen.has(head));
      if (head === opened) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    });
  };

  // --- the pictures

  const paint = () => {
    const said = context ? model.get("sentence") : model.get("words").no_canvas;
    sentence.textContent = said;
    sentence.hidden = !said;
    field.hidden = Boolean(said);
    if (!said) lay();
    if (said || !laid.at.length) return;
    context.clearRect(0, 0, canvas.width, canvas.height);
    const [side, cells, size] = [model.get("side"), bytes("cells"), Math.round(laid.size * ratio())];
    const each = (side * (side + 1)) / 2;
    if (!each || cells.length !== each * laid.at.length) return;
    const draw = drawing(context, side, size, bytes("palette"));
    laid.at.forEach(([column, row], head) => {
      const [x, y] = [laid.left + column * laid.across, laid.y(row)];
      context.putImageData(draw(cells, head * each), Math.round(x * ratio()), Math.round(y * ratio()));
    });
    el.dataset.answer = model.get("answer");
  };
  let due = 0;
  const later = () => (due ||= requestAnimationFrame(() => ((due = 0), paint()))); // several traits change at once

  // --- the one that is pointed at

  const tell = () => {
    const text = active < 0 ? model.get("line") : notes.get(active) || model.get("names")[active];
    line.textContent = line.title = text ?? "";
  };
  const ask = () => {
    if (active >= 0 && !notes.has(active)) {
      notes.set(active, "");
      model.send({ kind: "note", head: active });
    }
    tell();
  };
  const activate = (head) => {
    if (head === active) return;
    ones[active]?.classList.remove("nte-grid-active");
    active = head;
    ones[active]?.classList.add("nte-grid-active");
    if (active < 0) box.removeAttribute("aria-activedescendant");
    else box.setAttribute("aria-activedescendant", ones[active].id);
    ask();
  };
  const forget = () => {
    notes = new Map();
    ask();
  };
  model.on("msg:custom", ({ kind, head, text }) => {
    if (kind !== "note") return;
    notes.set(head, text);
    if (head === active) tell();
  });

  const headAt = (event) => Number(event.target.closest(".nte-grid-one")?.dataset.head ?? -1);
  let at = ""; // pictures may move under a pointer that rests
  field.addEventListener("pointermove", (event) => {
    const here = `${event.clientX} ${event.clientY}`;
    if (here !== at && headAt(event) >= 0) activate(headAt(event));
    at = here;
  });
  field.addEventListener("click", (event) => {
    const head = headAt(event);
    if (head < 0) return;
    activate(head);
    model.send({ kind: event.ctrlKey || event.metaKey || event.shiftKey ? "add" : "open", head });
  });
  const rest = () => activate(document.activeElement === box && ones.length ? model.get("opened") : -1);
  field.addEventListener("pointerleave", rest);
  box.addEventListener("focus", () => active < 0 && rest());
  box.addEventListener("blur", () => activate(-1));

  // Scrolls this box alone: the page stays where its reader is.
  const reveal = (head) => {
    if (!ones[head] || !box.clientWidth) return;
    const { offsetLeft: x, offsetTop: y } = ones[head];
    const nearest = (from, size, start, length) => Math.max(Math.min(from, start - TOP), start + length + TOP - size);
    box.scrollTo(
      nearest(box.scrollLeft, box.clientWidth, x, laid.across),
      nearest(box.scrollTop, box.clientHeight, y, laid.down),
    );
  };
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !ones.length) return;
    if (active < 0) rest();
    const [column, row] = laid.at[active];
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const ends = { Home: heads.firstChild, End: heads.lastChild }[event.key];
    if (step) {
      const there = laid.at.findIndex(([x, y]) => x === column + step[0] && y === row + step[1]);
      activate(there < 0 ? active : there);
    } else if (ends) activate(Number(ends.dataset.head));
    else if (event.key === "Enter") model.send({ kind: "open", head: active });
    else if (event.key === " ") model.send({ kind: "add", head: active });
    else return;
    reveal(active);
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has uses of its own for these keys
  });

  // --- what comes from the kernel

  const translate = () => {
    const words = model.get("words");
    title.textContent = words.title ?? "";
    explained.textContent = words.about ?? "";
    help.textContent = words.help ?? "";
    help.title = words.keys ?? "";
    box.setAttribute("aria-label", words.title ?? "");
    box.setAttribute("aria-description", words.keys ?? "");
    laid.all = "";
    later();
  };
  const explain = () => {
    const { least: from, most: to, colours } = model.get("scale");
    least.textContent = from ?? "";
    most.textContent = to ?? "";
    ramp.style.background = colours ? `linear-gradient(to right, ${colours.join(", ")})` : "none";
    means.textContent = means.title = model.get("cells_mean");
  };
  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));
  for (const trait of ["shape", "names", "cells", "side", "palette", "order", "sentence"]) model.on(`change:${trait}`, later);
  for (const trait of ["opened", "chosen"]) model.on(`change:${trait}`, mark);
  for (const trait of ["answer", "words"]) model.on(`change:${trait}`, forget);
  for (const trait of ["scale", "cells_mean"]) model.on(`change:${trait}`, explain);
  model.on("change:opened", () => active < 0 && reveal(model.get("opened")));
  model.on("change:line", tell);
  model.on("change:words", translate);
  model.on("change:stale", dim);
  const resized = new ResizeObserver(later);
  resized.observe(el);
  translate();
  explain();
  tell();
  dim();
  return () => resized.disconnect();
}

export default { render };
