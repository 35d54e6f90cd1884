// jmap-jam as a mail program: a folder and a draft in it with one request, import, lists, flags, moving, snippets, removing.
import { JamClient } from "jmap-jam";

const [base, bearerToken] = process.argv.slice(2);
const jam = new JamClient({ sessionUrl: `${base}/.well-known/jmap`, bearerToken });
const accountId = await jam.getPrimaryAccount();
const seen = {};

const [{ list: mailboxes }] = await jam.api.Mailbox.get({ accountId });
const inbox = mailboxes.find((each) => each.role === "inbox").id;
seen.roles = mailboxes.map((each) => each.role).filter(Boolean).sort();

// A folder and an e-mail that is made in it, by its creation id.
const [{ folder, draft }] = await jam.requestMany((t) => {
  const folder = t.Mailbox.set({ accountId, create: { box: { name: "Reisen", parentId: null } } });
  const draft = t.Email.set({
    accountId,
    create: {
      note: {
        mailboxIds: { "#box": true },
        keywords: { $draft: true },
        from: [{ name: "Zoë", email: "zoe@example.org" }],
        to: [{ name: null, email: "someone@example.org" }],
        subject: "Über die Reise",
        bodyStructure: {
          type: "multipart/alternative",
          subParts: [{ type: "text/plain", partId: "t" }, { type: "text/html", partId: "h" }],
        },
        bodyValues: { t: { value: "Ein Kolibri." }, h: { value: "<p>Ein <b>Kolibri</b>.</p>" } },
      },
    },
  });
  return { folder, draft };
});
const box = folder.created.box.id;
const note = draft.created.note.id;
seen.created = Object.keys(draft.created.note).filter((name) => ["id", "blobId", "threadId", "size"].includes(name)).length;

const [{ list: [read] }] = await jam.api.Email.get({
  accountId,
  ids: [note],
  properties: ["subject", "from", "textBody", "htmlBody", "bodyValues", "preview", "mailboxIds"],
  fetchTextBodyValues: true,
  fetchHTMLBodyValues: true,
});
seen.read = [read.subject, read.from[0].name, read.preview, Object.keys(read.mailboxIds).length === 1 && read.mailboxIds[box]];
seen.values = [...read.textBody, ...read.htmlBody].map((part) => read.bodyValues[part.partId].value);

// A message that was uploaded.
const message = [
  "From: Bob <bob@example.org>", "To: zoe@example.org", "Subject: Re: =?utf-8?q?=C3=9Cber?= die Reise",
  "Message-ID: <answer@example.org>", `In-Reply-To: <${(await jam.api.Email.get({ accountId, ids: [note], properties: ["messageId"] }))[0].list[0].messageId[0]}>`,
  "Date: Mon, 02 Mar 2026 10:00:00 +0100", "", "Auch ein Kolibri?",
].join("\r\n");
const uploaded = await jam.uploadBlob(accountId, new Blob([message]));
const [imported] = await jam.api.Email.import({
  accountId,
  emails: { answer: { blobId: uploaded.blobId, mailboxIds: { [inbox]: true }, keywords: {}, receivedAt: "2026-03-02T09:00:05Z" } },
});
const answer = imported.created.answer;
seen.sameThread = answer.threadId === draft.created.note.threadId;

// The list of a folder, and its messages, by reference.
const [{ found, listed }] = await jam.requestMany((t) => {
  const found = t.Email.query({
    accountId, filter: { inMailbox: inbox }, sort: [{ property: "receivedAt", isAscending: false }], calculateTotal: true,
  });
  const listed = t.Email.get({ accountId, ids: found.$ref("/ids"), properties: ["subject", "receivedAt", "keywords"] });
  return { found, listed };
});
seen.listed = [found.total, listed.list[0].id === answer.id, listed.list[0].subject, listed.list[0].receivedAt];

// Flags and moving, and what has changed since.
const [changed] = await jam.api.Email.set({
  accountId,
  update: { [answer.id]: { "keywords/$seen": true, [`mailboxIds/${box}`]: true, [`mailboxIds/${inbox}`]: null } },
});
seen.updated = changed.updated;
seen.answer = answer.id;
const [changes] = await jam.api.Email.changes({ accountId, sinceState: listed.state });
seen.changes = [changes.created.length, changes.updated.length === 1 && changes.updated[0] === answer.id];
const [{ list: [counts] }] = await jam.api.Mailbox.get({ accountId, ids: [box] });
seen.counts = [counts.totalEmails, counts.unreadEmails, counts.totalThreads];

const filter = { text: "Kolibri" };
const [hits] = await jam.api.Email.query({ accountId, filter });
seen.hits = hits.ids.length;
const [snippets] = await jam.api.SearchSnippet.get({ accountId, filter, emailIds: hits.ids });
seen.snippets = snippets.list.every((each) => each.preview.includes("<mark>Kolibri</mark>"));

let refused = null;
const [wrong] = await jam.api.Email.set({ accountId, create: { x: { mailboxIds: {}, subject: "x", "header:Subject": "y" } } });
refused = wrong.notCreated.x;
seen.refused = [refused.type, refused.properties.sort()];

await jam.api.Email.set({ accountId, destroy: [note, answer.id] });
const [gone] = await jam.api.Email.get({ accountId, ids: [note, answer.id], properties: ["id"] });
seen.gone = gone.notFound.length;
const [removed] = await jam.api.Mailbox.set({ accountId, destroy: [box] });
seen.removed = removed.destroyed.length;
console.log(JSON.stringify(seen));
