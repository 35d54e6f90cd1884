// What happens on the server while somebody looks: events as they come, at most 10,000 of them, of which only those that
// can be seen are drawn.

import { each, h } from "../lib/dom.js";
import { computed, effect, onUndo, signal } from "../lib/signals.js";
import { pairs } from "../core/events.js";
import { setQuery } from "../core/router.js";
import { listen } from "../core/server.js";
import { may } from "../core/viewer.js";
import { t } from "../core/words.js";
import { badge, button, copyButton, download, heading, other, page, textInput } from "../ui/parts.js";

const MOST = 10_000;
const ROW = 30;
const BEYOND = 8;
const AGAIN = 3000;
const KEYS = ["accountName", "remoteIp", "from", "to", "domain", "hostname", "url", "path", "queueId", "messageId", "reason"];
// what says where an event comes from, and is left to the details
const FRAME = new Set(["spanId", "requestId", "listenerId", "localIp", "localPort", "remotePort"]);
const LEVELS = ["trace", "debug", "info", "warn", "error"];

export default function live({ query }) {
  const asked = signal({ text: query.get("text") || "", key: query.get("key") || "", level: query.get("level") || "debug" });
  const all = signal([]);
  const state = signal({ kind: "starting" });
  const paused = signal(false);
  const waiting = signal([]);
  const chosen = signal(null);
  const span = signal(null);
  const dropped = signal(0);
  let count = 0;
  let close = null;
  let again = null;
  let turn = 0;

  async function start() {
    const mine = (turn += 1);
    stop();
    const { text, key, level } = asked.peek();
    try {
      const end = await listen("tracing", "/api/live/tracing", { level, ...(text ? { [key || "filter"]: text } : {}) }, {
        ping: (told) => { if (mine === turn) { dropped.set(told.dropped || 0); state.set({ kind: "open" }); } },
        trace: (events) => { if (mine === turn) take(events); },
      }, (problem) => ended(mine, problem));
      if (mine === turn) close = end;
      else end();
    } catch (problem) {
      ended(mine, problem);
    }
  }

  function ended(mine, problem) {
    if (mine !== turn) return;
    close = null;
    state.set({ kind: "lost", problem });
    if (problem.status !== 403) again = setTimeout(start, AGAIN);
  }

  function stop() {
    clearTimeout(again);
    close?.();
    close = null;
  }
  onUndo(() => {
    turn += 1;
    stop();
  });

  function take(events) {
    const made = events.map((one) => ({ id: (count += 1), event: one.event, at: one.timestamp, values: pairs(one.keyValues) }));
    const box = paused.peek() ? waiting : all;
    box.set((kept) => [...kept, ...made].slice(-MOST));
  }

  const goOn = () => {
    paused.set(false);
    all.set((kept) => [...kept, ...waiting.peek()].slice(-MOST));
    waiting.set([]);
  };
  const ask = (members) => {
    asked.set((now) => ({ ...now, ...members }));
    const { text, key, level } = asked.peek();
    setQuery({ text, key: text ? key : "", level: level === "debug" ? "" : level });
    all.set([]);
    waiting.set([]);
    chosen.set(null);
    start();
  };
  start();

  const shown = computed(() => (span() === null ? all() : all().filter((one) => spanOf(one) === span())));
  const text = textInput({ type: "search", class: "grow", maxlength: 1000, "aria-label": t("live.text"), placeholder: t("live.text"), value: asked.peek().text });
  const choice = (name, label, values, first) => h("select", { "aria-label": label, onchange: (event) => ask({ [name]: event.target.value, text: text.value.trim() }) },
    first ? h("option", { value: "" }, first) : null, values.map((one) => h("option", { value: one, selected: asked.peek()[name] === one }, one)));
  return page(t("nav.live"), heading(t("nav.live"), t("live.lead"),
    may("sysTraceQuery") ? h("a.button", { href: "/admin/objects/Trace" }, t("nav.traces")) : null, may("sysLogQuery") ? h("a.button", { href: "/admin/objects/Log" }, t("nav.logs")) : null),
    h("form.tools", { onsubmit: (event) => { event.preventDefault(); ask({ text: text.value.trim() }); } },
      text, choice("key", t("live.key"), KEYS, t("live.anywhere")), choice("level", t("live.level"), LEVELS),
      button(t("filter"), () => null, { type: "submit" }),
      () => (span() === null ? null : button(t("live.allSpans"), () => span.set(null), { kind: "small", name: "bad" }))),
    h("div.tools",
      () => (paused() ? button(t("live.goOn", { n: waiting().length }), goOn, { kind: "primary small" }) : button(t("live.pause"), () => paused.set(true), { kind: "small" })),
      button(t("live.clear"), () => { all.set([]); waiting.set([]); chosen.set(null); }, { kind: "small" }),
      button(t("live.save"), () => download("events.jsonl", shown.peek().map((one) => JSON.stringify({ event: one.event, timestamp: one.at, ...Object.fromEntries(one.values) })).join("\n"), "application/jsonl"), { kind: "quiet small", name: "down" }),
      h("span", { role: "status" }, () => status(state()), " ", () => (dropped() ? t("live.dropped", { n: dropped() }) : "")),
      h("span.hint", () => t("live.count", { n: shown().length }))),
    list(shown, chosen, paused),
    () => (chosen() ? details(chosen(), span, chosen) : null));
}

