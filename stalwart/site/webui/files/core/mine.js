// Data types of JMAP in the account of whoever is signed in, or in one that is shared with him.

import { ask, jmap, problemOf, set } from "./server.js";
import { viewer } from "./viewer.js";

const using = () => Object.keys(viewer.session.capabilities);
export const has = (name, id = viewer.accountId) => Boolean(viewer.session.accounts[id]?.accountCapabilities[`urn:ietf:params:jmap:${name}`]);

export const call = (calls, accountId = viewer.accountId) => jmap(calls.map(([name, args]) => [name, { accountId, ...args }]), { using: using() });

export async function all(type, accountId) {
  try {
    return (await call([[`${type}/get`, { ids: null }]], accountId))[0].list;
  } catch (problem) {
    if (problem.type !== "requestTooLarge") throw problem;
    return queried(type, {}, accountId);
  }
}

// All that a query finds, a page at a time.
const PAGE = 500;
export async function queried(type, filter, accountId) {
  const list = [];
  for (let position = 0; ; position += PAGE) {
    const [{ ids }, got] = await call([[`${type}/query`, { filter, position, limit: PAGE }], [`${type}/get`, { "#ids": { resultOf: "0", name: `${type}/query`, path: "/ids" } }]], accountId);
    list.push(...got.list);
    if (ids.length < PAGE) return list;
  }
}
export const change = (type, args, accountId = viewer.accountId) => set(type, { accountId, ...args }, { using: using() });
// An object that is new, or has another content.
export const put = (type, id, members, more, accountId) => change(type, { ...(id ? { update: { [id]: members } } : { create: { made: members } }), ...more }, accountId);

export async function upload(body, type) {
  const answer = await ask(`/jmap/upload/${viewer.accountId}/`, { method: "POST", headers: { "Content-Type": type }, body });
  if (!answer.ok) throw await problemOf(answer);
  return (await answer.json()).blobId;
}

export async function text(blobId) {
  const answer = await ask(`/jmap/download/${viewer.accountId}/${blobId}/`);
  if (!answer.ok) throw await problemOf(answer);
  return answer.text();
}

// Names of things in a tree with those above them, in order; [{ ...one, path }].
export function inTree(list) {
  const byId = new Map(list.map((one) => [one.id, one]));
  const path = (one, deep = 0) => (byId.has(one.parentId) && deep < 99 ? `${path(byId.get(one.parentId), deep + 1)} / ` : "") + one.name;
  return list.map((one) => ({ ...one, path: path(one) })).sort((one, other) => (one.sortOrder || 0) - (other.sortOrder || 0) || one.path.localeCompare(other.path));
}
