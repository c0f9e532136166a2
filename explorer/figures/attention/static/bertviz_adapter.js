// What BertViz's scripts use of require.js, d3 5 and jQuery, and nothing else of them. BertViz takes the three from a
// CDN, which a room without a network does not have. Text gets into the page as text: there is no `html()` here.

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const page = /** @type {any} */ (window);

  /**
   * @typedef {Element & { __data__?: any }} Bound an element with the datum that belongs to it
   * @typedef {Bound | Missing | null | undefined} Member of a group
   * @typedef {(element: any, index: number, group: Member[]) => void} Action
   */

  // d3 takes a value, or a function of datum and index with the element as `this`.
  /** @param {any} value @param {any} element @param {number} index @param {any} group */
  const valueFor = (value, element, index, group) =>
    typeof value === "function" ? value.call(element, element.__data__, index, group) : value;

  // Stands in a group for an element that is yet to be made for a datum.
  class Missing {
    /** @param {any} parent @param {any} datum */
    constructor(parent, datum) {
      this.parent = parent;
      this.__data__ = datum;
    }
    get namespaceURI() {
      return this.parent.namespaceURI;
    }
    /** @param {Node} child */
    append(child) {
      this.parent.append(child);
    }
  }

  // Elements in groups; `parents` are what the groups were found in. A group may have holes: the index counts on.
  class Selection {
    /** @param {Member[][]} groups @param {any[]} parents */
    constructor(groups, parents) {
      this.groups = groups;
      this.parents = parents;
      this.enter = () => new Selection([], []); // see `data`
    }

    /** @param {Action} action */
    each(action) {
      for (const group of this.groups) {
        group.forEach((element, index) => element && action(element, index, group));
      }
      return this;
    }

    // One element for each of these, which takes over the datum.
    /** @param {(element: any) => any} find */
    descend(find) {
      const groups = this.groups.map((group) =>
        group.map((element) => {
          const found = element && find(element);
          if (found && "__data__" in element) found.__data__ = element.__data__;
          return found;
        }),
      );
      return new Selection(groups, this.parents);
    }

    /** @param {string} selector */
    select(selector) {
      return this.descend((element) => element.querySelector(selector));
    }

    /** @param {string} name */
    append(name) {
      return this.descend((element) => {
        const local = name.replace("svg:", "");
        const isSvg = local !== name || local === "svg";
        const child = document.createElementNS(isSvg ? SVG : element.namespaceURI, local);
        element.append(child);
        return child;
      });
    }

    // All that match within each of these, which becomes their parent.
    /** @param {string} selector */
    selectAll(selector) {
      /** @type {Member[][]} */
      const groups = [];
      /** @type {Element[]} */
      const parents = [];
      this.each((element) => {
        groups.push([...element.querySelectorAll(selector)]);
        parents.push(element);
      });
      return new Selection(groups, parents);
    }

    // Data go to the elements in turn; for those that find none, `enter` makes some.
    /** @param {any} values */
    data(values) {
      /** @type {Member[][]} */
      const missing = [];
      const groups = this.groups.map((group, i) => {
        const parent = this.parents[i];
        const data = /** @type {any[]} */ (Array.from(valueFor(values, parent, i, this.parents)));
        missing.push(data.map((datum, j) => (group[j] ? null : new Missing(parent, datum))));
        return data.map((datum, j) => {
          const member = group[j];
          if (member) member.__data__ = datum;
          return member;
        });
      });
      const bound = new Selection(groups, this.parents);
      bound.enter = () => new Selection(missing, this.parents);
      return bound;
    }

    /** @param {string} name @param {any} value */
    attr(name, value) {
      return this.each((element, ...place) => {
        const given = valueFor(value, element, ...place);
        if (given == null) element.removeAttribute(name);
        else element.setAttribute(name, given);
      });
    }

    /** @param {string} name @param {any} value */
    style(name, value) {
      return this.each((element, ...place) =>
        element.style.setProperty(name, valueFor(value, element, ...place) ?? ""),
      );
    }

    /** @param {string} name @param {any} on */
    classed(name, on) {
      return this.each((element, ...place) => element.classList.toggle(name, Boolean(valueFor(on, element, ...place))));
    }

    /** @param {any} value */
    text(value) {
      return this.each((element, ...place) => (element.textContent = valueFor(value, element, ...place) ?? ""));
    }

    /** @param {string} type @param {(this: Element, datum: any, ...place: any[]) => void} listener */
    on(type, listener) {
      return this.each((element, ...place) => {
        element[`on${type}`] = () => listener.call(element, element.__data__, ...place);
      });
    }

    remove() {
      return this.each((element) => element.remove());
    }
  }

  // Keys get the colours in the order in which they first ask.
  /** @param {string[]} range */
  function scaleOrdinal(range) {
    /** @type {Map<string, number>} */
    const keys = new Map();
    return (/** @type {unknown} */ key) => {
      const place = keys.get(`${key}`) ?? keys.size;
      keys.set(`${key}`, place);
      return range[place % range.length];
    };
  }

  // Hue in degrees, saturation and lightness of a colour `#rrggbb`; as text it is `rgb(r, g, b)` again.
  class Hsl {
    /** @param {string} colour */
    constructor(colour) {
      const [r, g, b] = (colour.match(/[0-9a-f]{2}/g) ?? []).map((digits) => parseInt(digits, 16) / 255);
      const most = Math.max(r, g, b);
      const least = Math.min(r, g, b);
      const sector =
        most === r
          ? (g - b) / (most - least)
          : most === g
            ? (b - r) / (most - least) + 2
            : (r - g) / (most - least) + 4;
      this.h = (60 * sector + 360) % 360; // NaN for a grey, which has no hue
      this.l = (most + least) / 2;
      this.s = (most - least) / (this.l < 0.5 ? most + least : 2 - most - least);
    }

    toString() {
      const top = this.l + Math.min(this.l, 1 - this.l) * (Number.isNaN(this.h) ? 0 : this.s);
      const bottom = 2 * this.l - top;
      const channels = [120, 0, -120].map((turn) => {
        const hue = (this.h + turn + 360) % 360;
        const rise = Math.min(hue / 60, 1, (240 - hue) / 60);
        const level = bottom + (top - bottom) * (Number.isNaN(rise) ? 0 : Math.max(0, rise));
        return Math.round(255 * Math.min(1, Math.max(0, level)));
      });
      return `rgb(${channels.join(", ")})`;
    }
  }

  // Points to the path of the straight lines through them.
  function line() {
    /** @typedef {(point: any) => number} Coordinate */
    /** @type {{ x: Coordinate, y: Coordinate }} */
    const place = { x: ([x]) => x, y: ([, y]) => y };
    const path = (/** @type {any[]} */ points) =>
      `M${points.map((point) => `${place.x(point)},${place.y(point)}`).join("L")}`;
    path.x = (/** @type {Coordinate} */ x) => Object.assign(place, { x }) && path;
    path.y = (/** @type {Coordinate} */ y) => Object.assign(place, { y }) && path;
    return path;
  }

  const d3 = {
    version: "5",
    schemeCategory10: [
      ["#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd"],
      ["#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf"],
    ].flat(),
    scaleOrdinal,
    line,
    hsl: (/** @type {string} */ colour) => new Hsl(colour),
    select: (/** @type {string | Element} */ what) =>
      new Selection([[typeof what === "string" ? document.querySelector(what) : what]], [document]),
    selectAll: (/** @type {string} */ selector) =>
      new Selection([[...document.querySelectorAll(selector)]], [document]),
  };

  // Of jQuery: what menus need, and emptying a place.
  class Query {
    /** @param {any[]} elements */
    constructor(elements) {
      this.elements = elements;
    }
    /** @param {(element: any) => void} action */
    each(action) {
      this.elements.forEach(action);
      return this;
    }
    /** @param {Query} query */
    append(query) {
      return this.each((element) => element.append(...query.elements));
    }
    empty() {
      return this.each((element) => element.replaceChildren());
    }
    /** @param {string} name @param {string} value */
    attr(name, value) {
      return this.each((element) => element.setAttribute(name, value));
    }
    /** @param {string} value */
    val(value) {
      return this.each((element) => (element.value = value));
    }
    /** @param {string} value */
    text(value) {
      return this.each((element) => (element.textContent = value));
    }
    /** @param {string} type @param {EventListener} listener */
    on(type, listener) {
      return this.each((element) => element.addEventListener(type, listener));
    }
    change() {
      return this.each((element) => element.dispatchEvent(new Event("change")));
    }
  }

  /** @param {string} what */
  function jquery(what) {
    const made = /^<(\w+) \/>$/.exec(what);
    return new Query(made ? [document.createElement(made[1])] : [...document.querySelectorAll(what)]);
  }

  const modules = { d3, jquery };
  page.require = { config() {} };
  page.requirejs = (
    /** @type {(keyof typeof modules)[]} */ names,
    /** @type {(...modules: any[]) => void} */ script,
  ) => {
    script(...names.map((name) => modules[name]));
    // The neuron view numbers the layers and heads that it was given; here they get the numbers they have in the model.
    for (const [menu, numbers] of Object.entries(page.bertviz_params.menus ?? {})) {
      document.querySelectorAll(`#${menu} option`).forEach((option, i) => (option.textContent = numbers[i]));
    }
  };
})();
