// Editors of values by their types (settings A.5, B): each gives an element that reads and writes one value.

import { each, growing, h } from "../lib/dom.js";
import { effect, signal, untracked } from "../lib/signals.js";
import { pairs } from "../core/events.js";
import { local, short, utc, when } from "../core/format.js";
import { jmap } from "../core/server.js";
import { t } from "../core/words.js";
import { clone, equal, fromList, fromSet, inUnit, SIZE_UNITS, SPAN_UNITS, toList } from "../core/values.js";
import { expressionEditor } from "./expression.js";
import { button, checkbox, field, marked, newId } from "./parts.js";

const MASK = "****";
const MANY = 8;
const MOST_PICKS = 120;

// `value` is a signal with the value; `context` has the schema, the problems by paths, and what was stored.
export function editorOf(type, value, context) {
  switch (type.type) {
    case "boolean": return switchEditor(value);
    case "number": return type.format === "size" || type.format === "duration" ? unitEditor(type, value) : numberEditor(type, value);
    case "enum": return enumEditor(type, value, context);
    case "utcDateTime": return dateEditor(value);
    case "objectId": return idEditor(type, value, context);
    case "set": return setEditor(type, value, context);
    case "map": return mapEditor(type, value, context);
    case "object": return type.objectName === "x:Expression" ? expressionEditor(value, context) : objectEditor(type, value, context);
    case "objectList": return listEditor(type, value, context);
    default: return textEditor(type, value);
  }
}

function textEditor(type, value) {
  const set = (event) => value.set(event.target.value === "" && type.nullable ? null : event.target.value);
  if (["text", "html", "secretText"].includes(type.format)) return h("textarea", { value: () => value() ?? "", oninput: set, spellcheck: "false", rows: 5 });
  if (type.format === "secret") {
    const stored = value.peek() === MASK;
    return h("input", {
      type: "password", autocomplete: "new-password", placeholder: stored ? t("secret.kept") : "", value: () => (value() === MASK ? "" : value() ?? ""),
      oninput: (event) => value.set(event.target.value === "" ? (stored ? MASK : type.nullable ? null : "") : event.target.value),
    });
  }
  const kinds = { emailAddress: "email", uri: "url" };
  return h("input", { type: "text", inputmode: kinds[type.format] || null, autocomplete: "off", autocapitalize: "none", spellcheck: "false", value: () => value() ?? "", oninput: set });
}

function switchEditor(value) {
  return h("input", { type: "checkbox", checked: () => Boolean(value()), onchange: (event) => value.set(event.target.checked) });
}

function numberEditor(type, value) {
  return h("input", {
    type: "number", step: type.format === "float" ? "any" : "1", min: type.min ?? null, max: type.max ?? null, value: () => value() ?? "",
    oninput: (event) => value.set(event.target.value === "" ? (type.nullable ? null : undefined) : Number(event.target.value)),
  });
}

function unitEditor(type, value) {
  const units = type.format === "size" ? SIZE_UNITS : SPAN_UNITS;
  const [amount, unit] = inUnit(value.peek(), units);
  const shownAmount = signal(amount);
  const shownUnit = signal(unit);
  let own = value.peek();
  effect(() => {
    if (value() === own) return;
    own = value.peek();
    const [next, nextUnit] = inUnit(own, units);
    shownAmount.set(next);
    shownUnit.set(nextUnit);
  });
  const write = () => {
    const text = shownAmount.peek();
    own = text === "" ? (type.nullable ? null : undefined) : Math.round(Number(text) * units[shownUnit.peek()]);
    value.set(own);
  };
  const input = h("input", { type: "number", min: 0, step: "any", value: shownAmount, oninput: (event) => { shownAmount.set(event.target.value); write(); } });
  const box = h("div.joined", input, h("select", { "aria-label": t("unit"), value: shownUnit, onchange: (event) => { shownUnit.set(event.target.value); write(); } },
    Object.keys(units).map((name) => h("option", { value: name, selected: name === unit }, t(`unit.${name}`)))));
  box.labelled = input;
  return box;
}

