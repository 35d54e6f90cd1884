// Passwords for one application each: named by their purpose, shown once, taken back.

import { each, h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { utc, when } from "../core/format.js";
import { create, getAll, set } from "../core/server.js";
import { viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { profileButton } from "./clients.js";
import { askedForm } from "../ui/asked.js";
import { badge, button, confirm, copyButton, dialog, empty, heading, loaded, notice, other, page, worker } from "../ui/parts.js";

const PURPOSES = {
  all: () => true,
  mail: (name) => /^(authenticate|imap|pop3|sieve|email|jmap(Email|Mailbox|Thread|Identity|SearchSnippet|Vacation|Sieve|Quota|Blob|Core|Push))/.test(name),
  calendars: (name) => /^(authenticate|calendar|davCal|davPrincipal|davSync|davExpand|jmap(Calendar|Participant|Principal|Blob|Core))/.test(name),
  contacts: (name) => /^(authenticate|davCard|davPrincipal|davSync|davExpand|jmap(AddressBook|Contact|Blob|Core))/.test(name),
  files: (name) => /^(authenticate|davFile|davPrincipal|davSync|davExpand|jmap(File|Blob|Core))/.test(name),
};
const TERMS = { never: null, month: 30, year: 365 };

export default function appPasswords() {
  let box = null;
  box = loaded(() => getAll("x:AppPassword"), (list) => {
    const add = button(t("app.add"), async () => { if (await make()) box.reload(); }, { kind: "primary", name: "plus" });
    if (!list.length) return empty(t("app.empty"), t("app.empty.text"), add);
    return [h("div.buttons", add), h("section.card", h("ul.rows", { role: "list" }, each(() => list, (one) => one.id, (one) => row(one.peek(), box))))];
  });
  return page(t("nav.appPasswords"), heading(t("nav.appPasswords"), t("app.lead")), box);
}

function row(one, box) {
  const over = one.expiresAt && new Date(one.expiresAt) < new Date();
  const remove = async () => {
    if (!(await confirm(t("app.remove.title"), t("app.remove.text", { name: one.description }), { yes: t("remove") }))) return;
    await set("x:AppPassword", { destroy: [one.id] });
    notice(t("deleted"));
    box.reload();
  };
  return h("li", h("div.grow", h("strong", other(one.description)), h("p", t("made", { when: when(one.createdAt) }), one.expiresAt ? ` · ${t("until", { when: when(one.expiresAt) })}` : "")),
    over ? badge("warn", t("over")) : null, worker(t("remove"), remove, { kind: "small danger" }));
}

function make() {
  const purpose = signal("all");
  const term = signal("never");
  const choice = (name, options, kept) => h("fieldset", h("legend", t(name)), Object.keys(options).map((key) => h("div.check", h("input", { type: "radio", name, id: `${name}-${key}`, checked: key === kept.peek(), onchange: () => kept.set(key) }), h("label", { for: `${name}-${key}` }, t(`${name}.${key}`)))));
  return dialog(t("app.add"), (close) => {
    const shown = signal(null);
    const form = askedForm([{ name: "description", label: t("app.name"), required: true, maxlength: 255, autofocus: true, hint: t("app.name.hint") }], async ({ description }) => {
      const days = TERMS[term.peek()];
      const members = { description };
      if (days) members.expiresAt = utc(Date.now() + days * 86_400_000);
      if (purpose.peek() !== "all") {
        const names = [...viewer.permissions].filter(PURPOSES[purpose.peek()]);
        members.permissions = { "@type": "Replace", permissions: Object.fromEntries(names.map((name) => [name, true])) };
      }
      shown.set((await create("x:AppPassword", members)).secret);
    }, { submit: t("app.make"), extra: [choice("app.for", PURPOSES, purpose), choice("app.term", TERMS, term)] });
    return () => (shown() ? [h("p", t("secret.once")), h("div.secret", { role: "status" }, h("span.secret-text", shown()), copyButton(shown.peek())),
      h("p.hint", t("app.use", { name: viewer.name })), h("p", h("a", { href: "/account/clients", onclick: () => close(true) }, t("nav.clients"))), h("div.buttons", profileButton(shown.peek()), button(t("done"), () => close(true), { kind: "primary" }))] : form);
  });
}
