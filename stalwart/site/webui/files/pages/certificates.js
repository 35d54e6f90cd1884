// Certificates: which names, until when, from whom; what an authority answered last and when it is asked again.

import { h } from "../lib/dom.js";
import { ago, when } from "../core/format.js";
import { create, jmap, set } from "../core/server.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { askedForm } from "../ui/asked.js";
import { badge, button, confirm, dialog, empty, field, heading, loaded, notice, other, page, table, worker } from "../ui/parts.js";
import { state } from "./tasks.js";

const DAY = 86_400_000;
const MOST = 500;

export default function certificates() {
  let box = null;
  const again = () => box.reload();
  box = loaded(load, (found) => show(found, again));
  return page(t("nav.certificates"), heading(t("nav.certificates"), t("certificates.lead"),
    may("sysAcmeProviderQuery") ? h("a.button", { href: "/admin/objects/AcmeProvider" }, t("certificates.authorities")) : null,
    may("sysCertificateCreate") ? button(t("certificates.add"), () => upload(again), { kind: "primary" }) : null), box);
}

async function load() {
  const properties = ["subjectAlternativeNames", "issuer", "notValidBefore", "notValidAfter", "managedDomainId", "renewAt", "revokedAt"];
  const wanted = [["sysCertificateQuery", "x:Certificate", {}, { properties }], ["sysDomainQuery", "x:Domain", {}, { properties: ["name", "certificateManagement"] }], ["sysTaskQuery", "x:Task", { "@type": "AcmeRenewal" }]];
  const calls = wanted.flatMap(([permission, name, filter, members], at) => (may(permission)
    ? [[`${name}/query`, { filter, limit: MOST }], [`${name}/get`, { "#ids": { resultOf: String(2 * at), name: `${name}/query`, path: "/ids" }, ...members }]]
    : [["Core/echo", {}], ["Core/echo", { list: [] }]]));
  const answers = await jmap(calls);
  const [list, domains, tasks] = [1, 3, 5].map((at) => answers[at].list);
  return { list, domains, tasks };
}

function show({ list, domains, tasks }, again) {
  const names = new Map(domains.map((one) => [one.id, one.name]));
  const work = (id) => tasks.filter((one) => one.domainId === id && one.status["@type"] !== "Pending");
  const waiting = domains.filter(({ id, certificateManagement: kept }) => (kept?.["@type"] === "Automatic" || work(id).length) && !list.some((one) => one.managedDomainId === id));
  const renew = (id, text) => (may("sysTaskCreate") && may("taskAcmeRenewal") ? worker(text, async () => {
    await create("x:Task", { "@type": "AcmeRenewal", domainId: id, force: true });
    notice(t("certificates.asked"));
    again();
  }, { kind: "small" }) : null);
  if (!list.length && !waiting.length) return empty(t("certificates.none"), t("certificates.none.text"));
  const rows = [...list.sort((one, next) => String(one.notValidAfter).localeCompare(String(next.notValidAfter))), ...waiting.map(({ id }) => ({ id: `domain-${id}`, managedDomainId: id }))];
  return table(["cert.names", "cert.issuer", "cert.until", "certificates.by", "queue.what"].map((name) => t(name)), rows, (one) => [
    one.notValidAfter ? h("a.row-link", { href: `/admin/objects/Certificate/${one.id}` }, Object.keys(one.subjectAlternativeNames || {}).map((name, at) => [at ? ", " : "", other(name)])) : other(names.get(one.managedDomainId)),
    one.issuer ? other(one.issuer) : "–",
    one.notValidAfter ? [term(one), h("p.hint", when(one.notValidAfter))] : badge("warn", t("certificates.missing")),
    one.managedDomainId ? h("div", t("certificates.server"), one.renewAt ? h("p.hint", t("certificates.renewAt", { when: ago(one.renewAt) })) : null,
      work(one.managedDomainId).map((task) => [state(task), task.due ? h("p.hint", t("certificates.again", { when: ago(task.due) })) : null])) : t("certificates.hand"),
    h("div.buttons", one.managedDomainId ? renew(one.managedDomainId, t(one.notValidAfter ? "certificates.renew" : "certificates.order")) : null,
      one.notValidAfter && !one.managedDomainId && may("sysCertificateDestroy") ? worker(t("delete"), async () => {
        if (!(await confirm(t("delete.title"), t("delete.text", { name: Object.keys(one.subjectAlternativeNames || {}).join(", ") }), { yes: t("delete") }))) return;
        await set("x:Certificate", { destroy: [one.id] });
        again();
      }, { kind: "small danger" }) : null),
  ]);
}

function term({ notValidBefore, notValidAfter, revokedAt }) {
  if (revokedAt) return badge("bad", t("certificates.revoked"));
  const left = Math.floor((new Date(notValidAfter) - Date.now()) / DAY);
  if (left < 0) return badge("bad", t("certificates.over"));
  if (new Date(notValidBefore) > Date.now()) return badge("warn", t("certificates.early"));
  return badge(left < 14 ? "warn" : "ok", t("certificates.left", { n: left }));
}

const PARTS = [["certificate", "chain", "value"], ["privateKey", "key", "secret"]];

async function upload(again) {
  const files = PARTS.map(([name, word]) => field(t("certificates.file", { name: t(`certificates.${word}`) }), h("input", { type: "file", accept: ".pem,.crt,.cer,.key", onchange: async ({ target }) => { target.form.elements[name].value = await target.files[0].text(); } })));
  const done = await dialog(t("certificates.add"), (close) => askedForm(
    PARTS.map(([name, word]) => ({ name, label: t(`certificates.${word}`), hint: t(`certificates.${word}.hint`), rows: 6, required: true, spellcheck: "false", placeholder: "-----BEGIN " })),
    async (texts) => close(await create("x:Certificate", Object.fromEntries(PARTS.map(([name, , member]) => [name, { "@type": "Text", [member]: texts[name].trim() }])))),
    { submit: t("certificates.add"), extra: files }), { kind: "wide" });
  if (!done) return;
  const over = new Date(done.notValidAfter) < Date.now();
  notice(t(over ? "certificates.dead" : "certificates.stored"), over ? "bad" : "ok");
  again();
}
