// Questions to the server: with the token of the session, again after a new sign-in, and whether it can be reached.

import { signal } from "../lib/signals.js";
import { language, t } from "./words.js";
import { session } from "./session.js";

export class Problem extends Error {
  constructor(text, { status = 0, type = "", fields = [], links = [], refused = false } = {}) {
    super(text);
    Object.assign(this, { status, type, fields, links, refused });
  }
}

// "here", or "gone" until the server answers again.
export const reach = signal("here");
const PAUSES = [1000, 2000, 3000, 5000];

async function send(url, options) {
  try {
    const answer = await fetch(url, { credentials: "omit", cache: "no-store", ...options });
    reach.set("here");
    return answer;
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    gone();
    throw new Problem(t("unreachable"), { type: "unreachable" });
  }
}

let trying = false;
async function gone() {
  reach.set("gone");
  if (trying) return;
  trying = true;
  for (let turn = 0; reach.peek() === "gone"; turn += 1) {
    await new Promise((done) => setTimeout(done, PAUSES[Math.min(turn, PAUSES.length - 1)]));
    const answer = await fetch("/healthz/live", { cache: "no-store", credentials: "omit" }).catch(() => null);
    if (answer?.ok) reach.set("here");
  }
  trying = false;
}

// A request with the session's token; where that is over somebody is asked to sign in, and the request is made again.
export async function ask(url, options = {}) {
  for (let turn = 0; ; turn += 1) {
    const token = await session.token();
    const headers = { ...options.headers, Authorization: `Bearer ${token}`, "Accept-Language": language.peek() };
    const answer = await send(url, { ...options, headers });
    if (answer.status !== 401) session.had = true;
    if (answer.status !== 401 || turn > 1) return answer;
    await session.refused(token);
  }
}

export const open = send;

export async function problemOf(answer) {
  let told = {};
  try {
    told = await answer.json();
  } catch {
    told = {};
  }
  const seconds = answer.headers.get("Retry-After");
  const text = told.detail || told.title || t("status", { status: answer.status });
  return new Problem(seconds ? `${text} ${t("retry", { n: Number(seconds) })}` : text, { status: answer.status, type: told.type });
}

export async function getJson(url, options) {
  const answer = await ask(url, options);
  if (!answer.ok) throw await problemOf(answer);
  return answer.json();
}

// What each answer of JMAP says of the session (RFC 8620 3.4): another one, and who this is has to be asked again.
export const sessionState = signal(null);

const USING = ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"];

// Method calls of JMAP; the answers are the arguments of the responses in their order.
export async function jmap(calls, { using = USING, signal: stop } = {}) {
  const methodCalls = calls.map(([name, args], at) => [name, args, String(at)]);
  const answer = await ask("/jmap", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ using, methodCalls }),
    signal: stop,
  });
  if (!answer.ok) throw await problemOf(answer);
  const { methodResponses, sessionState: state } = await answer.json();
  sessionState.set(state);
  const found = calls.map((_, at) => methodResponses.find(([, , id]) => id === String(at)));
  return found.map((response) => {
    if (!response) throw new Problem(t("noAnswer"));
    const [name, args] = response;
    if (name === "error") throw new Problem(args.description || args.type, { type: args.type });
    return args;
  });
}

export async function jmapOne(name, args, options) {
  return (await jmap([[name, args]], options))[0];
}

// What a /set refuses, as a Problem with the paths of the fields.
export function refusal(error) {
  const fields = [];
  for (const one of error.validationErrors || []) fields.push([one.property, validation(one)]);
  const listed = new Set(fields.map(([path]) => path));
  const text = error.description || t(`set.${error.type}`) || error.type;
  for (const path of error.properties || []) if (!listed.has(path)) fields.push([path, text]);
  return new Problem(text, { type: error.type, fields, links: error.linkedObjects || [], refused: true });
}

function validation({ type, required, value }) {
  return t(`invalid.${type}`, { n: required ?? 0, value: value ?? "" });
}

// How somebody is told of the notices of an answer, and asked whether what was refused is to be done all the same.
export const person = { told: null, sure: null };

export async function set(type, change, options) {
  const answer = await jmapOne(`${type}/set`, change, options);
  (answer.notices || []).forEach(person.told);
  const again = {};
  const errors = [];
  for (const [verb, kind] of Object.entries({ create: "notCreated", update: "notUpdated", destroy: "notDestroyed" })) {
    const refused = answer[kind] || {};
    const ids = Object.keys(refused);
    errors.push(...Object.values(refused));
    again[verb] = verb === "destroy" ? ids : Object.fromEntries(ids.map((id) => [id, change[verb][id]]));
  }
  if (!errors.length) return answer;
  const final = errors.find((one) => !one.canConfirm);
  if (!final && await person.sure(errors.map((one) => one.description).join(" "))) return set(type, { ...change, ...again, confirm: true }, options);
  const problem = refusal(final || errors[0]);
  problem.links = await named(problem.links.slice(0, 9));
  throw problem;
}

// What an object is used by, with the names of those that may be read.
async function named(links) {
  const found = links.length ? await jmap(links.map(({ object, id }) => [`x:${object}/get`, { ids: [id] }])).catch(() => []) : [];
  return links.map(({ object, id }, at) => {
    const one = found[at]?.list[0];
    return { url: `/admin/objects/${object}/${id}`, name: `${object} ${one?.emailAddress || one?.name || one?.description || id}` };
  });
}

export async function create(type, members) {
  return (await set(type, { create: { made: members } })).created.made;
}

export const update = (type, id, patch) => set(type, { update: { [id]: patch } });

export async function getAll(type, properties) {
  return (await jmapOne(`${type}/get`, { ids: null, properties })).list;
}

export async function getOne(type, id) {
  const { list } = await jmapOne(`${type}/get`, { ids: [id] });
  if (!list.length) throw new Problem(t("notFound"), { status: 404, type: "notFound" });
  return list[0];
}

// An event stream with a token of its own; `handlers` by the names of events. The result ends it.
export async function listen(kind, path, query, handlers, failed) {
  const answer = await ask(`/api/token/${kind}`);
  if (!answer.ok) throw await problemOf(answer);
  const asked = new URLSearchParams({ ...query, token: await answer.text() });
  const source = new EventSource(`${path}?${asked}`);
  for (const [name, handler] of Object.entries(handlers)) {
    source.addEventListener(name, (message) => handler(JSON.parse(exact(message.data))));
  }
  source.onerror = async () => {
    source.close();
    failed(await explained(`${path}?${asked}`));
  };
  return () => source.close();
}

// Numbers that are longer than a number can be stay as they are written.
const exact = (text) => text.replace(/"(?:[^"\\]|\\.)*"|-?\d{16,}/g, (part) => (part[0] === '"' ? part : `"${part}"`));

// An EventSource does not say why it ended: ask once more, and leave when the server would go on.
async function explained(url) {
  const leaving = new AbortController();
  try {
    const answer = await send(url, { signal: leaving.signal });
    if (!answer.ok) return await problemOf(answer);
    leaving.abort();
    return new Problem(t("interrupted"), { type: "interrupted" });
  } catch (problem) {
    return problem;
  }
}
