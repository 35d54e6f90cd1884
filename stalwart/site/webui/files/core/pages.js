// All pages: their addresses, where they stand in the navigation, and who may see them.

import { may, mayAny } from "./viewer.js";

export const TABLE = [
  ["admin", () => import("../pages/overview.js")],
  ["admin/setup", () => import("../pages/setup.js")],
  ["admin/diagnose", () => import("../pages/diagnose.js")],
  ["admin/domains", () => import("../pages/domains.js")],
  ["admin/domains/:id", () => import("../pages/domain.js")],
  ["admin/queue", () => import("../pages/queue.js")],
  ["admin/actions", () => import("../pages/actions.js")],
  ["admin/live", () => import("../pages/live.js")],
  ["admin/tasks", () => import("../pages/tasks.js")],
  ["admin/bans", () => import("../pages/bans.js")],
  ["admin/certificates", () => import("../pages/certificates.js")],
  ["admin/settings", () => import("../pages/settings.js")],
  ["admin/console", () => import("../pages/console.js")],
  ["admin/about", () => import("../pages/about.js")],
  ["admin/objects/:view", () => import("../pages/objects.js")],
  ["admin/objects/:view/:id", () => import("../pages/object.js")],
  ["account", () => import("../pages/account.js")],
  ["account/password", () => import("../pages/password.js")],
  ["account/two-factor", () => import("../pages/two_factor.js")],
  ["account/recovery-codes", () => import("../pages/recovery_codes.js")],
  ["account/passkeys", () => import("../pages/passkeys.js")],
  ["account/app-passwords", () => import("../pages/app_passwords.js")],
  ["account/sessions", () => import("../pages/sessions.js")],
  ["account/profile", () => import("../pages/profile.js")],
  ["account/clients", () => import("../pages/clients.js")],
  ["account/identities", () => import("../pages/identities.js")],
  ["account/vacation", () => import("../pages/vacation.js")],
  ["account/filters", () => import("../pages/filters.js")],
  ["account/shared/:kind", () => import("../pages/shared.js")],
  ["account/export", () => import("../pages/export.js")],
  ["account/objects/:view", () => import("../pages/objects.js")],
  ["account/objects/:view/:id", () => import("../pages/object.js")],
];

const listed = (name, view, icon, prefix) => ({ name, href: `/admin/objects/${view}`, icon, shown: () => may(`${prefix}Query`) || may(`${prefix}Get`) });

// [title of a section, its entries]; names are texts of the catalogue.
export const ADMIN = [
  [null, [
    { name: "nav.overview", href: "/admin/", icon: "home", shown: () => mayAny("liveMetrics", "sysDomainQuery", "sysAccountQuery") },
    { name: "nav.diagnose", href: "/admin/diagnose", icon: "route", shown: () => may("liveDeliveryTest"), key: "d" },
  ]],
  ["nav.directory", [
    { name: "nav.domains", href: "/admin/domains", icon: "globe", shown: () => may("sysDomainQuery"), key: "m" },
    { ...listed("nav.users", "Account-User", "person", "sysAccount"), key: "a" },
    listed("nav.groups", "Account-Group", "people", "sysAccount"),
    listed("nav.lists", "MailingList", "list", "sysMailingList"),
    listed("nav.roles", "Role", "shield", "sysRole"),
    listed("nav.tenants", "Tenant", "people", "sysTenant"),
  ]],
  ["nav.mail", [
    { name: "nav.queue", href: "/admin/queue", icon: "inbox", shown: () => may("sysQueuedMessageQuery"), key: "q" },
    { name: "nav.live", href: "/admin/live", icon: "pulse", shown: () => may("liveTracing"), key: "l" },
    // those who may look at events as they happen find the kept ones there
    { ...listed("nav.traces", "Trace", "route", "sysTrace"), shown: () => may("sysTraceQuery") && !may("liveTracing") },
    listed("nav.logs", "Log", "file", "sysLog"),
    listed("nav.dmarcReports", "DmarcExternalReport", "list", "sysDmarcExternalReport"),
    listed("nav.tlsReports", "TlsExternalReport", "list", "sysTlsExternalReport"),
  ]],
  ["nav.server", [
    { name: "nav.certificates", href: "/admin/certificates", icon: "key", shown: () => may("sysCertificateQuery"), key: "c" },
    { name: "nav.tasks", href: "/admin/tasks", icon: "task", shown: () => may("sysTaskQuery"), key: "t" },
    { name: "nav.actions", href: "/admin/actions", icon: "bolt", shown: () => may("sysActionCreate") },
    { name: "nav.bans", href: "/admin/bans", icon: "shield", shown: () => may("sysBlockedIpQuery"), key: "b" },
    { name: "nav.settings", href: "/admin/settings", icon: "gear", shown: () => mayAny("sysHttpGet", "sysSystemSettingsGet"), key: "s" },
    { name: "nav.console", href: "/admin/console", icon: "code", shown: () => true },
    { name: "nav.about", href: "/admin/about", icon: "info", shown: () => true },
  ]],
];

