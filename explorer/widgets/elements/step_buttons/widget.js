// Stepping through a text: buttons, the keys that do the same, the seed, the speed, and what ends a run.

const ICONS = {
  undo: "M6 3 3 6l3 3M3.5 6H10a3.5 3.5 0 0 1 0 7H6.5",
  redo: "m10 3 3 3-3 3m2.5-3H6a3.5 3.5 0 0 0 0 7h3.5",
  step: "M4 3.5v9L9.5 8zm8.5 0v9",
  play: "M5 3v10l8-5z",
  pause: "M5.5 3.5v9m5-9v9",
  branch: "M4.5 2.5v11m0-3.5c0-4 7-1.5 7-6m-2 1.5 2-2 2 2",
};
const KEYS = { s: "step", u: "undo", r: "redo", p: "play", b: "branch", d: "again" };
const MARK = "data-lm-suppress-shortcuts";
const HELD = ["step", "undo", "redo", "again"]; // go on while their key is held down

// The Latin letter of a key, on keyboards of other alphabets too.
function letter({ key, code }) {
  return (/^[a-z]$/i.test(key) ? key : (/^Key([A-Z])$/.exec(code)?.[1] ?? "")).toLowerCase();
}

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.dataset.icon = name;
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

function make(tag, name, ...children) {
  const made = document.createElement(tag);
  made.className = name;
  made.append(...children);
  return made;
}

