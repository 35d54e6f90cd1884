// What the server can be told to do at once, and what came of it.

import { h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { explained, schema as loadSchema } from "../core/schema.js";
import { create } from "../core/server.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { fieldsOf } from "../ui/editors.js";
import { button, confirm, dialog, heading, loaded, notice, page, worker } from "../ui/parts.js";

// What cannot be taken back, or stops something that people wait for.
const GRAVE = ["PauseMtaQueue", "RevokeCertificate", "ChangeAcmeAccountKey"];

export default function actions() {
  return page(t("nav.actions"), heading(t("nav.actions"), t("actions.lead")), loaded(loadSchema, (schema) => h("ul.tiles.plain-list", { role: "list" },
    schema.variants("x:Action").filter(({ name }) => name !== "TryExpression" && may(`action${name}`)).map((variant) => h("li.card", h("strong", variant.label), h("p.hint", variant.description), h("div.buttons", worker(t("actions.run"), () => run(schema, variant), GRAVE.includes(variant.name) ? { kind: "danger small", name: "warn" } : { kind: "small" })))))));
}

async function run(schema, { name, label, schemaName }) {
  const asked = Object.values(schemaName ? schema.properties(schemaName) : {}).some(({ update }) => update !== "serverSet");
  if (!asked) {
    if (!(await confirm(label, t("actions.sure"), { yes: t("actions.run"), kind: GRAVE.includes(name) ? "danger" : "primary" }))) return;
    await show(label, await create("x:Action", { "@type": name }));
    return;
  }
  await explained();
  const value = signal(schema.fresh("x:Action", name));
  const problems = signal({});
  const context = { schema, problems, isNew: true, depth: 1, path: "" };
  const result = await dialog(label, (close) => [
    h("div.form", fieldsOf(schemaName, schemaName, value, context)),
    h("div.buttons", worker(t("actions.run"), async () => {
      try {
        close(await create("x:Action", value.peek()));
      } catch (problem) {
        problems.set(Object.fromEntries(problem.fields || []));
        throw problem;
      }
    }, { kind: GRAVE.includes(name) ? "danger" : "primary" }), button(t("cancel"), () => close(null), { kind: "quiet" })),
  ]);
  if (result) await show(label, result);
}

async function show(label, { id, ...result }) {
  if (!Object.keys(result).length) notice(t("done"));
  else await dialog(label, () => h("pre", { tabindex: "0" }, JSON.stringify(result, null, 2)), { kind: "wide" });
}
