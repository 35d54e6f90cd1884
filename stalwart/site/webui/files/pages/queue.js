// Letters that wait: to whom, why, when next; sent again or given up.

import { h } from "../lib/dom.js";
import { ago, short, size, when } from "../core/format.js";
import { ask, jmap, problemOf, set } from "../core/server.js";
import { may, viewer } from "../core/viewer.js";
import { number, t } from "../core/words.js";
import { badge, confirm, dialog, empty, heading, loaded, notice, other, page, table, worker } from "../ui/parts.js";

const MOST = 200;
const LONGEST_SOURCE = 100_000;
const NOW = "2000-01-01T00:00:00Z";

export default function queue() {
  let box = null;
  const again = () => box.reload();
  const act = (verb, text) => (may(`action${verb}MtaQueue`) ? worker(text, async () => {
    await set("x:Action", { create: { act: { "@type": `${verb}MtaQueue` } } });
    again();
  }, { kind: "small" }) : null);
  box = loaded(load, ({ list, total, notices }) => {
    const mayRetry = !notices && may("sysQueuedMessageUpdate");
    return [
      h("div.tools", notices ? act("Resume", t("queue.resume")) : act("Pause", t("queue.pause")), mayRetry && list.length ? worker(t("queue.retryAll"), () => retry(list, again), { kind: "small" }) : null,
        list.length ? [h("a", { href: "/admin/objects/QueuedMessage" }, t("queue.all")), h("span.hint", t("list.total", { n: total, from: 1, to: list.length }))] : null),
      notices ? h("div.verdict.warn", { role: "status" }, h("strong", notices)) : null,
      list.length ? table(["from", "to", "next", "size", "what"].map((name) => t(`queue.${name}`)), list, (one) => row(one, again, mayRetry)) : empty(t("queue.empty"), t("queue.empty.text")),
    ];
  });
  return page(t("nav.queue"), heading(t("nav.queue"), t("queue.lead")), box);
}

async function retry(list, again) {
  await set("x:QueuedMessage", { update: Object.fromEntries(list.map((one) => [one.id, { nextRetry: NOW }])) }).finally(again);
  notice(t("queue.retried"));
}

// The server says beside what it finds that nothing leaves.
async function load() {
  const [found, got] = await jmap([
    ["x:QueuedMessage/query", { limit: MOST, calculateTotal: true }],
    ["x:QueuedMessage/get", { "#ids": { resultOf: "0", name: "x:QueuedMessage/query", path: "/ids" } }],
  ]);
  return { ...found, list: got.list };
}

function row(one, again, mayRetry) {
  const recipients = Object.entries(one.recipients || {});
  return [
    [h("a.row-link", { href: `/admin/objects/QueuedMessage/${one.id}` }, other(one.returnPath || t("queue.notice"))), h("p.hint", ago(one.createdAt))],
    [recipients.slice(0, 5).map(([address, state]) => h("p", other(address), " ", badge("none", state.status?.["@type"] || ""))), recipients.length > 5 ? h("p.hint", t("queue.more", { n: recipients.length - 5 })) : null],
    one.nextRetry ? when(one.nextRetry) : "–",
    one.size === undefined ? "–" : size(one.size),
    h("div.buttons",
      one.blobId && may("fetchAnyBlob") ? worker(t("queue.source"), () => source(one), { kind: "small" }) : null,
      mayRetry ? worker(t("queue.retry"), () => retry([one], again), { kind: "small" }) : null,
      may("sysQueuedMessageDestroy") ? worker(t("queue.cancel"), async () => {
        if (!(await confirm(t("queue.cancel.title"), t("queue.cancel.text"), { yes: t("queue.cancel") }))) return;
        await set("x:QueuedMessage", { destroy: [one.id] }).finally(again);
      }, { kind: "small danger" }) : null),
  ];
}

// What is sent, as it is: the beginning of it.
async function source({ blobId, returnPath }) {
  const url = viewer.session.downloadUrl.replace("{accountId}", viewer.accountId).replace("{blobId}", blobId).replace("{name}", "message.txt").replace("{type}", "text%2Fplain");
  const answer = await ask(new URL(url, location.href).pathname + new URL(url, location.href).search);
  if (!answer.ok) throw await problemOf(answer);
  const text = await answer.text();
  await dialog(short(returnPath || t("queue.notice"), 120), () => h("pre", { tabindex: "0" }, short(text, LONGEST_SOURCE)), { kind: "wide" });
}
