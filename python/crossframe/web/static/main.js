// Puts the page together: which view is shown for where the page is.

import { byId, el, icon } from "./dom.js";
import { FileView } from "./file.js";
import { Folder } from "./folder.js";
import { isFolder, nameOf, shownName } from "./format.js";
import { setUpKeys } from "./keys.js";
import { addressOf, go, here, on, site } from "./state.js";
import { fail } from "./toast.js";
import { setUpUploads } from "./uploads.js";

const folder = new Folder();
const file = new FileView();

function crumbs(path) {
  const parts = path.split("/");
  const links = [crumb("", site.title, path === "")];
  parts.forEach((part, i) => {
    if (part === "" && i === parts.length - 1) return;
    const to = parts.slice(0, i + 1).join("/") + (i === parts.length - 1 ? "" : "/");
    links.push(crumb(to, shownName(part), to === path));
  });
  byId("crumbs").replaceChildren(el("ol", {}, links));
}

function crumb(path, text, current) {
  const link = el(
    "a",
    {
      href: addressOf(path),
      "aria-current": current ? "page" : null,
      onclick: (event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey) return;
        event.preventDefault();
        go(path);
      },
    },
    path === "" ? [icon("back"), el("span", {}, "All files")] : text,
  );
  return el("li", {}, link);
}

async function show() {
  const { path } = here();
  crumbs(path);
  document.title = path ? `${nameOf(path)}: My files` : `My files: ${site.title}`;
  const isFile = !isFolder(path);
  byId("folder").hidden = isFile;
  byId("file").hidden = !isFile;
  try {
    await (isFile ? file : folder).open();
  } catch (error) {
    fail(error);
  }
}

byId("home").addEventListener("click", (event) => {
  event.preventDefault();
  go("");
});
on("go", show);
setUpKeys(folder, file);
setUpUploads(folder, () => folder.isOpen && !folder.isBuckets);
show();
