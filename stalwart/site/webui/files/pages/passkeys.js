// Passkeys: made by the browser's authenticator, required with the password or not, removed.

import { each, h } from "../lib/dom.js";
import { ago, when } from "../core/format.js";
import { create, getAll, getOne, set, update } from "../core/server.js";
import { t } from "../core/words.js";
import { askedForm } from "../ui/asked.js";
import { badge, button, confirm, dialog, empty, heading, loaded, notice, other, page, worker } from "../ui/parts.js";

export default function passkeys() {
  let box = null;
  box = loaded(() => Promise.all([getAll("x:Passkey"), getOne("x:AccountPassword", "singleton")]), ([list, own]) => {
    const isProtected = Boolean(own.otpAuth?.otpUrl);
    const add = () => enrol(isProtected).then((made) => { if (made) box.reload(); });
    const placeless = /^[\d.]+$|^\[/.test(location.hostname); // they belong to names
    const usable = window.PublicKeyCredential && navigator.credentials && !placeless;
    const adding = usable ? button(t("passkey.add"), add, { kind: "primary", name: "plus" }) : h("p.hint", t(placeless ? "passkey.place" : "passkey.unusable"));
    if (!list.length) return empty(t("passkey.empty"), t("passkey.empty.text"), adding);
    return [h("div.buttons", adding), h("section.card", h("ul.rows", { role: "list" }, each(() => list, (one) => one.id, (one) => row(one.peek(), box, isProtected))))];
  });
  return page(t("nav.passkeys"), heading(t("nav.passkeys"), t("passkey.lead")), box);
}

const proof = (isProtected) => [
  { name: "currentSecret", label: t("password.current"), type: "password", autocomplete: "current-password", required: true },
  ...(isProtected ? [{ name: "otpCode", label: t("otp.code"), autocomplete: "one-time-code", required: true }] : []),
];

function row(one, box, isProtected) {
  const needed = one.requiredWithPassword;
  const turn = t(needed ? "passkey.free" : "passkey.require");
  const require = () => dialog(turn, (close) => [needed ? null : h("p", t("passkey.require.text")), askedForm(proof(isProtected), async (proved) => {
    await update("x:Passkey", one.id, { requiredWithPassword: !needed, ...proved });
    close();
    box.reload();
  }, { submit: t("passkey.go") })]);
  const remove = async () => {
    if (!(await confirm(t("delete.title"), t("delete.text", { name: one.description }), { yes: t("delete") }))) return;
    await set("x:Passkey", { destroy: [one.id] });
    notice(t("deleted"));
    box.reload();
  };
  return h("li", h("div.grow", h("strong", other(one.description)), h("p", t("made", { when: when(one.createdAt) }), " · ", one.lastUsedAt ? t("used", { when: ago(one.lastUsedAt) }) : t("unused"))),
    one.backedUp ? badge("ok", t("passkey.backedUp")) : null, needed ? badge("ok", t("passkey.required")) : null,
    button(turn, require, { kind: "small" }), needed ? null : worker(t("remove"), remove, { kind: "small danger" }));
}

function enrol(isProtected) {
  return dialog(t("passkey.add"), (close) => askedForm([
    { name: "description", label: t("passkey.name"), required: true, maxlength: 255, autofocus: true, hint: t("passkey.name.hint") },
    ...proof(isProtected),
  ], async (asked) => {
    const begun = await create("x:Passkey", asked);
    let made;
    try {
      made = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(begun.options) });
    } catch (failure) {
      throw new Error(t(failure.name === "InvalidStateError" ? "passkey.known" : failure.name === "SecurityError" ? "passkey.place" : "passkey.refused"));
    }
    await update("x:Passkey", begun.id, { response: JSON.stringify(made.toJSON()) });
    notice(t("passkey.done"));
    close(true);
  }, { submit: t("passkey.go") }));
}
