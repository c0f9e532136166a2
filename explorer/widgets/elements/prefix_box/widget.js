// The box one types the prefix into. Every change is sent; while an input method composes a character (Chinese,
// Japanese, accents), what is half-typed is not text yet and stays here.

const LONGEST = 3; // rows; the bars stay in view

function render({ model, el }) {
  el.classList.add("nte-prefix");
  const box = document.createElement("textarea");
  box.spellcheck = false;
  box.autocomplete = "off";
  box.dir = "auto";
  el.append(box);

  const words = () => {
    box.placeholder = model.get("label");
    box.setAttribute("aria-label", model.get("label"));
  };
  const grow = () => {
    box.rows = 1;
    const rows = Math.round(box.scrollHeight / parseFloat(getComputedStyle(box).lineHeight || 20));
    box.rows = Math.min(LONGEST, Math.max(1, rows));
  };
  const send = () => {
    if (model.get("value") === box.value) return;
    model.set("value", box.value);
    model.save_changes();
  };
  const receive = () => {
    if (box.value !== model.get("value")) box.value = model.get("value");
    grow();
  };

  let composing = false;
  box.addEventListener("compositionstart", () => (composing = true));
  box.addEventListener("compositionend", () => {
    composing = false;
    send();
  });
  box.addEventListener("input", () => {
    grow();
    if (!composing) send();
  });
  // JupyterLab reads keys as commands unless they stay in here; Escape and Shift-Enter are left to it.
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" && !(event.key === "Enter" && event.shiftKey)) event.stopPropagation();
  });
  model.on("change:value", receive);
  model.on("change:label", words);
  words();
  receive();
  requestAnimationFrame(grow); // once it has a size
}

export default { render };
