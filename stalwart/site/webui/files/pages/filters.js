// Filters of mail: scripts that are checked before they are kept, and rules for those who do not write Sieve.

import { each, h } from "../lib/dom.js";
import { signal } from "../lib/signals.js";
import { all, call, change, has, inTree, put, text, upload } from "../core/mine.js";
import { ACTIONS, FIELDS, readRules, TESTS, written } from "../core/rules.js";
import { guardWith } from "../core/router.js";
import { t } from "../core/words.js";
import { badge, button, checkbox, confirm, empty, field, heading, leave, loaded, newId, notice, other, page, textInput, worker } from "../ui/parts.js";

export default function filters() {
  const edited = signal(null);
  let box = null;
  box = loaded(async () => [await all("SieveScript"), has("mail") ? inTree(await all("Mailbox")) : []], ([list, boxes]) => {
    const open = async (one, rules = []) => {
      const script = one ? await text(one.blobId) : written(rules);
      edited.set({ one, script, rules: one ? readRules(script) : rules });
    };
    const begin = [button(t("filter.rules"), () => open(null, [fresh()]), { kind: "primary", name: "plus" }), button(t("filter.script"), async () => { await open(null, []); edited.set((now) => ({ ...now, script: "", rules: null })); }, { name: "code" })];
    return () => {
      if (edited()) return editor(edited(), list, boxes, () => { edited.set(null); guardWith(null); box.reload(); });
      if (!list.length) return empty(t("filter.empty"), t("filter.empty.text"), begin);
      return [h("div.buttons", begin), h("section.card", h("ul.rows", { role: "list" }, list.map((one) => row(one, open, box))))];
    };
  });
  return page(t("nav.filters"), heading(t("nav.filters"), t("filter.lead")), box);
}

function row(one, open, box) {
  const after = (work) => async () => { await work(); notice(t("saved")); box.reload(); };
  const remove = async () => {
    if (!(await confirm(t("delete.title"), t("delete.text", { name: one.name }), { yes: t("delete") }))) return;
    await change("SieveScript", { ...(one.isActive ? { onSuccessDeactivateScript: true } : {}) });
    await after(() => change("SieveScript", { destroy: [one.id] }))();
  };
  return h("li", h("div.grow", h("strong", other(one.name))), one.isActive ? badge("ok", t("filter.active")) : null,
    worker(t("edit"), () => open(one), { kind: "small" }),
    worker(t(one.isActive ? "filter.stop" : "filter.use"), after(() => change("SieveScript", one.isActive ? { onSuccessDeactivateScript: true } : { onSuccessActivateScript: one.id })), { kind: "small" }),
    worker(t("remove"), remove, { kind: "small danger" }));
}

function editor({ one, script, rules: given }, list, boxes, done) {
  const rules = signal(given && given.map(draft));
  const name = textInput({ value: one?.name || (list.length ? "" : t("nav.filters")), maxlength: 512 });
  const area = h("textarea", { rows: 18, spellcheck: "false", value: script });
  const problem = signal("");
  const active = checkbox(t("filter.use"), { checked: one ? one.isActive : true });
  const source = () => (rules.peek() ? written(rules.peek().map(plain)) : area.value);
  const typed = () => guardWith(async () => source() === script || leave());
  const check = async () => {
    problem.set("");
    const blobId = await upload(source(), "application/sieve");
    const [{ error }] = await call([["SieveScript/validate", { blobId }]]);
    if (!error) return blobId;
    problem.set(error.description || error.type);
    const line = Number(/^\w+ (\d+):/.exec(error.description || "")?.[1]);
    if (line && !rules.peek()) {
      const before = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
      area.focus();
      area.setSelectionRange(before, before + area.value.split("\n")[line - 1].length);
    }
    return null;
  };
  const save = async () => {
    const blobId = await check();
    if (!blobId) return;
    const isActive = active.querySelector("input").checked;
    await put("SieveScript", one?.id, { name: name.value || null, blobId }, isActive ? { onSuccessActivateScript: one?.id || "#made" } : one?.isActive ? { onSuccessDeactivateScript: true } : {});
    notice(t("saved"));
    done();
  };
  return h("form.form", { onsubmit: (event) => event.preventDefault(), oninput: typed, onchange: typed },
    field(t("filter.name"), name),
    () => (rules() ? builder(rules, boxes) : field(t("filter.text"), area, { problem })),
    () => (rules() ? h("p.problem", { role: "alert" }, problem) : null), active,
    h("div.buttons", worker(t("save"), save, { kind: "primary", type: "submit" }), worker(t("filter.check"), async () => { if (await check()) notice(t("filter.good")); }),
      () => (rules() ? button(t("filter.asText"), () => { area.value = source(); rules.set(null); }, { kind: "quiet", name: "code" }) : null),
      button(t("cancel"), done, { kind: "quiet" })));
}

