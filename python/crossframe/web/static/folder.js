// A folder: its rows, the search that narrows them, what can be done with those chosen.

import { download, makeFolder, move, remove, rename, restore } from "./actions.js";
import { button, byId, el, icon } from "./dom.js";
import { count, isFolder, many, nameOf, shownName, size, time } from "./format.js";
import { Listing } from "./listing.js";
import { openMenu } from "./menu.js";
import { Rows } from "./rows.js";
import { access, publishItem, requestUpload, share } from "./share.js";
import { addressOf, go, here, on, site } from "./state.js";
import { fail, told } from "./toast.js";
import { pickFiles } from "./uploads.js";

const TYPING_MS = 120;
const TABLES = /\.(csv|tsv|parquet|pq|rds|rdata|rda|tab)(\.(gz|bz2|xz|zst))?$/i;
const IMAGES = /\.(png|jpe?g|gif|webp|bmp|svg)$/i;

export class Folder {
  constructor() {
    Object.assign(this, { listing: null, chosen: new Set(), order: "name", descending: false, deleted: false });
    this.find = byId("find");
    this.deep = byId("deep");
    this.rows = new Rows(byId("rows"), {
      label: "Files",
      columns: [
        { key: "pick", label: "Select" },
        { key: "name", label: "Name", sortable: true },
        { key: "size", label: "Size", sortable: true },
        { key: "modified", label: "Changed", sortable: true },
        { key: "more", label: "Actions" },
      ],
      draw: (row) => this.draw(row),
      onsort: (key) => this.sort(key),
      onend: () => this.more(),
    });
    this.rows.sorted("name", false);
    this.tools();
    this.find.addEventListener("input", () => {
      clearTimeout(this.typing);
      this.typing = setTimeout(() => this.narrow(), this.deep.checked ? 2 * TYPING_MS : TYPING_MS);
    });
    this.find.addEventListener("keydown", (event) => {
      if (event.key === "ArrowDown" || event.key === "Enter") {
        event.preventDefault();
        this.rows.focus(0);
      }
    });
    this.deep.addEventListener("change", () => this.narrow());
    access.listeners.push(() => this.rows.redraw());
    on("changed", () => this.isOpen && this.reload());
  }

  tools() {
    const edit = !site.readOnly;
    byId("tools").replaceChildren(
      ...[
        edit && button("Upload", pickFiles, { mark: "upload", kind: "primary", keys: "u" }),
        edit && button("New folder", told(makeFolder), { mark: "plus", keys: "n" }),
        button("More", (event) => this.more_menu(event.currentTarget), { mark: "more" }),
      ].filter(Boolean),
    );
  }

  more_menu(from) {
    const { path } = here();
    openMenu(from, "More", [
      !site.readOnly && { label: "Request an upload", mark: "inbox", act: told(requestUpload) },
      { label: "Download as zip", mark: "download", act: told(() => download([path])) },
      !site.readOnly && publishItem(path),
      { label: this.deleted ? "Hide deleted files" : "Show deleted files", mark: "clock", act: () => this.showDeleted(!this.deleted) },
    ]);
  }

  // A bucket's name is not the page's to change, and in a list of buckets there is no file.
  get isBuckets() {
    return site.kind === "buckets" && !here().path;
  }

  get isOpen() {
    return !byId("folder").hidden;
  }

  open() {
    const { path } = here();
    if (this.path !== path) {
      Object.assign(this, { path, deleted: false });
      this.find.value = "";
      this.deep.checked = false;
      this.chosen.clear();
    }
    byId("tools").hidden = this.isBuckets;
    this.find.placeholder = path ? `Search ${nameOf(path)}` : "Search this folder";
    access.load();
    return this.reload({ keep: false });
  }

  reload({ keep = true } = {}) {
    this.listing?.end();
    const { path } = here();
    const text = this.find.value.trim();
    const what = this.deleted ? "deleted" : this.deep.checked && text ? "below" : "level";
    this.listing = new Listing(path, what, what === "below" ? text : "", () => this.refresh());
    this.keep = keep;
    return this.page();
  }

