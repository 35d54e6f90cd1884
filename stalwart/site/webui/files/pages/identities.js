// Who one sends as: names, signatures, where answers go.

import { h } from "../lib/dom.js";
import { all, change, put } from "../core/mine.js";
import { viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { askedForm } from "../ui/asked.js";
import { button, confirm, dialog, heading, loaded, notice, other, page, worker } from "../ui/parts.js";

export default function identities() {
  let box = null;
  box = loaded(() => all("Identity"), (list) => [
    h("div.buttons", button(t("identity.add"), () => edit(null, box), { kind: "primary", name: "plus" })),
    h("section.card", h("ul.rows", { role: "list" }, list.map((one) => row(one, box)))),
  ]);
  return page(t("nav.identities"), heading(t("nav.identities"), t("identity.lead")), box);
}

const named = ({ name, email }) => (name ? `${name} <${email}>` : email);

function row(one, box) {
  const remove = async () => {
    if (!(await confirm(t("delete.title"), t("delete.text", { name: named(one) }), { yes: t("delete") }))) return;
    await change("Identity", { destroy: [one.id] });
    notice(t("deleted"));
    box.reload();
  };
  return h("li", h("div.grow", h("strong", other(named(one))), h("p", other(one.textSignature.split("\n")[0].slice(0, 120)))),
    button(t("edit"), () => edit(one, box), { kind: "small" }), one.mayDelete ? worker(t("remove"), remove, { kind: "small danger" }) : null);
}

const written = (list) => (list || []).map(named).join(", ");
const read = (text) => text.split(",").map((one) => one.trim()).filter(Boolean).map((one) => {
  const [, name, email] = /^(.*?)\s*<([^<>]+)>$/.exec(one) || [null, "", one];
  return { name: name.replace(/^"(.*)"$/, "$1") || null, email };
});

function edit(one, box) {
  const was = one || { name: "", email: viewer.name, textSignature: "" };
  return dialog(t(one ? "edit" : "identity.add"), (close) => askedForm([
    { name: "name", label: t("identity.name"), value: was.name, maxlength: 255, autofocus: true },
    { name: "email", label: t("identity.email"), value: was.email, required: true, readonly: Boolean(one) },
    { name: "replyTo", label: t("identity.replyTo"), value: written(was.replyTo), hint: t("identity.several") },
    { name: "bcc", label: t("identity.bcc"), value: written(was.bcc), hint: t("identity.several") },
    { name: "textSignature", label: t("identity.signature"), value: was.textSignature, rows: 5 },
  ], async ({ email, replyTo, bcc, ...values }) => {
    const lists = { replyTo: replyTo ? read(replyTo) : null, bcc: bcc ? read(bcc) : null };
    await put("Identity", one?.id, { ...values, ...lists, ...(one ? {} : { email }) });
    notice(t("saved"));
    close(true);
    box.reload();
  }, { submit: t("save") }));
}
