// Whoever is signed in: name, permissions, language.

import { effect, signal } from "../lib/signals.js";
import { camel } from "./format.js";
import { getJson, sessionState } from "./server.js";
import { session as signIn, VIEWER } from "./session.js";
import { chooseLanguage } from "./words.js";

export const viewer = { name: "", accountId: "", permissions: new Set(), session: null, edition: "" };
// The state of the session that this was said in.
export const known = signal(null);

const PATIENCE = 3000;

// Kept for the pages that this tab opens next; answers of JMAP say when it is no longer right.
export async function meet() {
  const kept = JSON.parse(sessionStorage.getItem(VIEWER) || "null");
  if (!kept) return meetAgain();
  setTimeout(() => sessionState.peek() ?? meetAgain().catch(() => null), PATIENCE);
  return take(kept);
}

export async function meetAgain() {
  const [account, session] = await Promise.all([getJson("/api/account"), getJson("/jmap/session")]);
  sessionStorage.setItem(VIEWER, JSON.stringify({ account, session }));
  await take({ account, session });
}

async function take({ account, session }) {
  viewer.permissions = new Set(account.permissions.map(camel));
  viewer.session = session;
  viewer.name = session.username;
  viewer.accountId = session.primaryAccounts["urn:ietf:params:jmap:core"] || Object.keys(session.accounts)[0];
  await chooseLanguage(account.locale === "POSIX" ? null : localStorage.getItem("stalwart.language") || preferred(account.locale));
  known.set(session.state);
  signIn.met(viewer.name);
}

effect(() => {
  if (sessionState() && known.peek() && sessionState() !== known.peek()) meetAgain().catch(() => null);
});

// The account's language where somebody has chosen one; English is what accounts are made with, so the browser decides.
const preferred = (locale) => (/^en/i.test(locale || "") ? null : locale);

export const may = (permission) => viewer.permissions.has(permission);
export const mayAny = (...names) => names.some(may);

const FOR_ADMINISTRATORS = ["sysDomainQuery", "sysAccountQuery", "liveMetrics", "liveDeliveryTest", "sysHttpGet", "sysQueuedMessageQuery"];
export const administers = () => mayAny(...FOR_ADMINISTRATORS) || may("sysBootstrapGet");
