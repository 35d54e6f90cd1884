// Addresses and pages: each page has one, links are ordinary links, and the heading gets the focus when a page has come.

import { signal } from "../lib/signals.js";

export const place = signal(read());
let guard = null;

function read() {
  return { path: decodePath(location.pathname), query: new URLSearchParams(location.search) };
}

function decodePath(path) {
  return path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  }).filter(Boolean);
}

// A page with something unsaved gives a function that says so; null lets everything pass.
export function guardWith(ask) {
  guard = ask;
}
export const guarded = () => guard;

// Whether the page may be left or drawn anew.
export async function free() {
  if (guard && !(await guard())) return false;
  guard = null;
  return true;
}

// Whether an address is a page of ours: the interface of somebody else may have one of our places.
const ours = (path) => new RegExp(`^/(${document.documentElement.dataset.ours})(/|$)`).test(path);

export async function go(url, { replace = false } = {}) {
  if (!(await free())) return;
  if (url[0] === "/" && !ours(url)) return location[replace ? "replace" : "assign"](url);
  history[replace ? "replaceState" : "pushState"]({}, "", url);
  place.set(read());
}

// The query alone, without a new page.
export function setQuery(values) {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined));
  history.replaceState({}, "", query.size ? `?${query}` : location.pathname);
}

let here = location.href;
addEventListener("popstate", async () => {
  if (guard) {
    const wanted = location.href;
    history.pushState({}, "", here);
    if (!(await free())) return;
    history.replaceState({}, "", wanted);
  }
  place.set(read());
});
export const arrived = () => { here = location.href; };

addEventListener("beforeunload", (event) => {
  if (guard) event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest?.("a[href]");
  if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
  if (link.hash && link.pathname === location.pathname) return;
  if (!ours(link.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
});

// Loads the page of an address: `table` has pairs of a pattern ("admin/domains/:id") and what gives its module.
export function match(table, path) {
  for (const [pattern, load] of table) {
    const parts = pattern.split("/").filter(Boolean);
    if (parts.length !== path.length) continue;
    const values = {};
    if (parts.every((part, at) => (part[0] === ":" ? (values[part.slice(1)] = path[at]) : part === path[at]))) return { load, values, pattern };
  }
  return null;
}
