// What was tried after a prefix: a row of tokens for each way it went on, columns by depth, lines between them. The
// boxes are kept and patched: while a text is played, a picture comes with every token.

const [WIDE, HIGH, BOX, EDGE] = [88, 34, 22, 14]; // pixels: a column, a row, a box's height, the margin around all
const [TRUNK, ROUND] = [9, 6]; // where a branch turns down, left of its first box, and the radius of its corners
const WAYS = { d: "drawn", h: "hand", g: "greedy" };

let drawn = 0; // pictures on this page, so that ids differ

function render({ model, el }) {
  el.classList.add("nte-tree");
  const key = `nte-tree-${drawn++}`;
  const make = (name, className, parent) => {
    const made = document.createElement(name);
    made.className = className;
    parent.append(made);
    return made;
  };
  const box = make("div", "nte-tree-box", el);
  box.tabIndex = 0;
  box.setAttribute("role", "tree");
  const canvas = make("div", "nte-tree-canvas", box);
  canvas.setAttribute("role", "presentation");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const [lines, way, path] = ["nte-tree-lines", "nte-tree-way", "nte-tree-path"].map((name) => {
    const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
    line.setAttribute("class", name);
    svg.append(line);
    return line;
  });
  canvas.append(svg);
  const line = make("div", "nte-tree-line", el);
  line.setAttribute("aria-live", "polite");
  const legend = make("div", "nte-tree-legend", el);

  let picture = { labels: [], parents: [], rows: [], chosen: "", shares: [], names: {}, current: 0, ahead: [] };
  let [columns, boxes, shown] = [[], [], []]; // by node: its depth, its element, what that element shows
  let active = -1;

  const left = (node) => EDGE + columns[node] * WIDE;
  const top = (node) => EDGE + picture.rows[node] * HIGH;
  const middle = (node) => top(node) + BOX / 2;

  // From the left end of one box to that of the next: boxes lie over the lines.
  const edge = (node) => {
    const parent = picture.parents[node];
    const [from, to, turn] = [middle(parent), middle(node), left(node) - TRUNK];
    if (from === to) return `M${left(parent)} ${from}H${left(node)}`;
    return (
      `M${left(parent)} ${from}H${turn - ROUND}q${ROUND} 0 ${ROUND} ${ROUND}` +
      `V${to - ROUND}q0 ${ROUND} ${ROUND} ${ROUND}H${left(node)}`
    );
  };

  const nameOf = (node) => picture.names[node] ?? "";
  const labelOf = (node) => (node ? picture.labels[node] : model.get("words").prefix);

  const create = (node) => {
    const made = make("div", "", canvas);
    made.id = `${key}-${node}`;
    made.dataset.node = node;
    made.setAttribute("role", "treeitem");
    make("span", "", made);
    return made;
  };
  const patch = (node, place, leaf) => {
    const chosen = WAYS[picture.chosen[node]];
    const [label, mark, name] = [labelOf(node), model.get("marks")[chosen] ?? "", nameOf(node)];
    const said = [label, model.get("words")[chosen], name].filter(Boolean).join(" · ");
    const kind = ["nte-node", place, node ? leaf : "nte-node-root"].filter(Boolean).join(" ");
    const all = [label, mark, name, said, kind, columns[node], picture.rows[node], picture.shares[node]].join("\n");
    if (shown[node] === all) return;
    shown[node] = all;
    const item = boxes[node];
    item.className = kind;
    item.classList.toggle("nte-node-active", node === active);
    item.style.transform = `translate(${left(node)}px, ${top(node)}px)`;
    item.style.setProperty("--share", `${picture.shares[node]}%`);
    item.firstChild.textContent = label;
    item.dataset.mark = mark;
    if (name) item.dataset.name = name;
    else delete item.dataset.name;
    item.setAttribute("aria-label", said);
    item.setAttribute("aria-level", columns[node] + 1);
    item.setAttribute("aria-selected", place === "nte-node-now");
  };

  const cell = () => `${picture.current} ${columns[picture.current]} ${picture.rows[picture.current]}`;
  const paint = () => {
    const [before, told] = [cell(), shown[active]];
    picture = { ...picture, ...model.get("picture") };
    const n = picture.labels.length;
    columns = [];
    for (let node = 0; node < n; node++) columns.push(node ? columns[picture.parents[node]] + 1 : 0);
    while (boxes.length > n) boxes.pop().remove();
    shown.length = Math.min(shown.length, n);
    while (boxes.length < n) boxes.push(create(boxes.length));

    const places = new Map(picture.ahead.map((node) => [node, "nte-node-ahead"]));
    for (let node = picture.current; node; node = picture.parents[node]) places.set(node, "nte-node-past");
    if (n) places.set(0, "nte-node-past").set(picture.current, "nte-node-now");
    const inner = new Set(picture.parents.slice(1));
    for (let node = 0; node < n; node++) patch(node, places.get(node), inner.has(node) ? "" : "nte-node-leaf");

    const edges = { path: "", ahead: "", rest: "" };
    for (let node = 1; node < n; node++) {
      const place = places.get(node);
      edges[place === "nte-node-ahead" ? "ahead" : place ? "path" : "rest"] += edge(node);
    }
    lines.setAttribute("d", edges.rest);
    way.setAttribute("d", edges.ahead);
    path.setAttribute("d", edges.path);
    const [width, height] = [Math.max(0, ...columns) * WIDE + WIDE, Math.max(0, ...picture.rows) * HIGH + BOX];
    canvas.style.width = `${width + 2 * EDGE}px`;
    canvas.style.height = `${height + 2 * EDGE}px`;
    svg.setAttribute("width", width + 2 * EDGE);
    svg.setAttribute("height", height + 2 * EDGE);

    if (active >= n) activate(-1);
    else if (active >= 0 && shown[active] !== told) ask(); // its name or the language, or it is of another tree
    if (before !== cell()) reveal(picture.current);
  };

  // Scrolls this box alone: the page stays where its reader is.
  const reveal = (node) => {
    if (!boxes[node] || !box.clientWidth) return;
    // By whole columns and rows, and no further than it takes: what is read stays where it is.
    const nearest = (from, size, start, length, margin, step) => {
      if (start - margin < from) return Math.floor((start - margin) / step) * step;
      return Math.max(from, Math.ceil((start + length + margin - size) / step) * step);
    };
    box.scrollTo({
      left: nearest(box.scrollLeft, box.clientWidth, left(node), WIDE, WIDE, WIDE),
      top: nearest(box.scrollTop, box.clientHeight, top(node), BOX, HIGH / 2, HIGH),
    });
  };

  const tell = (text) => (line.textContent = text);
  // Of today the time alone; in the reader's own time zone, which the kernel does not know.
  const clock = (seconds) => {
    const local = (date) => new Date(date - date.getTimezoneOffset() * 60_000).toISOString();
    const [then, now] = [local(new Date(seconds * 1000)), local(new Date())];
    return then.slice(0, 10) === now.slice(0, 10) ? then.slice(11, 19) : then.slice(0, 16).replace("T", " ");
  };
  const ask = () => model.send({ kind: "note", node: active });
  const activate = (node) => {
    if (node === active) return;
    boxes[active]?.classList.remove("nte-node-active");
    active = node;
    boxes[active]?.classList.add("nte-node-active");
    if (active < 0) {
      box.removeAttribute("aria-activedescendant");
      tell(model.get("summary"));
    } else {
      box.setAttribute("aria-activedescendant", boxes[active].id);
      ask();
    }
  };
  model.on("msg:custom", ({ kind, node, text, time }) => {
    if (kind === "note" && node === active) tell(time ? `${text} · ${clock(time)}` : text);
  });

  const go = (node) => {
    if (node >= 0 && node !== picture.current) model.send({ kind: "go", node });
  };

  const rename = (node) => {
    if (node < 1) return;
    const entry = make("input", "nte-tree-name", canvas);
    entry.value = nameOf(node);
    entry.maxLength = model.get("longest_name");
    entry.setAttribute("aria-label", model.get("words").name);
    entry.placeholder = model.get("words").name;
    entry.style.transform = `translate(${left(node)}px, ${top(node)}px)`;
    const close = () => {
      entry.removeEventListener("blur", close); // taking it away is one
      entry.remove();
    };
    entry.addEventListener("blur", close);
    entry.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing || !["Enter", "Escape"].includes(event.key)) return;
      if (event.key === "Enter") model.send({ kind: "name", node, name: entry.value });
      close();
      box.focus();
      activate(node);
    });
    entry.focus();
    entry.select();
  };

  // The nearest node in a row above (-1) or below (1): if there is one in the same column, that.
  const neighbour = (side) => {
    const far = (node) => {
      const [rows, across] = [side * (picture.rows[node] - picture.rows[active]), columns[node] - columns[active]];
      return rows <= 0 ? Infinity : rows + (across ? 1e6 + Math.abs(across) * 1e-6 : 0);
    };
    return boxes.reduce((best, _, node) => (far(node) < far(best) ? node : best), active);
  };
  const child = () => {
    const after = boxes.map((_, node) => node).filter((node) => node && picture.parents[node] === active);
    return after.find((node) => boxes[node].matches(".nte-node-past, .nte-node-now, .nte-node-ahead")) ?? after[0] ?? active;
  };

  const numberAt = (event) => Number(event.target.closest(".nte-node")?.dataset.node ?? -1);
  // Browsers report a move as well when the picture moves under a pointer that rests, as it does while keys walk.
  let at = "";
  canvas.addEventListener("pointermove", (event) => {
    const here = `${event.clientX} ${event.clientY}`;
    if (here !== at && numberAt(event) >= 0) activate(numberAt(event));
    at = here;
  });
  canvas.addEventListener("pointerdown", (event) => numberAt(event) >= 0 && activate(numberAt(event)));
  box.addEventListener("pointerleave", () => document.activeElement !== box && activate(-1));
  box.addEventListener("focus", () => active < 0 && boxes.length && activate(picture.current));
  box.addEventListener("blur", () => activate(-1));
  canvas.addEventListener("click", (event) => event.detail < 2 && go(numberAt(event)));
  canvas.addEventListener("dblclick", (event) => rename(numberAt(event)));
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || active < 0) return;
    const target = {
      ArrowLeft: () => picture.parents[active],
      ArrowRight: child,
      ArrowUp: () => neighbour(-1),
      ArrowDown: () => neighbour(1),
      Home: () => 0,
      End: () => picture.current,
    }[event.key];
    if (target) {
      activate(target());
      reveal(active);
    } else if (event.key === "Enter") go(active);
    else if (event.key === "F2") rename(active);
    else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has uses of its own for these keys
  });

  const translate = () => {
    const [words, marks] = [model.get("words"), model.get("marks")];
    box.setAttribute("aria-label", words.title ?? "");
    const entries = Object.values(WAYS).map((chosen) => [marks[chosen], words[chosen]]);
    legend.replaceChildren();
    for (const [mark, word] of entries) make("span", "", legend).textContent = `${mark} ${word ?? ""}`;
    make("span", "nte-tree-share", legend).textContent = words.share ?? "";
    make("span", "nte-tree-help", legend).textContent = words.help ?? "";
    paint();
  };
  const summarise = () => active < 0 && tell(model.get("summary"));
  // In a folded panel it has no size, and nothing can be scrolled.
  let folded = true;
  const unfolded = new ResizeObserver(() => {
    if (folded && box.clientWidth) reveal(picture.current);
    folded = !box.clientWidth;
  });
  unfolded.observe(box);
  model.on("change:picture", paint);
  model.on("change:words", translate);
  model.on("change:summary", summarise);
  translate();
  summarise();
  return () => unfolded.disconnect();
}

export default { render };
