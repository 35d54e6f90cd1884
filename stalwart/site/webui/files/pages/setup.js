// The first start of a server: what it is called and where it keeps things; afterwards its administrator, once.

import { h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { explained } from "../core/schema.js";
import { getOne, open, reach, set } from "../core/server.js";
import { session } from "../core/session.js";
import { clone, patchOf } from "../core/values.js";
import { t } from "../core/words.js";
import { fieldsOf } from "../ui/editors.js";
import { button, copyButton, heading, loaded, page, worker } from "../ui/parts.js";

const TYPE = "x:Bootstrap";
const FIRST = ["serverHostname", "defaultDomain", "requestTlsCertificate", "generateDkimKeys"];

export default function setup() {
  const made = signal(null);
  return page(t("setup.title"), () => (made()
    ? finished(made())
    : [heading(t("setup.title"), t("setup.lead")), loaded(async () => ({ schema: await explained(), stored: await getOne(TYPE, "singleton") }), (found) => form(found, made))]));
}

// What the server suggests may be an example: names are asked for.
function form({ schema, stored }, made) {
  const value = signal({ ...clone(stored), serverHostname: "", defaultDomain: "" });
  const problems = signal({});
  const summary = signal("");
  const context = { schema, problems, isNew: true, depth: 1, path: "" };
  const fields = fieldsOf(TYPE, schema.group(TYPE), value, context).flat(Infinity).filter(Boolean);
  const isFirst = (one) => FIRST.includes(one.dataset.field);
  const send = async () => {
    problems.set({});
    summary.set("");
    try {
      const { id, ...patch } = patchOf(stored, value.peek());
      // One that is set up has an issuer, and would ask for another sign-in first.
      const { issuer } = await (await open("/.well-known/oauth-authorization-server")).json();
      made.set(issuer ? { over: true } : (await set(TYPE, { update: { singleton: patch } })).updated.singleton || {});
    } catch (problem) {
      if (!problem.fields) throw problem;
      problems.set(Object.fromEntries(problem.fields));
      summary.set(problem.message);
    }
  };
  return [
    h("div.verdict.fail", { role: "alert", hidden: () => !summary() }, h("strong", summary)),
    h("form.form", { onsubmit: (event) => event.preventDefault() },
      h("section.card", fields.filter(isFirst)), h("details.card", h("summary", t("setup.more")), h("div.form", fields.filter((one) => !isFirst(one)))), h("div.buttons", worker(t("setup.go"), send, { kind: "primary save", type: "submit" }))),
  ];
}

function finished({ username, secret, over }) {
  const rows = username ? [["setup.user", username], ["setup.secret", secret]] : [];
  return [
    heading(t(over ? "setup.over" : "setup.done"), username ? t("setup.done.text") : null),
    h("section.card", rows.map(([name, text]) => h("div", h("h2", t(name)), h("p.secret", h("span.secret-text", text), copyButton(text)))),
      over ? null : h("p.hint", t("setup.wait")),
      h("div.buttons", button(t("signIn"), () => { session.forget(); location.assign("/admin/"); }, { kind: "primary", disabled: () => reach() === "gone" }))),
  ];
}
