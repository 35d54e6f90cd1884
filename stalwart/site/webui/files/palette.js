// The palette: pages and settings by their names.

import { each, h } from "./lib/dom.js";
import { computed, signal } from "./lib/signals.js";
import { ACCOUNT, ADMIN } from "./core/pages.js";
import { schema, segmentOf } from "./core/schema.js";
import { administers, may } from "./core/viewer.js";
import { t } from "./core/words.js";
import { icon } from "./ui/icons.js";
import { dialog } from "./ui/parts.js";

const MOST = 40;

export function choose() {
  const wanted = signal("");
  const entries = signal(pages());
  if (administers()) schema().then((document) => entries.set([...pages(), ...fields(document)]), () => null);
  const found = computed(() => best(entries(), wanted()));
  const at = signal(0);
  return dialog(t("palette.open"), (close) => {
    const option = (entry, index) => h("li", { role: "option", id: () => `choice-${index()}`, "aria-selected": () => String(at() === index()), onclick: () => close(entry().href) },
      icon(entry.peek().icon), h("span", entry.peek().name), h("small", entry.peek().where));
    const move = (by) => {
      const count = found.peek().length;
      if (count) at.set((now) => (now + by + count) % count);
      document.getElementById(`choice-${at.peek()}`)?.scrollIntoView({ block: "nearest" });
    };
    const keys = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: () => found.peek()[at.peek()] && close(found.peek()[at.peek()].href) };
    return [
      h("input.palette-input", {
        type: "search", autofocus: true, role: "combobox", "aria-expanded": "true", "aria-controls": "choices", "aria-label": t("palette.open"), placeholder: t("palette.hint"),
        "aria-activedescendant": () => (found().length ? `choice-${at()}` : null), autocomplete: "off", spellcheck: "false",
        oninput: (event) => { wanted.set(event.target.value); at.set(0); },
        onkeydown: (event) => { if (keys[event.key]) { event.preventDefault(); keys[event.key](); } },
      }),
      h("ul#choices.choices", { role: "listbox", "aria-label": t("palette.open") }, each(found, (entry) => entry.key, option)),
      () => (found().length ? null : h("p.hint", t("palette.none"))),
    ];
  }, { kind: "palette" });
}

function pages() {
  const all = [[t("area.admin"), ADMIN], [t("area.account"), ACCOUNT]];
  return all.flatMap(([where, sections]) => sections.flatMap(([, entries]) => entries).filter((entry) => entry.shown())
    .map((entry) => ({ key: entry.href, name: t(entry.name), where, href: entry.href, icon: entry.icon })));
}

function fields(document) {
  const found = [];
  for (const layout of document.layouts.filter(({ name }) => name !== "Account")) {
    for (const { container } of layout.items.filter((item) => item.container)) {
      for (const { name, viewName } of container.items) {
        if (viewName.startsWith("Custom") || !may(document.permission(viewName, "Get"))) continue;
        const href = `/admin/objects/${segmentOf(viewName)}`;
        found.push({ key: viewName, name, where: container.name, href, icon: "gear" });
        if (!document.isSingleton(viewName)) continue;
        const group = document.group(viewName);
        for (const section of document.sections(viewName, group)) {
          for (const field of section.fields) {
            found.push({ key: `${viewName}.${field.name}`, name: field.label, where: name, href: `${href}?field=${field.name}`, icon: "edit", late: true });
          }
        }
      }
    }
  }
  return found;
}

// Every word must occur; names that begin with it come first.
export function best(entries, text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (!words.length) return entries.filter((entry) => !entry.late).slice(0, MOST);
  const ranked = [];
  for (const entry of entries) {
    const name = entry.name.toLowerCase();
    const all = `${name} ${entry.where.toLowerCase()} ${entry.key.toLowerCase()}`;
    if (words.every((word) => all.includes(word))) ranked.push([rank(name, words[0]) + (entry.late ? 1 : 0), entry]);
  }
  return ranked.sort(([one], [other]) => one - other).slice(0, MOST).map(([, entry]) => entry);
}

function rank(name, word) {
  if (name.startsWith(word)) return 0;
  return name.includes(` ${word}`) ? 2 : name.includes(word) ? 4 : 6;
}
