// Whoever is signed in: name, permissions, language.

import { signal } from "../lib/signals.js";
import { camel } from "./format.js";
import { getJson } from "./server.js";
import { chooseLanguage } from "./words.js";

export const viewer = { name: "", accountId: "", permissions: new Set(), session: null, edition: "" };
export const known = signal(false);

export async function meet() {
  const [account, session] = await Promise.all([getJson("/api/account"), getJson("/jmap/session")]);
  viewer.permissions = new Set(account.permissions.map(camel));
  viewer.session = session;
  viewer.name = session.username;
  viewer.accountId = session.primaryAccounts["urn:ietf:params:jmap:core"] || Object.keys(session.accounts)[0];
  await chooseLanguage(account.locale === "POSIX" ? null : localStorage.getItem("stalwart.language") || preferred(account.locale));
  known.set(true);
}

// The account's language where somebody has chosen one; English is what accounts are made with, so the browser decides.
const preferred = (locale) => (/^en/i.test(locale || "") ? null : locale);

export const may = (permission) => viewer.permissions.has(permission);
export const mayAny = (...names) => names.some(may);

const FOR_ADMINISTRATORS = ["sysDomainQuery", "sysAccountQuery", "liveMetrics", "liveDeliveryTest", "sysHttpGet", "sysQueuedMessageQuery"];
export const administers = () => mayAny(...FOR_ADMINISTRATORS) || may("sysBootstrapGet");
