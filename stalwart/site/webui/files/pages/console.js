// A console for JMAP: method calls are sent as they are written; methods that change something are refused.

import { h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { ask, problemOf } from "../core/server.js";
import { number, t } from "../core/words.js";
import { copyButton, field, heading, page, worker } from "../ui/parts.js";
import { viewer } from "../core/viewer.js";

const READS = /(\/(get|query|changes|queryChanges|lookup|parse|validate)|^Core\/echo)$/;
const MOST = 200_000;

export default function jmapConsole() {
  const example = [["Mailbox/get", { accountId: viewer.accountId, ids: null }, "a"]];
  const problem = signal("");
  const answer = signal("");
  const told = signal("");
  const text = h("textarea", { rows: 12, spellcheck: "false", value: JSON.stringify(example, null, 2) });
  const send = async () => {
    problem.set("");
    let calls;
    try {
      calls = JSON.parse(text.value);
    } catch (failure) {
      problem.set(failure.message);
      return;
    }
    const writes = Array.isArray(calls) ? calls.find((call) => !READS.test(call?.[0])) : null;
    if (!Array.isArray(calls) || writes) {
      problem.set(writes ? t("console.readOnly", { name: String(writes?.[0]) }) : t("console.list"));
      return;
    }
    const began = performance.now();
    const using = [...Object.keys(viewer.session.capabilities), "urn:stalwart:jmap"];
    const got = await ask("/jmap", { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ using, methodCalls: calls }) });
    if (!got.ok) throw await problemOf(got);
    const body = await got.text();
    told.set(t("console.told", { ms: Math.round(performance.now() - began), n: body.length }));
    const pretty = JSON.stringify(JSON.parse(body), null, 2);
    answer.set(pretty.length > MOST ? `${pretty.slice(0, MOST)}\n…` : pretty);
  };
  return page(t("nav.console"), heading(t("nav.console"), t("console.lead")),
    field(t("console.calls"), text, { problem, hint: t("console.hint") }),
    h("div.buttons", worker(t("console.send"), send, { kind: "primary" }), h("span.hint", { role: "status" }, told)),
    () => (answer() ? h("section", h("h2", t("console.answer")), h("pre", { tabindex: "0" }, answer()), copyButton(answer.peek())) : null));
}
