// Who one sends as: names, signatures, where answers go; and as whom one takes part in events.

import { h } from "../lib/dom.js";
import { all, change, has, put } from "../core/mine.js";
import { may, viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { askedForm } from "../ui/asked.js";
import { badge, button, confirm, dialog, heading, loaded, notice, other, page, worker } from "../ui/parts.js";

export default function identities() {
  let box = null;
  const load = () => Promise.all(["Identity", PARTICIPANT].map((type) => (type === PARTICIPANT && !(has("calendars") && may("jmapParticipantIdentityUpdate")) ? null : all(type))));
  box = loaded(load, ([senders, guests]) => [
    shown("Identity", senders, box),
    guests ? [h("h2", t("identity.events")), h("p.hint", t("identity.events.text")), shown(PARTICIPANT, guests.map((one) => ({ ...one, email: one.calendarAddress.slice(7) })), box)] : null,
  ]);
  return page(t("nav.identities"), heading(t("nav.identities"), t("identity.lead")), box);
}

const PARTICIPANT = "ParticipantIdentity";

const shown = (type, list, box) => [
  h("div.buttons", button(t("identity.add"), () => edit(type, null, box), { kind: "primary", name: "plus" })),
  h("section.card", h("ul.rows", { role: "list" }, list.map((one) => row(type, one, box)))),
];

const named = ({ name, email }) => (name ? `${name} <${email}>` : email);

function row(type, one, box) {
  const remove = async () => {
    if (!(await confirm(t("delete.title"), t("delete.text", { name: named(one) }), { yes: t("delete") }))) return;
    await change(type, { destroy: [one.id] });
    notice(t("deleted"));
    box.reload();
  };
  const choose = () => change(type, { onSuccessSetIsDefault: one.id }).then(box.reload);
  return h("li", h("div.grow", h("strong", other(named(one))), h("p", other((one.textSignature || "").split("\n")[0].slice(0, 120)))),
    one.isDefault ? badge("none", t("share.default")) : type === PARTICIPANT ? worker(t("identity.default"), choose, { kind: "small" }) : null,
    button(t("edit"), () => edit(type, one, box), { kind: "small" }), one.mayDelete ?? !one.isDefault ? worker(t("remove"), remove, { kind: "small danger" }) : null);
}

const written = (list) => (list || []).map(named).join(", ");
const read = (text) => text.split(",").map((one) => one.trim()).filter(Boolean).map((one) => {
  const [, name, email] = /^(.*?)\s*<([^<>]+)>$/.exec(one) || [null, "", one];
  return { name: name.replace(/^"(.*)"$/, "$1") || null, email };
});

function edit(type, one, box) {
  const was = one || { name: "", email: viewer.name, textSignature: "" };
  const sends = type === "Identity";
  return dialog(t(one ? "edit" : "identity.add"), (close) => askedForm([
    { name: "name", label: t("identity.name"), value: was.name, maxlength: 255, autofocus: true },
    { name: "email", label: t("identity.email"), value: was.email, required: true, readonly: Boolean(one) },
    ...(sends ? [{ name: "replyTo", label: t("identity.replyTo"), value: written(was.replyTo), hint: t("identity.several") },
    { name: "bcc", label: t("identity.bcc"), value: written(was.bcc), hint: t("identity.several") },
    { name: "textSignature", label: t("identity.signature"), value: was.textSignature, rows: 5 }] : []),
  ], async ({ email, replyTo, bcc, ...values }, save) => {
    const lists = sends ? { replyTo: replyTo ? read(replyTo) : null, bcc: bcc ? read(bcc) : null } : {};
    const members = { ...values, ...lists };
    if (one) await save(type, one, members, box, close);
    else {
      await put(type, null, { ...members, ...(sends ? { email } : { calendarAddress: `mailto:${email}` }) });
      notice(t("saved"));
      close(true);
      box.reload();
    }
  }, { submit: t("save"), names: { calendarAddress: "email" } }));
}
