// What the server does later: what waits, what is tried again and why, what has failed; run at once, or given up.

import { h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { ago, short, when } from "../core/format.js";
import { setQuery } from "../core/router.js";
import { schema as loadSchema } from "../core/schema.js";
import { jmap, set, update } from "../core/server.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { badge, confirm, empty, heading, loaded, notice, other, page, table, worker } from "../ui/parts.js";

const MOST = 200;
const KINDS = { Pending: "none", Retry: "warn", Failed: "bad" };

export default function tasks({ query }) {
  const failed = signal(query.get("status") === "Failed");
  let box = null;
  const again = () => box.reload();
  box = loaded(() => load(failed.peek()), (found) => show(found, failed.peek(), again));
  const choose = (event) => {
    failed.set(event.target.value === "Failed");
    setQuery({ status: event.target.value });
    again();
  };
  return page(t("nav.tasks"), heading(t("nav.tasks"), t("tasks.lead"), may("sysTaskCreate") ? h("a.button.primary", { href: "/admin/objects/Task/new" }, t("tasks.new")) : null),
    h("div.tools", h("select", { "aria-label": t("tasks.which"), onchange: choose }, h("option", { value: "" }, t("tasks.all")), h("option", { value: "Failed", selected: failed.peek() }, t("tasks.failed")))), box);
}

async function load(failed) {
  const schema = await loadSchema();
  const [found, got] = await jmap([
    ["x:Task/query", { filter: failed ? { status: "Failed" } : {}, limit: MOST, calculateTotal: true }],
    ["x:Task/get", { "#ids": { resultOf: "0", name: "x:Task/query", path: "/ids" } }],
  ]);
  const ids = [...new Set(got.list.map((one) => one.domainId).filter(Boolean))];
  const domains = ids.length && may("sysDomainGet") ? (await jmap([["x:Domain/get", { ids, properties: ["name"] }]]))[0].list : [];
  const weight = (one) => ["Failed", "Retry", "Pending"].indexOf(one.status["@type"]);
  return {
    total: found.total ?? got.list.length, domains: new Map(domains.map((one) => [one.id, one.name])), labels: new Map(schema.variants("x:Task").map((one) => [one.name, one.label])),
    list: got.list.sort((one, next) => weight(one) - weight(next) || String(one.due ?? "").localeCompare(String(next.due ?? ""))),
  };
}

function show({ list, total, domains, labels }, failed, again) {
  if (!list.length) return failed ? empty(t("health.noFailedTask"), t("tasks.noFailed.text")) : empty(t("tasks.none"), t("tasks.none.text"));
  const run = (one) => worker(t("tasks.run"), async () => { await update("x:Task", one.id, { status: { "@type": "Pending" } }); notice(t("tasks.started")); again(); }, { kind: "small" });
  const drop = (one) => worker(t("delete"), async () => {
    if (!(await confirm(t("delete.title"), t("tasks.delete.text"), { yes: t("delete") }))) return;
    await set("x:Task", { destroy: [one.id] });
    again();
  }, { kind: "small danger" });
  return [
    table(["tasks.what", "tasks.state", "tasks.next", "queue.what"].map((name) => t(name)), list, (one) => [
      [h("a.row-link", { href: `/admin/objects/Task/${one.id}` }, labels.get(one["@type"]) || one["@type"]), one.domainId ? h("p.hint", other(domains.get(one.domainId) || one.domainId)) : null],
      state(one),
      one.due ? [when(one.due), h("p.hint", ago(one.due))] : one.status["@type"] === "Failed" ? "–" : t("tasks.now"),
      h("div.buttons", may("sysTaskUpdate") ? run(one) : null, may("sysTaskDestroy") ? drop(one) : null),
    ]),
    h("p.hint", t("list.total", { n: total, from: 1, to: list.length })),
  ];
}

export function state({ status }) {
  const kind = status["@type"];
  const attempts = status.attemptNumber ?? status.failedAttemptNumber;
  return h("div", badge(KINDS[kind] || "none", t(`task.${kind}`)), attempts ? h("p.hint", t("tasks.attempts", { n: attempts })) : null, status.failureReason ? h("p.hint", other(short(status.failureReason))) : null);
}
