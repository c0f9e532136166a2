// The roles of heads: for each its name, what it means, and the heads that have its label, as buttons.

function render({ model, el }) {
  el.classList.add("nte-roles");

  const make = (name, className, text = "") => {
    const element = document.createElement(name);
    element.className = className;
    element.textContent = text;
    return element;
  };
  const button = (className, key, pressed, description, message, ...parts) => {
    const made = make("button", className);
    made.append(...parts);
    made.dataset.key = key;
    made.title = description;
    made.setAttribute("aria-label", description);
    made.setAttribute("aria-pressed", pressed);
    made.addEventListener("click", () => model.send(message));
    return made;
  };
  const drawHead = (kind) => ({ layer, head, label, note, pressed, description }) => {
    const parts = [make("span", "", label), make("small", "", note)];
    const message = { kind: "head", layer, head };
    return button("nte-roles-head", `${kind} ${label}`, pressed, description, message, ...parts);
  };
  const drawGroup = ({ kind, name, about, note, tip, pressed, heads, more }) => {
    const group = make("div", "nte-roles-group");
    const title = button("nte-roles-name", kind, pressed, tip, { kind: "role", role: kind }, name);
    const list = make("div", "nte-roles-heads");
    list.append(...heads.map(drawHead(kind)), make("small", "nte-roles-more", more));
    group.append(title, make("small", "nte-roles-note", note), make("div", "nte-roles-about", about), list);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", name);
    return group;
  };

  const paint = () => {
    const focused = el.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    el.replaceChildren(...model.get("groups").map(drawGroup));
    if (focused !== undefined) [...el.querySelectorAll("button")].find(({ dataset }) => dataset.key === focused)?.focus();
  };
  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));
  model.on("change:groups", paint);
  model.on("change:stale", dim);
  paint();
  dim();
}

export default { render };
