// Codes for the day on which the second factor is lost.

import { h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { guardWith } from "../core/router.js";
import { getAll, getOne, set } from "../core/server.js";
import { viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { askedForm } from "../ui/asked.js";
import { badge, button, confirm, copyButton, download, heading, loaded, page } from "../ui/parts.js";

export default function recoveryCodes() {
  const codes = signal(null);
  let box = null;
  box = loaded(load, ([left, hasCode, isProtected]) => [
    h("section.card", h("p", () => count(codes()?.length ?? left.remaining ?? 0)), isProtected ? null : h("p.hint", t("codes.noFactor"), " ", h("a", { href: "/account/two-factor" }, t("nav.twoFactor")))),
    () => (codes() ? shown(codes()) : null),
    isProtected ? h("section.card", h("h2", t("codes.new")), h("p.hint", t("codes.new.text")), askedForm([
      { name: "currentSecret", label: t("password.current"), type: "password", autocomplete: "current-password", required: true },
      ...(hasCode ? [{ name: "otpCode", label: t("otp.code"), autocomplete: "one-time-code", required: true }] : []),
    ], async (asked) => {
      const answer = await set("x:RecoveryCodes", { update: { singleton: { ...asked, regenerate: true } } });
      codes.set(answer.updated.singleton.codes);
      guardWith(() => confirm(t("leave.title"), t("codes.once"), { yes: t("leave.yes") }));
    }, { submit: t("codes.make") })) : null,
  ]);
  return page(t("nav.recoveryCodes"), heading(t("nav.recoveryCodes"), t("codes.lead")), box);
}

const count = (n) => badge(n ? "ok" : "warn", t("codes.left", { n }));

const load = async () => {
  const [left, own, passkeys] = await Promise.all([getOne("x:RecoveryCodes", "singleton"), getOne("x:AccountPassword", "singleton"), getAll("x:Passkey")]);
  const hasCode = Boolean(own.otpAuth?.otpUrl);
  return [left, hasCode, hasCode || passkeys.length];
};

function shown(codes) {
  const text = codes.join("\n");
  return h("section.card", { role: "status" }, h("h2", t("codes.yours")), h("p", t("codes.once")), h("ul.codes", { role: "list" }, codes.map((one) => h("li", one))),
    h("div.buttons", copyButton(text), button(t("codes.save"), () => download(`recovery-codes-${location.hostname}.txt`, `${viewer.name}\n${text}\n`, "text/plain"), { kind: "quiet small", name: "down" })));
}