function enumEditor(type, value, { schema }) {
  const options = () => schema.choices(type.enumName).map((one) => h("option", { value: one.name, selected: one.name === value.peek() }, one.label));
  return h("select", { onchange: (event) => value.set(event.target.value === "" ? null : event.target.value), value: () => (schema.choices(type.enumName), value() ?? "") },
    type.nullable || value.peek() === undefined ? h("option", { value: "" }, t("none")) : null, options);
}

const dateEditor = (value) => h("input", { type: "datetime-local", value: () => local(value()), onchange: (event) => value.set(utc(event.target.value)) });

// Objects to choose from by their names: the first ones, and where there are more those that somebody looks for.
function finder(schema, view, chosen) {
  const choices = signal([]);
  const many = signal(false);
  let turn = 0;
  let waiting = null;
  const look = async (text) => {
    const mine = (turn += 1);
    const found = await findObjects(schema, view, text, chosen()).catch(() => []);
    if (mine !== turn) return;
    if (!text) many.set(found.length >= MOST_CHOICES);
    choices.set(found);
  };
  look("");
  const search = () => (many() ? h("input", { type: "search", "aria-label": t("filter"), placeholder: t("filter"), oninput: (event) => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 250, event.target.value.trim());
  } }) : null);
  return { choices, many, search };
}

function idEditor(type, value, { schema }) {
  const { choices, search } = finder(schema, type.objectName, () => [value.peek()].filter(Boolean));
  const select = h("select", { onchange: (event) => value.set(event.target.value || null), value: () => (choices(), value() ?? "") },
    h("option", { value: "" }, t("none")),
    each(() => {
      const known = choices();
      const now = value();
      return now && !known.some((one) => one.id === now) ? [{ id: now, name: now }, ...known] : known;
    }, (one) => one.id, (one) => h("option", { value: one.peek().id, selected: untracked(value) === one.peek().id }, () => one().name)));
  const box = h("div.joined", select, search);
  box.labelled = select;
  return box;
}

const MOST_CHOICES = 200;
async function findObjects(schema, view, text, chosen) {
  const { name } = schema.objectOf(view);
  const list = schema.list(view);
  const filter = { ...(list?.filtersStatic || {}), ...(text ? { text } : {}) };
  const [, got, had] = await jmap([
    [`${name}/query`, { filter, limit: MOST_CHOICES }],
    [`${name}/get`, { "#ids": { resultOf: "0", name: `${name}/query`, path: "/ids" } }],
    chosen.length ? [`${name}/get`, { ids: chosen }] : ["Core/echo", { list: [] }],
  ]);
  const label = list?.labelProperty;
  const found = new Map([...had.list, ...got.list].map((one) => [one.id, one]));
  return [...found.values()].map((one) => ({ id: one.id, name: short(String(one.emailAddress || one[label] || one.name || one.description || one.id), 120) }));
}

function setEditor(type, value, context) {
  const inner = type.class;
  if (inner.type === "enum") {
    return h("div", () => picks(context.schema.choices(inner.enumName).map((one) => ({ id: one.name, name: one.label })), value));
  }
  if (inner.type === "objectId") {
    const { choices, many, search } = finder(context.schema, inner.objectName, () => Object.keys(value.peek() || {}));
    return h("div", search, () => picks(choices(), value, !many()));
  }
  return textList(value, inner.format);
}

function picks(choices, value, own = true) {
  const wanted = signal("");
  const many = own && choices.length > MANY * 2;
  // what is chosen comes first, as it was when the page came
  const sorted = [...choices].sort((one, next) => Boolean(untracked(value)?.[next.id]) - Boolean(untracked(value)?.[one.id]));
  const fits = () => sorted.filter((one) => `${one.id} ${one.name}`.toLowerCase().includes(wanted().toLowerCase()));
  const shown = () => fits().slice(0, MOST_PICKS);
  return h("div", many ? h("input", { type: "search", placeholder: t("filter"), "aria-label": t("filter"), oninput: (event) => wanted.set(event.target.value) }) : null,
    h("div.picks", { role: "group" }, each(shown, (one) => one.id, (one) => checkbox(one.peek().name, {
      checked: () => Boolean(value()?.[one.peek().id]),
      onchange: (event) => {
        const next = { ...value.peek() };
        if (event.target.checked) next[one.peek().id] = true;
        else delete next[one.peek().id];
        value.set(next);
      },
    }))),
    many ? h("p.hint", { role: "status" }, () => t("picks", { n: Object.keys(value() || {}).length, shown: shown().length, all: fits().length })) : null);
}

