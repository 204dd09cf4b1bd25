// Access for others: links that end, upload requests, and what anybody may read.

import { get, post } from "./api.js";
import { ask, open } from "./dialog.js";
import { button, el } from "./dom.js";
import { folderOf, isFolder, nameOf, time } from "./format.js";
import { code, copyButton } from "./snippets.js";
import { here, site } from "./state.js";
import { toast, told } from "./toast.js";

const TIMES = [
  ["1h", "1 hour"],
  ["12h", "12 hours"],
  ["1d", "1 day"],
  ["3d", "3 days"],
  ["7d", "7 days"],
];

const expiry = { name: "expires", label: "The link works for", choices: TIMES, value: "1d" };

export async function share(path) {
  const answer = await ask(`Share “${nameOf(path)}”`, {
    text: "Whoever has the link can fetch this file, without an account, until it ends. It can’t be taken back before.",
    fields: [expiry],
    ok: "Create link",
  });
  if (!answer) return;
  const made = await post("/api/share", { path, expires: answer.expires });
  showLink(`Link to “${made.name}”`, made);
}

export async function requestUpload() {
  const answer = await ask("Request an upload", {
    text: "Whoever has the link can put one file here, by the name you choose, until it ends.",
    fields: [{ name: "name", label: "Name of the file", value: "", hint: `It goes to ${here().path || site.title}` }, expiry],
    ok: "Create link",
  });
  if (!answer) return;
  const made = await post("/api/request", { path: here().path + answer.name, expires: answer.expires });
  showLink(`Upload link for “${made.name}”`, made);
}

function showLink(title, made) {
  const until = time(made.expires);
  const input = el("input", { type: "text", readonly: true, value: made.link, "aria-label": "Link", class: "link-text", onfocus: () => input.select() });
  const dialog = open(
    title,
    el(
      "div",
      { class: "stack" },
      el("div", { class: "copy-line" }, input, copyButton(() => made.link, "Copy link", "primary")),
      el("p", {}, `Works until ${until}.`),
      made.notes.map((note) => el("p", { class: "hint" }, note)),
      Object.entries(made.lines).map(([language, line]) => code(language, line)),
      el("div", { class: "buttons end" }, el("a", { class: "button", href: made.mail }, "Send by mail"), button("Done", () => dialog.close(), { kind: "primary" })),
    ),
    { wide: true },
  );
  input.focus();
}

export async function publish(path) {
  const what = isFolder(path) ? `all below “${nameOf(path) || site.title}”, now and later` : `“${nameOf(path)}”`;
  const answer = await ask("Make public?", { text: `Anybody will be able to read ${what}, without a link that ends, until you take it back.`, ok: "Make public", danger: true });
  if (!answer) return;
  const { url, notes } = await post("/api/publish", { path });
  await access.load();
  const dialog = open(
    "Public address",
    el(
      "div",
      { class: "stack" },
      el("div", { class: "copy-line" }, el("input", { type: "text", readonly: true, value: url, "aria-label": "Address", class: "link-text" }), copyButton(() => url, "Copy address", "primary")),
      notes.map((note) => el("p", { class: "hint" }, note)),
      el("div", { class: "buttons end" }, button("Done", () => dialog.close())),
    ),
    { wide: true },
  );
}

export async function unpublish(path) {
  await post("/api/unpublish", { path });
  await access.load();
  toast(`“${nameOf(path) || site.title}” is private again.`);
}

// What is public, as far as the store tells; asked for once a folder.
export const access = {
  published: [],
  listeners: [],

  async load() {
    const { path } = here();
    this.stop?.abort();
    this.stop = new AbortController();
    const { signal } = this.stop;
    try {
      const { published } = await get("/api/published", { path: isFolder(path) ? path : folderOf(path) }, signal);
      if (signal.aborted) return;
      this.published = published;
    } catch {
      if (signal.aborted) return;
      this.published = []; // who may not read the policy is told when it matters: on changing it
    }
    for (const act of this.listeners) act();
  },

  // The published path that a path is public by, or undefined.
  by(path) {
    return this.published.find((one) => one === path || one === "" || (one.endsWith("/") && path.startsWith(one)));
  },
};

export const publishItem = (path) => {
  const by = access.by(path);
  if (by === undefined) return { label: "Make public", mark: "globe", act: told(() => publish(path)) };
  if (by === path) return { label: "Make private", mark: "lock", act: told(() => unpublish(path)) };
  return { label: `Public with “${nameOf(by) || site.title}”`, mark: "globe", act: () => toast(`It is public since all of “${nameOf(by) || site.title}” is. Make that private.`) };
};
