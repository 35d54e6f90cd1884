// All settings by their areas, with a search over names and fields.

import { h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { explained, schema as loadSchema, segmentOf } from "../core/schema.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { empty, heading, loaded, marked, page } from "../ui/parts.js";

export default function settings() {
  const wanted = signal("");
  const told = signal(false);
  const look = ({ target }) => {
    wanted.set(target.value.trim().toLowerCase());
    explained().then(() => told.set(true), () => null);
  };
  return page(t("nav.settings"), heading(t("nav.settings"), t("settings.lead")),
    h("div.tools", h("input.grow", { type: "search", "aria-label": t("settings.search"), placeholder: t("settings.search"), oninput: look })),
    loaded(loadSchema, (schema) => () => (told(), areas(schema, wanted()))));
}

function areas(schema, text) {
  const shown = schema.layouts.find(({ name }) => name === "Settings").items.map(({ container }) => ({
    name: container.name,
    items: container.items.filter(({ viewName }) => may(schema.permission(viewName, "Get"))).map((item) => ({ ...item, ...schema.objectOf(item.viewName), hits: hits(schema, item.viewName, text) }))
      .filter((item) => !text || `${item.name} ${item.viewName} ${item.description} ${container.name}`.toLowerCase().includes(text) || item.hits.length),
  })).filter(({ items }) => items.length);
  if (!shown.length) return empty(t("list.nothing"), t("list.nothing.text"));
  return shown.map(({ name, items }) => h("section", h("h2", name), h("ul.tiles", { role: "list" }, items.map((item) => h("li", tile(schema, item))))));
}

function tile(schema, { viewName, hits: found, description }) {
  const href = `/admin/objects/${segmentOf(viewName)}`;
  const title = schema.list(viewName)?.title || schema.forms[viewName]?.title || segmentOf(viewName);
  const to = found.length && schema.isSingleton(viewName) ? `${href}?field=${found[0].name}` : href;
  return h("a", { href: to }, h("strong", title), h("span", found.length ? found.slice(0, 4).map((one) => one.label).join(", ") : marked(description)));
}

function hits(schema, view, text) {
  if (!text || !schema.isSingleton(view)) return [];
  const group = schema.group(view);
  const about = schema.properties(group);
  return schema.sections(view, group).flatMap((section) => section.fields)
    .filter(({ name, label }) => `${name} ${label} ${about[name]?.description || ""}`.toLowerCase().includes(text));
}
