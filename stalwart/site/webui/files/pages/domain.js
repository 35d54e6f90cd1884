// A domain: what its DNS records should say and what is found, each to be copied; and where its settings are.

import { h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { getOne, set } from "../core/server.js";
import { toList } from "../core/values.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { badge, button, copyButton, download, empty, entitle, failed, heading, loaded, other, page, table, worker } from "../ui/parts.js";

const KINDS = { ok: "ok", missing: "bad", wrong: "bad", extra: "warn", error: "warn" };

export default function domain({ id }) {
  return page(t("domain"), h("p.crumb", h("a", { href: "/admin/domains" }, t("nav.domains"))), loaded(() => getOne("x:Domain", id), (found) => show(found)));
}

function show(found) {
  entitle(found.name);
  const records = signal(null);
  const problem = signal(null);
  const check = async () => {
    problem.set(null);
    try {
      const answer = await set("x:Action", { create: { check: { "@type": "CheckDns", domainId: found.id } } });
      const { records: list } = answer.created.check;
      records.set(Array.isArray(list) ? list : toList(list));
    } catch (failure) {
      problem.set(failure);
    }
  };
  if (may("actionCheckDns")) check();
  return [
    heading(found.name, found.description,
      may("liveDeliveryTest") ? h("a.button", { href: `/admin/diagnose?target=${encodeURIComponent(found.name)}` }, t("domain.diagnose")) : null,
      h("a.button", { href: `/admin/objects/Domain/${found.id}` }, t("domain.settings")),
      h("a.button", { href: `/admin/objects/Account-User?domainId=${found.id}` }, t("nav.users"))),
    h("section.card", h("div.page-head", h("h2", t("domain.records")), may("actionCheckDns") ? worker(t("domain.check"), check, { kind: "small", name: "undo" }) : null),
      () => (problem() ? failed(problem(), check) : records() === null ? (may("actionCheckDns") ? h("div.loading", { "aria-busy": "true" }) : empty(t("domain.noCheck"), t("domain.noCheck.text"))) : compared(records()))),
    h("section.card", h("h2", t("domain.zone")), h("p.hint", t("domain.zone.text")), h("pre.zone", { tabindex: "0" }, found.dnsZoneFile || "–"),
      h("div.buttons", copyButton(found.dnsZoneFile || "", t("domain.copyZone")), button(t("domain.saveZone"), () => download(`${found.name}.zone`, found.dnsZoneFile || "", "text/dns"), { kind: "quiet small", name: "down" }))),
  ];
}

function compared(records) {
  const count = (kind) => records.filter((one) => KINDS[one.state] === kind).length;
  const bad = count("bad");
  return [
    h(`div.verdict.${bad ? "fail" : count("warn") ? "warn" : "ok"}`, { role: "status" }, h("strong", bad ? t("domain.bad", { n: bad }) : count("warn") ? t("domain.warn", { n: count("warn") }) : t("domain.ok"))),
    table(["state", "record", "expected", "found"].map((name) => t(`dns.${name}`)), [...records].sort((one, next) => weight(one) - weight(next)), row),
  ];
}

const weight = ({ state }) => ["missing", "wrong", "error", "extra", "ok"].indexOf(state);

function row(one) {
  const found = Object.keys(one.found || {});
  return [
    badge(KINDS[one.state] || "none", t(`dns.${one.state}`)),
    [h("strong", one.type), " ", h("span.mono", other(one.name)), one.advice && one.state !== "missing" ? h("p.hint", one.advice) : null],
    one.expected ? [h("code", other(one.expected)), " ", copyButton(one.expected)] : "–",
    found.length ? found.map((text) => h("p", h("code", other(text)))) : "–",
  ];
}