export const ACCOUNT = [
  [null, [{ name: "nav.home", href: "/account/", icon: "home", shown: () => true }]],
  ["nav.security", [
    { name: "nav.password", href: "/account/password", icon: "key", shown: () => may("sysAccountPasswordUpdate") },
    { name: "nav.twoFactor", href: "/account/two-factor", icon: "shield", shown: () => may("sysAccountPasswordUpdate") },
    { name: "nav.recoveryCodes", href: "/account/recovery-codes", icon: "list", shown: () => may("sysRecoveryCodesUpdate") },
    { name: "nav.passkeys", href: "/account/passkeys", icon: "person", shown: () => may("sysPasskeyCreate") },
    { name: "nav.appPasswords", href: "/account/app-passwords", icon: "device", shown: () => may("sysAppPasswordCreate") },
    { name: "nav.sessions", href: "/account/sessions", icon: "globe", shown: () => may("sysSessionQuery") || may("sysSessionGet") },
  ]],
  ["nav.mail", [
    { name: "nav.identities", href: "/account/identities", icon: "person", shown: () => may("jmapIdentityUpdate") },
    { name: "nav.vacation", href: "/account/vacation", icon: "sun", shown: () => may("jmapVacationResponseUpdate") },
    { name: "nav.filters", href: "/account/filters", icon: "route", shown: () => may("jmapSieveScriptUpdate") },
    { name: "nav.mailboxes", href: "/account/shared/mailboxes", icon: "inbox", shown: () => may("jmapMailboxUpdate") },
  ]],
  ["nav.together", [
    { name: "nav.calendars", href: "/account/shared/calendars", icon: "list", shown: () => may("jmapCalendarUpdate") },
    { name: "nav.addressBooks", href: "/account/shared/address-books", icon: "people", shown: () => may("jmapAddressBookUpdate") },
    { name: "nav.folders", href: "/account/shared/files", icon: "file", shown: () => may("jmapFileNodeUpdate") },
  ]],
  ["nav.more", [
    { name: "nav.clients", href: "/account/clients", icon: "device", shown: () => true },
    { name: "nav.profile", href: "/account/profile", icon: "gear", shown: () => may("sysAccountSettingsGet") },
    { name: "nav.apiKeys", href: "/account/objects/ApiKey", icon: "code", shown: () => may("sysApiKeyQuery") },
    { name: "nav.publicKeys", href: "/account/objects/PublicKey", icon: "file", shown: () => may("sysPublicKeyQuery") },
    { name: "nav.maskedAddresses", href: "/account/objects/MaskedEmail", icon: "inbox", shown: () => may("sysMaskedEmailQuery") },
    { name: "nav.deleted", href: "/account/objects/ArchivedItem", icon: "trash", shown: () => may("sysArchivedItemQuery") },
    { name: "nav.export", href: "/account/export", icon: "down", shown: () => mayAny("jmapEmailGet", "jmapCalendarEventGet", "jmapContactCardGet", "jmapFileNodeGet") },
  ]],
];

export const sections = (area) =>
  (area === "admin" ? ADMIN : ACCOUNT)
    .map(([title, entries]) => [title, entries.filter((entry) => entry.shown())])
    .filter(([, entries]) => entries.length);
