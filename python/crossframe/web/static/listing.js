// What a folder holds, as far as it has come: pages are asked for when they are needed, and for no more.

import { get } from "./api.js";

const FIRST_ROWS = 500;
const MORE_ROWS = 10000;

const ORDERS = {
  name: (one, other) => (one.name < other.name ? -1 : one.name > other.name ? 1 : 0),
  size: (one, other) => (one.size ?? -1) - (other.size ?? -1),
  modified: (one, other) => (one.modified ?? one.deleted ?? 0) - (other.modified ?? other.deleted ?? 0),
};

export class Listing {
  // what: "level", "below" (search) or "deleted".
  constructor(path, what = "level", text = "", onchange = () => {}) {
    Object.assign(this, { path, what, text, onchange, looked: 0, cursor: undefined, complete: false, failed: false });
    this.folders = new Map();
    this.files = [];
    this.stop = new AbortController();
  }

  // Ask for one page more; one request at a time.
  more() {
    if (this.complete || this.failed) return Promise.resolve();
    this.asking ??= this.page().finally(() => {
      this.asking = null;
    });
    return this.asking;
  }

  async page() {
    const values = this.cursor ? { cursor: this.cursor, rows: MORE_ROWS } : { path: this.path, what: this.what, text: this.text, rows: FIRST_ROWS };
    try {
      const { rows, cursor, looked } = await get("/api/list", values, this.stop.signal);
      for (const row of rows) {
        if (row.path.endsWith("/")) this.folders.set(row.path, row);
        else this.files.push(row);
      }
      Object.assign(this, { cursor, looked, complete: !cursor });
    } catch (error) {
      this.failed = true;
      throw error;
    }
    this.onchange();
  }

  async all() {
    while (!this.complete && !this.failed && !this.stop.signal.aborted) await this.more();
  }

  end() {
    this.stop.abort();
  }

  has(name) {
    const path = this.path + name;
    return this.folders.has(`${path}/`) || this.files.some((row) => row.path === path);
  }

  get count() {
    return this.folders.size + this.files.length;
  }

  // The rows to be shown: folders first, those whose name has every word, in an order.
  shown(text, order, descending) {
    const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const fits = (row) => words.every((word) => row.name.toLocaleLowerCase().includes(word));
    const folders = [...this.folders.values()];
    const [chosen, files] = words.length ? [folders.filter(fits), this.files.filter(fits)] : [folders, this.files];
    if (order === "name" && !descending) return chosen.concat(files);
    const sign = descending ? -1 : 1;
    const compare = (one, other) => sign * ORDERS[order](one, other);
    const sorted = order === "size" ? chosen : [...chosen].sort(compare);
    return sorted.concat([...files].sort(compare));
  }
}