// Rows made of a value and how they are written back; what others put into the value makes new rows.
function rowsOf(value, read) {
  let own = value.peek();
  const rows = signal(read(own));
  effect(() => {
    const now = value();
    if (equal(now, own)) return;
    own = now;
    untracked(() => rows.set(read(now)));
  });
  return [rows, (next) => { own = next; value.set(next); }];
}

// Rows are taken away and added; the focus stays with them.
const remover = (rows, row, write) => button(t("remove"), ({ currentTarget }) => {
  const box = currentTarget.closest(".rows-editor");
  rows.set((all) => all.filter((one) => one !== row.peek()));
  write();
  box.lastElementChild.focus();
}, { kind: "quiet small" });
const adder = (rows, make, write) => button(t("add"), ({ currentTarget }) => {
  rows.set((all) => [...all, make()]);
  write?.();
  currentTarget.previousElementSibling.querySelector("input, select, textarea")?.focus();
}, { kind: "quiet small", name: "plus" });

// One line for each text.
function textList(value) {
  const [rows, put] = rowsOf(value, (now) => Object.keys(now || {}).map((text) => ({ key: newId("row"), text })));
  const write = () => put(fromSet(rows.peek().map((row) => row.text.trim()).filter(Boolean)));
  return h("div.rows-editor", each(rows, (row) => row.key, (row) => h("div.row",
    h("input", { type: "text", autocomplete: "off", autocapitalize: "none", spellcheck: "false", "aria-label": t("entry"), value: row.peek().text, oninput: (event) => { row.peek().text = event.target.value; write(); } }),
    remover(rows, row, write))),
  adder(rows, () => ({ key: newId("row"), text: "" })));
}

function mapEditor(type, value, context) {
  const [rows, put] = rowsOf(value, (now) => Object.entries(now || {}).map(([key, held]) => ({ id: newId("row"), key, held: signal(held) })));
  const write = () => put(Object.fromEntries(rows.peek().filter((row) => row.key.trim()).map((row) => [row.key.trim(), row.held.peek()])));
  const keys = type.keyClass?.type === "enum" ? () => context.schema.choices(type.keyClass.enumName) : null;
  const draw = (row) => {
    const { held } = row.peek();
    let first = true;
    effect(() => { held(); if (!first) untracked(write); first = false; });
    const setKey = (event) => { row.peek().key = event.target.value; write(); };
    const name = keys
      ? h("select", { "aria-label": t("key"), onchange: setKey }, h("option", { value: "" }, t("choose")), () => keys().map((one) => h("option", { value: one.name, selected: one.name === row.peek().key }, one.label)))
      : h("input", { type: "text", "aria-label": t("key"), value: row.peek().key, autocomplete: "off", spellcheck: "false", oninput: setKey });
    const editor = editorOf(type.valueClass, held, context);
    (editor.labelled || editor).setAttribute("aria-label", t("value"));
    return h("div.row", h("div", name), h("div", editor), remover(rows, row, write));
  };
  return h("div.rows-editor", each(rows, (row) => row.id, draw),
    adder(rows, () => ({ id: newId("row"), key: "", held: signal(type.valueClass.type === "object" ? context.schema.fresh(type.valueClass.objectName) : context.schema.empty(type.valueClass)) })));
}

// A part with fields of its own, perhaps one of several variants, perhaps none at all.
export function objectEditor(type, value, context) {
  const { schema } = context;
  const variants = schema.variants(type.objectName);
  const shape = signal(shapeOf(value.peek()));
  effect(() => shape.set(shapeOf(value())));
  const choice = variants || type.nullable
    ? h("select", { "aria-label": t("variant"), onchange: (event) => value.set(event.target.value === "" ? null : schema.fresh(type.objectName, variants ? event.target.value : null)), value: shape },
      type.nullable ? h("option", { value: "" }, t("none")) : null,
      variants ? variants.map((one) => h("option", { value: one.name, selected: one.name === shape.peek() }, one.label)) : h("option", { value: "here", selected: shape.peek() === "here" }, t("own")))
    : null;
  const box = h("fieldset.inner", choice, () => {
    const chosen = shape();
    if (chosen === "") return null;
    const group = schema.group(type.objectName, variants ? chosen : null);
    return group ? untracked(() => fieldsOf(type.objectName, group, value, context)) : null;
  });
  if (choice) box.labelled = choice;
  return box;
}

