// The page of an upload request: one file, with progress and a way to stop.

import { Problem, upload } from "./api.js";

const byId = (id) => document.getElementById(id);
const form = byId("form");

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (!byId("cancel").hidden) return; // one at a time
  const [file] = byId("file").files;
  const stop = new AbortController();
  const cancel = byId("cancel");
  const progress = byId("progress");
  const said = byId("said");
  cancel.hidden = progress.hidden = false;
  cancel.onclick = () => stop.abort();
  said.textContent = "Uploading\u2026";
  try {
    await upload(file, location.pathname + location.search, (sent) => {
      progress.value = file.size ? sent / file.size : 1;
    }, stop.signal);
    said.textContent = "Thank you: the file has arrived.";
    form.hidden = true;
  } catch (error) {
    said.textContent = error instanceof Problem ? [error.problem, error.hint].filter(Boolean).join(" ") : "The upload was cancelled.";
  } finally {
    cancel.hidden = progress.hidden = true;
  }
});