// Rows of rules keep their place by a key that is not written.
const keyed = (one) => ({ key: newId("rule"), ...one });
const draft = (rule) => keyed({ ...rule, if: rule.if.map(keyed), then: rule.then.map(keyed) });
const bare = ({ key, ...rest }) => rest;
const plain = (rule) => bare({ ...rule, if: rule.if.map(bare), then: rule.then.map(bare) });
const fresh = () => ({ all: true, if: [{ field: "from", is: "contains", value: "" }], then: [{ do: "fileinto", to: "", name: "" }], stop: true });

const choice = (label, options, value, set) => h("select", { "aria-label": label, value, onchange: (event) => set(event.target.value) }, options.map(([id, text]) => h("option", { value: id }, text)));

function builder(rules, boxes) {
  const named = (prefix, names) => names.map((name) => [name, t(`${prefix}.${name}`)]);
  const line = (list, one, parts, refresh) => h("div.row", parts, button(t("remove"), () => { list.splice(list.indexOf(one), 1); refresh(); }, { kind: "quiet small" }));
  const card = (rule, refresh) => h("fieldset.card.rule", h("legend.visually-hidden", t("filter.rule")),
    choice(t("filter.when"), [["all", t("filter.all")], ["any", t("filter.any")]], rule.all ? "all" : "any", (value) => { rule.all = value === "all"; }),
    rule.if.map((one) => line(rule.if, one, [
      choice(t("filter.field"), named("field", Object.keys(FIELDS)), one.field, (value) => { one.field = value; }),
      choice(t("filter.test"), named("test", TESTS), one.is, (value) => { one.is = value; }),
      textInput({ "aria-label": t("value"), value: one.value, oninput: (event) => { one.value = event.target.value; } })], refresh)),
    h("div.buttons", button(t("filter.more"), () => { rule.if.push(keyed(fresh().if[0])); refresh(); }, { kind: "quiet small", name: "plus" })),
    rule.then.map((one) => line(rule.then, one, [
      choice(t("filter.action"), named("do", Object.keys(ACTIONS)), one.do, (value) => { Object.assign(one, { do: value, to: "", name: "" }); refresh(); }),
      one.do === "fileinto" ? choice(t("filter.folder"), [["", t("choose")], ...boxes.map((box) => [box.id, box.path])], one.to, (value) => Object.assign(one, { to: value, name: boxes.find((box) => box.id === value)?.name || "" })) : null,
      one.do === "redirect" ? textInput({ "aria-label": t("filter.address"), inputmode: "email", value: one.to, oninput: (event) => { one.to = event.target.value; } }) : null], refresh)),
    h("div.buttons", button(t("filter.then"), () => { rule.then.push(keyed({ do: "seen" })); refresh(); }, { kind: "quiet small", name: "plus" }),
      button(t("filter.removeRule"), () => rules.set((now) => now.filter((other) => other.key !== rule.key)), { kind: "quiet small", name: "trash" })),
    checkbox(t("filter.last"), { checked: rule.stop, onchange: (event) => { rule.stop = event.target.checked; } }));
  return h("div.form", each(rules, (rule) => rule.key, (rule) => {
    const turn = signal(0);
    return h("div", () => (turn(), card(rule.peek(), () => turn.set((now) => now + 1))));
  }), h("div.buttons", button(t("filter.add"), () => rules.set((now) => [...now, draft(fresh())]), { name: "plus", kind: "small" })));
}
