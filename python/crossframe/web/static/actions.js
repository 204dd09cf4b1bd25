// What can be done with files and folders; each tells how it went.

import { address, post, work } from "./api.js";
import { ask } from "./dialog.js";
import { folderOf, isFolder, many, nameOf } from "./format.js";
import { changed, go, here } from "./state.js";
import { task } from "./tasks.js";
import { toast } from "./toast.js";

const STEM = /^(.+?)(\.[^.]+){0,2}$/;

export async function makeFolder() {
  const answer = await ask("New folder", {
    fields: [{ name: "name", label: "Name", hint: "It is kept with the first file that you put in it." }],
    ok: "Make folder",
  });
  if (!answer) return;
  const { path } = await post("/api/folder", { path: `${here().path}${answer.name.replace(/\/+$/, "")}/` });
  go(path);
}

export async function rename(path) {
  const name = nameOf(path);
  const stem = STEM.exec(name)[1].length;
  const answer = await ask(`Rename “${name}”`, {
    fields: [{ name: "name", label: "New name", value: name, select: [0, stem], hint: "A “/” in it moves it into a folder." }],
    ok: "Rename",
  });
  if (answer) await moveTo(path, folderOf(path) + answer.name + (isFolder(path) ? "/" : ""));
}

export async function move(paths) {
  const title = paths.length === 1 ? `Move “${nameOf(paths[0])}”` : `Move ${many(paths.length, "item")}`;
  const answer = await ask(title, {
    fields: [{ name: "folder", label: "To folder", value: folderOf(paths[0]), optional: true, hint: "From the top: runs/2026/; empty for the top itself. It need not exist yet." }],
    ok: "Move",
  });
  if (!answer) return;
  const folder = answer.folder.replace(/^\/+|\/+$/g, "");
  let count = 0;
  for (const path of paths) {
    if (await moveTo(path, (folder ? `${folder}/` : "") + nameOf(path) + (isFolder(path) ? "/" : ""), { quiet: paths.length > 1 })) count += 1;
  }
  if (paths.length > 1) toast(`Moved ${many(count, "item")}.`);
}

// Whether it was moved: where the name is taken, that is asked.
async function moveTo(path, target, { quiet = false } = {}) {
  if (target === path) return false;
  try {
    await moved(path, target, false);
  } catch (error) {
    if (error.kind !== "object_exists") throw error;
    const answer = await ask("Replace what is there?", { text: `${error.problem} What is replaced stays among the versions, where these are kept.`, ok: "Replace", danger: true });
    if (!answer) return false;
    await moved(path, target, true);
  }
  if (!quiet) toast(`“${nameOf(path)}” is now “${target.replace(/\/$/, "")}”.`);
  return true;
}

async function moved(path, target, replace) {
  await changing(`Moving “${nameOf(path)}”`, "/api/move", { path, target, replace });
  changed(path, target);
}

// Long work that changes what lies there, also where it fails or is stopped half-way.
async function changing(label, path, body) {
  try {
    return await task(label, (progress, signal) => work(path, body, progress, signal));
  } catch (error) {
    if (!["object_exists", "unreachable"].includes(error.kind)) changed();
    throw error;
  }
}

export async function remove(paths, { restorable }) {
  const what = paths.length === 1 ? `“${nameOf(paths[0])}”` : many(paths.length, "item");
  if (!restorable || paths.length > 1 || isFolder(paths[0])) {
    const after = restorable ? "You can undo it, and restore single files later." : "This bucket keeps no versions, so it can’t be brought back.";
    const answer = await ask(`Delete ${what}?`, { text: `${isFolder(paths[0]) ? "All below it goes, too. " : ""}${after}`, ok: "Delete", danger: true });
    if (!answer) return;
  }
  const { deleted, undo } = await changing(`Deleting ${what}`, "/api/delete", { paths });
  changed(paths[0], folderOf(paths[0]));
  const said = paths.length === 1 && !isFolder(paths[0]) ? `Deleted ${what}.` : `Deleted ${what} (${many(deleted, "file")}).`;
  toast(said, undo ? { action: "Undo", act: () => bringBack(undo, what) } : {});
}

async function bringBack(undo, what) {
  const { fail } = await import("./toast.js");
  try {
    await changing(`Bringing back ${what}`, "/api/undo", { undo });
    changed();
    toast(`${what} is back.`);
  } catch (error) {
    fail(error);
  }
}

export async function restore(path, version = null) {
  await post("/api/restore", { path, version });
  changed();
  toast(version ? `That version of “${nameOf(path)}” is the newest again.` : `“${nameOf(path)}” is back.`);
}

export const downloadOf = (path, version = undefined) => (isFolder(path) ? address("/zip", { path }) : address("/download", { path, version }));

export function download(paths) {
  const query = new URLSearchParams(paths.map((path) => ["path", path]));
  const link = document.createElement("a");
  link.href = paths.length === 1 ? downloadOf(paths[0]) : `/zip?${query}`;
  link.download = "";
  link.click();
  toast(paths.length === 1 && !isFolder(paths[0]) ? "The browser downloads the file." : "The browser downloads it as a zip.");
}
