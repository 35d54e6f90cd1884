// Expressions of settings (settings B.1): conditions in order, what holds otherwise, and what comes of them for values
// that somebody gives. The server says what is wrong, and where, while it is typed.

import { each, h } from "../lib/dom.js";
import { computed, effect, signal, untracked } from "../lib/signals.js";
import { create } from "../core/server.js";
import { equal, fromList, toList } from "../core/values.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { button, field, newId, textInput } from "./parts.js";

const PAUSE = 350;

export function expressionEditor(value, context) {
  const rows = signal([]);
  const otherwise = signal("");
  const given = signal({});
  const found = signal(null);
  const open = signal(false);
  const known = (name) => Object.keys(found()?.[`known${name}`] || {}).sort();
  const able = may("actionTryExpression");
  let own;
  let last = null;
  let waiting = null;
  let turn = 0;

  effect(() => {
    const now = value();
    if (equal(now, own)) return;
    own = now;
    untracked(() => {
      rows.set(toList(now?.match).map((one) => ({ key: newId("row"), if: signal(one.if ?? ""), then: signal(one.then ?? "") })));
      otherwise.set(now?.else ?? "");
    });
  });

  const written = () => ({ match: fromList(rows.peek().map((row) => ({ if: row.if.peek(), then: row.then.peek() }))), else: otherwise.peek() });
  const texts = computed(() => [...rows().flatMap((row) => [row.if(), row.then()]), otherwise()].join(" "));
  const used = computed(() => known("Variables").filter((word) => new RegExp(`\\b${word}\\b`).test(texts())));
  const write = () => {
    own = written();
    value.set(own);
    check();
  };

  function check() {
    clearTimeout(waiting);
    if (able && !context.fixed) waiting = setTimeout(ask, PAUSE);
  }

  async function ask() {
    const mine = (turn += 1);
    const expression = written();
    const empty = toList(expression.match).findIndex((one) => !one.if);
    try {
      const answer = empty >= 0 ? { ...found.peek(), part: `match/${empty}/if`, problem: t("required"), position: null }
        : await create("x:Action", { "@type": "TryExpression", group: context.group, property: context.name, expression, variables: Object.fromEntries(used.peek().map((name) => [name, given.peek()[name] ?? ""])) });
      if (mine === turn) found.set(answer);
    } catch (problem) {
      if (mine === turn) found.set((one) => ({ ...one, part: null, problem: problem.message }));
    }
  }

  const told = (path, held) => {
    const { part, problem, position } = found() || {};
    if (!problem || part !== path) return "";
    const rest = [...held.peek()].slice(position ?? 0, (position ?? 0) + 24).join("");
    return position === null || position === undefined || !rest ? problem : `${problem} ${t("expr.at", { n: position + 1, text: rest })}`;
  };
  const input = (label, held, path) => {
    const control = textInput({ class: "mono", value: held, disabled: context.fixed, oninput: (event) => { held.set(event.target.value); write(); }, onfocus: () => { last = control; } });
    const box = field(label, control, { problem: () => told(path(), held) });
    effect(() => { box.dataset.field = `${context.path}/${path()}`; });
    return box;
  };
  const move = (row, by) => {
    const all = [...rows.peek()];
    const at = all.indexOf(row);
    if (by && !all[at + by]) return;
    all.splice(at, 1);
    if (by) all.splice(at + by, 0, row);
    const focused = document.activeElement;
    rows.set(all);
    write();
    (by ? focused : box.querySelectorAll(".condition")[at]?.querySelector("button:last-child") || box.querySelector(".add")).focus();
  };
  const draw = (row, at) => {
    const one = row.peek();
    return h("div.condition", { role: "group", "aria-label": () => t("expr.number", { n: at() + 1 }), class: () => (found()?.result !== null && found()?.part === `match/${at()}/then` && open() ? "taken" : "") },
      input(t("expr.if"), one.if, () => `match/${at()}/if`),
      input(t("expr.then"), one.then, () => `match/${at()}/then`),
      context.fixed ? null : h("div.buttons", [["up", "↑", -1], ["down", "↓", 1], ["remove", "×", 0]].map(([name, sign, by]) => h("button.plain-button", {
        type: "button", "aria-label": t(name), title: t(name), "aria-disabled": () => (by && !rows()[at() + by] ? "true" : null), onclick: () => move(one, by) }, sign))));
  };
  const insert = (word) => () => {
    if (!last?.isConnected) return;
    last.setRangeText(word, last.selectionStart, last.selectionEnd, "end");
    last.dispatchEvent(new Event("input"));
    last.focus();
  };
  const chips = (all) => h("div.buttons", all.map((name) => button(name, insert(name), { kind: "small.mono" })));
  // they are the same in each answer, so they are drawn once
  let drawn = null;
  const names = computed(() => {
    if (!known("Functions").length) return {};
    drawn ??= Object.fromEntries(["Variables", "Constants", "Functions"].map((name) => [name, known(name)]).filter(([, all]) => all.length));
    return drawn;
  });
  const call = (name) => name.replace(/\/(\d+)$/, (_, n) => `(${"x".repeat(n).split("").join(", ")})`);

  const box = h("div.expression",
    h("div", { hidden: () => !rows().length }, each(rows, (row) => row.key, draw)),
    context.fixed ? null : h("div", button(t("expr.add"), () => { rows.set((all) => [...all, { key: newId("row"), if: signal(""), then: signal("") }]); write(); box.querySelector(".condition:last-of-type input").focus(); }, { kind: "quiet small add", name: "plus" })),
    input(t("expr.else"), otherwise, () => "else"),
    able ? h("details.panel", { ontoggle: (event) => { open.set(event.target.open); if (event.target.open && !found.peek()) ask(); } }, h("summary", t("expr.try")), () => (open() ? h("div.form",
      h("p.hint", t("expr.try.text")),
      each(used, (name) => name, (name) => field(h("code", name.peek()), textInput({ value: given.peek()[name.peek()] ?? "", oninput: (event) => { given.set((all) => ({ ...all, [name.peek()]: event.target.value })); check(); } }))),
      h("p.result", { role: "status" }, () => outcome(found())),
      () => (names().Variables ? [h("strong", t("expr.words")), chips(names().Variables)] : null),
      () => (names().Constants ? [h("strong", t("expr.constants")), chips(names().Constants)] : null),
      h("details", h("summary", t("expr.functions")), () => chips((names().Functions || []).map(call)))) : null)) : null);
  return box;
}

function outcome(found) {
  if (!found) return "";
  if (found.problem) return [h("strong", t("expr.wrong")), " ", found.problem];
  if (found.result === null || found.result === undefined) return t("expr.none");
  const number = /^match\/(\d+)/.exec(found.part || "")?.[1];
  return [h("strong", t("expr.gives")), " ", h("code", h("bdi", found.result || "''")), " ", h("span.hint", number === undefined ? t("expr.by.else") : t("expr.by.match", { n: Number(number) + 1 }))];
}
