// The overview: live figures, and what needs somebody's attention.

import { each, h, s } from "../lib/dom.js";
import { onUndo, signal } from "../lib/signals.js";
import { size } from "../core/format.js";
import { jmap, listen } from "../core/server.js";
import { may } from "../core/viewer.js";
import { number, t } from "../core/words.js";
import { badge, empty, failed, heading, loaded, other, page } from "../ui/parts.js";

const EVERY = 5;
const KEPT = 60;
const FIGURES = [
  { name: "user.count", kind: "gauge", href: "/admin/objects/Account-User" },
  { name: "domain.count", kind: "gauge", href: "/admin/domains" },
  { name: "queue.count", kind: "gauge", href: "/admin/queue" },
  { name: "http.active-connections", kind: "gauge" },
  { name: "smtp.active-connections", kind: "gauge" },
  { name: "http.request-time", kind: "rate" },
  { name: "http.request-time", kind: "mean" },
  { name: "server.memory", kind: "bytes" },
];

export default function overview() {
  return page(t("nav.overview"), heading(t("nav.overview"), t("overview.lead")), may("liveMetrics") ? figures() : null, h("div.split", may("sysDomainQuery") ? attention() : null, may("liveDeliveryTest") ? shortcuts() : null));
}

function figures() {
  const readings = signal([]); // [{ at, values: Map }]
  const problem = signal(null);
  let close = null;
  let over = false;
  let again = null;

  async function start() {
    problem.set(null);
    try {
      const end = await listen("metrics", "/api/live/metrics", { interval: EVERY }, {
        metrics(all) {
          const values = new Map(all.map((one) => [one.metric, one]));
          readings.set((kept) => [...kept.slice(1 - KEPT), { at: performance.now(), values }]);
        },
      }, (failure) => {
        if (over) return;
        problem.set(failure);
        again = setTimeout(start, 3000);
      });
      if (over) end();
      else close = end;
    } catch (failure) {
      if (over) return;
      problem.set(failure);
      if (failure.status !== 403) again = setTimeout(start, 3000);
    }
  }
  start();
  onUndo(() => {
    over = true;
    clearTimeout(again);
    close?.();
  });
  return h("section", { "aria-label": t("overview.figures") },
    () => (problem() && !readings().length ? failed(problem()) : null),
    h("div.figures", { hidden: () => Boolean(problem()) && !readings().length }, FIGURES.map((one) => figure(one, readings))));
}

function series({ name, kind }, readings) {
  const found = [];
  readings.forEach(({ at, values }, place) => {
    const now = values.get(name);
    if (!now) return;
    if (kind === "gauge" || kind === "bytes") found.push(now.count ?? 0);
    else if (place > 0) {
      const before = readings[place - 1].values.get(name) || { count: 0, sum: 0 };
      const count = now.count - before.count;
      if (kind === "rate") found.push(count / ((at - readings[place - 1].at) / 1000));
      else if (count) found.push((now.sum - before.sum) / count);
      else found.push(found.at(-1) ?? 0);
    }
  });
  return found;
}

function figure(one, readings) {
  const values = () => series(one, readings());
  const title = t(`figure.${one.name}.${one.kind}`);
  return h("div.figure", h("h2", one.href ? h("a", { href: one.href }, title) : title),
    h("div.value", () => (values().length ? spelled(one, values().at(-1)) : "–")),
    () => (new Set(values()).size > 1 ? spark(values()) : null));
}

function spelled({ kind }, value) {
  if (kind === "bytes") return size(value);
  if (kind === "rate") return `${number(value, { maximumFractionDigits: 1 })}/s`;
  if (kind === "mean") return `${number(value, { maximumFractionDigits: 1 })} ms`;
  return number(value);
}

function spark(values) {
  const most = Math.max(...values, 1e-9);
  const points = values.map((value, at) => `${((100 * at) / Math.max(1, values.length - 1)).toFixed(1)},${(26 - (24 * value) / most).toFixed(1)}`);
  return s("svg.spark", { viewBox: "0 0 100 28", preserveAspectRatio: "none", "aria-hidden": "true" }, points.length > 1 ? s("polyline", { points: points.join(" "), "vector-effect": "non-scaling-stroke" }) : null);
}

// Sentences with a state and the way to where it is put right.
function attention() {
  return h("section.card", h("h2", t("overview.attention")), loaded(findings, (found) => (found.length
    ? h("ul.rows", { role: "list" }, each(() => found, (one) => one.key, (one) => {
      const { kind, text, href, detail } = one.peek();
      return h("li", badge(kind, t(`level.${kind}`)), h("div.grow", href ? h("a", { href }, text) : text, detail ? h("p", other(detail)) : null));
    }))
    : empty(t("overview.well"), t("overview.well.text")))));
}

const DAY = 86_400_000;

async function findings() {
  const [domains, queued, failedTasks, certificates] = await jmap([
    ["x:Domain/query", { limit: 1, calculateTotal: true }],
    ...optional("sysQueuedMessageQuery", ["x:QueuedMessage/query", { limit: 1, calculateTotal: true }]),
    ...optional("sysTaskQuery", ["x:Task/query", { filter: { status: "Failed" }, limit: 1, calculateTotal: true }]),
    ...optional("sysCertificateQuery", ["x:Certificate/get", { ids: null, properties: ["subjectAlternativeNames", "notValidAfter"] }]),
  ]);
  const found = [];
  if (!domains.total) found.push({ key: "domains", kind: "warn", text: t("health.noDomain"), href: "/admin/objects/Domain/new" });
  else found.push({ key: "domains", kind: "none", text: t("health.domains", { n: domains.total }), href: "/admin/domains" });
  if (queued?.notices) found.push({ key: "paused", kind: "warn", text: queued.notices[0], href: "/admin/queue" });
  if (queued?.total) found.push({ key: "queue", kind: queued.total > 100 ? "warn" : "none", text: t("health.queue", { n: queued.total }), href: "/admin/queue" });
  else found.push({ key: "queue", kind: "ok", text: t("health.queueEmpty"), href: "/admin/queue" });
  if (failedTasks?.total) found.push({ key: "tasks", kind: "bad", text: t("health.tasks", { n: failedTasks.total }), href: "/admin/objects/Task-TaskFailed" });
  else found.push({ key: "tasks", kind: "ok", text: t("health.noFailedTask") });
  for (const one of certificates?.list || []) {
    const left = Math.floor((new Date(one.notValidAfter) - Date.now()) / DAY);
    if (left < 14) found.push({ key: one.id, kind: left < 0 ? "bad" : "warn", text: t(left < 0 ? "health.certificateOver" : "health.certificate", { n: Math.max(0, left) }), href: `/admin/objects/Certificate/${one.id}`, detail: Object.keys(one.subjectAlternativeNames || {}).join(", ") });
  }
  if (location.protocol === "http:" && !["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) found.push({ key: "http", kind: "warn", text: t("health.http"), href: "/admin/objects/NetworkListener" });
  return found;
}

const optional = (permission, call) => [may(permission) ? call : ["Core/echo", {}]];

function shortcuts() {
  return h("section.card", h("h2", t("overview.next")), h("ul.tiles", { role: "list" },
    [["diagnose", "/admin/diagnose"], ["domain", "/admin/objects/Domain/new"], ["account", "/admin/objects/Account-User/new"]].map(([name, href]) =>
      h("li", h("a", { href }, h("strong", t(`next.${name}`)), h("span", t(`next.${name}.text`)))))));
}