const shapeOf = (value) => (value ? value["@type"] || "here" : "");

// Sections with the fields of a group, which read and write members of `value`.
export function fieldsOf(view, group, value, context) {
  const { schema } = context;
  const properties = schema.properties(group);
  // What a part of an object begins with stands in the defaults of the object.
  const own = context.fallback && (context.fallback["@type"] ?? null) === (value.peek()?.["@type"] ?? null) ? context.fallback : {};
  const standard = (name) => own[name] ?? schema.defaults(group)[name];
  const draw = (one) => memberField(one, properties[one.name], value, { ...context, group, name: one.name }, standard(one.name));
  const sections = schema.sections(view, group).map(({ title, fields }) => ({
    title, fields: fields.filter(({ name }) => name !== "@type" && properties[name] && !(context.isNew && properties[name].update === "serverSet")),
  })).filter(({ fields }) => fields.length);
  if (context.depth) return sections.map(({ fields }) => fields.map(draw));
  const count = growing(() => (context.whole ? 0 : sections.reduce((sum, { fields }) => sum + fields.length, 0)), context.whole ? Infinity : FIRST, STEP);
  let before = 0;
  return sections.map(({ title, fields }) => {
    const start = before;
    before += fields.length;
    return h(title ? "section.card" : "div.part", { hidden: () => count() <= start, "aria-busy": () => (count() < start + fields.length ? "true" : null) },
      title ? h("h2", title) : null, each(() => fields.slice(0, Math.max(0, count() - start)), (one) => one.name, (one) => draw(one.peek())));
  });
}

const FIRST = 9;
const STEP = 4;

function memberField({ name, label, placeholder }, { type, update, description }, value, context, fallback) {
  const path = context.path ? `${context.path}/${name}` : name;
  const inner = { ...context, path, depth: context.depth + 1, fallback };
  const held = signal(value.peek()?.[name]);
  effect(() => held.set(() => value()?.[name]));
  const fixed = update === "serverSet" || (update === "immutable" && !context.isNew) || context.fixed;
  if (fixed) return readOnly(label, description, held, type, context);
  let first = true;
  effect(() => {
    const next = held();
    if (first) {
      first = false;
      return;
    }
    untracked(() => { if (!Object.is(value.peek()?.[name], next)) value.set({ ...value.peek(), [name]: next }); });
  });
  const editor = editorOf(type, held, inner);
  const control = editor.labelled || editor;
  if (placeholder && "placeholder" in control) control.placeholder = placeholder;
  const problem = () => context.problems()[path] ?? context.problems()[path.split("/").at(-1)] ?? "";
  const marks = [modifiedMark(held, fallback, context), h("span.wire.mono", { title: t("wire") }, name)];
  if (type.type === "boolean") {
    control.id = newId("field");
    return h("div.field", { "data-field": path, class: () => (problem() ? "wrong" : "") },
      h("div.check", control, h("div", h("div.label-row", h("label", { for: control.id }, label), marks), h("p.hint", marked(description)), h("p.problem", { role: "alert", hidden: () => !problem() }, problem))));
  }
  if (["INPUT", "SELECT", "TEXTAREA"].includes(control.tagName)) {
    if (control === editor) {
      const box = field(label, editor, { hint: marked(description), problem, extra: marks });
      box.dataset.field = path;
      return box;
    }
    control.id = control.id || newId("field");
    return h("div.field", { "data-field": path, class: () => (problem() ? "wrong" : "") }, h("div.label-row", h("label", { for: control.id }, label), marks), editor, h("p.problem", { role: "alert", hidden: () => !problem() }, problem), h("p.hint", marked(description)));
  }
  return h("fieldset", { "data-field": path, class: () => (problem() ? "wrong" : "") }, h("legend", h("span.label-row", h("span", label), marks)), h("p.hint", marked(description)), h("p.problem", { role: "alert", hidden: () => !problem() }, problem), editor);
}

