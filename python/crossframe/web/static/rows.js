// A table of any length: only the rows in sight, and a few around them, are in the page.

import { el } from "./dom.js";

const AROUND = 10;

export class Rows {
  // columns: [{ key, label, class, sortable }]; draw(item, index) gives a <tr>; onend is called near the last row.
  constructor(box, { columns, draw, onsort, onend, label }) {
    Object.assign(this, { box, draw, onend, items: [], active: 0, from: -1, to: -1 });
    this.body = el("tbody");
    this.above = el("tbody", { "aria-hidden": "true" }, el("tr", {}, el("td")));
    this.below = el("tbody", { "aria-hidden": "true" }, el("tr", {}, el("td")));
    this.heads = columns.map((column) => head(column, onsort));
    this.table = el("table", { "aria-label": label }, el("thead", {}, el("tr", { "aria-rowindex": "1" }, this.heads)), this.above, this.body, this.below);
    box.replaceChildren(this.table);
    box.addEventListener("scroll", () => this.soon(), { passive: true });
    new ResizeObserver(() => this.soon()).observe(box);
  }

  get height() {
    return Number.parseFloat(getComputedStyle(this.box).getPropertyValue("--row")) || 44;
  }

  soon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.show();
    });
  }

  set(items, { keep = true } = {}) {
    this.items = items;
    this.from = -1;
    if (!keep) {
      this.active = 0;
      this.box.scrollTop = 0;
    }
    this.active = Math.max(0, Math.min(this.active, items.length - 1));
    this.table.setAttribute("aria-rowcount", items.length + 1);
    this.show();
  }

  show() {
    const { height } = this;
    const first = Math.floor(this.box.scrollTop / height);
    const count = Math.ceil(this.box.clientHeight / height);
    const from = Math.max(0, first - AROUND);
    const to = Math.min(this.items.length, first + count + AROUND);
    if (to > this.items.length - 100) this.onend?.();
    if (from === this.from && to === this.to) return;
    Object.assign(this, { from, to });
    const focused = this.body.contains(document.activeElement);
    this.above.hidden = !from;
    this.below.hidden = to === this.items.length;
    this.above.firstChild.firstChild.style.height = `${from * height}px`;
    this.below.firstChild.firstChild.style.height = `${(this.items.length - to) * height}px`;
    this.body.replaceChildren(...this.items.slice(from, to).map((item, i) => this.row(item, from + i)));
    if (focused) this.link(this.active)?.focus({ preventScroll: true });
  }

  row(item, index) {
    const row = this.draw(item, index);
    row.setAttribute("aria-rowindex", index + 2);
    row.dataset.index = index;
    for (const one of row.querySelectorAll("a, button, input")) {
      one.tabIndex = index === this.active ? 0 : -1;
      one.addEventListener("focus", () => this.mark(index));
    }
    return row;
  }

  mark(index) {
    if (index === this.active) return;
    for (const [at, tab] of [[this.active, -1], [index, 0]]) {
      for (const one of this.body.querySelectorAll(`tr[data-index="${at}"] :is(a, button, input)`)) one.tabIndex = tab;
    }
    this.active = index;
  }

  link(index) {
    return this.body.querySelector(`tr[data-index="${index}"] a`);
  }

  // Go to a row by the keyboard, wherever it is.
  focus(index) {
    const at = Math.max(0, Math.min(index, this.items.length - 1));
    const { height } = this;
    const head = this.table.tHead.offsetHeight;
    if (at * height < this.box.scrollTop) this.box.scrollTop = at * height;
    const end = (at + 1) * height + head - this.box.clientHeight;
    if (end > this.box.scrollTop) this.box.scrollTop = end;
    this.show();
    this.mark(at);
    this.link(at)?.focus({ preventScroll: true });
  }

  get current() {
    return this.items[this.active];
  }

  redraw() {
    this.from = -1;
    this.show();
  }

  sorted(key, descending) {
    for (const one of this.heads) {
      if (one.dataset.key === key) one.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else one.removeAttribute("aria-sort");
    }
  }
}

function head(column, onsort) {
  const content = column.sortable ? el("button", { type: "button", class: "sort", onclick: () => onsort(column.key) }, column.label) : el("span", { class: "unseen" }, column.label);
  return el("th", { scope: "col", class: column.key, "data-key": column.key }, content);
}
