// What is in a file: rows, a tree, text, a picture, or a report of what is better not loaded.

import { address, get } from "./api.js";
import { chart } from "./charts.js";
import { button, el, icon } from "./dom.js";
import { count, many, nameOf, size } from "./format.js";

export class Preview {
  constructor(path, version = undefined) {
    Object.assign(this, { path, version, sort: undefined, descending: false, object: undefined });
    this.box = el("div", { class: "preview", "aria-busy": "true" }, el("p", { class: "state", role: "status" }, "Loading\u2026"));
  }

  // What was asked before is not waited for: its answer may come after the answer to this.
  async load({ focus } = {}) {
    this.stop?.abort();
    this.stop = new AbortController();
    this.box.setAttribute("aria-busy", "true");
    const { path, version, object, sort } = this;
    const { signal } = this.stop;
    try {
      const found = await get("/api/preview", { path, version, object, sort, descending: this.descending ? "yes" : undefined }, signal);
      if (signal.aborted) return;
      this.box.replaceChildren(...this.shown(found).filter(Boolean));
    } catch (error) {
      if (error.name === "AbortError") return;
      this.box.replaceChildren(problem(error));
    }
    this.box.setAttribute("aria-busy", "false");
    if (focus) this.box.querySelector(`[data-sort="${CSS.escape(focus)}"]`)?.focus();
  }

  end() {
    this.stop?.abort();
  }

  shown(found) {
    const notes = (found.notes ?? []).map((note) => el("p", { class: "note" }, note));
    const objects = (found.objects?.length ?? 0) > 1 ? this.objects(found) : null;
    const show = { table: () => this.table(found), tree: () => [tree(found.tree)], text: () => text(found), image: () => [this.image()], report: () => report(found.report), none: () => [nothing(found)] };
    return [...notes, objects, ...show[found.kind]()];
  }

  objects({ objects, object }) {
    const select = el(
      "select",
      {
        id: "object",
        onchange: () => {
          Object.assign(this, { object: select.value, sort: undefined });
          this.load();
        },
      },
      objects.map((one) => el("option", { value: one.name, selected: one.name === object }, `${one.name} (${one.kind}${one.rows === null ? "" : `, ${many(one.rows, "row")}`})`)),
    );
    return el("div", { class: "field inline" }, el("label", { for: "object" }, "Object"), select);
  }

  table(found) {
    const said = `${told(found)}${found.more_columns ? ` ${many(found.more_columns, "more column is", "more columns are")} not shown.` : ""}`;
    if (!found.columns.length) return [el("p", { class: "state" }, `${said} There are no columns.`)];
    const heads = found.columns.map((column) => this.head(column, found.whole));
    const numbers = found.columns.map((column) => column.number);
    const rows = Array.from({ length: found.count }, (_, i) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, found.row_names ? found.row_names[i] : count(i + 1)),
        found.cells.map((cells, j) => (cells[i] === null ? el("td", { class: numbers[j] ? "number missing" : "missing" }, "NA") : el("td", { class: numbers[j] ? "number" : "" }, cells[i]))),
      ),
    );
    return [
      el("p", { class: "state" }, said),
      el(
        "div",
        { class: "data", tabindex: "0", role: "region", "aria-label": "Rows" },
        el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col", class: "corner" }, el("span", { class: "unseen" }, "Row")), heads)), el("tbody", {}, rows)),
      ),
    ];
  }

  head(column, whole) {
    const sorted = this.sort === column.name;
    const missing = column.missing ?? column.missing_read;
    const read = column.missing === null && !whole ? " of those read" : "";
    const act = () => {
      // Not by what is shown: a second click may come before the answer to the first.
      this.descending = this.sort === column.name && !this.descending;
      this.sort = column.name;
      this.load({ focus: column.name });
    };
    return el(
      "th",
      { scope: "col", "aria-sort": sorted ? (this.descending ? "descending" : "ascending") : null, class: column.number ? "number" : "" },
      el("button", { type: "button", class: "sort", onclick: act, "data-sort": column.name, title: `Sort by ${column.name}` }, column.name),
      el("div", { class: "types" }, el("span", { title: "Type in R" }, `R ${column.r}`), el("span", { title: "Type in pandas" }, `pandas ${column.pandas}`)),
      el("div", { class: "missing-count" }, missing ? `${count(missing)} missing${read}` : "none missing"),
      chart(column.summary),
    );
  }

  image() {
    const source = address("/download", { path: this.path, version: this.version });
    const failed = () => this.box.replaceChildren(problem({ problem: "The browser can\u2019t show this picture.", hint: "It may be damaged. Download it to open it." }));
    return el("div", { class: "picture" }, el("img", { src: source, alt: nameOf(this.path), onerror: failed }));
  }
}

