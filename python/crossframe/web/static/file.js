// A file: what is in it, how to load it, what it was before.

import { downloadOf, move, remove, rename, restore } from "./actions.js";
import { get } from "./api.js";
import { button, byId, el, icon } from "./dom.js";
import { folderOf, nameOf, size, time } from "./format.js";
import { openMenu } from "./menu.js";
import { Preview } from "./preview.js";
import { access, publishItem, share } from "./share.js";
import { code } from "./snippets.js";
import { go, here, on, site } from "./state.js";
import { fail, told } from "./toast.js";

export class FileView {
  constructor() {
    this.box = byId("file");
    on("changed", () => !this.box.hidden && this.open());
    access.listeners.push(() => this.badge && (this.badge.hidden = access.by(here().path) === undefined));
  }

  async open() {
    const { path } = here();
    this.preview?.end();
    const preview = new Preview(path);
    const left = () => this.preview !== preview || here().path !== path;
    Object.assign(this, { preview, details: undefined });
    this.badge = el("span", { class: "badge", hidden: true }, "public");
    const about = el("p", { class: "about" });
    const side = el("aside", { class: "side", "aria-label": "About this file" });
    const main = el("div", { class: "shown" }, preview.box);
    this.box.replaceChildren(this.top(path, about), el("div", { class: "columns" }, main, side));
    access.load();
    const shown = preview.load();
    try {
      const found = await get("/api/details", { path });
      if (left()) return;
      about.textContent = [size(found.size), `changed ${time(found.modified)}`].join(" \u00b7 ");
      this.details = found;
      side.replaceChildren(this.loading(found), this.facts(found), await this.versions(path, found.restorable));
    } catch (error) {
      if (left()) return;
      if (error.kind === "object_not_found") this.gone(error);
      else fail(error);
    }
    await shown;
  }

  gone(error) {
    this.preview.end();
    this.box.replaceChildren(el("div", { class: "empty" }, icon("file"), el("p", {}, el("strong", {}, `There is no \u201c${nameOf(here().path)}\u201d here.`)), el("p", {}, error.hint ?? "It may have been moved or deleted."), button("Open its folder", () => go(folderOf(here().path)))));
  }

  top(path, about) {
    const name = nameOf(path);
    return el(
      "div",
      { class: "file-top" },
      el("div", { class: "titles" }, el("h2", {}, el("span", { class: "name" }, name), this.badge), about),
      el(
        "div",
        { class: "buttons" },
        el("a", { class: "button", href: downloadOf(path), download: "" }, icon("download"), el("span", {}, "Download")),
        button("Share", told(() => share(path)), { mark: "link", kind: "primary", keys: "s" }),
        button("More", (event) => this.menu(event.currentTarget, path), { mark: "more" }),
      ),
    );
  }

  menu(from, path) {
    const edit = !site.readOnly;
    openMenu(from, "More", [
      { label: "Go to its folder", mark: "folder", act: () => go(folderOf(path)) },
      edit && { label: "Rename", mark: "pencil", act: told(() => rename(path)) },
      edit && { label: "Move", mark: "folder", act: told(() => move([path])) },
      edit && publishItem(path),
      edit && { label: "Delete", mark: "trash", danger: true, act: told(() => this.remove()) },
    ]);
  }

  async remove() {
    const { path } = here();
    const { restorable } = this.details ?? (await get("/api/details", { path }));
    return remove([path], { restorable });
  }

  loading({ lines }) {
    return el("section", {}, el("h3", {}, "Load it"), Object.entries(lines).map(([language, text]) => code(language, text)));
  }

  facts({ where, etag, version, media_type: type, storage_class: storage, metadata }) {
    const facts = [["Where", where], ["Type", type], ["ETag", etag], ["Version", version], ["Class", storage], ...Object.entries(metadata)].filter(([, value]) => value);
    return el("section", {}, el("h3", {}, "Details"), el("dl", {}, facts.map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)])));
  }

  async versions(path, kept) {
    const section = el("section", {}, el("h3", {}, "Versions"));
    try {
      const { versions } = await get("/api/versions", { path });
      section.append(el("ul", { class: "versions" }, versions.map((one) => this.version(path, one))));
      if (versions.length === 1) section.append(el("p", { class: "hint" }, kept ? "Earlier contents appear here once it is replaced." : "No earlier contents are kept here."));
    } catch (error) {
      section.append(el("p", { class: "hint" }, error.problem ?? "They can\u2019t be told."));
    }
    return section;
  }

  version(path, one) {
    const when = time(one.modified);
    const what = one.deleted ? "deleted" : size(one.size);
    const acts = one.deleted
      ? []
      : [
          !one.latest && button(`Look at the version of ${when}`, () => this.look(path, one.version, when), { mark: "file", kind: "quiet", hideLabel: true }),
          el("a", { class: "button quiet", href: downloadOf(path, one.version), download: "", "aria-label": `Download the version of ${when}`, title: "Download" }, icon("download")),
          !one.latest && !site.readOnly && button(`Restore the version of ${when}`, told(() => restore(path, one.version)), { mark: "clock", kind: "quiet", hideLabel: true }),
        ];
    return el("li", {}, el("div", {}, el("span", {}, when), el("span", { class: "meta" }, what), one.latest ? el("span", { class: "badge" }, "now") : null), el("div", { class: "buttons" }, acts));
  }

  async look(path, version, when) {
    this.preview.end();
    const old = this.preview.box;
    this.preview = new Preview(path, version);
    const note = el("p", { class: "note" }, `This is the version of ${when}. `, button("Show the newest", () => this.open(), { kind: "link" }));
    old.parentElement.replaceChildren(note, this.preview.box);
    await this.preview.load();
  }
}
