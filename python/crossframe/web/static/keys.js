// Keys for every action; "?" shows them.

import { download, makeFolder, rename } from "./actions.js";
import { open } from "./dialog.js";
import { byId, el } from "./dom.js";
import { folderOf, isFolder } from "./format.js";
import { share } from "./share.js";
import { go, here, site } from "./state.js";
import { told } from "./toast.js";
import { pickFiles } from "./uploads.js";

const KEYS = [
  ["/", "Search"],
  ["\u2191 \u2193 Home End PgUp PgDn", "Go through the files"],
  ["Enter", "Open"],
  ["Backspace", "Go up to the folder above"],
  ["Space", "Select, or take back"],
  ["u", "Upload files"],
  ["n", "New folder"],
  ["d", "Download (a folder as zip)"],
  ["s", "Share a link"],
  ["F2", "Rename or move"],
  ["Delete", "Delete"],
  ["m", "All actions for a file"],
  ["Escape", "Close, clear the search or the selection"],
  ["?", "These keys"],
];

const MOVES = { ArrowDown: 1, ArrowUp: -1, PageDown: 12, PageUp: -12, Home: -Infinity, End: Infinity };

export function showKeys() {
  open("Keys", el("table", { class: "keys" }, el("tbody", {}, KEYS.map(([key, what]) => el("tr", {}, el("th", { scope: "row" }, key.split(" ").map((one) => el("kbd", {}, one))), el("td", {}, what))))));
}

export function setUpKeys(folder, file) {
  byId("help").addEventListener("click", showKeys);
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]")) return;
    const typing = event.target.matches("input:not([type=checkbox]), select, textarea");
    if (typing) {
      if (event.key === "Escape" && event.target === folder.find) clearSearch(folder);
      return;
    }
    const act = folder.isOpen ? inFolder(folder, event) : inFile(file, event);
    if (!act) return;
    event.preventDefault();
    told(act)();
  });
}

function clearSearch(folder) {
  folder.find.value = "";
  folder.narrow();
  folder.rows.focus(0);
}

function common(event, path) {
  if (event.key === "?") return showKeys;
  if (event.key === "Backspace" && path) return () => go(folderOf(path));
  return null;
}

function inFile(file, { key, target }) {
  const { path } = here();
  const edit = !site.readOnly;
  const found = {
    s: () => share(path),
    d: () => download([path]),
    F2: edit && (() => rename(path)),
    Delete: edit && (() => file.remove()),
    "/": () => go(folderOf(path)),
    Escape: () => go(folderOf(path)),
  }[key];
  return found || common({ key, target }, path);
}

function inFolder(folder, event) {
  const { key, target } = event;
  const { path } = here();
  // No file that one does not see to be in focus.
  const row = folder.rows.body.contains(document.activeElement) ? folder.current : undefined;
  const edit = !site.readOnly && !folder.isBuckets && !folder.deleted;
  const paths = folder.chosen.size ? [...folder.chosen] : row ? [row.path] : [];
  const inside = byId("rows").contains(target) || target === document.body || target.id === "content";
  if (inside && key in MOVES) return () => moveBy(folder, MOVES[key]);
  if (key === "/") return () => folder.find.focus();
  if (key === "u" && edit) return pickFiles;
  if (key === "n" && edit) return makeFolder;
  if (key === "Escape") return folder.chosen.size ? () => folder.clear() : folder.find.value ? () => clearSearch(folder) : null;
  if (!inside || folder.isBuckets) return common(event, path);
  if (key === "d" && paths.length && !folder.deleted) return () => download(paths);
  if (key === "Delete" && paths.length && edit) return () => folder.remove(paths);
  if (!row) return common(event, path);
  if (key === " " && !target.matches("input, button")) return () => folder.toggle(row.path);
  if (key === "s" && !folder.deleted && !isFolder(row.path)) return () => share(row.path);
  if (key === "m") return () => folder.menu(folder.rows.body.querySelector(`tr[data-index="${folder.rows.active}"] td.more button`), row);
  if (key === "F2" && edit) return () => rename(row.path);
  return common(event, path);
}

function moveBy(folder, by) {
  const { rows } = folder;
  // The first key goes to where we are: nothing was in focus before.
  const started = rows.body.contains(document.activeElement) || Math.abs(by) === Infinity;
  rows.focus(started ? Math.max(0, Math.min(rows.items.length - 1, rows.active + by)) : rows.active);
}
