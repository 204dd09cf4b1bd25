// What is asked of the server, and what it answers: an object, lines of progress, or a Problem.

const CSRF = document.querySelector('meta[name="csrf-token"]')?.content ?? "";

export class Problem extends Error {
  constructor({ kind = "unreachable", problem, detail = null, hint = null }) {
    super(problem);
    Object.assign(this, { kind, problem, detail, hint });
  }
}

const unreachable = () =>
  new Problem({ problem: "The server does not answer.", hint: "Is 'crossframe serve' still running? Start it and open its link." });

export const address = (path, values = {}) => `${path}?${new URLSearchParams(Object.entries(values).filter(([, value]) => value !== undefined && value !== null))}`;

async function checked(answer) {
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => ({}));
  throw new Problem(told.error ?? { problem: `The server refused (${answer.status}).`, hint: "Reload the page." });
}

async function asked(path, options) {
  let answer;
  try {
    answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...options });
  } catch (error) {
    throw error.name === "AbortError" ? error : unreachable();
  }
  return checked(answer);
}

export async function get(path, values = {}, signal = undefined) {
  return (await asked(address(path, values), { signal })).json();
}

const change = (body) => ({ method: "POST", headers: { "X-CSRF-Token": CSRF, "Content-Type": "application/json" }, body: JSON.stringify(body) });

export async function post(path, body) {
  return (await asked(path, change(body))).json();
}

// Lines of progress, and last a result or an error.
class Lines {
  constructor(progress) {
    this.progress = progress;
    this.rest = "";
    this.result = undefined;
  }

  take(text) {
    const lines = (this.rest + text).split("\n");
    this.rest = lines.pop();
    for (const line of lines) {
      const told = JSON.parse(line);
      if (told.error) throw new Problem(told.error);
      if (told.result) this.result = told.result;
      else this.progress(told.done, told.total);
    }
  }

  end() {
    if (this.result === undefined) throw unreachable();
    return this.result;
  }
}

export async function work(path, body, progress, signal) {
  const answer = await asked(path, { ...change(body), signal });
  const lines = new Lines(progress);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return lines.end();
    lines.take(value);
  }
}

// Why not fetch: it does not tell how much of a body is sent.
export function upload(file, url, progress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const lines = new Lines(() => {});
    let seen = 0;
    const read = () => {
      lines.take(request.responseText.slice(seen));
      seen = request.responseText.length;
    };
    request.open("PUT", url);
    request.setRequestHeader("X-CSRF-Token", CSRF);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => progress(event.loaded);
    request.onabort = () => reject(new DOMException("Cancelled", "AbortError"));
    request.onerror = () => reject(unreachable());
    request.onload = () => {
      try {
        if (request.status !== 200) throw new Problem(JSON.parse(request.responseText).error);
        read();
        resolve(lines.end());
      } catch (error) {
        reject(error instanceof Problem ? error : unreachable());
      }
    };
    signal?.addEventListener("abort", () => request.abort());
    request.send(file);
  });
}
