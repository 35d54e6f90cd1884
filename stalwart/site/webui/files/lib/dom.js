// Elements made of signals: `h("a.link", { href: () => url() }, "text", () => name())`. A function as an attribute or a
// child is followed; text is never read as HTML.

import { effect, onUndo, scope, signal, untracked } from "./signals.js";

const SVG = "http://www.w3.org/2000/svg";
const NAMES = new Set(["title", "aria-label", "placeholder"]);
const PROPERTIES = new Set(["value", "checked", "indeterminate", "selected", "disabled", "hidden", "open"]);

// What nobody sees but turns or hides the text around it (bidi controls and the like) is shown by its number.
const UNSEEN = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;
export const visible = (text) => String(text).replace(UNSEEN, (one) => `[U+${one.charCodeAt().toString(16).toUpperCase().padStart(4, "0")}]`);

const ownClasses = new WeakMap();

export function h(name, ...rest) {
  return make((tag) => document.createElement(tag), name, rest);
}

export function s(name, ...rest) {
  return make((tag) => document.createElementNS(SVG, tag), name, rest);
}

function make(create, name, rest) {
  const [tag, ...marks] = name.split(/(?=[#.])/);
  const element = create(tag);
  const classes = marks.filter((mark) => mark[0] === ".").map((mark) => mark.slice(1));
  if (classes.length) element.setAttribute("class", classes.join(" "));
  for (const mark of marks) if (mark[0] === "#") element.id = mark.slice(1);
  const attributes = plain(rest[0]) ? rest.shift() : null;
  add(element, rest);
  if (attributes) for (const [key, value] of Object.entries(attributes)) attribute(element, key, value);
  return element;
}

const plain = (value) => value !== null && typeof value === "object" && !(value instanceof Node) && !Array.isArray(value);

function attribute(element, key, value) {
  if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
  else if (key === "ref") value(element);
  else if (typeof value === "function") effect(() => set(element, key, value()));
  else set(element, key, value);
}

function set(element, key, value) {
  if (key === "style") {
    for (const [name, text] of Object.entries(value || {})) element.style.setProperty(name, text);
  } else if (key === "class") {
    if (!ownClasses.has(element)) ownClasses.set(element, element.getAttribute("class") || "");
    element.setAttribute("class", `${ownClasses.get(element)} ${value || ""}`.trim());
  } else if (PROPERTIES.has(key)) {
    const next = value ?? (key === "value" ? "" : false);
    if (element[key] !== next) element[key] = next;
  } else if (value === false || value === null || value === undefined) element.removeAttribute(key);
  else element.setAttribute(key, value === true ? "" : NAMES.has(key) ? visible(value) : value);
}

export function add(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === true) continue;
    if (typeof child === "function") follow(parent, child);
    else parent.append(child instanceof Node ? child : visible(child));
  }
}

// What a function gives stands between two marks of its own and is replaced when it changes.
function follow(parent, child) {
  const [first, last] = [document.createTextNode(""), document.createTextNode("")];
  parent.append(first, last);
  effect(() => {
    const value = child();
    const only = first.nextSibling;
    if ((typeof value === "string" || typeof value === "number") && only.nextSibling === last && only.nodeType === 3) {
      only.data = visible(value);
      return;
    }
    while (first.nextSibling !== last) first.nextSibling.remove();
    const box = document.createDocumentFragment();
    untracked(() => add(box, [value]));
    last.before(box);
  });
}

// Rows by their keys: `each(() => list(), (one) => one.id, (one, at) => element)`; `one` and `at` are signals.
export function each(list, keyOf, render) {
  const box = document.createDocumentFragment();
  const mark = document.createTextNode("");
  box.append(mark);
  let rows = new Map();
  effect(() => {
    const items = list() || [];
    untracked(() => {
      const next = new Map();
      items.forEach((item, at) => {
        const key = keyOf(item, at);
        if (next.has(key)) return;
        let row = rows.get(key);
        if (row) {
          row.item.set(() => item);
          row.at.set(at);
        } else {
          row = { item: signal(item), at: signal(at) };
          [row.node, row.undo] = scope(() => render(row.item, row.at));
        }
        next.set(key, row);
      });
      for (const [key, row] of rows) {
        if (!next.has(key)) {
          row.undo();
          row.node.remove();
        }
      }
      rows = next;
      let before = mark;
      for (const row of [...rows.values()].reverse()) {
        if (row.node.nextSibling !== before) before.before(row.node);
        before = row.node;
      }
    });
  });
  onUndo(() => rows.forEach((row) => row.undo()));
  return box;
}

// How many of `size()` things are drawn: the first ones at once, the others piece by piece, so that nothing waits long.
export function growing(size, first, step = first) {
  const count = signal(first);
  let timer = null;
  effect(() => {
    if (count() < size()) timer = setTimeout(() => count.set((now) => now + step));
  });
  onUndo(() => clearTimeout(timer));
  return count;
}
