// How apps are set up: where the services of this server are, and what to do in the apps that many people have.

import { h } from "../lib/dom.js";
import { picture } from "../core/qr.js";
import { ask, open, problemOf } from "../core/server.js";
import { viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { button, copyButton, download, heading, loaded, page } from "../ui/parts.js";

const PROFILE = "/mail/apple.mobileconfig";
const TYPE = "application/x-apple-aspen-config";
// Ports with TLS from the start (RFC 8314 3).
const MAIL = { imap: ["IMAP", 993], pop3: ["POP3", 995], smtp: ["SMTP", 465] };
const NAMES = { jmap: "JMAP", caldav: "CalDAV", carddav: "CardDAV", webdav: "WebDAV" };

export default function clients() {
  return page(t("nav.clients"), heading(t("nav.clients"), t("clients.lead")), loaded(load, shown));
}

async function load() {
  const answer = await open("/.well-known/user-agent-configuration.json");
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()).protocols;
}

const copied = (text) => [h("code", text), copyButton(text)];

function shown(found) {
  const place = (name) => (MAIL[name] ? `${found[name].host}:${MAIL[name][1]}` : found[name].url);
  const known = Object.keys(found).filter((name) => MAIL[name] || NAMES[name]);
  const dav = found.caldav || found.carddav;
  const origin = new URL(dav?.url || location.href).origin;
  const profile = `${origin}${PROFILE}?emailaddress=${encodeURIComponent(viewer.name)}`;
  const steps = (name, text, ...more) => h("details.card", h("summary", h("strong", name)), text.split("\n").map((line) => h("p", line)), more);
  const url = { url: origin, host: new URL(origin).hostname, name: viewer.name };
  return [
    h("section.card", h("h2", t("clients.all")), h("p", t("clients.user"), " ", copied(viewer.name)), h("p", t("clients.password"), " ", h("a", { href: "/account/app-passwords" }, t("nav.appPasswords"))),
      h("div.table-box", h("table", h("thead", h("tr", h("th", t("clients.service")), h("th", t("clients.place")))),
        h("tbody", known.map((name) => h("tr", h("th", { scope: "row" }, MAIL[name]?.[0] || NAMES[name]), h("td", copied(place(name)), MAIL[name] ? " TLS" : null)))))),
      url.host === location.hostname ? null : h("p.hint", t("clients.elsewhere", { here: location.origin, url: origin })),
      found.imap || found.pop3 ? null : h("p.hint", t("clients.noImap"))),
    dav ? [
      steps("iPhone, iPad, Mac", t("clients.apple", url), h("div.buttons", h("a.button", { href: profile, download: "" }, t("clients.profile"))), picture(profile, t("clients.qr")), h("p.hint", t("clients.qr.text"))),
      steps("Android: DAVx5", t("clients.android", url), picture(`davx5://${encodeURIComponent(viewer.name)}@${new URL(origin).host}/`, t("clients.qr"))),
    ] : null,
    steps("Thunderbird", [found.imap || found.pop3 ? t("clients.thunderbird.mail", url) : [], found.caldav ? t("clients.thunderbird", { ...url, url: found.caldav.url }) : []].flat().join("\n")),
    steps(t("clients.others"), t("clients.others.text", url)),
  ];
}

// Apple's profile with a password that is in this page at the moment.
export const profileButton = (password) => button(t("clients.profile"), async () => {
  const answer = await ask(PROFILE, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ password }) });
  if (!answer.ok) throw await problemOf(answer);
  download("account.mobileconfig", await answer.blob(), TYPE);
}, { kind: "small" });
