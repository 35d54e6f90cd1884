// Pieces that many pages have: buttons, fields, dialogs, notices, empty states, things to copy.

import { each, h, visible } from "../lib/dom.js";
import { onUndo, scope, signal } from "../lib/signals.js";
import { short } from "../core/format.js";
import { guarded, guardWith } from "../core/router.js";
import { t } from "../core/words.js";
import { icon } from "./icons.js";

let numbers = 0;
export const newId = (prefix) => `${prefix}-${(numbers += 1)}`;

export function button(text, onclick, { kind = "", name, type = "button", disabled, title, label } = {}) {
  return h(`button.button${kind ? `.${kind}` : ""}`, { type, onclick, "aria-disabled": () => (disabled?.() ? "true" : null), "aria-label": label, title }, name ? icon(name) : null, h("span", text));
}

// A button that works for a while: it says so, and cannot be pressed twice.
export function worker(text, work, options = {}) {
  const busy = signal(false);
  return button(text, async (event) => {
    event.preventDefault(); // one of the type submit is pressed by Enter in a field of its form
    if (busy.peek()) return;
    busy.set(true);
    try {
      await work(event);
    } catch (problem) {
      notice(problem.message, "bad", null, problem.links);
    } finally {
      busy.set(false);
    }
  }, { ...options, disabled: busy });
}

// A label, its control, a sentence below, and the problem that the server or the page has with it.
export function field(label, control, { hint, problem, extra } = {}) {
  const id = control.id || (control.id = newId("field"));
  const told = [];
  if (hint) told.push(`${id}-hint`);
  if (problem) told.push(`${id}-problem`);
  if (told.length) control.setAttribute("aria-describedby", told.join(" "));
  const wrong = problem ? () => (problem() ? "wrong" : "") : "";
  return h("div.field", { class: wrong },
    h("div.label-row", h("label", { for: id }, label), extra),
    control,
    problem ? h("p.problem", { id: `${id}-problem`, hidden: () => !problem(), role: "alert" }, () => problem() || "") : null,
    hint ? h("p.hint", { id: `${id}-hint` }, hint) : null);
}

