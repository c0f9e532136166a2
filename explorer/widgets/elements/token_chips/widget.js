// The tokens of a text as a row of chips, those that came after it as a second one, and a line that says more of the
// chip under the pointer or the cursor keys.

// One row of chips. Calls `tell` when another chip is the active one, and `go` with a chip that was clicked or entered.
function chipRow(row, name, { tell, go }) {
  let chips = [];
  let active = -1;
  row.tabIndex = 0;
  row.setAttribute("role", "listbox");

  const activate = (index) => {
    row.children[active]?.classList.remove("nte-active");
    active = index;
    const chip = row.children[active];
    chip?.classList.add("nte-active");
    chip?.scrollIntoView({ block: "nearest" });
    if (chip) row.setAttribute("aria-activedescendant", chip.id);
    tell();
  };
  const paint = (fresh) => {
    chips = fresh;
    while (row.children.length > chips.length) row.lastChild.remove();
    chips.forEach((chip, index) => {
      let span = row.children[index];
      if (!span) {
        span = document.createElement("span");
        span.setAttribute("role", "option");
        span.id = `${name}-${index}`;
        span.addEventListener("pointerenter", () => activate(index));
        span.addEventListener("click", () => go(chips[index]));
        row.append(span);
      }
      if (span.textContent !== chip.label) span.textContent = chip.label;
      if (span.className !== `nte-chip ${chip.kind}`) span.className = `nte-chip ${chip.kind}`;
      span.style.background = chip.back;
      span.style.color = chip.ink;
      span.dataset.joined = chip.joined;
      span.dataset.mark = chip.mark ?? "";
      span.classList.toggle("nte-joined", chip.joined !== "");
      span.classList.toggle("nte-active", index === active);
      span.setAttribute("aria-label", chip.note);
    });
    if (active >= chips.length) active = -1;
  };

  row.addEventListener("pointerleave", () => activate(-1));
  row.addEventListener("blur", () => activate(-1));
  row.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && chips[active]) go(chips[active]);
    const target = {
      ArrowRight: Math.min(active + 1, chips.length - 1),
      ArrowLeft: active < 0 ? chips.length - 1 : Math.max(active - 1, 0),
      Home: 0,
      End: chips.length - 1,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    activate(target);
  });
  return { paint, note: () => chips[active]?.note };
}

function render({ model, el }) {
  el.classList.add("nte-tokens");
  const row = document.createElement("div");
  row.className = "nte-chips";
  const label = document.createElement("button"); // the prefix, as the place where what was generated begins
  label.type = "button";
  const hint = document.createElement("span");
  hint.className = "nte-hint";
  const after = document.createElement("div");
  after.className = "nte-generated";
  const then = document.createElement("div");
  then.className = "nte-then";
  then.append(label, hint, after);
  const line = document.createElement("div");
  line.className = "nte-line";
  line.setAttribute("aria-live", "polite");
  const legend = document.createElement("div");
  legend.className = "nte-legend";
  const ramp = document.createElement("span");
  const [least, most] = [document.createElement("span"), document.createElement("span")];
  ramp.className = "nte-ramp";
  const way = document.createElement("select");
  legend.append(way, least, ramp, most);
  const foot = document.createElement("div");
  foot.className = "nte-foot";
  foot.append(line, legend);
  el.append(row, then, foot);

  const go = (node) => model.send({ kind: "go", node });
  let atRoot = false;
  const tell = () => {
    const root = atRoot ? model.get("root_note") : undefined;
    line.textContent = root ?? first.note() ?? second.note() ?? model.get("summary");
  };
  const first = chipRow(row, `nte-chip-${model.get("key")}`, { tell, go: () => {} });
  const second = chipRow(after, `nte-then-${model.get("key")}`, { tell, go: (chip) => go(chip.node) });

  const paint = () => {
    first.paint(model.get("chips"));
    row.scrollTop = row.scrollHeight; // the end is where the next token comes
    tell();
  };
  const paintAfter = () => {
    const chips = model.get("after");
    second.paint(chips);
    const end = after.querySelector(".current");
    label.hidden = after.hidden = chips.length === 0;
    hint.hidden = chips.length > 0;
    label.textContent = model.get("after_label");
    label.classList.toggle("current", end === null);
    label.setAttribute("aria-description", model.get("root_note"));
    after.setAttribute("aria-label", model.get("after_label"));
    hint.textContent = model.get("after_hint");
    // The end of the text stays in view.
    after.scrollTop = end === null ? 0 : end.offsetTop + end.offsetHeight + 2 - after.clientHeight;
    tell();
  };
  const pointAtRoot = (here) => () => {
    atRoot = here;
    tell();
  };
  label.addEventListener("click", () => go("0"));
  ["pointerenter", "focus"].forEach((event) => label.addEventListener(event, pointAtRoot(true)));
  ["pointerleave", "blur"].forEach((event) => label.addEventListener(event, pointAtRoot(false)));

  const explain = () => {
    const { least: from, most: to, colours } = model.get("scale");
    least.textContent = from ?? "";
    most.textContent = to ?? "";
    ramp.style.background = colours ? `linear-gradient(to right, ${colours.join(", ")})` : "none";
    row.setAttribute("aria-label", model.get("description"));
  };
  const offer = () => {
    const options = Object.entries(model.get("ways")).map(([key, name]) => new Option(name, key));
    way.replaceChildren(...options);
    way.value = model.get("way");
  };
  way.addEventListener("change", () => {
    model.set("way", way.value);
    model.save_changes();
  });

  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));
  model.on("change:stale", dim);
  model.on("change:chips", paint);
  ["after", "after_label", "after_hint", "root_note"].forEach((name) => model.on(`change:${name}`, paintAfter));
  model.on("change:summary", tell);
  model.on("change:scale", explain);
  model.on("change:description", explain);
  model.on("change:ways", offer);
  model.on("change:way", offer);
  offer();
  explain();
  paint();
  paintAfter();
  dim();
}

export default { render };
