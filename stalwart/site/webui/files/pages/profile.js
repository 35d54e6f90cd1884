// One's name, language and time zone.

import { h } from "../lib/dom.js";
import { getOne } from "../core/server.js";
import { keepLanguage, LANGUAGES, language, t } from "../core/words.js";
import { askedForm } from "../ui/asked.js";
import { heading, loaded, page } from "../ui/parts.js";

const LOCALES = { en: "en_US", de: "de_DE" };

export default function profile() {
  let box = null;
  box = loaded(() => getOne("x:AccountSettings", "singleton"), (now) => {
    const own = Object.entries(LOCALES).find(([id]) => now.locale.startsWith(`${id}_`))?.[0] || now.locale;
    const names = new Intl.DisplayNames([language.peek()], { type: "language" });
    const languages = [...Object.entries(LANGUAGES), ...(own in LOCALES ? [] : [[own, names.of(own.split("@")[0].replace("_", "-"))]])];
    const zones = [...new Set([...Intl.supportedValuesOf("timeZone"), "UTC", ...(now.timeZone ? [now.timeZone] : [])])];
    return [h("section.card", askedForm([
      { name: "description", label: t("profile.name"), value: now.description || "", autocomplete: "name", maxlength: 255 },
      { name: "locale", label: t("language"), options: languages, value: own, hint: t("profile.language") },
      { name: "timeZone", label: t("profile.zone"), options: [["", t("profile.noZone")], ...zones.map((zone) => [zone, zone.replaceAll("_", " ")])], value: now.timeZone || "", hint: t("profile.here", { name: Intl.DateTimeFormat().resolvedOptions().timeZone }) },
    ], async ({ description, locale, timeZone }, save) => {
      const kept = await save("x:AccountSettings", now, { description: description || null, locale: LOCALES[locale], timeZone: timeZone || null }, box);
      if (kept && locale !== own && locale in LANGUAGES) await keepLanguage(locale);
    }, { submit: t("save") })), h("p", h("a", { href: "/account/objects/AccountSettings" }, t("profile.more")))];
  });
  return page(t("nav.profile"), heading(t("nav.profile"), t("nav.profile.text")), box);
}
