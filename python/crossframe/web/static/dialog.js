// Questions in a dialog of the browser's own: it keeps the focus, and Escape closes it.

import { button, el } from "./dom.js";

let number = 0;

export function open(title, content, { wide = false } = {}) {
  const id = `dialog-${(number += 1)}`;
  const dialog = el(
    "dialog",
    { class: wide ? "wide" : "", "aria-labelledby": id },
    el("div", { class: "dialog-top" }, el("h2", { id }, title), button("Close", () => dialog.close(), { mark: "close", kind: "quiet", hideLabel: true })),
    content,
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

// Resolves to what was entered by name, or null.
export function ask(title, { text, fields = [], ok, danger = false }) {
  return new Promise((resolve) => {
    let answer = null;
    const form = el(
      "form",
      {
        method: "dialog",
        onsubmit: () => {
          answer = Object.fromEntries(fields.map(({ name }) => [name, form.elements[name].value]));
        },
      },
      text && el("p", {}, text),
      fields.map((field) => line(field)),
    );
    const dialog = open(title, form);
    form.append(
      el(
        "div",
        { class: "buttons end" },
        button("Cancel", () => dialog.close()),
        el("button", { type: "submit", class: danger ? "primary danger" : "primary" }, ok),
      ),
    );
    dialog.addEventListener("close", () => resolve(answer));
    const first = form.querySelector("input, select") ?? form.querySelector("[type=submit]");
    first.focus();
    if (first.select && fields[0]?.select) first.setSelectionRange(...fields[0].select);
  });
}

// Back and forward lead to where a question may make no sense: it is as if it were closed.
addEventListener("popstate", () => {
  for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
});

function line({ name, label, value = "", choices, hint, optional = false }) {
  const id = `field-${name}-${number}`;
  const input = choices
    ? el("select", { id, name }, choices.map(([key, said]) => el("option", { value: key, selected: key === value }, said)))
    : el("input", { id, name, type: "text", value, required: !optional, autocomplete: "off", spellcheck: "false" });
  return el("div", { class: "field" }, el("label", { for: id }, label), input, hint && el("p", { class: "hint" }, hint));
}
