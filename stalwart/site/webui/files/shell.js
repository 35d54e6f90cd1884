// What stands around every page: bar, navigation, palette, notices; what is said when the server or the sign-in is gone.

import { each, h } from "./lib/dom.js";
import { computed, effect, scope, signal } from "./lib/signals.js";
import { ACCOUNT, ADMIN, sections, TABLE } from "./core/pages.js";
import { arrived, free, go, match, place } from "./core/router.js";
import { person, reach } from "./core/server.js";
import { session } from "./core/session.js";
import { setTheme, theme, THEMES } from "./core/theme.js";
import { administers, known, viewer } from "./core/viewer.js";
import { keepLanguage, language, LANGUAGES, t } from "./core/words.js";
import { icon } from "./ui/icons.js";
import { button, confirm, dialog, failed, notice, noticeArea, other, worker } from "./ui/parts.js";

const area = computed(() => (place().path[0] === "admin" ? "admin" : "account"));
const narrow = signal(false);

// `coming` is the place of the first page and its module, if that is here: it asks its questions before the rest is drawn.
export function shell(coming) {
  const main = h("main#main", { tabindex: "-1" });
  show(main, coming);
  keys();
  Object.assign(person, { told: (text) => notice(text, "warn"), sure: (text) => confirm(t("anyway"), text) });
  return [
    h("a.skip", { href: "#main", onclick: (event) => { event.preventDefault(); main.focus(); } }, () => (language(), t("skip"))),
    () => (language(), known(), bar()),
    banners(),
    h("div.frame", () => (language(), known(), navigation()), main),
    noticeArea(),
  ];
}

function bar() {
  return h("header.bar",
    h("button.plain-button.menu-button", { type: "button", "aria-expanded": () => String(narrow()), "aria-controls": "navigation", "aria-label": t("menu"), onclick: () => narrow.set((open) => !open) }, icon("menu")),
    h("a.brand", { href: () => (area() === "admin" ? "/admin/" : "/account/") }, mark(), h("span", "Stalwart")),
    h("nav.areas", { "aria-label": t("areas") },
      administers() ? areaLink("admin", t("area.admin")) : null,
      areaLink("account", t("area.account"))),
    h("button.finder", { type: "button", "aria-keyshortcuts": "Control+K Meta+K", onclick: palette }, icon("search"), h("span", t("palette.open")), h("kbd", "Ctrl K")),
    h("button.plain-button", { type: "button", onclick: () => setTheme(THEMES[(THEMES.indexOf(theme.peek()) + 1) % 3]), "aria-label": () => t("theme", { name: t(`theme.${theme()}`) }), title: () => t("theme", { name: t(`theme.${theme()}`) }) }, () => icon({ auto: "auto", light: "sun", dark: "moon" }[theme()])),
    personMenu());
}

const areaLink = (name, text) => h("a", { href: `/${name}/`, "aria-current": () => (area() === name ? "true" : null) }, text);

function mark() {
  return h("img.mark", { src: document.querySelector("link[rel=icon]").href, alt: "", width: "22", height: "22" });
}

function personMenu() {
  const menu = h("div.menu#person-menu", { popover: "" },
    h("p.menu-name", other(viewer.name)),
    h("label", { for: "language" }, t("language")),
    h("select#language", { onchange: async ({ target }) => { if (await free()) keepLanguage(target.value); else target.value = language.peek(); } },
      Object.entries(LANGUAGES).map(([code, name]) => h("option", { value: code, lang: code, selected: language.peek() === code }, name))),
    h("button.button.quiet", { type: "button", onclick: () => { menu.hidePopover(); help(); } }, t("keys.title")),
    worker(t("signOut"), async () => (await free()) && session.signOut()));
  return [h("button.plain-button.person", { type: "button", popovertarget: "person-menu", "aria-label": t("you", { name: viewer.name }) }, icon("person")), menu];
}

