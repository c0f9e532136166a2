// The tokens of a text as a row of chips, and a line that says more of the one under the pointer or the cursor keys.

function render({ model, el }) {
  el.classList.add("nte-tokens");
  const row = document.createElement("div");
  row.className = "nte-chips";
  row.tabIndex = 0;
  row.setAttribute("role", "listbox");
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
  el.append(row, foot);

  let chips = [];
  let active = -1;

  const tell = () => {
    line.textContent = active >= 0 && chips[active] ? chips[active].note : model.get("summary");
  };
  const activate = (index) => {
    row.children[active]?.classList.remove("nte-active");
    active = index;
    const chip = row.children[active];
    chip?.classList.add("nte-active");
    chip?.scrollIntoView({ block: "nearest" });
    if (chip) row.setAttribute("aria-activedescendant", chip.id);
    tell();
  };
  const paint = () => {
    chips = model.get("chips");
    while (row.children.length > chips.length) row.lastChild.remove();
    chips.forEach((chip, index) => {
      let span = row.children[index];
      if (!span) {
        span = document.createElement("span");
        span.setAttribute("role", "option");
        span.id = `nte-chip-${model.get("key")}-${index}`;
        span.addEventListener("pointerenter", () => activate(index));
        row.append(span);
      }
      if (span.textContent !== chip.label) span.textContent = chip.label;
      if (span.className !== `nte-chip ${chip.kind}`) span.className = `nte-chip ${chip.kind}`;
      span.style.background = chip.back;
      span.style.color = chip.ink;
      span.dataset.joined = chip.joined;
      span.classList.toggle("nte-joined", chip.joined !== "");
      span.classList.toggle("nte-active", index === active);
      span.setAttribute("aria-label", chip.note);
    });
    if (active >= chips.length) active = -1;
    row.scrollTop = row.scrollHeight; // the end is where the next token comes
    tell();
  };
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

  row.addEventListener("pointerleave", () => activate(-1));
  row.addEventListener("blur", () => activate(-1));
  row.addEventListener("keydown", (event) => {
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
  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));
  model.on("change:stale", dim);
  model.on("change:chips", paint);
  model.on("change:summary", tell);
  model.on("change:scale", explain);
  model.on("change:description", explain);
  model.on("change:ways", offer);
  model.on("change:way", offer);
  offer();
  explain();
  paint();
  dim();
}

export default { render };
