// A list of objects made of the schema: searched, sorted, page by page along anchors; a singleton is its form at once.

import { each, growing, h } from "../lib/dom.js";
import { batch, computed, effect, signal } from "../lib/signals.js";
import { short } from "../core/format.js";
import { go, setQuery } from "../core/router.js";
import { schema as loadSchema, segmentOf, viewOf } from "../core/schema.js";
import { jmap, set } from "../core/server.js";
import { may } from "../core/viewer.js";
import { number, t } from "../core/words.js";
import { button, confirm, empty, entitle, failed, heading, loaded, notice, other, page, worker } from "../ui/parts.js";
import { plain } from "../ui/editors.js";
import { filled, form } from "./object.js";

const PAGE = 50;
const AT_ONCE = 18;

export default function objects({ view: segment, area, query }) {
  const view = viewOf(segment);
  return page(segment, loaded(async () => {
    const schema = await loadSchema();
    const held = schema.objectOf(view);
    if (!held) throw Object.assign(new Error(t("notThere.text")), { status: 404 });
    return schema.isSingleton(view) ? filled(schema, held) : { schema, held };
  }, (found) => (found.stored ? form(found, view, "singleton", area, query) : list(found, view, area, query))));
}

function list({ schema, held }, view, area, query) {
  const shape = schema.list(view);
  entitle(shape.title);
  const types = schema.properties(schema.group(held.name, shape.filtersStatic?.["@type"] ?? schema.variants(held.name)?.[0].name));
  const asked = signal({ text: query.get("text") || "", anchors: [], ...chosen(shape, query) });
  const rows = signal(null);
  const total = signal(null);
  const problem = signal(null);
  const picked = signal(new Set());
  const names = signal({});
  const searchable = shape.filters?.some((one) => one.field === "text");
  const about = shape.subtitle ?? schema.objects[view].description;
  const href = (id) => `/${area}/objects/${segmentOf(view)}/${id}`;
  const links = shape.columns.flatMap(({ name: column }) => {
    const type = types[column]?.type;
    const target = type?.type === "objectId" && schema.objectOf(type.objectName);
    if (!target || !may(`${target.permissionPrefix}Get`)) return [];
    return [{ column, type: type.objectName, target: target.name, label: schema.list(type.objectName)?.labelProperty || "name", always: !type.nullable }];
  });
  const linked = links.filter((one) => one.always);
  let turn = 0;

  async function load() {
    const mine = (turn += 1);
    const { text, anchors, ...enums } = asked.peek();
    const filter = { ...(shape.filtersStatic || {}) };
    if (text && searchable) filter.text = text;
    for (const [name, value] of Object.entries(enums)) if (value) filter[name] = value;
    const where = anchors.length ? { anchor: anchors.at(-1), anchorOffset: 1 } : {};
    try {
      const [found, got, ...others] = await jmap([
        [`${held.name}/query`, { filter, limit: PAGE, calculateTotal: true, ...where }],
        [`${held.name}/get`, { "#ids": { resultOf: "0", name: `${held.name}/query`, path: "/ids" }, properties: ["id", "@type", ...shape.columns.map((one) => one.name)] }],
        ...linked.map(({ column, target, label }) => [`${target}/get`, { "#ids": { resultOf: "1", name: `${held.name}/get`, path: ["", "list", "*", column].join("/") }, properties: ["id", label] }]),
      ]);
      if (mine !== turn) return;
      others.forEach((one, at) => know(linked[at], one));
      const byId = new Map(got.list.map((one) => [one.id, one]));
      batch(() => {
        drawn.set(AT_ONCE);
        rows.set(found.ids.map((id) => byId.get(id)).filter(Boolean));
        total.set(found.total ?? null);
        problem.set(null);
      });
      named();
    } catch (failure) {
      if (mine === turn) problem.set(failure);
    }
  }

  // Ids of other objects are shown by their names: asked for with the list where each has one, else afterwards.
  async function named() {
    for (const one of links) {
      if (linked.includes(one)) continue;
      const ids = [...new Set(rows.peek().map((row) => row[one.column]).filter(Boolean))];
      if (ids.length) know(one, (await jmap([[`${one.target}/get`, { ids, properties: ["id", one.label] }]]))[0]);
    }
  }

  function know({ type, label }, { list: found }) {
    names.set((all) => ({ ...all, ...Object.fromEntries(found.map((one) => [`${type} ${one.id}`, one[label]])) }));
  }

  let pause = null;
  effect(() => {
    const { text, anchors, ...enums } = asked();
    setQuery({ text, ...enums });
    clearTimeout(pause);
    pause = setTimeout(load, rows.peek() === null ? 0 : 150);
  });
  const change = (members) => { picked.set(new Set()); asked.set((now) => ({ ...now, anchors: [], ...members })); };

  const remove = async () => {
    const ids = [...picked.peek()];
    if (!(await confirm(t("delete.title"), t("delete.many", { n: ids.length, name: ids.length === 1 ? shape.singularName : shape.pluralName }), { yes: t("delete") }))) return;
    await set(held.name, { destroy: ids });
    picked.set(new Set());
    notice(t("deleted"));
    await load();
  };

  const cell = (column, row) => {
    const value = row()[column.name];
    const type = types[column.name]?.type;
    if (type?.type === "objectId") return other(short(String(names()[`${type.objectName} ${value}`] ?? value ?? "–"), 120));
    if (typeof value === "string" && type?.type !== "utcDateTime" && type?.type !== "enum") return other(short(value, 200));
    return plain(value, type, schema, true);
  };
  const drawn = growing(() => rows()?.length || 0, AT_ONCE, 8);
  const body = each(() => (rows() || []).slice(0, drawn()), (row) => row.id, (row) => h("tr",
    h("td.pick", h("input", { type: "checkbox", "aria-label": t("pick"), checked: () => picked().has(row.peek().id), onchange: (event) => picked.set((now) => {
      const next = new Set(now);
      if (event.target.checked) next.add(row.peek().id);
      else next.delete(row.peek().id);
      return next;
    }) })),
    shape.columns.map((column, at) => h("td", { "data-label": column.label }, at === 0
      ? h("a.row-link", { href: href(row.peek().id) }, () => other(short(String(row()[column.name] || row().id), 120)))
      : h("span.clip", () => cell(column, row))))));

  const more = computed(() => (rows()?.length || 0) === PAGE);
  const filtered = computed(() => Object.entries(asked()).some(([name, value]) => name !== "anchors" && value));
  return [
    heading(shape.title, about, may(schema.permission(view, "Create")) && Object.values(types).some(({ update }) => update !== "serverSet") && held.name !== "x:QueuedMessage" ? h("a.button.primary", { href: href("new") }, t("new", { name: shape.singularName })) : null),
    h("div.tools",
      searchable ? h("input.grow", { type: "search", placeholder: t("search", { name: shape.pluralName }), "aria-label": t("search", { name: shape.pluralName }), value: asked.peek().text, oninput: (event) => change({ text: event.target.value }) }) : null,
      (shape.filters || []).filter((one) => one.type === "enum").map((one) => h("select", { "aria-label": one.label, onchange: (event) => change({ [one.field]: event.target.value }) },
        h("option", { value: "" }, one.label), () => schema.choices(one.enumName).map((choice) => h("option", { value: choice.name, selected: asked.peek()[one.field] === choice.name }, choice.label)))),
      (shape.filters || []).filter((one) => one.type === "objectId").map((one) => () => (asked()[one.field] ? button(t("filter.clear", { name: one.label }), () => change({ [one.field]: "" }), { kind: "small", name: "bad" }) : null)),
      () => (picked().size ? worker(t("delete.picked", { n: picked().size }), remove, { kind: "danger", name: "trash" }) : null)),
    () => {
      if (problem() && held.name === "x:Log" && problem().type === "invalidArguments") return empty(t("log.none"), t("log.none.text"), may("sysTracerCreate") ? h("a.button.primary", { href: `/${area}/objects/Tracer/new` }, t("log.make")) : null);
      if (problem()) return failed(problem(), load);
      if (rows() === null) return h("div.loading", { "aria-busy": "true" });
      if (!rows().length && !asked.peek().anchors.length) return filtered() ? empty(t("list.nothing"), t("list.nothing.text")) : empty(t("list.empty", { name: shape.pluralName }), about);
      return null;
    },
    h("div.table-box", { hidden: () => !rows()?.length }, h("table.stack",
      h("caption.visually-hidden", shape.title),
      h("thead", h("tr", h("th.pick", h("span.visually-hidden", t("pick"))), shape.columns.map((one) => h("th", { scope: "col" }, one.label)))),
      h("tbody", body))),
    h("div.pager", { hidden: () => !rows()?.length && !asked().anchors.length },
      h("span", { role: "status" }, () => (total() === null ? "" : t("list.total", { n: total(), from: asked().anchors.length * PAGE + 1, to: asked().anchors.length * PAGE + (rows()?.length || 0) }))),
      h("div.buttons",
        button(t("previous"), () => asked.peek().anchors.length && asked.set((now) => ({ ...now, anchors: now.anchors.slice(0, -1) })), { kind: "small", name: "left", disabled: () => !asked().anchors.length }),
        button(t("next"), () => more.peek() && asked.set((now) => ({ ...now, anchors: [...now.anchors, rows.peek().at(-1).id] })), { kind: "small", name: "right", disabled: () => !more() }))),
  ];
}

const KINDS = ["enum", "objectId"];
const chosen = (shape, query) => Object.fromEntries((shape.filters || []).filter((one) => KINDS.includes(one.type) && query.get(one.field)).map((one) => [one.field, query.get(one.field)]));
