// The text as chips, coloured by the attention weights between each and one of them, with the number
// below and arcs between them. Rows count the tokens that the model reads; chips may begin before or after row 0.

const SVG = "http://www.w3.org/2000/svg";

let drawn = 0; // of these on this page, so that ids differ

function make(tag, name, ...children) {
  const made = document.createElement(tag);
  made.className = name;
  made.append(...children);
  return made;
}

// Bytes come as a view into a larger buffer, at any offset.
const copied = (view) => view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
const unpacked = (found, weights, shades) => ({
  ...found,
  weights: new Float32Array(copied(weights)),
  shades: new Uint8Array(copied(shades)),
});

// Where the chips are: once for every layout, and not for every arc.
function measured(cells) {
  let [line, above, bottom] = [-1, 0, 0]; // the bottoms of the line above and of this one
  return cells.map((cell) => {
    const [x, top, end] = [cell.offsetLeft + cell.offsetWidth / 2, cell.offsetTop, cell.offsetTop + cell.offsetHeight];
    if (end > bottom + 4) [line, above, bottom] = [line + 1, bottom, end];
    return { x, top, bottom: end, line, room: top - above };
  });
}

// From the top of one chip, over the line to another; or up to the bottom of one in a line above.
function arc(later, earlier, width) {
  const [from, to] = [later, earlier];
  if (from.line === to.line) {
    const high = Math.min(from.room - 4, 14 + from.room * Math.sqrt((from.x - to.x) / width));
    const peak = Math.min(from.top, to.top) - (4 / 3) * high; // a curve reaches three quarters of the way to its handles
    return `M${from.x} ${from.top}C${from.x} ${peak} ${to.x} ${peak} ${to.x} ${to.top}`;
  }
  const bend = Math.max(12, (from.top - to.bottom) * 0.55);
  return `M${from.x} ${from.top}C${from.x} ${from.top - bend} ${to.x} ${to.bottom + bend} ${to.x} ${to.bottom}`;
}

