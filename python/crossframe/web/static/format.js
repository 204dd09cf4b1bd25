// Sizes, times and counts as people read them.

const UNITS = ["B", "kB", "MB", "GB", "TB"];
const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" });
const COUNT = new Intl.NumberFormat();

export function size(bytes) {
  let unit = 0;
  let value = bytes;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit && value < 9.95 ? value.toFixed(1) : Math.round(value)} ${UNITS[unit]}`;
}

export const time = (milliseconds) => SHORT.format(new Date(milliseconds));
export const day = (milliseconds) => DAY.format(new Date(milliseconds));
export const count = (number) => COUNT.format(number);

export function many(number, one, more = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : more}`;
}

export const nameOf = (path) => path.replace(/\/$/, "").split("/").pop();
// A key on S3 may have nothing between two slashes, and a link needs a text.
export const shownName = (name) => name || "(no name)";
export const folderOf = (path) => path.slice(0, path.replace(/\/$/, "").lastIndexOf("/") + 1);
export const isFolder = (path) => path === "" || path.endsWith("/");