// A dot where a value is not the default, which puts it back.
function modifiedMark(held, fallback, context) {
  if (fallback === undefined || context.isNew) return null;
  return () => (equal(held(), fallback) ? null : h("span.modified", t("modified"), " ", h("button.button.quiet.small", { type: "button", title: t("default", { value: typeof fallback === "object" ? JSON.stringify(fallback) : String(fallback) }), onclick: () => held.set(() => clone(fallback)) }, t("reset"))));
}

function readOnly(label, description, held, type, { schema }) {
  return h("div.field", h("span.label-row", h("strong", label)), h("div", () => plain(held(), type, schema)), h("p.hint", marked(description)));
}

// A value as text, for lists and what cannot be changed.
export function plain(value, type, schema, brief = false) {
  if (value === null || value === undefined || value === "") return h("span.hint", "–");
  switch (type?.type) {
    case "boolean": return t(value ? "yes" : "no");
    case "utcDateTime": return when(value);
    case "enum": return schema.enumLabel(type.enumName, value);
    case "set": return Object.keys(value).map((one) => (type.class.type === "enum" ? schema.enumLabel(type.class.enumName, one, !brief) : one)).join(", ") || h("span.hint", "–");
    case "string": return type.format === "text" || type.format === "html" ? h("pre", { tabindex: "0" }, String(value)) : h("bdi", String(value));
    case "objectList":
      if (brief) return String(toList(value).length);
      return type.objectName === "x:TraceEvent" ? eventList(toList(value)) : h("ol.plain-list", toList(value).map((one) => h("li", h("details", h("summary", h("bdi", firstWords(one))), parts(one, type.objectName, schema)))));
    case "object":
      if (brief) return h("bdi", value["@type"] ? schema.variantLabel(type.objectName, value["@type"]) : firstWords(value));
      return parts(value, type.objectName, schema);
    case "map":
      if (brief) return h("bdi", Object.keys(value).join(", "));
      return h("dl.facts", Object.entries(value).map(([name, one]) => [h("dt", h("bdi", name)), h("dd", plain(one, type.valueClass, schema))]));
    default: return typeof value === "object" ? h("pre", { tabindex: "0" }, JSON.stringify(value, null, 1)) : h("bdi", String(value));
  }
}

// What an object is made of, and what tells it from others in a list.
function parts(value, name, schema) {
  const group = schema.group(name, value["@type"]);
  const labels = new Map(schema.sections(name, group).flatMap(({ fields }) => fields).map((one) => [one.name, one.label]));
  const shown = Object.entries(schema.properties(group)).filter(([key]) => ![null, undefined, ""].includes(value[key]) && !equal(value[key], {}));
  return [value["@type"] ? h("p", h("bdi", schema.variantLabel(name, value["@type"]))) : null, h("dl.facts", shown.map(([key, { type }]) => [h("dt", labels.get(key) || key), h("dd", plain(value[key], type, schema))]))];
}

const leaves = (value) => (value && typeof value === "object" ? Object.values(value).flatMap(leaves) : [value]);
const firstWords = (value) => leaves(value).filter((one) => typeof one === "string" && one).slice(0, 4).join(" · ") || t("entry");

const eventList = (events) => h("ol.plain-list", events.map(({ event, timestamp, keyValues }) => h("li", h("details", h("summary", h("time.mono", timestamp.slice(11, 19)), " ", h("strong", event)),
  h("dl.facts", pairs(keyValues).map(([name, text]) => [h("dt.mono", h("bdi", name)), h("dd", h("bdi", text))]))))));

function listEditor(type, value, context) {
  const [rows, put] = rowsOf(value, (now) => toList(now).map((held) => ({ key: newId("row"), held: signal(held) })));
  const write = () => put(fromList(rows.peek().map((row) => row.held.peek())));
  const draw = (row, at) => {
    const { held } = row.peek();
    let first = true;
    effect(() => { held(); if (!first) untracked(write); first = false; });
    return h("div.row", h("div", objectEditor({ objectName: type.objectName }, held, { ...context, path: `${context.path}/${at.peek()}`, fallback: null })),
      remover(rows, row, write));
  };
  return h("div.rows-editor", each(rows, (row) => row.key, draw),
    adder(rows, () => ({ key: newId("row"), held: signal(context.schema.fresh(type.objectName)) }), write));
}
