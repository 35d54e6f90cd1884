// Where one is signed in, each to be ended.

import { each, h } from "../lib/dom.js";
import { ago, short } from "../core/format.js";
import { getAll, set } from "../core/server.js";
import { t } from "../core/words.js";
import { badge, confirm, empty, heading, loaded, notice, other, page, worker } from "../ui/parts.js";

export default function sessions() {
  let box = null;
  box = loaded(() => getAll("x:Session"), (list) => {
    const others = list.filter((one) => !one.current);
    const endAll = async () => {
      if (!(await confirm(t("sessions.endAll"), t("sessions.endAll.text", { n: others.length }), { yes: t("sessions.endAll") }))) return;
      await set("x:Session", { destroy: others.map((one) => one.id) });
      notice(t("sessions.ended"));
      box.reload();
    };
    if (!list.length) return empty(t("sessions.empty"), t("sessions.empty.text"));
    return [others.length > 1 ? h("div.buttons", worker(t("sessions.endAll"), endAll, { kind: "danger" })) : null,
      h("section.card", h("ul.rows", { role: "list" }, each(() => [...list].sort((one, next) => Number(next.current) - Number(one.current)), (one) => one.id, (one) => row(one.peek(), box))))];
  });
  return page(t("nav.sessions"), heading(t("nav.sessions"), t("sessions.lead")), box);
}

function row(one, box) {
  const end = async () => {
    await set("x:Session", { destroy: [one.id] });
    notice(t("sessions.ended"));
    box.reload();
  };
  const name = short(one.clientName || one.clientId, 120);
  return h("li", h("div.grow", h("strong", other(name)), h("p", other(short([device(one.userAgent), one.ipAddress].filter(Boolean).join(" · "), 160)), " · ", t("used", { when: ago(one.lastUsedAt) }))),
    one.current ? badge("ok", t("sessions.current")) : worker(t("sessions.end"), end, { kind: "small danger", label: `${t("sessions.end")} ${name}` }));
}

function device(agent) {
  if (!agent) return "";
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\/(\d+)/.exec(agent);
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|Linux)/.exec(agent);
  return browser ? [browser[1] === "Edg" ? "Edge" : browser[1], system?.[1].replace("Mac OS X", "macOS")].filter(Boolean).join(", ") : agent;
}
