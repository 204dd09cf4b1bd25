// Files from this computer: chosen by a button, or dropped on the page; folders come with all they hold.

import { address, upload } from "./api.js";
import { ask } from "./dialog.js";
import { byId } from "./dom.js";
import { many, size } from "./format.js";
import { changed, here, site } from "./state.js";
import { task } from "./tasks.js";
import { toast, told } from "./toast.js";

// files: [{ name, file }], a name with "/" for what lies in a dropped folder.
async function send(files, folder) {
  const { path } = here();
  const chosen = await withoutRefused(files, folder, path);
  if (!chosen.length) return;
  const total = chosen.reduce((sum, { file }) => sum + file.size, 0);
  const label = chosen.length === 1 ? `Uploading “${chosen[0].name}”` : `Uploading ${many(chosen.length, "file")}`;
  let sent = 0;
  let stored = 0;
  try {
    await task(label, async (progress, signal) => {
      for (const [index, one] of chosen.entries()) {
        signal.throwIfAborted();
        const said = (loaded) => {
          const last = loaded >= one.file.size ? ": storing" : "";
          const which = chosen.length > 1 ? ` ${index + 1} of ${chosen.length}` : "";
          progress(sent + loaded, total || 1, `Uploading${which} “${one.name}” (${size(sent + loaded)} of ${size(total)})${last}`);
        };
        if (await sendOne(one, path, said, signal)) stored += 1;
        sent += one.file.size;
      }
    });
    if (stored) toast(chosen.length === 1 ? `Uploaded “${chosen[0].name}”.` : `Uploaded ${many(stored, "file")}.`);
  } catch (error) {
    if (error.name !== "AbortError") throw error;
    toast("The upload was cancelled. What was complete is kept.");
  } finally {
    changed();
  }
}

// Whether it was stored: where the name is taken, that is asked.
async function sendOne({ name, file, replace }, folder, progress, signal) {
  const url = (again) => address("/api/upload", { path: folder + name, replace: again ? "yes" : "no" });
  try {
    await upload(file, url(replace), progress, signal);
  } catch (error) {
    if (error.kind !== "object_exists") throw error;
    if (!(await mayReplace(name))) return false;
    await upload(file, url(true), progress, signal);
  }
  return true;
}

const mayReplace = (name) => ask("Replace what is there?", { text: `There is already a file “${name}”. What is replaced stays among the versions, where these are kept.`, ok: "Replace", danger: true });

async function withoutRefused(files, folder) {
  const chosen = [];
  for (const one of files) {
    if (!folder.has(one.name)) chosen.push(one);
    else if (await mayReplace(one.name)) chosen.push({ ...one, replace: true });
  }
  return chosen;
}

async function entriesOf(entry, above = "") {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    return [{ name: above + file.name, file }];
  }
  const reader = entry.createReader();
  const found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) break;
    for (const one of some) found.push(...(await entriesOf(one, `${above}${entry.name}/`)));
  }
  return found;
}

async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return [...transfer.files].map((file) => ({ name: file.name, file }));
  return (await Promise.all(entries.map((entry) => entriesOf(entry)))).flat();
}

export function setUpUploads(folder, isOpen) {
  const pick = byId("pick");
  const drop = byId("drop");
  let depth = 0;
  const takes = (event) => isOpen() && !site.readOnly && [...event.dataTransfer.types].includes("Files");
  const show = (on) => {
    drop.hidden = !on;
    byId("drop-to").textContent = here().path || site.title;
  };
  pick.addEventListener(
    "change",
    told(async () => {
      const files = [...pick.files].map((file) => ({ name: file.name, file }));
      pick.value = "";
      await send(files, folder);
    }),
  );
  addEventListener("dragenter", (event) => {
    if (!takes(event)) return;
    depth += 1;
    show(true);
  });
  addEventListener("dragleave", (event) => {
    if (!takes(event)) return;
    depth -= 1;
    if (depth <= 0) show(false);
  });
  addEventListener("dragover", (event) => {
    // Why always: a file dropped elsewhere would replace the page.
    event.preventDefault();
  });
  addEventListener(
    "drop",
    told(async (event) => {
      event.preventDefault();
      depth = 0;
      show(false);
      if (takes(event)) await send(await dropped(event.dataTransfer), folder);
    }),
  );
}

export const pickFiles = () => byId("pick").click();