function navigation() {
  return h("nav.side#navigation", { "aria-label": t("navigation"), class: () => (narrow() ? "open" : "") }, () =>
    sections(area()).map(([title, entries]) => [
      title ? h("h2", t(title)) : null,
      h("ul", { role: "list" }, entries.map((entry) => h("li", h("a", { href: entry.href, "aria-current": () => (isHere(entry.href) ? "page" : null) }, icon(entry.icon), h("span", t(entry.name)))))),
    ]));
}

function isHere(href) {
  const wanted = href.split("/").filter(Boolean);
  const { path } = place();
  if (wanted.length === 1) return path.length === 1 && path[0] === wanted[0];
  return wanted.every((part, at) => path[at] === part);
}

function banners() {
  let asked = null;
  effect(() => {
    if (session.over() && session.had && !asked) {
      asked = dialog(t("over.title"), (close) => {
        effect(() => { if (session.over() === null) close(true); });
        return [h("p", () => (session.over() === "ended" ? t("over.text") : t("over.other", { name: session.over(), mine: viewer.name }))), h("div.buttons", h("a.button.primary", { href: `/${area.peek()}/signed-in`, target: "_blank", rel: "opener" }, t("over.again")))];
      }, { kind: "narrow" }).finally(() => { asked = null; });
    }
  });
  return () => (reach() === "gone" ? h("div.banner", { role: "alert" }, icon("warn"), h("p", t("gone"))) : null);
}

// Shows the page of the address in `main`; the heading gets the focus, but not when the first page comes.
function show(main, [where, ready]) {
  let undo = null;
  let first = true;
  let turn = 0;
  effect(() => {
    const here = place();
    const { path, query } = here;
    language();
    narrow.set(false);
    const mine = (turn += 1);
    const found = match(TABLE, path);
    const arrive = (content, undone) => {
      if (mine !== turn) {
        undone?.();
        return;
      }
      undo?.();
      undo = undone;
      main.replaceChildren(content);
      arrived();
      scrollTo(0, 0);
      if (!first) main.querySelector("h1")?.focus({ preventScroll: true });
      first = false;
    };
    if (!found) {
      document.title = t("notThere");
      arrive(missing());
      return;
    }
    const draw = (module) => arrive(...scope(() => module.default({ ...found.values, query, area: path[0] })));
    if (first && ready && where === here) draw(ready);
    else found.load().then(draw, () => arrive(h("div.page", h("h1", { tabindex: "-1" }, t("failed")), failed(new Error(t("newVersion")), () => location.reload()))));
  });
}

function missing() {
  return h("div.page", h("header.page-head", h("h1", { tabindex: "-1" }, t("notThere"))), h("p", t("notThere.text")), h("p", h("a", { href: `/${area.peek()}/` }, t("toStart"))));
}

let opened = false;
async function palette() {
  if (opened) return;
  opened = true;
  try {
    const { choose } = await import("./palette.js");
    const url = await choose();
    if (url) go(url);
  } finally {
    opened = false;
  }
}

const typing = (target) => target.closest?.("input, textarea, select, [contenteditable]");

function keys() {
  let after = 0;
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      palette();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") help();
    else if (event.key === "/") {
      const box = document.querySelector("main [type=search]");
      if (box) {
        event.preventDefault();
        box.focus();
      }
    } else if (event.key === "g") after = Date.now();
    else if (Date.now() - after < 1500) {
      after = 0;
      const entry = [...ADMIN, ...ACCOUNT].flatMap(([, entries]) => entries).find((one) => one.key === event.key && one.shown());
      if (entry) go(entry.href);
      else if (event.key === "h") go(`/${area.peek()}/`);
    }
  });
}

function help() {
  const pages = [...ADMIN, ...ACCOUNT].flatMap(([, entries]) => entries).filter((one) => one.key && one.shown());
  const rows = [["Ctrl K", "keys.palette"], ["/", "keys.search"], ["g h", "nav.overview"], ...pages.map((one) => [`g ${one.key}`, one.name]), ["?", "keys.title"]];
  dialog(t("keys.title"), () => h("dl.keys", rows.map(([key, name]) => [h("dt", key.split(" ").map((one) => h("kbd", one))), h("dd", t(name))])));
}