  // The first rows that come are what decides that they are shown.
  async page() {
    const { listing } = this;
    this.say("Loading\u2026");
    try {
      await listing.more();
      if (listing.what !== "level" || this.find.value.trim() || this.order !== "name" || this.descending) await this.whole(listing);
    } catch (error) {
      if (listing === this.listing && error.name !== "AbortError") {
        this.say("");
        this.rows.set([]);
        this.nothing("This folder can\u2019t be shown.", [error.problem, error.hint].filter(Boolean).join(" "));
      }
    }
  }

  async whole(listing) {
    while (!listing.complete && !listing.failed && listing === this.listing) await listing.more();
  }

  more() {
    const { listing } = this;
    if (listing && !listing.complete && !listing.asking && !listing.failed && listing.count) listing.more().catch(fail);
  }

  narrow() {
    if (this.deep.checked || this.listing.what === "below") {
      this.reload({ keep: false });
      return;
    }
    this.keep = false;
    this.refresh();
    if (this.find.value.trim()) this.whole(this.listing).catch(fail);
  }

  sort(key) {
    this.descending = this.order === key ? !this.descending : key !== "name";
    this.order = key;
    this.rows.sorted(key, this.descending);
    this.refresh();
    this.whole(this.listing).catch(fail);
  }

  refresh() {
    const { listing } = this;
    if (listing.failed && !listing.count) return; // what is shown is why
    const text = listing.what === "below" ? "" : this.find.value.trim();
    const shown = listing.shown(text, this.order, this.descending);
    const paths = new Set(shown.map((row) => row.path));
    for (const one of this.chosen) if (!paths.has(one)) this.chosen.delete(one);
    this.rows.set(shown, { keep: this.keep });
    this.keep = true;
    this.status(shown.length, text);
    this.choose();
  }

  status(shown, text) {
    const { listing } = this;
    const more = listing.complete ? "" : " so far";
    const files = this.deleted ? "deleted file" : this.isBuckets ? "bucket" : "item";
    if (listing.what === "below") {
      this.say(`${many(shown, "file")} found${listing.complete ? "" : `, ${count(listing.looked)} looked at so far`}`);
    } else if (text) this.say(`${count(shown)} of ${many(listing.count, files)}${more}`);
    else this.say(`${many(shown, files)}${more}`);
    if (shown || !listing.complete) byId("empty").hidden = true;
    else if (text || listing.what === "below") this.nothing("Nothing found.", listing.what === "level" ? "Tick \u201cSubfolders too\u201d to search below it." : "Try fewer letters.");
    else if (this.deleted) this.nothing("Nothing was deleted here.", "What is deleted stays restorable where versions are kept.");
    else if (this.isBuckets) this.nothing("No buckets.", "Make one: crossframe mb s3://name");
    else this.nothing("This folder is empty.", site.readOnly ? "" : "Drop files here, or press Upload.");
  }

  say(text) {
    byId("state").textContent = text;
  }

  nothing(title, hint) {
    byId("empty").replaceChildren(icon(this.deleted ? "clock" : "folder"), el("p", {}, el("strong", {}, title)), el("p", {}, hint));
    byId("empty").hidden = false;
  }

  showDeleted(on) {
    this.deleted = on;
    this.chosen.clear();
    this.reload({ keep: false });
  }