function render({ model, el }) {
  el.classList.add("nte-steps");
  const painters = []; // each writes a part of the page anew
  const app = () => el.closest(".nte-app") ?? el.closest(".jp-OutputArea-output") ?? el;
  const word = (name) => model.get("words")[name] ?? "";
  const tip = (name) => word(`tip_${name}`) || word(name);
  const able = (name) => model.get("enabled")[name === "pause" ? "play" : name] !== false;
  const now = (name) => (name === "play" && model.get("playing") ? "pause" : name);
  // The page's messages overtake each other: a step says which prefix it is meant for.
  const prefix = () => app().querySelector(".nte-prefix textarea")?.value ?? null;
  const command = (name) => able(name) && model.send({ kind: "command", name: now(name), prefix: prefix() });

  const commandButton = (name) => {
    const faces = name === "play" ? ["play", "pause"] : [name]; // laid over each other: the wider one keeps the place
    const stack = make("span", "nte-steps-stack");
    const button = make("button", "", stack);
    button.type = "button";
    button.dataset.command = name;
    button.addEventListener("click", () => command(name));
    const parts = faces.map((face) => make("span", "nte-steps-face", icon(face), make("span", "nte-steps-word")));
    stack.append(...parts);
    const key = Object.keys(KEYS).find((each) => KEYS[each] === name);
    const shortcuts = name === "step" ? [key, "Control+Enter", "Meta+Enter"] : [key];
    button.setAttribute("aria-keyshortcuts", shortcuts.join(" "));
    painters.push(() => {
      faces.forEach((face, i) => {
        parts[i].lastChild.textContent = word(face);
        parts[i].classList.toggle("nte-steps-away", face !== now(name));
      });
      const keys = name === "step" ? `${key.toUpperCase()}, Ctrl+Enter` : key.toUpperCase();
      button.setAttribute("aria-label", word(now(name)));
      button.title = `${tip(now(name))} [${keys}]`;
      button.setAttribute("aria-disabled", !able(name)); // not `disabled`: that would drop the focus
    });
    return button;
  };

  const save = (trait, value) => {
    if (model.get(trait) === value) return;
    model.set(trait, value);
    model.save_changes();
  };
  const labelled = (name, control) => {
    const text = make("span", "nte-steps-name");
    const label = make("label", "nte-steps-field", text, control);
    painters.push(() => {
      text.textContent = word(name); // gone where there is no room for it
      control.setAttribute("aria-label", word(name));
      label.title = model.get("wrong")[name] || tip(name);
      control.setAttribute("aria-invalid", name in model.get("wrong"));
    });
    return label;
  };
  const entry = (name, size) => {
    const box = make("input", "");
    Object.assign(box, { type: "text", size, autocomplete: "off", spellcheck: false });
    box.addEventListener("input", (event) => !event.isComposing && save(name, box.value));
    box.addEventListener("compositionend", () => save(name, box.value));
    box.addEventListener("keydown", (event) => event.key !== "Escape" && event.stopPropagation());
    painters.push(() => {
      if (box.value !== model.get(name)) box.value = model.get(name);
    });
    return labelled(name, box);
  };
  const speed = () => {
    const menu = make("select", "");
    let offered;
    menu.addEventListener("change", () => save("speed", menu.value));
    painters.push(() => {
      const speeds = model.get("speeds");
      if (speeds !== offered) menu.replaceChildren(...speeds.map(([key, label]) => new Option(label, key)));
      offered = speeds; // new options would close an open menu
      menu.value = model.get("speed");
      menu.title = tip("speed");
      menu.setAttribute("aria-label", word("speed"));
    });
    return menu;
  };
  const atEnd = () => {
    const box = make("input", "");
    box.type = "checkbox";
    box.addEventListener("change", () => save("stop_at_end", box.checked));
    painters.push(() => (box.checked = model.get("stop_at_end")));
    return labelled("stop_at_end", box);
  };

  const ends = make("div", "nte-steps-ends", atEnd(), entry("stop_text", 8), entry("length", 4));
  ends.hidden = true;
  const fold = make("button", "nte-steps-fold");
  fold.type = "button";
  fold.addEventListener("click", () => {
    ends.hidden = !ends.hidden;
    paint();
  });
  painters.push(() => {
    fold.textContent = word("stop");
    fold.title = tip("stop");
    fold.setAttribute("aria-expanded", !ends.hidden);
    // What hides in the fold and cannot be read shows on it.
    fold.classList.toggle("nte-steps-wrong", ["stop_text", "length"].some((name) => name in model.get("wrong")));
  });
  const buttons = make("div", "nte-steps-buttons", ...["undo", "redo", "step", "play", "branch"].map(commandButton));
  el.append(make("div", "nte-steps-row", buttons, entry("seed", 7), speed(), fold), ends);

  const paint = () => painters.forEach((each) => each());
  const typed = ["seed", "speed", "stop_at_end", "stop_text", "length"];
  for (const trait of ["words", "enabled", "playing", "speeds", "wrong", ...typed]) model.on(`change:${trait}`, paint);
  paint();

  // The keys. The window hears them first, before JupyterLab on the document, whose `b` inserts a cell.
  const within = (target) => target instanceof Element && app().contains(target);
  let marked = el;
  const onKey = (event) => {
    const { target, key, shiftKey, altKey, ctrlKey, metaKey } = event;
    if (!within(target) || event.isComposing || event.keyCode === 229) return; // the last two: an input method's own
    const plain = !altKey && !ctrlKey && !metaKey;
    // JupyterLab takes no key from within an element with this mark: not `x`, which cuts the cell, nor arrows, which
    // leave it. Keys with a modifier (save, the command palette) stay its own, and Shift+Enter, which runs the cell.
    for (const each of [marked, target]) each.removeAttribute(MARK);
    marked = target;
    if (plain && key !== "Enter") target.setAttribute(MARK, "");
    const entered = key === "Enter" && ctrlKey !== metaKey && !altKey && !shiftKey;
    const writes = target.matches(":read-write") || target.matches("select");
    const name = entered ? "step" : plain && !shiftKey && !writes && KEYS[letter(event)];
    if (!name) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!event.repeat || HELD.includes(name)) command(name);
  };
  // A click on an empty place would give the focus to the notebook's cell, and with it the keys.
  const onPointer = ({ type, target }) => {
    if (!within(target)) return;
    app().tabIndex = -1;
    app().style.outline = "none";
    if (type === "click" && !app().contains(document.activeElement)) app().focus({ preventScroll: true });
  };
  const listeners = { keydown: onKey, pointerdown: onPointer, click: onPointer };
  for (const [type, listener] of Object.entries(listeners)) window.addEventListener(type, listener, true);
  return () => {
    for (const [type, listener] of Object.entries(listeners)) window.removeEventListener(type, listener, true);
  };
}

export default { render };