function told({ rows, count: shown, whole, read, columns }) {
  const of = rows === null ? "" : ` of ${count(rows)}`;
  const size = `${many(columns.length, "column")}`;
  if (whole && shown === rows) return `${many(rows, "row")}, ${size}.`;
  const parts = whole ? "" : ` Only these were read: charts${rows === null ? ", missing values" : ""} and sorting are of the first ${count(read)}.`;
  return `${whole ? "" : "First "}${many(shown, "row")}${of}, ${size}.${parts}`;
}

function tree(node) {
  const draw = (one) => {
    const line = [el("span", { class: "node" }, one.name), el("span", { class: "kind" }, one.kind), el("span", { class: "value" }, one.text)];
    if (!one.children) return el("li", {}, el("div", { class: "leaf" }, line));
    const more = one.more ? el("li", { class: "value" }, `and ${count(one.more)} more`) : null;
    return el("li", {}, el("details", { open: true }, el("summary", {}, line), el("ul", {}, one.children.map(draw), more)));
  };
  return el("ul", { class: "tree" }, draw(node));
}

function text({ text: content, whole, size: bytes, problem: wrong }) {
  return [
    wrong && el("p", { class: "note" }, `Shown as text, since it is no table: ${wrong}`),
    el("pre", { class: "text", tabindex: "0", role: "region", "aria-label": "Text" }, content),
    whole ? null : el("p", { class: "state" }, `The beginning of ${size(bytes)}.`),
  ];
}

function nothing({ size: bytes }) {
  return el("div", { class: "empty" }, icon("file"), el("p", {}, el("strong", {}, "No preview for this kind of file.")), el("p", {}, `${size(bytes)}. Download it to open it.`));
}

function report({ refused, refused_count: number, objects, format }) {
  const rows = refused.map((one) => el("tr", {}, el("td", {}, one.kind), el("td", {}, one.where || "the value itself"), el("td", { class: "number" }, count(one.offset))));
  return [
    el(
      "div",
      { class: "report" },
      el("h3", {}, icon("warning"), "This file holds code"),
      el("p", {}, `Loading it in R would run something, so its data are not shown. R\u2019s own readRDS() and load() would not ask. Ask whoever made it for a file with data only.`),
      el("p", {}, `Found in this ${format === "rds" ? "RDS" : "RData"}: ${many(number, "finding")}${number > refused.length ? `, the first ${refused.length} of them` : ""}.`),
      el("div", { class: "data", tabindex: "0", role: "region", "aria-label": "Findings" }, el("table", {}, el("thead", {}, el("tr", {}, ["What", "Where", "At byte"].map((one) => el("th", { scope: "col" }, one)))), el("tbody", {}, rows))),
      objects.length ? el("p", {}, `Objects: ${objects.map((one) => `${one.name} (${one.r_class ?? one.type})`).join(", ")}`) : null,
    ),
  ];
}

function problem(error) {
  return el("div", { class: "empty" }, icon("warning"), el("p", {}, el("strong", {}, error.problem ?? "This file can\u2019t be shown.")), error.detail && el("p", { class: "detail" }, error.detail), error.hint && el("p", {}, error.hint), button("Try again", () => location.reload()));
}
