// The schema document (settings B): what objects there are, which fields they have, which lists and forms show them.

import { signal } from "../lib/signals.js";
import { getJson } from "./server.js";
import { clone } from "./values.js";
import { language } from "./words.js";

const loading = new Map();
function once(name, load) {
  if (!loading.has(name)) {
    loading.set(name, load().catch((problem) => {
      loading.delete(name);
      throw problem;
    }));
  }
  return loading.get(name);
}

// The document for interfaces, once for each language; its address changes with its content, so the browser keeps it.
export function schema() {
  const wanted = language.peek();
  return once(wanted, async () => new Schema(await fetched(wanted), wanted));
}

// The same with what its fields are for, which forms say and lists need not wait for.
export function explained() {
  const wanted = language.peek();
  return once(`${wanted} explained`, async () => {
    const [found, { fields }] = await Promise.all([schema(), fetched(wanted, "explanations")]);
    for (const [group, { properties }] of Object.entries(found.fields)) {
      for (const [name, property] of Object.entries(properties)) property.description ??= fields[group]?.properties[name]?.description;
    }
    return found;
  });
}

// The page names the documents that the server has: one that this tab has seen comes from the browser, without a token.
const SEEN = "stalwart.schema";
async function fetched(wanted, part) {
  const name = part ? `${wanted}-${part}` : wanted;
  const hash = document.documentElement.dataset.schemas.match(`(?:^| )${name}:(\\w+)`)?.[1];
  const url = `/api/schema${hash ? `/${hash}` : ""}?language=${wanted}${part ? `&part=${part}` : ""}`;
  const seen = `${SEEN}.${name}`;
  if (hash && sessionStorage.getItem(seen)) {
    const kept = await fetch(url, { cache: "only-if-cached", mode: "same-origin" }).catch(() => null);
    if (kept?.ok) return kept.json();
  }
  const found = await getJson(url, { cache: "default" });
  sessionStorage.setItem(seen, "1");
  return found;
}

export const viewOf = (segment) => (segment.startsWith("x:") ? segment : `x:${segment.replace("-", "/")}`);
export const segmentOf = (view) => view.replace(/^x:/, "").replace("/", "-");

class Schema {
  constructor(document, wanted) {
    Object.assign(this, document);
    this.language = wanted;
    this.late = null;
  }

  // Members of an enumeration; long ones are a document of their own, which is fetched when somebody asks.
  choices(name) {
    if (this.enums[name]) return this.enums[name];
    if (!this.late) {
      this.late = signal({});
      fetched(this.language, "enumerations").then(({ enums }) => this.late.set(enums), () => { this.late = null; });
    }
    return this.late()[name] || [];
  }

  // The object that a view shows; a view of an object is itself.
  objectOf(view) {
    const found = this.objects[view];
    if (!found) return null;
    return found.type === "view" ? { name: found.objectName, ...this.objects[found.objectName] } : { name: view, ...found };
  }

  isSingleton(view) {
    return this.objectOf(view)?.type === "singleton";
  }

  permission(view, verb) {
    return this.objectOf(view)?.permissionPrefix + verb;
  }

  list(view) {
    return this.lists[view] || this.lists[this.objectOf(view)?.name];
  }

  variants(name) {
    const found = this.schemas[name];
    return found?.type === "multiple" ? found.variants : null;
  }

  variantLabel(name, variant) {
    return this.variants(name)?.find((one) => one.name === variant)?.label ?? variant;
  }

  // The group of fields that an object, or a variant of it, has.
  group(name, variant) {
    const found = this.schemas[name];
    if (!found) return this.fields[name] ? name : null;
    if (found.type === "single") return found.schemaName || null;
    return found.variants.find((one) => one.name === variant)?.schemaName || null;
  }

  // Sections of labelled fields: [{title, fields: [{name, label, ...}]}].
  sections(view, group) {
    const own = this.forms[view]?.sections || [];
    const usable = own.filter((section) => section.fields.some((field) => field.name !== "@type"));
    if (usable.length) return usable;
    return this.forms[group]?.sections || [{ fields: Object.keys(this.fields[group]?.properties || {}).map((name) => ({ name, label: name })) }];
  }

  properties(group) {
    return this.fields[group]?.properties || {};
  }

  defaults(group) {
    return this.fields[group]?.defaults || {};
  }

  // A new value of an object or of a part of one.
  fresh(name, variant) {
    const chosen = this.variants(name) ? variant || this.variants(name)[0].name : null;
    const group = this.group(name, chosen);
    const value = chosen ? { "@type": chosen } : {};
    for (const [key, { type, update }] of Object.entries(this.properties(group))) {
      if (update === "serverSet") continue;
      const fallback = this.defaults(group)[key];
      value[key] = fallback !== undefined ? clone(fallback) : this.empty(type);
    }
    return value;
  }

  empty(type) {
    if (type.nullable) return null;
    switch (type.type) {
      case "boolean": return false;
      case "set":
      case "map":
      case "objectList": return {};
      case "object": return this.fresh(type.objectName);
      default: return undefined;
    }
  }

  // What a member is called; with `late` long enumerations are fetched for it.
  enumLabel(name, value, late = false) {
    return (late ? this.choices(name) : this.enums[name])?.find((one) => one.name === value)?.label ?? value;
  }
}
