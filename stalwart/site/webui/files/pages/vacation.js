// What is answered while somebody is away.

import { h } from "../lib/dom.js";
import { local, utc } from "../core/format.js";
import { all } from "../core/mine.js";
import { t } from "../core/words.js";
import { askedForm } from "../ui/asked.js";
import { badge, heading, loaded, page } from "../ui/parts.js";

export default function vacation() {
  let box = null;
  box = loaded(() => all("VacationResponse"), ([now]) => [
    h("p", badge(now.isEnabled ? "ok" : "none", t(now.isEnabled ? "vacation.on" : "vacation.off"))),
    h("section.card", askedForm([
      { name: "isEnabled", label: t("vacation.enable"), type: "checkbox", checked: now.isEnabled },
      { name: "fromDate", label: t("vacation.from"), type: "datetime-local", value: local(now.fromDate), hint: t("vacation.open") },
      { name: "toDate", label: t("vacation.to"), type: "datetime-local", value: local(now.toDate) },
      { name: "subject", label: t("vacation.subject"), value: now.subject || "", maxlength: 512 },
      { name: "textBody", label: t("vacation.body"), value: now.textBody || "", rows: 8, hint: now.htmlBody ? t("vacation.html") : null },
    ], async ({ isEnabled, fromDate, toDate, subject, textBody }, save) => {
      if (fromDate && toDate && toDate <= fromDate) throw Object.assign(new Error(t("vacation.order")), { fields: [["toDate", t("vacation.order")]] });
      await save("VacationResponse", now, { isEnabled, fromDate: utc(fromDate), toDate: utc(toDate), subject: subject || null, textBody: textBody || null, ...(textBody === (now.textBody || "").replace(/\r/g, "") ? {} : { htmlBody: null }) }, box);
    }, { submit: t("save") })),
  ]);
  return page(t("nav.vacation"), heading(t("nav.vacation"), t("vacation.lead")), box);
}