function status({ kind, problem }) {
  if (kind === "open") return badge("ok", t("live.open"));
  if (kind === "starting") return badge("none", t("live.starting"));
  return [badge("warn", t("live.lost")), " ", problem.message];
}

// Only the rows that can be seen are there; the newest is followed while the end is in sight.
function list(shown, chosen, paused) {
  const top = signal(0);
  const height = signal(600);
  let follows = true;
  let box = null;
  const visible = computed(() => {
    const first = Math.max(0, Math.floor(top() / ROW) - BEYOND);
    return shown().slice(first, first + Math.ceil(height() / ROW) + 2 * BEYOND).map((one, at) => ({ one, at: first + at }));
  });
  const look = () => {
    top.set(box.scrollTop);
    height.set(box.clientHeight || 600);
    follows = box.scrollTop + box.clientHeight > box.scrollHeight - 2 * ROW;
  };
  const place = (at) => {
    chosen.set(shown.peek()[at]);
    const y = at * ROW;
    if (y < box.scrollTop) box.scrollTop = y;
    else if (y + ROW > box.scrollTop + box.clientHeight) box.scrollTop = y + ROW - box.clientHeight;
  };
  const keys = { ArrowUp: -1, ArrowDown: 1, PageUp: -10, PageDown: 10, Home: -MOST, End: MOST };
  const key = (event) => {
    if (!(event.key in keys) || !shown.peek().length) return;
    event.preventDefault();
    const now = shown.peek().indexOf(chosen.peek());
    const last = shown.peek().length - 1;
    place(now < 0 ? last : Math.min(last, Math.max(0, now + keys[event.key])));
  };
  box = h("div.live", { tabindex: "0", role: () => (shown().length ? "listbox" : "group"), "aria-label": t("live.events"), "aria-activedescendant": () => (visible().some(({ one }) => one === chosen()) ? `event-${chosen().id}` : null), onscroll: look, onkeydown: key },
    h("div.live-rows", { role: "presentation", style: () => ({ height: `${shown().length * ROW}px` }) },
      each(visible, ({ one }) => one.id, (item) => {
        const { one } = item.peek();
        return h("div.live-row", {
          role: "option", id: `event-${one.id}`, "aria-selected": () => String(chosen() === one), "aria-posinset": () => item().at + 1, "aria-setsize": () => shown().length,
          class: () => (chosen() === one ? "chosen" : ""), style: () => ({ top: `${item().at * ROW}px` }), onclick: () => chosen.set(one),
        }, h("time", one.at.slice(11, 19)), h("strong", other(one.event)), h("span", other(one.values.filter(([name]) => !FRAME.has(name)).map(([name, value]) => `${name}=${value.slice(0, 80)}`).join("  ").slice(0, 300))));
      })),
    () => (shown().length ? null : h("p.hint", t("live.empty"))));
  effect(() => {
    shown();
    if (follows && !paused.peek()) requestAnimationFrame(() => { box.scrollTop = box.scrollHeight; look(); });
    else requestAnimationFrame(look);
  });
  return box;
}

function details(one, span, chosen) {
  const own = spanOf(one);
  return h("section.card", { "aria-label": t("live.details") },
    h("div.page-head", h("h2", other(one.event)), h("div.buttons",
      own && span.peek() !== own ? button(t("live.span"), () => span.set(own), { kind: "small" }) : null,
      copyButton(() => JSON.stringify({ event: one.event, timestamp: one.at, ...Object.fromEntries(one.values) }, null, 1)),
      button(t("close"), () => chosen.set(null), { kind: "quiet small" }))),
    h("dl.facts", h("dt", t("live.time")), h("dd", one.at), one.values.map(([name, value]) => [h("dt.mono", other(name)), h("dd", other(value))])));
}

const spanOf = (one) => one.values.find(([name]) => name === "spanId")?.[1];
