// One's own password.

import { getOne, update } from "../core/server.js";
import { viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { h } from "../lib/dom.js";
import { askedForm } from "../ui/asked.js";
import { heading, loaded, notice, page } from "../ui/parts.js";

export default function password() {
  return page(t("nav.password"), heading(t("nav.password"), t("password.lead")), loaded(() => getOne("x:AccountPassword", "singleton"), (stored) => h("section.card", form(Boolean(stored.otpAuth?.otpUrl)))));
}

function form(protectedBy) {
  const fields = [
    { name: "username", label: t("account.name"), autocomplete: "username", readonly: true, value: viewer.name },
    { name: "currentSecret", label: t("password.current"), type: "password", autocomplete: "current-password", required: true },
    { name: "secret", label: t("password.new"), type: "password", autocomplete: "new-password", required: true, hint: t("password.hint") },
    { name: "repeated", label: t("password.repeat"), type: "password", autocomplete: "new-password", required: true },
  ];
  if (protectedBy) fields.push({ name: "otpCode", label: t("otp.code"), inputmode: "numeric", autocomplete: "one-time-code", required: true });
  return askedForm(fields, async ({ currentSecret, secret, repeated, otpCode }) => {
    if (secret !== repeated) throw Object.assign(new Error(t("password.differs")), { fields: [["repeated", t("password.differs")]] });
    await update("x:AccountPassword", "singleton", { currentSecret, secret, ...(protectedBy ? { "otpAuth/otpCode": otpCode } : {}) });
    notice(t("password.done"));
  }, { submit: t("password.save"), names: { "otpAuth/otpCode": "otpCode" } });
}
