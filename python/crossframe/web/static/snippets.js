// Lines of code, with a button that copies them.

import { button, el } from "./dom.js";
import { toast } from "./toast.js";

export function copyButton(text, label, kind = "small") {
  return button(
    label,
    async () => {
      await copy(text());
      toast("Copied.");
    },
    { mark: "copy", kind },
  );
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Why: over plain http from another machine the browser has no clipboard for scripts.
    const area = el("textarea", { class: "unseen", "aria-hidden": "true" });
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

export function code(language, text) {
  return el("figure", { class: "code" }, el("figcaption", {}, language, copyButton(() => text, `Copy ${language}`)), el("pre", { tabindex: "0", role: "group", "aria-label": `${language} code` }, el("code", {}, text)));
}
