// The draw: the distribution from 0 to 1 in the order of its tokens, and the mark of u where it falls.

const ICONS = {
  again: "M12.5 8a4.5 4.5 0 1 1-1.5-3.4m1.7-2.1v2.7h-2.7",
  histogram: "M3.5 13V9m3 4V4m3 9V6.5m3 6.5v-3",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function render({ model, el }) {
  el.classList.add("nte-draw");
  const key = `nte-draw-${Math.random().toString(36).slice(2)}`; // ids of this strip, and of no other on the page
  const make = (tag, name, ...children) => {
    const made = document.createElement(tag);
    made.className = name;
    made.append(...children);
    return made;
  };
  const mark = make("div", "nte-draw-mark", make("span", ""));
  const strip = make("div", "nte-draw-shares");
  strip.tabIndex = 0;
  strip.setAttribute("role", "listbox");
  const within = make("div", "nte-draw-within");
  const line = make("span", "nte-draw-line");
  line.setAttribute("aria-live", "polite");
  const button = (name, shortcut) => {
    const made = make("button", "", icon(name), make("span", ""));
    made.type = "button";
    if (shortcut) made.setAttribute("aria-keyshortcuts", shortcut);
    made.addEventListener("click", () => {
      if (model.get("u") === null) return;
      model.send({ kind: "command", name });
      // What a thousand draws gave stands in the sections below, which a small screen does not show.
      if (name === "histogram") setTimeout(() => el.closest(".nte-app")?.lastElementChild.scrollIntoView({ block: "nearest" }), 300);
    });
    return [name, shortcut, made];
  };
  const buttons = [button("again", "d"), button("histogram", "")];
  const foot = make("div", "nte-draw-foot", line, ...buttons.map(([, , made]) => made));
  el.append(make("div", "nte-draw-scale", mark, strip, within), foot);

  let active = -1;
  const tell = () => (line.title = line.textContent = model.get("segments")[active]?.note ?? model.get("line"));
  const activate = (index) => {
    strip.children[active]?.classList.remove("nte-active");
    active = index;
    const share = strip.children[active];
    share?.classList.add("nte-active");
    if (share) strip.setAttribute("aria-activedescendant", share.id);
    else strip.removeAttribute("aria-activedescendant");
    tell();
  };

  const paint = () => {
    const segments = model.get("segments");
    while (strip.children.length > segments.length) strip.lastChild.remove();
    let from = 0;
    segments.forEach(({ label, share, note, colour, ink }, index) => {
      let cell = strip.children[index];
      if (!cell) {
        cell = make("div", "nte-draw-share", make("span", ""));
        cell.id = `${key}-${index}`;
        cell.setAttribute("role", "option");
        cell.addEventListener("pointerenter", () => activate(index));
        strip.append(cell);
      }
      cell.firstChild.textContent = label;
      cell.style.left = `${100 * from}%`;
      cell.style.width = `${100 * share}%`;
      cell.style.background = colour;
      cell.style.color = ink;
      cell.setAttribute("aria-label", note);
      from += share;
    });
    if (active >= segments.length) active = -1;
    place();
    tell();
  };
  const place = () => {
    const [u, [start, end]] = [model.get("u"), model.get("chosen_at")];
    [...strip.children].forEach((cell, index) => {
      cell.classList.toggle("nte-draw-chosen", index === model.get("chosen"));
      cell.setAttribute("aria-selected", index === model.get("chosen"));
    });
    mark.hidden = u === null;
    within.hidden = start === undefined;
    within.style.left = `${100 * start}%`;
    within.style.width = `${100 * (end - start)}%`;
    if (u !== null) {
      mark.style.left = `${100 * u}%`;
      mark.classList.toggle("nte-draw-left", u > 0.5); // the text stays within the strip
      mark.firstChild.textContent = model.get("mark");
    }
    buttons.forEach(([, , made]) => made.setAttribute("aria-disabled", u === null));
  };
  const explain = () => {
    const words = model.get("words");
    for (const [name, shortcut, made] of buttons) {
      made.lastChild.textContent = words[name] ?? "";
      made.setAttribute("aria-label", words[name] ?? "");
      made.title = (words[`tip_${name}`] ?? words[name] ?? "") + (shortcut && ` [${shortcut.toUpperCase()}]`);
    }
    strip.setAttribute("aria-label", model.get("description"));
  };
  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));

  strip.addEventListener("pointerleave", () => activate(-1));
  strip.addEventListener("blur", () => activate(-1));
  strip.addEventListener("keydown", (event) => {
    const last = strip.children.length - 1;
    const target = {
      ArrowRight: Math.min(active + 1, last),
      ArrowLeft: active < 0 ? last : Math.max(active - 1, 0),
      Home: 0,
      End: last,
    }[event.key];
    if (target === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    activate(target);
  });
  model.on("change:segments", paint);
  ["u", "mark", "chosen", "chosen_at"].forEach((name) => model.on(`change:${name}`, place));
  model.on("change:line", tell);
  ["words", "description"].forEach((name) => model.on(`change:${name}`, explain));
  model.on("change:stale", dim);
  explain();
  paint();
  dim();
}

export default { render };
