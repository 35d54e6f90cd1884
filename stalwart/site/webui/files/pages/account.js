// The start of an account owner: what there is to look after, and how much room is left.

import { h } from "../lib/dom.js";
import { size } from "../core/format.js";
import { ACCOUNT } from "../core/pages.js";
import { jmap } from "../core/server.js";
import { viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { heading, loaded, page } from "../ui/parts.js";
import { icon } from "../ui/icons.js";

export default function account() {
  const entries = ACCOUNT.flatMap(([, all]) => all).filter((one) => one.href !== "/account/" && one.shown());
  return page(t("nav.home"), heading(viewer.name, t("account.lead")),
    h("ul.tiles", { role: "list" }, entries.map((one) => h("li", h("a", { href: one.href }, icon(one.icon), h("strong", t(one.name)), h("span", t(`${one.name}.text`)))))),
    // below the others: nothing moves when it comes, or does not
    loaded(room, (quotas) => (quotas.length ? h("section.card", h("h2", t("account.room")), quotas.map((one) => h("div", h("p", t("account.used", { used: size(one.used), limit: size(one.hardLimit) })), h("meter", { min: 0, max: one.hardLimit, value: one.used, "aria-label": t("account.room") })))) : null)));
}

async function room() {
  if (!viewer.session.accounts[viewer.accountId]?.accountCapabilities?.["urn:ietf:params:jmap:quota"]) return [];
  const [got] = await jmap([["Quota/get", { accountId: viewer.accountId, ids: null }]], { using: ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:quota"] });
  return got.list.filter((one) => one.resourceType === "octets" && one.hardLimit);
}
