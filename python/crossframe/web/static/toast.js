// Short messages at the foot of the page, and what went wrong with what to do about it.

import { button, byId, el } from "./dom.js";

const SHOWN_MS = 6000;
const LONGER_MS = 20000;

export function toast(text, { action, act, bad = false } = {}) {
  const message = el("div", { class: bad ? "toast bad" : "toast" }, el("p", {}, text));
  const remove = () => message.remove();
  if (action) {
    message.append(
      button(action, () => {
        remove();
        act();
      }, { kind: "link" }),
    );
  }
  message.append(button("Close this message", remove, { mark: "close", kind: "quiet", hideLabel: true }));
  byId("toasts").append(message);
  if (!bad) setTimeout(remove, action ? LONGER_MS : SHOWN_MS);
  return message;
}

export function fail(error) {
  if (error.name === "AbortError") return;
  if (!error.problem) console.error(error);
  const parts = [error.problem ?? "Something went wrong in this page.", error.detail, error.hint ?? (error.problem ? null : "Reload it.")];
  toast(parts.filter(Boolean).join(" "), { bad: true });
}

// A handler that tells what went wrong.
export function told(act) {
  return async (...given) => {
    try {
      return await act(...given);
    } catch (error) {
      fail(error);
      return undefined;
    }
  };
}
