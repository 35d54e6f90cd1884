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
  const act = (variant, text) => worker(text, async () => {
    await set("x:Action", { create: { act: { "@type": variant } } });
    notice(t("done"));
  }, { kind: "small" });
  box = loaded(load, ({ list, total }) => (list.length ? [
    h("div.tools", may("sysQueuedMessageUpdate") ? worker(t("queue.retryAll"), async () => { await set("x:QueuedMessage", { update: Object.fromEntries(list.map((one) => [one.id, { nextRetry: NOW }])) }); notice(t("queue.retried")); again(); }, { kind: "small" }) : null,
      h("span.hint", t("list.total", { n: total, from: 1, to: list.length }))),
    table(["from", "to", "next", "size", "what"].map((name) => t(`queue.${name}`)), list, (one) => row(one, again))] : empty(t("queue.empty"), t("queue.empty.text"))));
  return page(t("nav.queue"), heading(t("nav.queue"), t("queue.lead"),
    may("actionPauseMtaQueue") ? act("PauseMtaQueue", t("queue.pause")) : null, may("actionResumeMtaQueue") ? act("ResumeMtaQueue", t("queue.resume")) : null), box);
}

async function load() {
  const [found, got] = await jmap([
    ["x:QueuedMessage/query", { limit: MOST, calculateTotal: true }],
    ["x:QueuedMessage/get", { "#ids": { resultOf: "0", name: "x:QueuedMessage/query", path: "/ids" } }],
  ]);
  return { list: got.list, total: found.total ?? got.list.length };
}

function row(one, again) {
  const recipients = Object.entries(one.recipients || {});
  return [
    [h("a.row-link", { href: `/admin/objects/QueuedMessage/${one.id}` }, other(one.returnPath || t("queue.notice"))), h("p.hint", ago(one.createdAt))],
    [recipients.slice(0, 5).map(([address, state]) => h("p", other(address), " ", badge("none", state.status?.["@type"] || ""))), recipients.length > 5 ? h("p.hint", t("queue.more", { n: recipients.length - 5 })) : null],
    one.nextRetry ? when(one.nextRetry) : "–",
    one.size === undefined ? "–" : size(one.size),
    h("div.buttons",
      one.blobId && may("fetchAnyBlob") ? worker(t("queue.source"), () => source(one), { kind: "small" }) : null,
      may("sysQueuedMessageUpdate") ? worker(t("queue.retry"), async () => { await set("x:QueuedMessage", { update: { [one.id]: { nextRetry: NOW } } }); notice(t("queue.retried")); again(); }, { kind: "small" }) : null,
      may("sysQueuedMessageDestroy") ? worker(t("queue.cancel"), async () => {
        if (!(await confirm(t("queue.cancel.title"), t("queue.cancel.text"), { yes: t("queue.cancel") }))) return;
        await set("x:QueuedMessage", { destroy: [one.id] });
        again();
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
