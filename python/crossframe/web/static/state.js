// Where the page is, and who wants to know when that, or what lies there, has changed.

const { title, kind, readOnly } = document.body.dataset;

export const site = { title, kind, readOnly: readOnly !== undefined };

const listeners = { go: [], changed: [] };

export const on = (what, act) => listeners[what].push(act);

export function here() {
  return { path: new URLSearchParams(location.search).get("path") ?? "" };
}

export const addressOf = (path) => (path ? `/?${new URLSearchParams({ path })}` : "/");

export function go(path, { replace = path === here().path } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", addressOf(path));
  for (const act of listeners.go) act();
}

// Something was done; where the page shows what is gone, it goes to where that went.
export function changed(from = undefined, to = undefined) {
  const { path } = here();
  if (from !== undefined && path === from) go(to, { replace: true });
  else for (const act of listeners.changed) act();
}

addEventListener("popstate", () => {
  for (const act of listeners.go) act();
});
