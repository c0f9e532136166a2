// A row of toggle buttons whose labels are untrusted text (tokens).

function render({ model, el }) {
  el.classList.add("nte-choices");
  const paint = () => {
    const focused = el.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
    el.replaceChildren(
      ...model.get("choices").map(({ key, label, note, pressed, description }) => {
        const button = document.createElement("button");
        const [name, more] = [document.createElement("span"), document.createElement("small")];
        name.textContent = label;
        more.textContent = note;
        button.append(name, more);
        button.dataset.key = key;
        button.title = description;
        button.setAttribute("aria-label", description);
        button.setAttribute("aria-pressed", pressed);
        button.addEventListener("click", () => model.send({ kind: "chosen", key }));
        return button;
      }),
    );
    el.querySelector(`[data-key="${focused}"]`)?.focus();
  };
  model.on("change:choices", paint);
  paint();
}

export default { render };
