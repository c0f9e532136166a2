// The stages of a sampler as rows of a switch, a slider and a number, in the order in which they run; a line below
// says what the row under the pointer or the keyboard does. Labels of tokens are untrusted text.

function make(tag, className, parent, attributes = {}) {
  const element = document.createElement(tag);
  element.className = className;
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, value));
  parent.append(element);
  return element;
}

function render({ model, el }) {
  el.classList.add("nte-sampler");
  el.setAttribute("role", "group");
  const head = make("div", "nte-sampler-head", el);
  const preset = make("select", "", head);
  const reset = make("button", "", head);
  const fold = make("button", "nte-sampler-fold", head);
  const list = make("div", "nte-sampler-rows", el, { role: "list" });
  const foot = make("div", "nte-sampler-foot", el);
  const token = make("input", "", foot, { type: "text", autocomplete: "off", spellcheck: "false" });
  const order = make("button", "", foot);
  const line = make("div", "nte-sampler-line", el, { "aria-live": "polite" });

  const rows = new Map(); // by stage
  let kept = new Set(); // rows in view though folded: none disappears under the hand that moves it
  let unfolded = false;
  let pointed = ""; // the stage under the pointer
  let focused = ""; // the one under the keyboard
  const TOKEN = "token";

  const isOpen = () => model.get("shown").answered < model.get("asked").number;
  // What is not answered yet is asked for again: only the newest message is sure to arrive.
  const ask = (...change) => {
    const { number, changes } = model.get("asked");
    const [kind, about] = change;
    const open = isOpen() ? changes.filter((c) => kind !== "value" || c[0] !== kind || c[1] !== about) : [];
    model.set("asked", { number: Math.max(number, model.get("shown").answered) + 1, changes: [...open, change] });
    model.save_changes();
  };

  const tell = () => {
    const { rows: shown, token: typed, line: standing } = model.get("shown");
    const { stages, "token-explained": tokenExplained } = model.get("words");
    const about = pointed || focused;
    const row = about === TOKEN ? typed : shown?.find(({ stage }) => stage === about);
    const explained = about === TOKEN ? tokenExplained : stages?.[about]?.explained;
    const said = row ?? standing;
    line.textContent = line.title = said?.note || explained || "";
    line.classList.toggle("nte-wrong", said?.typed != null);
  };
  const point = (about) => {
    pointed = about;
    tell();
  };
  const focus = (about) => {
    focused = about;
    tell();
  };
  const attend = (element, about) => {
    element.addEventListener("pointerenter", () => point(about));
    element.addEventListener("pointerleave", () => point(""));
    // A click leaves the focus behind when the pointer goes on; only the keyboard's shows itself.
    element.addEventListener("focusin", ({ target }) => focus(target.matches(":focus-visible") ? about : ""));
    element.addEventListener("focusout", () => focus(""));
  };
  // What is being typed is not overwritten by an answer that comes meanwhile.
  const guard = (entry, restore) => {
    entry.addEventListener("input", () => (entry.dataset.typing = "yes"));
    entry.addEventListener("keydown", ({ key }) => {
      if (key !== "Escape") return;
      delete entry.dataset.typing;
      restore();
    });
  };
  const write = (entry, text, { note, typed }) => {
    if (entry.dataset.typing) return;
    entry.value = typed ?? text; // what was refused stays, for mending
    entry.setAttribute("aria-invalid", typed !== null);
    entry.title = typed !== null ? note : "";
  };

  const fill = (slider, { stops, neutral }) => {
    const [from, to] = [neutral, Number(slider.value)].sort((a, b) => a - b).map((at) => at / (stops.length - 1));
    slider.style.setProperty("--nte-from", from);
    slider.style.setProperty("--nte-to", to);
  };
  const shift = (stage, by) => {
    const asked = isOpen() && model.get("asked").changes.findLast(([kind]) => kind === "order")?.[2];
    const stages = [...(asked || model.get("shown").rows.map((row) => row.stage))];
    const at = stages.indexOf(stage);
    if (!stages[at + by]) return;
    [stages[at], stages[at + by]] = [stages[at + by], stages[at]];
    ask("order", "order", stages);
  };
  const build = (stage) => {
    const row = make("div", "nte-stage", list, { role: "listitem" });
    const toggle = make("button", "nte-stage-switch", row, { role: "switch" });
    const name = make("span", "nte-stage-name", row);
    const parts = { row, toggle, name };
    toggle.addEventListener("click", () => {
      if (toggle.getAttribute("aria-disabled") === "true") return;
      const on = toggle.getAttribute("aria-checked") !== "true";
      toggle.setAttribute("aria-checked", on); // a second click need not wait for the answer
      ask("switch", stage, on);
    });
    name.addEventListener("click", () => toggle.click());
    if (model.get("scales")[stage]) {
      const slider = make("input", "nte-stage-slider", row, { type: "range", min: 0, step: 1 });
      const entry = make("input", "nte-stage-entry", row, { type: "text", inputmode: "decimal", autocomplete: "off" });
      slider.addEventListener("input", () => {
        const scale = model.get("scales")[stage];
        const value = scale.stops[slider.value];
        entry.value = value ?? model.get("words").all;
        delete entry.dataset.typing;
        slider.setAttribute("aria-valuetext", entry.value);
        fill(slider, scale);
        ask("value", stage, value);
      });
      entry.addEventListener("change", () => {
        delete entry.dataset.typing;
        ask("value", stage, entry.value);
      });
      entry.addEventListener("focus", () => entry.select());
      guard(entry, () => {
        entry.value = model.get("shown").rows.find((shown) => shown.stage === stage).text;
        ask("forget", stage, "");
      });
      Object.assign(parts, { slider, entry });
    } else {
      parts.chips = make("span", "nte-stage-chips", row);
    }
    const moves = make("span", "nte-stage-moves", row);
    for (const [which, mark, by] of [["earlier", "↑", -1], ["later", "↓", 1]]) {
      parts[which] = make("button", "", moves);
      parts[which].textContent = mark;
      parts[which].addEventListener("click", () => shift(stage, by));
    }
    attend(row, stage);
    rows.set(stage, parts);
    return parts;
  };

  const paintChips = (parts, { stage, chips }) => {
    const key = JSON.stringify(chips);
    if (parts.row.dataset.chips === key) return; // a focused × stays what it is
    parts.row.dataset.chips = key;
    parts.chips.replaceChildren(
      ...chips.map(({ id, label, remove }) => {
        const chip = document.createElement("span");
        const name = make("span", "", chip);
        name.textContent = label;
        if (id !== null) {
          const button = make("button", "", chip, { "aria-label": remove, title: remove });
          button.textContent = "×";
          button.addEventListener("click", () => {
            parts.toggle.focus(); // the button goes away
            ask("drop", stage, id);
          });
        }
        return chip;
      }),
    );
  };
  const paintRow = (shown, last, place, open) => {
    const { stage } = shown;
    const parts = rows.get(stage) ?? build(stage);
    const words = model.get("words").stages[stage];
    if (list.children[place] !== parts.row) {
      const active = document.activeElement;
      list.insertBefore(parts.row, list.children[place] ?? null);
      if (parts.row.contains(active)) active.focus({ preventScroll: true }); // a row that moves keeps the keyboard
    }
    if (shown.in_view) kept.add(stage);
    parts.row.hidden = !unfolded && !kept.has(stage);
    parts.row.classList.toggle("nte-in-force", shown.in_force);
    parts.row.classList.toggle("nte-passed", shown.passed);
    parts.name.textContent = words.name;
    parts.toggle.setAttribute("aria-checked", shown.on);
    parts.toggle.setAttribute("aria-label", words.name);
    for (const [which, end] of [["earlier", 0], ["later", last]]) {
      parts[which].setAttribute("aria-label", words[which]);
      parts[which].title = words[which];
      parts[which].setAttribute("aria-disabled", place === end); // and yet it keeps the keyboard
    }
    if (parts.chips) {
      parts.toggle.setAttribute("aria-disabled", shown.chips.length === 0);
      paintChips(parts, shown);
      return;
    }
    const scale = model.get("scales")[stage];
    parts.slider.max = scale.stops.length - 1;
    parts.slider.setAttribute("aria-label", words.name);
    parts.entry.setAttribute("aria-label", words.number);
    if (open.has(stage)) return; // the hand is ahead of the answer
    parts.slider.value = shown.place;
    parts.slider.setAttribute("aria-valuetext", shown.text);
    fill(parts.slider, scale);
    write(parts.entry, shown.text, shown);
  };
  const paint = () => {
    const { rows: shown, preset: chosen, default_order: ordered, token: typed } = model.get("shown");
    const words = model.get("words");
    if (!shown || !words.stages) return;
    el.setAttribute("aria-label", words.title);
    const open = new Set(isOpen() ? model.get("asked").changes.map(([kind, about]) => kind === "value" && about) : []);
    shown.forEach((row, place) => paintRow(row, shown.length - 1, place, open));
    const options = words.presets.map(([key, name]) => new Option(name, key));
    if (!chosen) options.unshift(new Option(words.own, ""));
    const names = options.map((option) => option.text).join("\n");
    if (preset.dataset.names !== names) {
      preset.replaceChildren(...options);
      preset.dataset.names = names;
    }
    preset.value = chosen;
    preset.setAttribute("aria-label", words.preset);
    reset.textContent = words.reset;
    fold.textContent = unfolded ? words.fold : words.unfold;
    fold.setAttribute("aria-expanded", unfolded);
    el.classList.toggle("nte-unfolded", unfolded);
    order.textContent = words.order;
    order.disabled = ordered;
    token.placeholder = words["token-example"];
    token.setAttribute("aria-label", words.token);
    if (!isOpen()) write(token, "", typed);
    tell();
  };

  const choose = (name) => {
    kept = new Set();
    [token, ...[...rows.values()].map(({ entry }) => entry)].forEach((entry) => delete entry?.dataset.typing);
    ask("preset", "preset", name);
  };
  preset.addEventListener("change", () => choose(preset.value));
  reset.addEventListener("click", () => choose(model.get("words").presets[0][0]));
  order.addEventListener("click", () => ask("order", "order", model.get("words")["default-order"]));
  fold.addEventListener("click", () => {
    unfolded = !unfolded;
    kept = new Set();
    paint();
  });
  guard(token, () => {
    token.value = "";
    ask("forget", TOKEN, "");
  });
  attend(foot, TOKEN);
  token.addEventListener("keydown", ({ key, isComposing }) => {
    if (key !== "Enter" || isComposing || !token.value) return;
    delete token.dataset.typing;
    ask("token", TOKEN, token.value);
  });
  // JupyterLab reads keys as commands unless they stay in here; Shift-Enter is left to it.
  el.addEventListener("keydown", (event) => {
    if (!(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
  });
  ["shown", "words", "scales"].forEach((name) => model.on(`change:${name}`, paint));
  paint();
}

export default { render };