function render({ model, el }) {
  el.classList.add("nte-weights");
  const key = `nte-weights-${drawn++}`;
  const word = (name) => model.get("words")[name] ?? "";
  const painters = []; // each makes the page follow the words and the choices

  const choice = (what, label, names) => {
    const group = make("div", "nte-weights-group");
    group.setAttribute("role", "group");
    for (const name of names) {
      const button = make("button", "");
      button.type = "button";
      button.dataset.choice = name;
      button.addEventListener("click", () => {
        if (button.getAttribute("aria-disabled") !== "true") model.send({ kind: "choose", what, name });
      });
      painters.push(() => {
        const chosen = model.get("chosen");
        button.textContent = word(name);
        button.setAttribute("aria-pressed", chosen[what] === name);
        button.setAttribute("aria-disabled", (name === "mean" || name === "max") && !chosen.several);
      });
      group.append(button);
    }
    painters.push(() => group.setAttribute("aria-label", word(label)));
    return group;
  };
  const arcs = make("input", "");
  arcs.type = "checkbox";
  const arcsWord = make("span", "");
  const arcsLabel = make("label", "", arcs, arcsWord);
  painters.push(() => {
    arcsWord.textContent = word("arcs");
    arcsLabel.title = word("arcs_note");
  });
  const controls = make(
    "div",
    "nte-weights-controls",
    choice("blend", "what", ["head", "mean", "max"]),
    choice("heads", "which", ["layer", "all"]),
    choice("direction", "direction", ["to", "from"]),
    arcsLabel,
  );

  const line = make("div", "nte-weights-line");
  line.setAttribute("aria-live", "polite");
  const flow = make("div", "nte-weights-flow");
  flow.tabIndex = 0;
  flow.setAttribute("role", "listbox");
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  const box = make("div", "nte-weights-box", flow);
  const sentence = make("div", "nte-weights-sentence");
  const [explanation, help] = [make("div", ""), make("div", "")];
  const [name, least, ramp, most] = ["", "", "nte-ramp", ""].map((className) => make("span", className));
  const legend = make("div", "nte-weights-legend", name, least, ramp, most);
  const foot = make("div", "nte-weights-foot", make("div", "nte-weights-said", explanation, help), legend);
  el.append(controls, line, box, sentence, foot);

  let first = 0; // the row of the first chip
  let [cells, places] = [[], null]; // a chip each with its number; where they are, once that is asked
  let known = new Map(); // by row, what the kernel said
  let [pointed, asked] = [undefined, undefined]; // the row under the pointer or the keys; the one that was asked for
  let shown; // what is painted

  const chosen = () => model.get("shown").row;
  const last = () => first + cells.length - 1;
  const inkOf = (shade) => model.get("palette")[shade] ?? ["", ""];
  const forget = () => (places = null);
  const placed = () => (places ??= measured(cells));

  // One question is on its way at a time: a pointer that runs over the text asks for where it comes to rest.
  const ask = (row) => {
    if (asked !== undefined) return;
    asked = row;
    model.send({ kind: "ask", row });
  };
  const show = () => {
    if (chosen() === undefined) return;
    const row = pointed ?? chosen();
    cells.forEach((cell, i) => {
      const at = first + i === row;
      cell.classList.toggle("nte-weights-now", at);
      cell.classList.toggle("nte-weights-pinned", model.get("shown").pinned && first + i === chosen());
      cell.setAttribute("aria-selected", first + i === chosen());
      if (at) flow.setAttribute("aria-activedescendant", cell.id);
    });
    if (!known.has(row)) ask(row);
    else if (shown !== known.get(row)) paint(known.get(row));
  };
  const point = (row) => {
    if (row === pointed) return;
    pointed = row;
    show();
  };

  const paint = (found) => {
    shown = found;
    cells.forEach((cell, i) => {
      const at = first + i - found.first;
      const [back, ink] = at in found.numbers ? inkOf(found.shades[at]) : ["", ""];
      const [chip, number] = cell.children;
      chip.style.background = back;
      chip.style.color = ink;
      number.textContent = found.numbers[at] ?? "";
      cell.classList.toggle("nte-weights-apart", !(at in found.numbers));
      cell.setAttribute("aria-label", `${chip.textContent} ${number.textContent}`);
    });
    const strongest = found.strongest.map(([row, label, number, shade]) => {
      const named = make("span", "nte-weights-top", make("span", "nte-weights-label", label), make("b", "", number));
      [named.style.background, named.style.color] = inkOf(shade);
      // Which of several equal tokens is meant.
      const meant = (here) => () => cells[row - first]?.classList.toggle("nte-weights-meant", here);
      named.addEventListener("pointerenter", meant(true));
      named.addEventListener("pointerleave", meant(false));
      named.addEventListener("click", () => reveal(row));
      return named;
    });
    el.querySelector(".nte-weights-meant")?.classList.remove("nte-weights-meant");
    const title = make("span", "nte-weights-title", found.title);
    // The spaces are for who hears it.
    line.replaceChildren(title, ...(strongest.length ? strongest : [word("nothing")]).flatMap((each) => [" ", each]));
    draw();
  };

  const draw = () => {
    const width = flow.clientWidth; // 0 while nobody can see it
    const here = shown && width && model.get("arcs") && placed()[shown.row - first];
    if (!here) return svg.replaceChildren();
    const { row, weights } = shown;
    const strongest = [...weights.keys()]
      .filter((at) => weights[at] >= model.get("least_arc") && shown.first + at !== row)
      .sort((a, b) => weights[b] - weights[a])
      .slice(0, model.get("most_arcs"));
    const paths = strongest.reverse().map((at) => {
      const there = placed()[shown.first + at - first];
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("d", shown.first + at < row ? arc(here, there, width) : arc(there, here, width));
      path.setAttribute("stroke-width", 1 + 9 * Math.min(1, weights[at]));
      path.setAttribute("stroke-opacity", 0.35 + 0.5 * Math.min(1, weights[at]));
      return path;
    });
    svg.replaceChildren(...paths);
  };

  // Scrolls this box alone: the page stays where its reader is.
  const reveal = (row) => {
    const place = placed()[row - first];
    if (!place || !box.clientHeight) return;
    box.scrollTop = Math.max(place.bottom + 8 - box.clientHeight, Math.min(box.scrollTop, place.top - 30));
  };

  const cellAt = (i) => {
    const cell = make("span", "nte-weights-cell", make("span", "nte-chip"), make("span", "nte-weights-number"));
    cell.id = `${key}-${i}`;
    cell.setAttribute("role", "option");
    return cell;
  };
  const layOut = () => {
    const { labels = [], joined = {}, special = [], elided, elided_note, first: from = 0 } = model.get("tokens");
    const atEnd = box.scrollTop + box.clientHeight >= box.scrollHeight - 4;
    first = from;
    cells.splice(labels.length).forEach((cell) => cell.remove());
    while (cells.length < labels.length) cells.push(cellAt(cells.length));
    const before = make("span", "nte-chip", elided ?? "");
    before.classList.add("elided");
    before.title = elided_note ?? "";
    cells.forEach((cell, i) => {
      const [chip] = cell.children;
      if (chip.textContent !== labels[i]) chip.textContent = labels[i];
      const unread = first + i < 0;
      chip.classList.toggle("special", special.includes(i));
      chip.classList.toggle("unread", unread);
      chip.classList.toggle("nte-joined", i in joined);
      cell.classList.toggle("nte-weights-joined", i in joined);
      chip.dataset.joined = joined[i] ?? "";
      cell.title = unread ? word("unread") : "";
      cell.setAttribute("aria-disabled", unread);
    });
    flow.replaceChildren(svg, ...(elided ? [before] : []), ...cells);
    forget();
    shown = undefined;
    if (atEnd) box.scrollTop = box.scrollHeight; // the end is where the next token comes
  };
  const hear = () => {
    known = new Map();
    for (const found of model.get("shown").token_weights ?? [])
      known.set(found.row, unpacked(found, found.weights, found.shades));
    asked = undefined;
    if (pointed > last()) pointed = undefined;
    say(); // what nobody sees has no place to draw arcs to
    show();
  };
  model.on("msg:custom", ({ kind, number, token_weights: found }, buffers) => {
    if (kind !== "token_weights") return;
    asked = undefined;
    if (number === model.get("shown").number) known.set(found.row, unpacked(found, ...buffers));
    show();
  });

  // --- pointer and keys

  const rowAt = (event) => {
    const row = first + cells.indexOf(event.target.closest(".nte-weights-cell"));
    return row >= Math.max(0, first) ? row : undefined; // -1: no cell
  };
  const pin = (row) => model.send({ kind: "pin", row });
  // Browsers report a move as well when the text moves under a pointer that rests, as it does while one steps. Between
  // two chips the last one stays.
  let at = "";
  flow.addEventListener("pointermove", (event) => {
    const here = `${event.clientX} ${event.clientY}`;
    if (here !== at) point(rowAt(event) ?? pointed);
    at = here;
  });
  flow.addEventListener("pointerdown", (event) => point(rowAt(event) ?? pointed));
  flow.addEventListener("pointerleave", () => point(undefined));
  flow.addEventListener("blur", () => point(undefined));
  flow.addEventListener("click", (event) => rowAt(event) !== undefined && pin(rowAt(event)));

  // The nearest chip in the line above (-1) or below (1).
  const across = (row, side) => {
    const here = placed()[row - first];
    const far = (place) => (place.line - here.line === side ? Math.abs(place.x - here.x) : Infinity);
    const best = placed().reduce((b, place, i) => (far(place) < far(placed()[b]) ? i : b), row - first);
    return first + best;
  };
  flow.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || chosen() === undefined) return;
    const least = Math.max(0, first);
    const row = Math.max(least, pointed ?? chosen());
    const target = {
      ArrowLeft: () => row - 1,
      ArrowRight: () => row + 1,
      ArrowUp: () => across(row, -1),
      ArrowDown: () => across(row, 1),
      Home: () => least,
      End: last,
    }[event.key];
    if (target) {
      point(Math.max(least, Math.min(target(), last())));
      reveal(pointed);
    } else if (event.key === "Enter" || event.key === " ") pin(row);
    else if (event.key === "Escape") {
      point(undefined);
      pin(null);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has uses of its own for these keys
  });
  arcs.addEventListener("change", () => {
    model.set("arcs", arcs.checked);
    model.save_changes();
  });

  // --- what comes from the kernel

  const translate = () => {
    painters.forEach((each) => each());
    flow.setAttribute("aria-label", word("description"));
    explanation.textContent = model.get("explanation");
    help.textContent = word("help");
  };
  const explain = () => {
    shown = undefined;
    const scale = model.get("scale");
    [name.textContent, least.textContent, most.textContent] = [scale.name ?? "", scale.least ?? "", scale.most ?? ""];
    const colours = model.get("palette").map(([back]) => back);
    ramp.style.background = colours.length ? `linear-gradient(to right, ${colours.join(", ")})` : "none";
  };
  const withArcs = () => {
    arcs.checked = model.get("arcs");
    el.classList.toggle("nte-weights-plain", !model.get("arcs"));
    forget();
    draw();
  };
  const say = () => {
    sentence.textContent = model.get("sentence");
    el.classList.toggle("nte-weights-none", model.get("sentence") !== "" || chosen() === undefined);
  };
  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));

  // A message brings several of these, in any order: they are painted in this one.
  const parts = { words: translate, chosen: translate, tokens: layOut, palette: explain, scale: explain, arcs: withArcs };
  Object.assign(parts, { explanation: translate, sentence: say, stale: dim, shown: hear });
  const due = new Set();
  for (const part of Object.keys(parts)) {
    model.on(`change:${part}`, () => {
      if (!due.size) queueMicrotask(update);
      due.add(part);
    });
  }
  const update = () => {
    const now = new Set(Object.keys(parts).filter((part) => due.has(part)).map((part) => parts[part]));
    due.clear();
    now.forEach((each) => each());
  };
  const resized = new ResizeObserver(() => {
    forget();
    draw();
  });
  resized.observe(flow);
  new Set(Object.values(parts)).forEach((each) => each());
  return () => resized.disconnect();
}

export default { render };
