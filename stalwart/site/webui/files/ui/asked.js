// Forms of an account owner: fields with their problems, sent together; what the server refuses stands at its field.

import { h } from "../lib/dom.js";
import { onUndo, signal } from "../lib/signals.js";
import { guardWith } from "../core/router.js";
import { viewer } from "../core/viewer.js";
import { t } from "../core/words.js";
import { checkbox, field, leave, notice, worker } from "./parts.js";
import { keep } from "./saving.js";

// `fields` are [{ name, label, type, hint, autocomplete, shown, options, rows }]: with `options` ([[value, text]]) a choice,
// with `rows` an area; `send(values, save)` may refuse with a Problem;
// `save(type, was, members, box, close)` writes those members that somebody has changed, and has the page come anew.
export function askedForm(fields, send, { submit, names = {}, extra } = {}) {
  const problems = signal({});
  const summary = signal("");
  const told = h("div.verdict.fail", { role: "alert", tabindex: "-1", hidden: () => !summary() }, h("strong", summary));
  const inputs = new Map();
  const boxes = fields.map(({ name, label, hint, shown, options, ...attributes }) => {
    const known = { name, autocomplete: "off", ...attributes };
    if (known.type === "checkbox") {
      const box = checkbox(label, known, hint);
      inputs.set(name, box.querySelector("input"));
      return box;
    }
    const input = options ? h("select", known, options.map(([value, text]) => h("option", { value }, text))) : h(known.rows ? "textarea" : "input", { type: "text", ...known });
    inputs.set(name, input);
    const box = field(label, input, { hint, problem: () => problems()[name] || "" });
    return shown ? h("div", { hidden: () => !shown() }, box) : box;
  });
  const read = () => Object.fromEntries([...inputs].map(([name, input]) => [name, input.type === "checkbox" ? input.checked : input.value]));
  const first = read();
  const typed = fields.some(({ type }) => type === "password") ? null : () => guardWith(leave);
  if (typed) onUndo(() => guardWith(null));
  const work = async () => {
    const missing = fields.find((one) => one.required && !inputs.get(one.name).value);
    if (missing) {
      problems.set({ [missing.name]: t("required") });
      inputs.get(missing.name).focus();
      return;
    }
    problems.set({});
    summary.set("");
    const values = read();
    let stays = false;
    const save = async (type, was, members, box, close) => {
      const wanted = Object.fromEntries(Object.entries(members).filter(([name]) => !(name in values) || values[name] !== first[name]));
      const kept = await keep(type, was.id, was, wanted, Object.fromEntries(fields.map(({ name, label }) => [name, label])));
      stays = !kept;
      if (stays) return null;
      notice(t("saved"));
      close?.(true);
      box.reload();
      return kept;
    };
    try {
      await send(values, save);
      if (typed && !stays) guardWith(null);
      for (const [name, input] of inputs) if (fields.find((one) => one.name === name).type === "password") input.value = "";
    } catch (problem) {
      const wrong = {};
      for (const [path, text] of problem.fields || []) wrong[names[path] || path] = text;
      const place = Object.keys(wrong).find((name) => inputs.has(name)) || (problem.type === "forbidden" && inputs.has("currentSecret") ? "currentSecret" : null);
      if (!place && !problem.refused) throw problem;
      problems.set({ ...wrong, [place]: wrong[place] || problem.message });
      if (!place) summary.set(problem.message);
      (inputs.get(place) || told).focus();
    }
  };
  const run = worker(submit, work, { kind: "primary", type: "submit" });
  return h("form.form", { onsubmit: (event) => event.preventDefault(), oninput: typed }, fields.some(({ type, name }) => type === "password" && name === "currentSecret") && !inputs.has("username") ? h("input.offscreen", { type: "text", autocomplete: "username", value: viewer.name, readonly: true, tabindex: "-1", "aria-hidden": "true" }) : null, told, boxes, extra, h("div.buttons", run));
}
