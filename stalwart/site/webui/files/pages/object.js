// One object, or a singleton, as a form made of the schema: changed leaves are shown before they are saved.

import { h } from "../lib/dom.js";
import { computed, effect, onUndo, signal, untracked } from "../lib/signals.js";
import { short } from "../core/format.js";
import { go, guardWith } from "../core/router.js";
import { explained, schema as loadSchema, segmentOf, viewOf } from "../core/schema.js";
import { create, getOne, set } from "../core/server.js";
import { changes, clone, equal, patched, patchOf } from "../core/values.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { button, confirm, copyButton, dialog, entitle, heading, leave, loaded, notice, page, worker } from "../ui/parts.js";
import { fieldsOf } from "../ui/editors.js";
import { diffTable, keep } from "../ui/saving.js";

// Lists that are pages of their own.
const HOMES = { "x:Domain": "/admin/domains", "x:QueuedMessage": "/admin/queue", "x:Task": "/admin/tasks", "x:BlockedIp": "/admin/bans", "x:Certificate": "/admin/certificates" };
// How the last change of each object is taken back, as long as the page is there.
const UNDO = new Map();
const COMPUTED = ["id", "usedDiskQuota", "emailAddress", "dnsZoneFile", "publicKey"];

export default function object({ view: segment, id, area, query }) {
  const view = viewOf(segment);
  return page(segment, loaded(() => load(view, id), (found) => form(found, view, id, area, query)));
}

async function load(view, id) {
  const schema = await loadSchema();
  const held = schema.objectOf(view);
  if (!held) throw Object.assign(new Error(t("notThere.text")), { status: 404 });
  return filled(schema, held, id);
}

// What a form is made of; what its fields are for comes beside their values.
export async function filled(schema, held, id) {
  const [stored] = await Promise.all([id === "new" ? null : getOne(held.name, id || "singleton"), explained()]);
  return { schema, held, stored };
}

function startOf(schema, view, held) {
  const wanted = schema.list(view)?.filtersStatic?.["@type"];
  return schema.fresh(held.name, wanted);
}

export function form({ schema, held, stored }, view, id, area, query) {
  const isNew = stored === null;
  const stores = signal(clone(stored ?? startOf(schema, view, held)));
  const value = signal(clone(stores.peek()));
  const problems = signal({});
  const summary = signal("");
  const raw = signal(false);
  const key = id || "singleton";
  const name = `${held.name} ${key}`;
  const last = signal(UNDO.get(name));
  const label = schema.list(view)?.labelProperty;
  const title = isNew ? t("new", { name: schema.list(view)?.singularName || held.name }) : stored[label] || schema.forms[view]?.title || schema.forms[held.name]?.title || held.name;
  entitle(short(String(title), 80));
  const changed = computed(() => (isNew ? !equal(value(), stores()) : Object.keys(patch()).length > 0));
  function patch() {
    const found = patchOf(stores(), value());
    for (const name of COMPUTED) delete found[name];
    return found;
  }
  effect(() => guardWith(changed() ? leave : null));
  onUndo(() => guardWith(null));

  const changeable = Object.values(schema.properties(schema.group(held.name, stored?.["@type"] ?? schema.variants(held.name)?.[0].name))).some(({ update }) => update !== "serverSet");
  const writable = changeable && may(schema.permission(view, isNew ? "Create" : "Update"));
  const context = { schema, problems, isNew, depth: 0, path: "", fixed: !writable, whole: query.has("field") };
  const variants = isNew && !schema.list(view)?.filtersStatic?.["@type"] ? schema.variants(held.name) : null;
  const home = schema.isSingleton(view) ? null : HOMES[held.name] || `/${area}/objects/${segmentOf(view)}`;

  const save = async () => {
    problems.set({});
    summary.set("");
    try {
      if (isNew) await made();
      else await saved();
    } catch (problem) {
      if (!problem.fields) throw problem;
      problems.set(Object.fromEntries(problem.fields));
      summary.set(problem.message);
      requestAnimationFrame(() => document.querySelector(".field.wrong input, .field.wrong select, .field.wrong textarea, #form-problem")?.focus());
    }
  };

  async function made() {
    const members = Object.fromEntries(Object.entries(value.peek()).filter(([, one]) => one !== undefined));
    const answer = await create(held.name, members);
    guardWith(null);
    if (answer.secret) await showSecret(answer.secret);
    notice(t("created"));
    go(home || `/${area}/`);
  }

  async function saved() {
    const wanted = untracked(patch);
    if (await review(stores.peek(), value.peek(), wanted)) await write(wanted, stores.peek(), "saved");
  }

  async function write(wanted, before, text) {
    const asked = Object.keys(wanted);
    const back = await keep(held.name, key, before, wanted);
    if (!back) return;
    const rest = untracked(patch);
    for (const path of asked) delete rest[path];
    const after = await getOne(held.name, key);
    stores.set(() => clone(after));
    value.set(() => patched(clone(after), rest));
    if (!Object.keys(wanted).length) return;
    last.set({ back, after });
    UNDO.set(name, last.peek());
    notice(t(text), "ok", text === "saved" ? { label: t("undo"), run: takeBack } : null);
  }

  const takeBack = () => write({ ...last.peek().back }, last.peek().after, "undone");

  const remove = async () => {
    if (!(await confirm(t("delete.title"), t("delete.text", { name: short(String(title), 120) }), { yes: t("delete") }))) return;
    await set(held.name, { destroy: [id] });
    guardWith(null);
    notice(t("deleted"));
    go(home);
  };

  const group = () => schema.group(held.name, value()?.["@type"]);
  const shape = computed(group);
  const fields = () => (raw() ? rawEditor(value, schema) : untracked(() => fieldsOf(view, shape(), value, context)));
  if (query.get("field")) requestAnimationFrame(() => focusField(query.get("field")));

  return [
    home ? h("p.crumb", h("a", { href: home }, t("back", { name: schema.list(view)?.title || held.name }))) : null,
    heading(String(title), schema.forms[view]?.subtitle || held.description,
      button(() => t(raw() ? "asForm" : "asJson"), () => raw.set((now) => !now), { kind: "quiet small", name: "code" }),
      !isNew && id && may(schema.permission(view, "Destroy")) ? worker(t("delete"), remove, { kind: "danger small", name: "trash" }) : null),
    isNew ? null : related(schema, view, id),
    h("div#form-problem.verdict.fail", { role: "alert", tabindex: "-1", hidden: () => !summary() }, h("strong", summary)),
    h("form.form", { onsubmit: (event) => event.preventDefault() },
      variants ? h("div.field", h("label", { for: "variant" }, t("variant")), h("select#variant", { onchange: (event) => value.set(schema.fresh(held.name, event.target.value)) },
        variants.map((one) => h("option", { value: one.name, selected: one.name === value.peek()["@type"] }, one.label)))) : null,
      () => (shape(), fields()),
      writable ? h("div.save-bar", worker(t(isNew ? "create" : "save"), save, { kind: "primary save", type: "submit" }),
        button(t("discard"), () => { value.set(() => clone(stores.peek())); problems.set({}); summary.set(""); }, { kind: "quiet", disabled: () => !changed() }),
        () => (last() ? worker(t("undo"), takeBack, { kind: "quiet", name: "undo" }) : null),
        h("span.hint", () => (changed() ? t("unsaved") : ""))) : changeable ? h("p.hint", t("readOnly")) : null),
  ];
}

