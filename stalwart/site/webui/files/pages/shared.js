// Calendars, address books, mailboxes and folders: one's own, with whom they are shared, and what others share.

import { each, h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { all, call, change, has, inTree, put, queried, upload } from "../core/mine.js";
import { open } from "../core/server.js";
import { meetAgain, viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { askedForm } from "../ui/asked.js";
import { badge, button, checkbox, confirm, copyButton, dialog, empty, heading, loaded, notice, other, page, worker } from "../ui/parts.js";

// Rights by levels, each with those before it (names of RFC 9670 and the types): see when, read, write, manage.
const KINDS = {
  calendars: { type: "Calendar", capability: "calendars", nav: "nav.calendars", dav: "caldav", levels: [["mayReadFreeBusy"], ["mayReadItems"], ["mayWriteAll", "mayWriteOwn", "mayUpdatePrivate", "mayRSVP"], ["mayShare", "mayDelete"]], emptied: "onDestroyRemoveEvents", items: ["CalendarEvent", "calendarIds", "text/calendar", ".ics"] },
  "address-books": { type: "AddressBook", capability: "contacts", nav: "nav.addressBooks", dav: "carddav", levels: [[], ["mayRead"], ["mayWrite"], ["mayShare", "mayDelete"]], emptied: "onDestroyRemoveContents", items: ["ContactCard", "addressBookIds", "text/vcard", ".vcf"] },
  mailboxes: { type: "Mailbox", capability: "mail", nav: "nav.mailboxes", levels: [[], ["mayReadItems"], ["mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords"], ["mayCreateChild", "mayRename", "mayDelete", "maySubmit", "mayShare"]], emptied: "onDestroyRemoveEmails", tree: true },
  files: { type: "FileNode", capability: "filenode", nav: "nav.folders", dav: "webdav", levels: [[], ["mayRead"], ["mayAddChildren", "mayRename", "mayModifyContent"], ["mayDelete", "mayShare"]], emptied: "onDestroyRemoveChildren", tree: true },
};

export default function shared({ kind: name }) {
  const kind = KINDS[name];
  if (!kind) return page(t("notThere"), heading(t("notThere"), t("notThere.text")));
  let box = null;
  box = loaded(() => load(kind), (found) => shown(kind, found, box));
  return page(t(kind.nav), heading(t(kind.nav), t(`${kind.nav}.lead`)), box);
}

async function list(kind, accountId) {
  return inTree(await (kind.type === "FileNode" ? queried("FileNode", { nodeType: "directory" }, accountId) : all(kind.type, accountId)));
}

async function load(kind) {
  await meetAgain();
  const others = Object.entries(viewer.session.accounts).filter(([id]) => id !== viewer.accountId && has(kind.capability, id));
  const [own, told, services, ...theirs] = await Promise.all([list(kind), all("ShareNotification"), kind.dav ? open("/.well-known/user-agent-configuration.json").then((answer) => answer.json()) : null, ...others.map(([id]) => list(kind, id))]);
  const ids = [...new Set(own.flatMap((one) => Object.keys(one.shareWith || {})))];
  const people = ids.length ? (await call([["Principal/get", { ids: ids.slice(0, 500) }]]))[0].list : [];
  return { own, told: latest(told.filter((one) => one.objectType === kind.type)), people, url: services?.protocols[kind.dav]?.url, theirs: others.map(([id, account], at) => ({ id, name: account.name, list: theirs[at] })) };
}

// What was told last of each thing, with all that was told of it.
function latest(told) {
  const found = new Map();
  for (const one of told.sort((a, b) => a.created.localeCompare(b.created))) found.set(one.objectId, { ...one, ids: [...(found.get(one.objectId)?.ids || []), one.id] });
  return [...found.values()];
}

const dot = (one) => (one.color ? h("span.dot", { style: { background: one.color } }) : null);

function shown(kind, { own, told, people, url, theirs }, box) {
  const row = (one) => h("li", dot(one), h("div.grow", h("strong", other(one.path)), h("p", one.shareWith ? t("share.with", { names: Object.keys(one.shareWith).map((id) => people.find((each) => each.id === id)?.name || id).join(", ") }) : null)),
    one.isDefault ? badge("none", t("share.default")) : null,
    h("div.buttons", kind.items ? button(t("share.import"), () => bring(kind, one), { kind: "quiet small" }) : null,
    one.myRights.mayShare ? button(t("share"), () => share(kind, one, people).then(box.reload), { kind: "small", name: "share" }) : null,
    button(t("edit"), () => edit(kind, one, own, box), { kind: "small" })));
  return [
    told.length ? h("section.card", { role: "status" }, h("ul.rows", { role: "list" }, told.map((one) => h("li", h("div.grow", t(one.newRights ? "share.told" : "share.ended", { who: one.changedBy?.name || one.changedBy?.email || "?", name: one.name })), worker(t("share.seen"), async () => { await change("ShareNotification", { destroy: one.ids }); box.reload(); }, { kind: "small" }))))) : null,
    url ? h("p", t("share.url"), " ", h("code", address(url)), copyButton(address(url))) : null,
    h("div.buttons", button(t("share.add"), () => edit(kind, null, own, box), { kind: "primary", name: "plus" })),
    own.length ? h("section.card", h("h2", t("share.own")), h("ul.rows", { role: "list" }, own.map(row))) : empty(t("share.empty"), t("share.empty.text")),
    theirs.map(({ id, name, list }) => (list.length ? h("section.card", h("h2", t("share.of", { name })), h("ul.rows", { role: "list" }, list.map((one) => h("li", dot(one), h("div.grow", h("strong", other(one.path)), h("p", levelName(kind, one.myRights))),
      checkbox(t("share.subscribed"), { checked: one.isSubscribed, onchange: (event) => change(kind.type, { update: { [one.id]: { isSubscribed: event.target.checked } } }, id).then(() => notice(t("saved")), (problem) => notice(problem.message, "bad")) }))))) : null)),
  ];
}

const address = (url) => `${url}${encodeURIComponent(viewer.name)}/`;

function edit(kind, one, own, box) {
  const fields = [{ name: "name", label: t("share.name"), value: one?.name || "", required: true, autofocus: true, maxlength: 255, readonly: one?.role === "inbox" }];
  if (kind.type === "Calendar") fields.push({ name: "color", label: t("share.color"), type: "color", value: /^#[0-9a-f]{6}$/i.test(one?.color) ? one.color : "#1d5fa8" });
  if (kind.tree && one?.role !== "inbox") fields.push({ name: "parentId", label: t("share.parent"), options: [["", t("share.top")], ...own.filter(({ id }) => id !== one?.id).map(({ id, path }) => [id, path])], value: one?.parentId || "" });
  const remove = async (close) => {
    if (!(await confirm(t("delete.title"), t("share.delete", { name: one.name }), { yes: t("delete") }))) return;
    await change(kind.type, { destroy: [one.id], [kind.emptied]: true });
    notice(t("deleted"));
    close(true);
    box.reload();
  };
  return dialog(t(one ? "edit" : "share.add"), (close) => [askedForm(fields, async (values) => {
    if ("parentId" in values) values.parentId ||= null;
    if (kind.type === "FileNode" && !one) values.nodeType = "directory";
    const wanted = Object.entries(values).filter(([name, value]) => !one || value !== one[name]);
    if (wanted.length) await put(kind.type, one?.id, Object.fromEntries(wanted));
    notice(t("saved"));
    close(true);
    box.reload();
  }, { submit: t("save") }), one?.myRights.mayDelete ? h("div.buttons", worker(t("delete"), () => remove(close), { kind: "small danger", name: "trash" })) : null]);
}

const rightsOf = (kind, level) => Object.fromEntries(kind.levels.slice(0, level + 1).flat().map((name) => [name, true]));
// The level that is meant by rights, or -1 for others.
const levelOf = (kind, rights) => kind.levels.findIndex((_, level) => kind.levels.every((names, at) => names.every((name) => Boolean(rights[name]) === at <= level)) && kind.levels[level].length);
const levelName = (kind, rights) => t(`level.${levelOf(kind, rights)}`);
const levels = (kind) => kind.levels.map((names, level) => [level, names.length]).filter(([, size]) => size).map(([level]) => [String(level), t(`level.${level}`)]);

function share(kind, one, people) {
  const now = signal(one.shareWith || {});
  const person = (id) => people.find((each) => each.id === id);
  const write = async (id, rights) => {
    const next = { ...now.peek() };
    if (rights) next[id] = rights;
    else delete next[id];
    await put(kind.type, one.id, one.shareWith ? { [`shareWith/${id}`]: rights } : { shareWith: { [id]: rights } });
    one.shareWith = next;
    now.set(() => next);
    notice(t("saved"));
  };
  const said = (promise) => promise.catch((problem) => notice(problem.message, "bad"));
  const row = (pair) => {
    const [id] = pair.peek();
    const name = person(id)?.name || id;
    const rights = () => pair()[1];
    return h("li", h("div.grow", h("strong", other(name)), h("details", h("summary", t("share.details")), kind.levels.flat().map((right) => checkbox(t(`right.${right}`), { checked: () => Boolean(rights()[right]), onchange: (event) => said(write(id, { ...pair.peek()[1], [right]: event.target.checked })) })))),
      h("select", { "aria-label": t("share.level", { name }), value: () => String(levelOf(kind, rights())), onchange: (event) => said(write(id, rightsOf(kind, Number(event.target.value)))) }, [...levels(kind), ["-1", t("level.-1")]].map(([value, text]) => h("option", { value, disabled: value === "-1" }, text))),
      worker(t("remove"), () => write(id, null), { kind: "small danger" }));
  };
  // People are found while somebody types; there may be very many.
  const likely = signal([]);
  let turn = 0;
  let waiting;
  const find = async (text) => {
    const mine = (turn += 1);
    const [, { list: found }] = await call([["Principal/query", { filter: { text }, limit: 20 }], ["Principal/get", { "#ids": { resultOf: "0", name: "Principal/query", path: "/ids" }, properties: ["name", "email", "description"] }]]);
    if (mine === turn) likely.set(found.filter((each) => each.id !== viewer.accountId));
    return found;
  };
  return dialog(t("share.title", { name: one.name }), () => [
    h("ul.rows", { role: "list" }, each(() => Object.entries(now()), ([id]) => id, row)),
    () => (Object.keys(now()).length ? null : h("p.hint", t("share.nobody"))),
    h("datalist#people", () => likely().map((each) => h("option", { value: each.email || each.name }, each.description || each.name))),
    askedForm([
      { name: "who", label: t("share.who"), list: "people", required: true, autofocus: true, oninput: (event) => {
        clearTimeout(waiting);
        if (event.target.value.length > 1) waiting = setTimeout(() => find(event.target.value.trim()).catch(() => null), 250);
      } },
      { name: "level", label: t("share.may"), options: levels(kind), value: "1" },
    ], async ({ who, level }) => {
      const wanted = who.trim().toLowerCase();
      const found = (await find(wanted)).find((each) => [each.email, each.name, each.description].some((text) => text?.toLowerCase() === wanted));
      if (!found) throw Object.assign(new Error(t("share.unknown")), { fields: [["who", t("share.unknown")]] });
      people.push(found);
      await write(found.id, rightsOf(kind, Number(level)));
    }, { submit: t("share.go") }),
  ], { kind: "wide" });
}

// What is in a file comes into a calendar or an address book, some at a time.
function bring(kind, one) {
  const [type, place, media, ending] = kind.items;
  const input = h("input", { type: "file", accept: `${ending},${media}`, "aria-label": t("share.file", { name: ending }) });
  return dialog(t("share.import"), (close) => [h("p", t("share.import.text", { name: one.name })), input, h("div.buttons", worker(t("share.import"), async () => {
    if (!input.files[0]) return;
    const blobIds = await pieces(kind, await input.files[0].text(), media);
    const list = [];
    for (let at = 0; at < blobIds.length; at += 50) list.push(...Object.values((await call([[`${type}/parse`, { blobIds: blobIds.slice(at, at + 50) }]]))[0].parsed || {}).flat());
    let done = 0;
    for (let at = 0; at < list.length; at += 50) {
      const create = Object.fromEntries(list.slice(at, at + 50).map((each, number) => [`n${number}`, { ...each, [place]: { [one.id]: true } }]));
      done += Object.keys((await call([[`${type}/set`, { create }]]))[0].created || {}).length;
    }
    notice(t("share.imported", { n: done, all: list.length }), done === list.length && done ? "ok" : "bad");
    close(true);
  }, { kind: "primary" }))]);
}

// A calendar is read as a whole, cards one by one.
async function pieces({ type }, given, media) {
  if (type === "Calendar") return [await upload(given, media)];
  const cards = given.split(/^(?=BEGIN:VCARD)/im).filter((part) => part.trim());
  const ids = [];
  for (let at = 0; at < cards.length; at += 50) {
    const create = Object.fromEntries(cards.slice(at, at + 50).map((card, number) => [`n${number}`, { data: [{ "data:asText": card }], type: media }]));
    ids.push(...Object.values((await call([["Blob/upload", { create }]]))[0].created || {}).map((one) => one.id));
  }
  return ids;
}