  draw(row) {
    const folder = isFolder(row.path);
    const name = shownName(folder ? row.name.replace(/\/$/, "") : row.name);
    const isPublic = access.by(row.path) !== undefined;
    const mark = this.isBuckets ? "bucket" : folder ? "folder" : TABLES.test(name) ? "table" : IMAGES.test(name) ? "image" : "file";
    const when = row.modified ?? row.deleted;
    const meta = folder ? "" : [row.size !== undefined && size(row.size), when && time(when)].filter(Boolean).join(" \u00b7 ");
    const fixed = this.deleted && site.readOnly;
    const restoring = this.deleted ? `Restore ${name}` : null;
    const text = el("span", { class: "text" }, name);
    const link = fixed ? text : el("a", { href: addressOf(row.path), onclick: (event) => this.follow(event, row), "aria-label": restoring }, icon(this.deleted ? "clock" : mark), text);
    const badges = [isPublic && el("span", { class: "badge" }, "public"), row.draft && el("span", { class: "badge" }, "new, empty"), row.deleted && el("span", { class: "badge" }, "deleted")];
    const pick = el("input", { type: "checkbox", "aria-label": `Select ${name}`, checked: this.chosen.has(row.path), onchange: () => this.toggle(row.path) });
    return el(
      "tr",
      { class: this.chosen.has(row.path) ? "picked" : "" },
      el("td", { class: "pick" }, this.isBuckets || this.deleted ? null : pick),
      el("td", { class: "name" }, el("div", { class: "line" }, link, badges), el("span", { class: "meta" }, meta)),
      el("td", { class: "size" }, row.size === undefined ? "" : size(row.size)),
      el("td", { class: "modified" }, when ? time(when) : ""),
      el("td", { class: "more" }, this.isBuckets || fixed ? null : button(`Actions for ${name}`, (event) => this.menu(event.currentTarget, row), { mark: "more", kind: "quiet", hideLabel: true })),
    );
  }

  follow(event, row) {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    if (this.deleted) told(restore)(row.path);
    else go(row.path);
  }

  menu(from, row) {
    const { path } = row;
    const edit = !site.readOnly;
    if (this.deleted) {
      openMenu(from, row.name, [edit && { label: "Restore", mark: "clock", act: told(() => restore(path)) }]);
      return;
    }
    const folder = isFolder(path);
    openMenu(from, `Actions for ${row.name}`, [
      { label: "Open", mark: folder ? "folder" : "file", act: () => go(path) },
      { label: folder ? "Download as zip" : "Download", mark: "download", act: told(() => download([path])) },
      !folder && { label: "Share a link", mark: "link", act: told(() => share(path)) },
      edit && { label: "Rename", mark: "pencil", act: told(() => rename(path)) },
      edit && { label: "Move", mark: "folder", act: told(() => move([path])) },
      edit && publishItem(path),
      edit && { label: "Delete", mark: "trash", danger: true, act: told(() => this.remove([path])) },
    ]);
  }

  toggle(path) {
    if (!this.chosen.delete(path)) this.chosen.add(path);
    this.rows.redraw();
    this.choose();
  }

  choose() {
    const paths = [...this.chosen];
    const bar = byId("chosen");
    bar.hidden = !paths.length;
    if (!paths.length) return;
    bar.replaceChildren(
      el("p", {}, `${many(paths.length, "item")} selected`),
      el(
        "div",
        { class: "buttons" },
        [
          button("Download", told(() => download(paths)), { mark: "download" }),
          !site.readOnly && button("Move", told(() => move(paths)), { mark: "folder" }),
          !site.readOnly && button("Delete", told(() => this.remove(paths)), { mark: "trash", kind: "danger" }),
          button("Clear selection", () => this.clear(), { mark: "close", kind: "quiet", hideLabel: true }),
        ].filter(Boolean),
      ),
    );
  }

  clear() {
    this.chosen.clear();
    this.rows.redraw();
    this.choose();
  }

  async remove(paths) {
    const restorable = await this.restorable(paths[0]);
    await remove(paths, { restorable });
  }

  // Why asked only now: it costs the store a request.
  async restorable(path) {
    if (site.kind === "folder") return true;
    const { get } = await import("./api.js");
    const file = isFolder(path) ? (await get("/api/list", { path, what: "below", rows: 1 })).rows[0]?.path : path;
    if (!file) return false;
    return (await get("/api/details", { path: file })).restorable;
  }

  // Whether a name is taken, as far as the listing has come.
  has(name) {
    return this.listing.has(name);
  }

  get current() {
    return this.rows.current;
  }
}