// Lists of what belongs to it: members of a group, users of a domain.
function related(schema, view, id) {
  const names = Object.keys(schema.lists).filter((name) => may(schema.permission(name, "Query")) && schema.list(name).filters?.some((one) => one.type === "objectId" && one.objectName === view));
  const shown = names.map((name) => [name, schema.list(name).filters.find((one) => one.objectName === view).field]).filter(([name]) => !names.some((one) => one.startsWith(`${name}/`)));
  return shown.length ? h("nav.tools", { "aria-label": t("related") }, shown.map(([name, field]) => h("a", { href: `/admin/objects/${segmentOf(name)}?${field}=${id}` }, schema.list(name).title))) : null;
}

function focusField(name) {
  const box = document.querySelector(`[data-field="${CSS.escape(name)}"]`);
  box?.scrollIntoView({ block: "center" });
  box?.querySelector("input, select, textarea")?.focus();
}

function rawEditor(value, schema) {
  const problem = signal("");
  const area = h("textarea", { rows: 24, spellcheck: "false", "aria-label": t("asJson"), value: JSON.stringify(value.peek(), null, 2), oninput: (event) => {
    try {
      const next = JSON.parse(event.target.value);
      if (!next || typeof next !== "object" || Array.isArray(next)) throw new Error(t("json.object"));
      problem.set("");
      value.set(() => next);
    } catch (failure) {
      problem.set(failure.message);
    }
  } });
  return h("div.field", { class: () => (problem() ? "wrong" : "") }, area, h("p.problem", { role: "alert" }, problem));
}

function review(before, after, wanted) {
  const rows = changes(before, after).filter(([path]) => !COMPUTED.includes(path));
  return dialog(t("review.title"), (close) => [
    diffTable(rows),
    h("p.hint", t("review.applies")),
    h("details", h("summary", t("review.patch")), h("pre", { tabindex: "0" }, JSON.stringify(wanted, null, 1)), copyButton(JSON.stringify(wanted))),
    h("div.buttons", button(t("save"), () => close(true), { kind: "primary confirm" }), button(t("cancel"), () => close(false), { kind: "quiet" })),
  ], { kind: "wide" });
}

export function showSecret(secret) {
  return dialog(t("secret.title"), (close) => [h("p", t("secret.once")), h("div.secret", h("span.secret-text", secret), copyButton(secret)), h("div.buttons", button(t("done"), () => close(true), { kind: "primary" }))]);
}
