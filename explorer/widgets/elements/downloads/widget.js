// Buttons that save files on the reader's own machine. The bytes come over the widget's channel.

function render({ model, el }) {
  el.classList.add("nte-files");
  let asked = false; // this view, and not another one of the same widget
  const paint = () => {
    const buttons = Object.entries(model.get("words")).map(([key, word]) => {
      const button = document.createElement("button");
      button.textContent = word;
      button.disabled = model.get("disabled");
      button.addEventListener("click", () => {
        asked = true;
        model.send({ kind: "save", key });
      });
      return button;
    });
    el.replaceChildren(...buttons);
  };
  model.on("msg:custom", ({ kind, name }, buffers) => {
    if (kind !== "file" || !asked) return;
    asked = false;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([buffers[0]]));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // when the browser has surely taken it
  });
  model.on("change:words", paint);
  model.on("change:disabled", paint);
  paint();
}

export default { render };
