// Texts in columns, one a strategy; each token coloured, and the first that differs from the first column marked.

function make(tag, className, parent) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  parent.append(element);
  return element;
}

function render({ model, el }) {
  el.classList.add("nte-texts");
  const heading = make("div", "nte-texts-heading", el);
  const box = make("div", "nte-texts-box", el);
  box.tabIndex = 0;
  box.setAttribute("role", "grid");
  const legend = make("div", "nte-texts-legend", el);
  const line = make("div", "nte-texts-line", el);
  line.setAttribute("aria-live", "polite");
  let columns = []; // of the page: {head, method, samples: [{row, tokens: [span]}]}
  let active = null; // [column, sample, token]
  let chosen = null;
  let byKey = false; // whether `active` came from a key

  const span = (place) => place && columns[place[0]]?.samples[place[1]]?.tokens[place[2]];
  const tell = (text) => (line.textContent = text);
  const activate = (place) => {
    if (String(place) === String(active)) return;
    span(active)?.classList.remove("nte-active");
    active = span(place) ? place : null;
    span(active)?.classList.add("nte-active");
    if (active) model.send({ kind: "note", place: active });
    else tell(model.get("summary"));
  };
  const pick = (place) => span(place) && model.send({ kind: "pick", place });
  const mark = () => {
    span(chosen)?.classList.remove("nte-chosen");
    chosen = model.get("chosen");
    span(chosen)?.classList.add("nte-chosen");
  };

  const paintSample = (sample, wanted, palette) => {
    const { tokens } = sample;
    while (tokens.length > wanted.tokens.length) tokens.pop().remove();
    wanted.tokens.forEach((text, index) => {
      if (!tokens[index]) {
        tokens[index] = document.createElement("span");
        sample.text.append(tokens[index]);
      }
      const token = tokens[index];
      if (token.textContent !== text) token.textContent = text;
      const { back, ink } = palette[wanted.shades[index]] ?? { back: "", ink: "" };
      token.style.background = back;
      token.style.color = ink;
      token.className = index === wanted.parts ? "nte-parts" : "";
    });
    sample.end.textContent = wanted.ended;
  };
  const paint = () => {
    const [wanted, palette] = [model.get("columns"), model.get("palette")];
    while (columns.length > wanted.length) columns.pop().element.remove();
    wanted.forEach((column, at) => {
      if (!columns[at]) {
        const element = make("div", "nte-texts-column", box);
        const head = make("div", "nte-texts-name", element);
        columns[at] = { element, head, method: make("div", "nte-texts-method", element), samples: [] };
      }
      const shown = columns[at];
      shown.head.textContent = shown.head.title = column.name; // it may be longer than the column is wide
      shown.method.textContent = column.method;
      while (shown.samples.length > column.samples.length) shown.samples.pop().row.remove();
      column.samples.forEach((sample, index) => {
        if (!shown.samples[index]) {
          const row = make("div", "nte-texts-sample", shown.element);
          shown.samples[index] = { row, text: make("span", "", row), end: make("span", "nte-texts-end", row), tokens: [] };
        }
        paintSample(shown.samples[index], sample, palette);
      });
    });
    box.style.setProperty("--columns", wanted.length);
    if (!span(active)) active = null;
    mark();
    if (!active) tell(model.get("summary"));
  };

  const placeOf = (element) => {
    for (const [at, column] of columns.entries()) {
      for (const [index, sample] of column.samples.entries()) {
        const token = sample.tokens.indexOf(element);
        if (token >= 0) return [at, index, token];
      }
    }
    return null;
  };
  // A page that scrolls below a pointer at rest says "over" too; what a key chose stays until the pointer moves.
  box.addEventListener("pointerover", (event) => byKey || activate(placeOf(event.target)));
  box.addEventListener("pointermove", (event) => {
    if (byKey) activate(placeOf(event.target));
    byKey = false;
  });
  box.addEventListener("pointerleave", () => document.activeElement !== box && activate(null));
  box.addEventListener("click", (event) => pick(placeOf(event.target)));
  box.addEventListener("blur", () => activate(null));
  box.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const [at, index, token] = active ?? (span(chosen) ? chosen : [0, 0, -1]);
    const target = {
      ArrowRight: () => [at, index, token + 1],
      ArrowLeft: () => [at, index, Math.max(0, token - 1)],
      ArrowDown: () => [at, index + 1, Math.max(0, token)],
      ArrowUp: () => [at, index - 1, Math.max(0, token)],
      PageDown: () => [at + 1, index, Math.max(0, token)],
      PageUp: () => [at - 1, index, Math.max(0, token)],
    }[event.key];
    if (event.key === "Enter") pick(active);
    else if (target) {
      byKey = true;
      if (span(target())) activate(target());
      span(active)?.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has uses of its own for these keys
  });
  model.on("msg:custom", ({ kind, place, text }) => {
    if (kind === "note" && String(place) === String(active)) tell(text);
  });
  const explain = () => {
    legend.replaceChildren();
    for (const { colours, parts, sign, text } of model.get("legend")) {
      const entry = make("span", "", legend);
      const key = make("span", colours ? "nte-texts-swatch" : parts ? "nte-texts-bar" : "nte-texts-sign", entry);
      if (sign) key.textContent = sign;
      if (colours) key.style.background = `linear-gradient(to right, ${[...colours, colours.at(-1)].join(", ")})`;
      key.classList.toggle("nte-texts-ramp", colours?.length > 1);
      make("span", "", entry).textContent = text;
    }
  };
  const head = () => (heading.textContent = model.get("heading"));
  const describe = () => box.setAttribute("aria-label", model.get("description"));
  model.on("change:columns", paint);
  model.on("change:palette", paint);
  model.on("change:summary", () => active || tell(model.get("summary")));
  model.on("change:chosen", mark);
  model.on("change:legend", explain);
  model.on("change:heading", head);
  model.on("change:description", describe);
  describe();
  explain();
  head();
  paint();
}

export default { render };
