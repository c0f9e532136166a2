// The strategies that are compared: a name one can change, what it does, the numbers of a beam search, and buttons.

const BEAM = ["n_beams", "length_penalty"];
const ACTIONS = ["take", "show", "duplicate", "up", "down", "remove"];
const SIGNS = { up: "↑", down: "↓", remove: "✕" }; // the others are in words

function render({ model, el }) {
  el.classList.add("nte-strategies");
  const rows = [];
  const send = (kind, place, more = {}) => model.send({ kind, place, ...more });

  const newRow = (place) => {
    const row = document.createElement("div");
    row.className = "nte-strategy";
    const name = document.createElement("input");
    name.maxLength = 80;
    name.addEventListener("change", () => send("rename", place, { name: name.value }));
    name.addEventListener("keydown", (event) => event.key === "Enter" && !event.isComposing && name.blur());
    const method = document.createElement("span");
    method.className = "nte-strategy-method";
    const beam = BEAM.map((parameter) => {
      const label = document.createElement("label");
      const input = document.createElement("input");
      input.inputMode = "decimal";
      label.append("", input); // the word is painted
      return { parameter, label, input };
    });
    const sendBeam = () => send("beam", place, Object.fromEntries(beam.map((it) => [it.parameter, it.input.value])));
    for (const { input } of beam) {
      input.addEventListener("change", sendBeam);
      input.addEventListener("keydown", (event) => event.key === "Enter" && input.blur());
    }
    const buttons = ACTIONS.map((action) => {
      const button = document.createElement("button");
      button.type = "button";
      if (SIGNS[action]) button.className = "nte-strategy-sign";
      button.addEventListener("click", () => send(action, place));
      return [action, button];
    });
    row.append(name, method, ...beam.map((it) => it.label), ...buttons.map(([, button]) => button));
    el.append(row);
    return { row, name, method, beam, buttons };
  };
  const paint = () => {
    const [strategies, words, labels] = [model.get("strategies"), model.get("words"), model.get("labels")];
    while (rows.length > strategies.length) rows.pop().row.remove();
    strategies.forEach((strategy, place) => {
      rows[place] ??= newRow(place);
      const { name, method, beam, buttons } = rows[place];
      if (document.activeElement !== name) name.value = strategy.name;
      name.title = strategy.name; // it may be longer than the box
      for (const { parameter, label, input } of beam) {
        label.hidden = !strategy.beam;
        label.firstChild.textContent = words[parameter] ?? "";
        if (document.activeElement !== input) input.value = strategy.beam?.[parameter] ?? "";
      }
      name.setAttribute("aria-label", words.name ?? "");
      method.textContent = strategy.method;
      for (const [action, button] of buttons) {
        button.textContent = SIGNS[action] ?? labels[action] ?? "";
        button.title = words[action] ?? "";
        button.setAttribute("aria-label", `${words[action] ?? ""}: ${strategy.name}`);
        const last = strategies.length - 1;
        button.disabled = { take: false, show: Boolean(strategy.beam), up: place === 0, down: place === last }[action] ?? false;
      }
    });
  };
  model.on("change:strategies", paint);
  model.on("change:words", paint);
  model.on("change:labels", paint);
  paint();
}

export default { render };
