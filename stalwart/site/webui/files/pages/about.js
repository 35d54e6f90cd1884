// What runs here.

import { h } from "../lib/dom.js";
import { schema } from "../core/schema.js";
import { viewer } from "../core/viewer.js";
import { number, t } from "../core/words.js";
import { heading, loaded, other, page } from "../ui/parts.js";

export default function about() {
  return page(t("nav.about"), heading(t("nav.about"), t("about.lead")), loaded(schema, (document) => h("dl.facts.panel", rows(document).map(([name, text]) => [h("dt", t(name)), h("dd", other(text))]))));
}

function rows(document) {
  const version = viewer.session.capabilities["urn:ietf:params:jmap:sieve"]?.implementation;
  return [
    ["about.version", version || "–"],
    ["about.you", viewer.name],
    ["about.permissions", number(viewer.permissions.size)],
    ["about.objects", number(Object.keys(document.objects).length)],
    ["about.fields", number(Object.values(document.fields).reduce((sum, one) => sum + Object.keys(one.properties).length, 0))],
  ];
}
