// Changes of an object that is there: what somebody else has changed of the same meanwhile is overwritten on purpose only.

import { h } from "../lib/dom.js";
import { short } from "../core/format.js";
import { call, change } from "../core/mine.js";
import { jmap, Problem, set } from "../core/server.js";
import { clone, equal, patched, patchOf, valueAt } from "../core/values.js";
import { t } from "../core/words.js";
import { button, dialog, other } from "./parts.js";

// Writes `wanted`, a patch of what was `before`, less what somebody rather leaves to others; `names` has labels of members.
// The result is the patch that takes it back, or null if nothing is to be saved.
export async function keep(type, id, before, wanted, names = {}) {
  const ask = type[1] === ":" ? jmap : call;
  for (let turn = 0; ; turn += 1) {
    const [{ list: [now], state }] = await ask([[`${type}/get`, { ids: [id] }]]);
    if (!now) throw new Problem(t("notFound"), { type: "notFound" });
    const theirs = Object.keys(wanted).filter((path) => !equal(valueAt(before, path), valueAt(now, path)));
    const whose = theirs.length ? await settled(theirs.map((path) => [names[path] || path, valueAt(now, path), wanted[path]])) : "mine";
    if (!whose) return null;
    if (whose === "theirs") for (const path of theirs) delete wanted[path];
    if (!Object.keys(wanted).length) return {};
    const update = { [id]: wanted };
    try {
      if (ask === jmap) await set(type, { update });
      else await change(type, { ifInState: state, update });
      return patchOf(patched(clone(now), wanted), now);
    } catch (problem) {
      if (problem.type !== "stateMismatch" || turn > 2) throw problem;
      before = now;
    }
  }
}

const written = (value) => (value === undefined || value === null ? "–" : typeof value === "string" ? short(value) : short(JSON.stringify(value)));

const settled = (rows) => dialog(t("conflict.title"), (close) => [
  h("p", t("conflict.text")), diffTable(rows, "conflict.theirs", "conflict.mine"),
  h("div.buttons", button(t("conflict.yes"), () => close("mine"), { kind: "primary" }), button(t("conflict.no"), () => close("theirs")), button(t("cancel"), () => close(null), { kind: "quiet" })),
], { kind: "wide" });

export function diffTable(rows, before = "diff.old", after = "diff.new") {
  return h("div.table-box", h("table.diff", h("thead", h("tr", h("th", t("diff.field")), h("th", t(before)), h("th", t(after)))),
    h("tbody", rows.map(([path, old, now]) => h("tr", h("th", { scope: "row" }, other(path)), h("td", h("del", other(written(old)))), h("td", h("ins", other(written(now)))))))));
}
