// The second factor: a secret made here, shown as a picture, proved by a code before it counts.

import { h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { picture } from "../core/qr.js";
import { getOne, update } from "../core/server.js";
import { newSecret, otpUrl } from "../core/totp.js";
import { may, viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { askedForm } from "../ui/asked.js";
import { badge, copyButton, heading, loaded, notice, page } from "../ui/parts.js";

const NAMES = { "otpAuth/otpCode": "otpCode", otpAuth: "otpCode", "otpAuth/otpUrl": "otpCode" };
const password = () => ({ name: "currentSecret", label: t("password.current"), type: "password", autocomplete: "current-password", required: true });
const code = () => ({ name: "otpCode", label: t("otp.code"), inputmode: "numeric", autocomplete: "one-time-code", pattern: "[0-9 ]*", maxlength: 12, required: true });

export default function twoFactor() {
  let box = null;
  box = loaded(() => getOne("x:AccountPassword", "singleton"), (stored) => (stored.otpAuth?.otpUrl ? on(box) : off(box)));
  return page(t("nav.twoFactor"), heading(t("nav.twoFactor"), t("otp.lead")), box);
}

function on(box) {
  return [
    h("section.card", badge("ok", t("otp.on")), h("p", t("otp.on.text")), may("sysRecoveryCodesUpdate") ? h("p", h("a", { href: "/account/recovery-codes" }, t("nav.recoveryCodes"))) : null),
    h("section.card", h("h2", t("otp.off.title")), h("p.hint", t("codes.new.text")), askedForm([password(), code()], async ({ currentSecret, otpCode }) => {
      await update("x:AccountPassword", "singleton", { currentSecret, otpAuth: { otpUrl: null, otpCode: otpCode.replace(/\s/g, "") } });
      notice(t("otp.offDone"));
      box.reload();
    }, { submit: t("otp.off.submit"), names: NAMES })),
  ];
}

// The same until it counts: who has scanned it may go to another page and come back.
let secret = null;

function off(box) {
  secret ??= newSecret();
  const url = otpUrl(secret, location.hostname, viewer.name);
  return h("section.card", h("ol.steps-list",
    h("li", h("p", t("otp.scan")), picture(url, t("otp.picture")), h("details", h("summary", t("otp.byHand")), h("p.secret", h("span.secret-text", secret.match(/.{4}/g).join(" ")), copyButton(secret)))),
    h("li", h("p", t("otp.prove")), askedForm([code(), password()], async ({ currentSecret, otpCode }) => {
      await update("x:AccountPassword", "singleton", { currentSecret, otpAuth: { otpUrl: url, otpCode: otpCode.replace(/\s/g, "") } });
      secret = null;
      notice(t("otp.onDone"));
      box.reload();
    }, { submit: t("otp.on.submit"), names: NAMES }))));
}
