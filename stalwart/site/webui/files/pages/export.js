// Everything of an account as files, which the browser saves by itself.

import { h } from "../lib/dom.js";
import { ask, problemOf } from "../core/server.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { heading, notice, page, worker } from "../ui/parts.js";

const KINDS = { mail: "jmapEmailGet", calendars: "jmapCalendarEventGet", contacts: "jmapContactCardGet", files: "jmapFileNodeGet" };

export default function exporting() {
  const rows = Object.keys(KINDS).filter((kind) => may(KINDS[kind])).map((kind) => h("li", h("div.grow", h("strong", t(`app.for.${kind}`)), h("p", t(`export.${kind}`))),
    worker(t("export.go"), async () => {
      const answer = await ask(`/api/token/export-${kind}`);
      if (!answer.ok) throw await problemOf(answer);
      h("a", { href: `/api/export/${kind}?token=${await answer.text()}`, download: "" }).click();
      notice(t("export.begun"));
    }, { kind: "small", name: "down" })));
  return page(t("nav.export"), heading(t("nav.export"), t("export.lead")), h("section.card", h("ul.rows", { role: "list" }, rows)));
}
