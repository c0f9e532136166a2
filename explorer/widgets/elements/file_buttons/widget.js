// A session as a file: saved to and opened from the reader's own machine, and a menu of earlier ones. The bytes come
// and go over the widget's channel, so that no server has to have an address for them.

function render({ model, el }) {
  el.classList.add("nte-files");
  const make = (name, parent) => {
    const made = document.createElement(name);
    parent.append(made);
    return made;
  };
  const [save, open] = [make("button", el), make("button", el)];
  const earlier = make("select", el);
  const problem = make("span", el);
  problem.className = "nte-files-problem";
  problem.setAttribute("role", "alert");
  const choose = document.createElement("input"); // stays off the page: the button opens it
  choose.type = "file";
  choose.accept = ".json,application/json";

  let asked = false; // this view, and not another one of the same widget
  save.addEventListener("click", () => {
    problem.textContent = "";
    asked = true;
    model.send({ kind: "save" });
  });
  model.on("msg:custom", ({ kind, name, text }, buffers) => {
    if (kind === "problem") problem.textContent = text;
    if (kind !== "file" || !asked) return;
    asked = false;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([buffers[0]], { type: "application/json" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // when the browser has surely taken it
  });

  open.addEventListener("click", () => choose.click());
  choose.addEventListener("change", async () => {
    const file = choose.files[0];
    choose.value = ""; // choosing the same file again is a change as well
    if (!file) return;
    const { too_big: tooBig, unreadable } = model.get("words");
    problem.textContent = file.size > model.get("most_bytes") ? tooBig : "";
    if (problem.textContent) return;
    try {
      model.send({ kind: "open", name: file.name }, undefined, [await file.arrayBuffer()]);
    } catch {
      problem.textContent = unreadable;
    }
  });

  earlier.addEventListener("change", () => {
    problem.textContent = "";
    model.send({ kind: "earlier", key: earlier.value });
    earlier.selectedIndex = 0; // it says what it is, and the same one can be chosen again
  });

  const paint = () => {
    const words = model.get("words");
    save.textContent = words.save ?? "";
    open.textContent = words.open ?? "";
    const title = new Option(words.earlier ?? "", "", true, true);
    title.disabled = true;
    earlier.replaceChildren(title, ...model.get("earlier").map(({ key, label }) => new Option(label, key)));
    earlier.disabled = earlier.length === 1;
    earlier.setAttribute("aria-label", words.earlier ?? "");
  };
  model.on("change:words", paint);
  model.on("change:earlier", paint);
  paint();
}

export default { render };
