// A menu below a button: arrows move, Enter chooses, Escape closes.

import { el, icon } from "./dom.js";

let shown = null;

export function closeMenu() {
  shown?.remove();
  shown = null;
}

export function openMenu(from, label, items) {
  closeMenu();
  const act = (item) => {
    closeMenu();
    from.focus();
    item.act();
  };
  const entries = items.filter(Boolean).map((item) =>
    el("button", { type: "button", role: "menuitem", tabindex: "-1", class: item.danger ? "danger" : "", onclick: () => act(item) }, icon(item.mark), el("span", {}, item.label)),
  );
  const menu = el("div", { role: "menu", class: "menu", "aria-label": label }, entries);
  const move = (by) => entries[(entries.indexOf(document.activeElement) + by + entries.length) % entries.length].focus();
  menu.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Home") entries[0].focus();
    else if (event.key === "End") entries.at(-1).focus();
    else if (event.key === "Escape" || event.key === "Tab") {
      closeMenu();
      from.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  // Why here: below a scrolled table it would be cut off, and <main> is where it belongs for a reader.
  document.querySelector("main").append(menu);
  shown = menu;
  const at = from.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
  menu.style.top = `${at.bottom + height + 8 > innerHeight ? Math.max(8, at.top - height - 4) : at.bottom + 4}px`;
  entries[0].focus();
}

document.addEventListener("pointerdown", (event) => {
  if (shown && !shown.contains(event.target)) closeMenu();
});
addEventListener("resize", closeMenu);
addEventListener("popstate", closeMenu);
