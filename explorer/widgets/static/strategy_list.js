// The strategies that are compared: a name one can change, what it does, and buttons.

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
    const buttons = ACTIONS.map((action) => {
      const button = document.createElement("button");
      button.type = "button";
      if (SIGNS[action]) button.className = "nte-strategy-sign";
      button.addEventListener("click", () => send(action, place));
      return [action, button];
    });
    row.append(name, method, ...buttons.map(([, button]) => button));
    el.append(row);
    return { row, name, method, buttons };
  };
  const paint = () => {
    const [strategies, words, labels] = [model.get("strategies"), model.get("words"), model.get("labels")];
    while (rows.length > strategies.length) rows.pop().row.remove();
    strategies.forEach((strategy, place) => {
      rows[place] ??= newRow(place);
      const { name, method, buttons } = rows[place];
      if (document.activeElement !== name) name.value = strategy.name;
      name.setAttribute("aria-label", words.name ?? "");
      method.textContent = strategy.method;
      for (const [action, button] of buttons) {
        button.textContent = SIGNS[action] ?? labels[action] ?? "";
        button.title = words[action] ?? "";
        button.setAttribute("aria-label", `${words[action] ?? ""}: ${strategy.name}`);
        const last = strategies.length - 1;
        button.disabled = { take: false, show: !strategy.samples, up: place === 0, down: place === last }[action] ?? false;
      }
    });
  };
  model.on("change:strategies", paint);
  model.on("change:words", paint);
  model.on("change:labels", paint);
  paint();
}

export default { render };
