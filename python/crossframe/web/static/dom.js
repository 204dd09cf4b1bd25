// Elements, and the page's own drawings. Text is always text: nothing is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

export function el(tag, props = {}, ...children) {
  return fill(document.createElement(tag), props, children);
}

export function svg(tag, props = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const byId = (id) => document.getElementById(id);

const DRAWINGS = {
  folder: "M3 6.5A1.5 1.5 0 0 1 4.500 5h4.700l2 2.500H19.500A1.500 1.500 0 0 1 21 9v8.500a1.500 1.500 0 0 1-1.500 1.500h-15A1.500 1.500 0 0 1 3 17.500z",
  bucket: "M4 6.500c0-1.400 3.600-2.500 8-2.500s8 1.100 8 2.500-3.600 2.500-8 2.500-8-1.100-8-2.500zM4 6.500l2 12c.2 1 2.700 2 6 2s5.800-1 6-2l2-12",
  file: "M6 3h8l4 4v14H6zM14 3v4h4",
  table: "M4 5h16v14H4zM4 10h16M4 14.500h16M10 10v9",
  image: "M4 5h16v14H4zM4 16l4.500-4.500 4 4 3-3L20 16M15.500 9.500h.01",
  upload: "M12 16V5M7.500 9.500 12 5l4.500 4.500M5 19h14",
  download: "M12 5v11M7.500 11.500 12 16l4.500-4.500M5 19h14",
  plus: "M12 5v14M5 12h14",
  inbox: "M4 13l2.500-8h11L20 13v6H4zM4 13h4.500l1.500 2.500h4l1.500-2.500H20",
  link: "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700l-1.200 1.200M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700l1.200-1.200",
  pencil: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  trash: "M5 7h14M9.500 7V4.500h5V7M7 7l1 13h8l1-13M10.500 10.500v6M13.500 10.500v6",
  globe: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  lock: "M6 11h12v9H6zM8.500 11V8a3.500 3.500 0 0 1 7 0v3",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.500 2",
  more: "M5.500 12h.01M12 12h.01M18.500 12h.01",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  warning: "M12 4 2.500 20h19zM12 10v4.500M12 17.500h.01",
  close: "M6 6l12 12M18 6 6 18",
  back: "M11 6l-6 6 6 6M5 12h14",
};

export function icon(name) {
  return svg("svg", { viewBox: "0 0 24 24", class: `icon ${name}`, "aria-hidden": "true" }, svg("path", { d: DRAWINGS[name] }));
}

export function button(label, act, { mark, kind = "", keys, hideLabel = false } = {}) {
  return el(
    "button",
    { type: "button", class: kind, onclick: act, "aria-keyshortcuts": keys, "aria-label": hideLabel ? label : null, title: hideLabel ? label : null },
    mark && icon(mark),
    hideLabel ? null : el("span", {}, label),
  );
}
