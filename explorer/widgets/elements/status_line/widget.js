// One line that says what is going on: a state, a sentence, and a bar where something takes longer.

function render({ model, el }) {
  el.classList.add("nte-status");
  const dot = document.createElement("span");
  dot.className = "nte-dot";
  const text = document.createElement("span");
  text.className = "nte-text";
  const bar = document.createElement("progress");
  const notes = document.createElement("div");
  notes.className = "nte-notes";
  const line = document.createElement("div");
  line.className = "nte-status-line";
  line.append(dot, text, bar);
  el.append(line, notes);

  const paint = () => {
    el.dataset.state = model.get("state");
    text.textContent = model.get("text");
    text.setAttribute("role", model.get("state") === "error" ? "alert" : "status");
    const share = model.get("share");
    bar.hidden = share === null;
    if (share !== null && share >= 0) bar.value = share;
    else bar.removeAttribute("value"); // goes back and forth
    notes.replaceChildren(
      ...model.get("notes").map((note) => {
        const item = document.createElement("div");
        item.textContent = note;
        return item;
      }),
    );
  };
  ["state", "text", "share", "notes"].forEach((name) => model.on(`change:${name}`, paint));
  paint();
}

export default { render };
