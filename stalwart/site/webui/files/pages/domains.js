// The domains, each with the way to its records.

import { h } from "../lib/dom.js";
import { jmap } from "../core/server.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { badge, empty, heading, loaded, other, page, table } from "../ui/parts.js";

export default function domains() {
  const add = may("sysDomainCreate") ? h("a.button.primary", { href: "/admin/objects/Domain/new" }, t("domain.new")) : null;
  return page(t("nav.domains"), heading(t("nav.domains"), t("domains.lead"), add), loaded(load, (list) => (list.length ? table(["name", "state", "certificates", "dns", "accounts"].map((name) => t(`domains.${name}`)), list, row) : empty(t("domains.empty"), t("domains.empty.text"), add))));
}

async function load() {
  const [, got] = await jmap([
    ["x:Domain/query", { sort: [{ property: "name", isAscending: true }], limit: 500 }],
    ["x:Domain/get", { "#ids": { resultOf: "0", name: "x:Domain/query", path: "/ids" }, properties: ["name", "isEnabled", "aliases", "certificateManagement", "dnsManagement"] }],
  ]);
  return got.list.sort((one, next) => one.name.localeCompare(next.name));
}

function row(one) {
  const aliases = Object.keys(one.aliases || {});
  return [
    [h("a.row-link", { href: `/admin/domains/${one.id}` }, other(one.name)), aliases.length ? h("p.hint", other(aliases.join(", "))) : null],
    badge(one.isEnabled ? "ok" : "none", t(one.isEnabled ? "enabled" : "disabled")),
    t(`management.${one.certificateManagement?.["@type"]}`),
    t(`management.${one.dnsManagement?.["@type"]}`),
    h("a", { href: `/admin/objects/Account-User?domainId=${one.id}` }, t("domains.show")),
  ];
}
