// One plotly figure. plotly.js itself (1.5 MB packed) comes from the kernel once a page, over the widget's own
// channel, so that neither a network nor a copy in every widget is needed.

const LIBRARY = Symbol.for("next-token-explorer.plotly");
const PATIENCE = 20_000; // milliseconds until another widget may ask

function library(model) {
  if (!window[LIBRARY]) {
    window[LIBRARY] = new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        delete window[LIBRARY];
        reject(new Error("plotly.js did not arrive"));
      }, PATIENCE);
      const onMessage = async (content, buffers) => {
        if (content.kind !== "library") return;
        model.off("msg:custom", onMessage);
        clearTimeout(timer);
        const unpacked = new Blob([buffers[0]]).stream().pipeThrough(new DecompressionStream("gzip"));
        const source = await new Response(unpacked).text();
        // As a CommonJS module: it must not find the AMD loader that some pages (Voila) bring along.
        const module = { exports: {} };
        new Function("module", "exports", "define", source)(module, module.exports, undefined);
        resolve(module.exports);
      };
      model.on("msg:custom", onMessage);
      model.send({ kind: "library" });
    });
  }
  return window[LIBRARY];
}

function button(Plotly, title, format) {
  return {
    name: format,
    title,
    icon: format === "png" ? Plotly.Icons.camera : Plotly.Icons.disk,
    click: (box) => Plotly.downloadImage(box, { format, filename: "next-token" }),
  };
}

async function render({ model, el }) {
  el.classList.add("nte-plot");
  const box = document.createElement("div");
  el.append(box);
  const reserve = () => (box.style.minHeight = `${model.get("height")}px`); // the place is kept before the picture
  reserve();

  let Plotly;
  for (let tries = 0; !Plotly && tries < 3; tries++) {
    Plotly = await library(model).catch(() => undefined);
  }
  if (!Plotly) return;

  let waiting = false;
  const draw = async () => {
    waiting = false;
    if (!model.get("figure")) return;
    const { data, layout } = JSON.parse(model.get("figure"));
    reserve();
    const words = model.get("words");
    const config = {
      displaylogo: false,
      typesetMath: false,
      modeBarButtons: [[button(Plotly, words.png, "png"), button(Plotly, words.svg, "svg")]],
    };
    await Plotly.react(box, data, layout, config);
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", model.get("description"));
    el.dataset.answer = model.get("answer"); // which question this picture answers
  };
  const schedule = () => {
    if (!waiting) {
      waiting = true;
      requestAnimationFrame(draw);
    }
  };
  const dim = () => el.classList.toggle("nte-stale", model.get("stale"));
  // The window is not all that changes its size: panels of JupyterLab do as well.
  const resize = new ResizeObserver(() => box.data && box.clientWidth && Plotly.Plots.resize(box));
  resize.observe(el);
  model.on("change:figure", schedule);
  model.on("change:stale", dim);
  draw();
  dim();
  return () => {
    resize.disconnect();
    Plotly.purge(box);
  };
}

export default { render };
