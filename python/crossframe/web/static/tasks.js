// Long work: what it is, how far it is, and a way to stop it.

import { button, byId, el } from "./dom.js";

const SOON_MS = 250;

export async function task(label, run) {
  const stop = new AbortController();
  const bar = el("progress", { max: 1, "aria-label": label });
  const text = el("p", {}, label);
  const cancel = button("Cancel", () => stop.abort(), { kind: "small" });
  const shown = el("div", { class: "task" }, el("div", { class: "task-line" }, text, cancel), bar);
  // Why later: what is over at once needs no bar.
  const timer = setTimeout(() => byId("tasks").append(shown), SOON_MS);
  const progress = (done, total, said) => {
    if (total) bar.value = Math.min(1, done / total);
    if (said) text.textContent = said;
  };
  try {
    return await run(progress, stop.signal);
  } finally {
    clearTimeout(timer);
    shown.remove();
  }
}
