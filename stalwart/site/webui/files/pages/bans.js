// Addresses that nobody may come from: why, until when; blocked by hand, and let in again.

import { h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { utc, when } from "../core/format.js";
import { schema as loadSchema } from "../core/schema.js";
import { create, jmap, set } from "../core/server.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { button, dialog, empty, field, heading, loaded, notice, other, page, table, textInput, worker } from "../ui/parts.js";

const MOST = 200;
const TERMS = { hour: 3_600_000, day: 86_400_000, week: 604_800_000, never: null };

export default function bans() {
  const wanted = signal("");
  let box = null;
  const again = () => box.reload();
  box = loaded(() => load(wanted.peek()), (found) => show(found, wanted.peek(), again));
  let waiting = null;
  const look = (event) => {
    wanted.set(event.target.value.trim());
    clearTimeout(waiting);
    waiting = setTimeout(again, 250);
  };
  return page(t("nav.bans"), heading(t("nav.bans"), t("bans.lead"),
    may("sysAllowedIpQuery") ? h("a.button", { href: "/admin/objects/AllowedIp" }, t("bans.allowed")) : null,
    may("sysSecurityGet") ? h("a.button", { href: "/admin/objects/Security" }, t("bans.rules")) : null,
    may("sysBlockedIpCreate") ? button(t("bans.add"), () => block(again), { kind: "primary" }) : null),
    h("div.tools", h("input.grow", { type: "search", "aria-label": t("bans.search"), placeholder: t("bans.search"), oninput: look })), box);
}

async function load(address) {
  const [found, got] = await jmap([
    ["x:BlockedIp/query", { filter: address ? { address } : {}, limit: MOST, calculateTotal: true }],
    ["x:BlockedIp/get", { "#ids": { resultOf: "0", name: "x:BlockedIp/query", path: "/ids" } }],
  ]);
  return { schema: await loadSchema(), list: got.list, total: found.total ?? got.list.length };
}

function show({ schema, list, total }, wanted, again) {
  if (!list.length) return wanted ? empty(t("list.nothing"), t("list.nothing.text")) : empty(t("bans.none"), t("bans.none.text"));
  return [
    table(["bans.address", "bans.reason", "bans.since", "bans.until", "queue.what"].map((name) => t(name)), list, (one) => [
      h("a.row-link", { href: `/admin/objects/BlockedIp/${one.id}` }, other(one.address)),
      schema.enumLabel("BlockReason", one.reason),
      when(one.createdAt),
      one.expiresAt ? when(one.expiresAt) : t("app.term.never"),
      may("sysBlockedIpDestroy") ? worker(t("bans.unblock"), async () => { await set("x:BlockedIp", { destroy: [one.id] }); notice(t("bans.unblocked", { name: one.address })); again(); }, { kind: "small", label: `${t("bans.unblock")} ${one.address}` }) : null,
    ]),
    h("p.hint", t("list.total", { n: total, from: 1, to: list.length })),
  ];
}

async function block(again) {
  const problem = signal("");
  const address = textInput({ autofocus: true });
  const term = h("select", Object.keys(TERMS).map((name) => h("option", { value: name, selected: name === "day" }, t(`bans.term.${name}`))));
  const done = await dialog(t("bans.add"), (close) => h("form.form", { onsubmit: (event) => event.preventDefault() },
    field(t("bans.address"), address, { hint: t("bans.address.hint"), problem }), field(t("bans.until"), term),
    h("div.buttons", worker(t("bans.add"), async () => {
      const span = TERMS[term.value];
      try {
        await create("x:BlockedIp", { address: address.value.trim(), ...(span ? { expiresAt: utc(Date.now() + span) } : {}) });
        close(true);
      } catch (failure) {
        problem.set(failure.fields?.[0]?.[1] || failure.message);
        address.focus();
      }
    }, { kind: "primary", type: "submit" }), button(t("cancel"), () => close(false), { kind: "quiet" }))), { kind: "narrow" });
  if (done) again();
}