export function textInput(attributes) {
  return h("input", { type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false", ...attributes });
}

export function checkbox(label, attributes, hint) {
  const id = newId("check");
  return h("div.check", h("input", { type: "checkbox", id, "aria-describedby": hint ? `${id}-hint` : null, ...attributes }),
    h("div", h("label", { for: id }, label), hint ? h("p.hint", { id: `${id}-hint` }, hint) : null));
}

export function badge(kind, text) {
  const name = { ok: "ok", warn: "warn", bad: "bad", none: "none" }[kind];
  return h(`span.badge.${kind}`, name ? icon(name) : null, h("span", text));
}

export function empty(title, text, ...actions) {
  return h("div.empty", h("h2", title), h("p", text), actions.length ? h("div.buttons", actions) : null);
}

// Text of others: it keeps its direction to itself, and addresses break where their domain begins.
export const other = (text) => h("bdi", typeof text === "string" ? text.split(/(?=@)/).map((part, at) => [at ? h("wbr") : null, part]) : text);

export function copyButton(text, label = t("copy")) {
  const done = signal(false);
  return h("button.button.quiet.small", {
    type: "button",
    onclick: async () => {
      await copy(typeof text === "function" ? text() : text);
      done.set(true);
      setTimeout(() => done.set(false), 1600);
    },
  }, () => icon(done() ? "ok" : "copy"), h("span", () => (done() ? t("copied") : label)));
}

export async function copy(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = h("textarea.offscreen", { value: text, "aria-hidden": "true" });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

export function download(name, text, type = "application/json") {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// Notices stand in a corner and are read out; those of what went wrong stay until they are closed.
const notices = signal([]);
export function notice(text, kind = "ok", action, links = []) {
  const one = { id: newId("notice"), text, kind, action, links };
  notices.set((all) => [...all.slice(-4), one]);
  if (kind === "ok") setTimeout(() => dismiss(one), action ? 12_000 : 5000);
}

function dismiss(one) {
  notices.set((all) => all.filter((other) => other !== one));
}

export function noticeArea() {
  return h("div.notices", { role: "status", "aria-live": "polite" }, each(notices, (one) => one.id, (one) => {
    const { text, kind, action, links } = one.peek();
    return h(`div.notice.${kind}`, icon(kind), h("p", text, links.map(({ url, name }) => [" ", h("a", { href: url }, other(short(name, 120)))])),
      action ? worker(action.label, () => { dismiss(one.peek()); return action.run(); }, { kind: "small" }) : null,
      h("button.plain-button", { type: "button", "aria-label": t("close"), onclick: () => dismiss(one.peek()) }, icon("bad")));
  }));
}

// A native dialog; `fill(close)` gives its content. The result is what it was closed with.
export function dialog(title, fill, { kind = "" } = {}) {
  return new Promise((done) => {
    const [box, undo] = scope(() => {
      const id = newId("dialog");
      const shown = h(`dialog${kind ? `.${kind}` : ""}`, { "aria-labelledby": id });
      const close = (value) => { shown.returned = value; shown.close(); };
      const before = guarded();
      const leaving = async (event) => {
        event.preventDefault();
        if (guarded() === before || await leave()) close(null);
      };
      shown.append(h("header", h("h2", { id }, title), h("button.plain-button", { type: "button", "aria-label": t("close"), onclick: leaving }, icon("bad"))));
      shown.append(h("div.dialog-body", fill(close)));
      shown.addEventListener("cancel", (event) => event.target === shown && leaving(event));
      shown.addEventListener("close", () => { undo(); guardWith(before); shown.remove(); done(shown.returned ?? null); });
      return shown;
    });
    document.body.append(box);
    box.showModal();
    box.querySelector("[autofocus]")?.focus();
  });
}

export function confirm(title, text, { yes = t("yes"), kind = "danger" } = {}) {
  return dialog(title, (close) => [
    typeof text === "string" ? h("p", text) : text,
    h("div.buttons", button(yes, () => close(true), { kind }), button(t("cancel"), () => close(false), { kind: "quiet" })),
  ]);
}

// Whether what is typed may be lost.
export const leave = () => confirm(t("leave.title"), t("leave.text"), { yes: t("leave.yes") });

// What is loaded: a quiet place while it comes, a problem with a way to try again, or what `show` makes of it.
export function loaded(load, show, shape = "") {
  const state = signal({ kind: "loading" });
  let over = false;
  let again = false;
  onUndo(() => { over = true; });
  const run = async () => {
    state.set({ kind: "loading" });
    try {
      const value = await load();
      if (over) return;
      state.set({ kind: "ready", value });
      if (again && document.activeElement === document.body) document.querySelector("main h1")?.focus({ preventScroll: true });
      again = true;
    } catch (problem) {
      if (!over) state.set({ kind: "failed", problem });
    }
  };
  run();
  const box = () => {
    const { kind, value, problem } = state();
    if (kind === "ready") return show(value, run);
    if (kind === "failed") return failed(problem, run);
    return h("div.loading", { "aria-busy": "true", class: shape }, h("span.visually-hidden", t("loading")));
  };
  box.reload = run;
  return box;
}

export function failed(problem, again) {
  const forbidden = problem.status === 403 || problem.type === "forbidden";
  return empty(forbidden ? t("forbidden") : problem.status === 404 ? t("notThere") : t("failed"), problem.message,
    again ? button(t("again"), again, { name: "undo" }) : null);
}

// A table whose cells are given as lists; on a phone each row is a card.
export const table = (columns, rows, cells) => h("div.table-box", h("table.stack", h("thead", h("tr", columns.map((label) => h("th", { scope: "col" }, label)))),
  h("tbody", each(() => rows, (one, at) => one.id ?? at, (one) => h("tr", cells(one.peek()).map((content, at) => h("td", { "data-label": at ? columns[at] : null }, content)))))));

export const entitle = (title) => { document.title = `${visible(title)} - Stalwart`; };

export function page(title, ...content) {
  entitle(title);
  return h("div.page", ...content);
}

// The head of a page: its heading, what it is about, and what can be done.
// Code in a description of the schema, which is Markdown.
export const marked = (text) => (text || "").replaceAll("``", "`").split("`").map((part, at) => (at % 2 ? h("code", part) : part));

export function heading(title, text, ...actions) {
  return h("header.page-head", h("div", h("h1", { tabindex: "-1" }, other(typeof title === "string" ? short(title) : title)), text ? h("p.lead", marked(text)) : null),
    actions.length ? h("div.buttons", actions) : null);
}
