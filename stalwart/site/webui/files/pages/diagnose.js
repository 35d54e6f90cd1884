// The live delivery diagnosis: a timeline of what the server would do, its verdict, and the runs of before.

import { each, growing, h } from "../lib/dom.js";
import { computed, onUndo, signal } from "../lib/signals.js";
import { ago, short, spell } from "../core/format.js";
import { setQuery } from "../core/router.js";
import { listen } from "../core/server.js";
import { t } from "../core/words.js";
import { icon } from "../ui/icons.js";
import { badge, button, checkbox, copyButton, download, empty, field, heading, notice, other, page, textInput } from "../ui/parts.js";
import { asText, Findings } from "./diagnosis.js";

const KEPT = "stalwart.diagnoses";
const MOST_KEPT = 12;
const MOST_STAGES = 10_000;
const MOST_KEPT_STAGES = 1000;
const LANES = 6;
const STEPS = 40;
const SECONDS = 60;
const SECONDS_FOR_ALL = 300;
const ICONS = { ok: "ok", warn: "warn", bad: "bad", none: "none", running: "running" };
const VERDICTS = { ok: "ok", warn: "warn", fail: "bad" };

const kept = signal(readKept());

function readKept() {
  try {
    const found = JSON.parse(sessionStorage.getItem(KEPT) || "[]");
    return Array.isArray(found) ? found.filter((one) => Array.isArray(one?.stages)) : [];
  } catch {
    return [];
  }
}

function keep(run) {
  kept.set((all) => [run, ...all.filter((one) => one.at !== run.at)].slice(0, MOST_KEPT));
  try {
    sessionStorage.setItem(KEPT, JSON.stringify(kept.peek()));
  } catch {
    sessionStorage.removeItem(KEPT); // more than there is room for
  }
}

export default function diagnose({ query }) {
  const shown = signal(null); // { target, at, stages: [[ms, stage]], running, told }
  const version = signal(0);
  const problem = signal("");
  let current = null;
  let findings = new Findings();

  const target = textInput({ name: "target", type: "text", required: true, maxlength: 254, inputmode: "email", placeholder: "example.org", value: query.get("target") || "" });
  const all = h("input", { type: "checkbox" });
  const seen = signal(0);

  function end(told) {
    if (!current) return;
    const run = current;
    current = null;
    run.close?.();
    findings.stop();
    run.running = false;
    run.told = told;
    run.verdict = findings.summary?.verdict || null;
    if (run.stages.length) keep({ target: run.target, at: run.at, verdict: run.verdict, stages: run.stages.slice(0, MOST_KEPT_STAGES) });
    shown.set({ ...run });
    version.set((n) => n + 1);
  }

  async function start(event) {
    event?.preventDefault();
    end(t("diagnose.stopped"));
    const name = target.value.trim();
    problem.set("");
    if (!name) return;
    let began = null; // with the first stage: what came before is not part of the delivery
    const run = { target: name, at: Date.now(), stages: [], running: true, told: "" };
    current = run;
    findings = new Findings();
    shown.set({ ...run });
    version.set((n) => n + 1);
    setQuery({ target: name });
    let drawn = false;
    const draw = () => {
      if (drawn) return;
      drawn = true;
      requestAnimationFrame(() => { drawn = false; version.set((n) => n + 1); });
    };
    const wishes = { timeout: all.checked ? SECONDS_FOR_ALL : SECONDS, ...(all.checked ? { scope: "all" } : {}) };
    try {
      const close = await listen("delivery", `/api/live/delivery/${encodeURIComponent(name)}`, wishes, {
        event(stages) {
          if (current !== run) return;
          for (const stage of stages) {
            if (run.stages.length >= MOST_STAGES) continue;
            began ??= performance.now() - (stage.elapsed ?? 0);
            const at = Math.round(performance.now() - began);
            run.stages.push([at, stage]);
            findings.take(stage, at);
            seen.set(run.stages.length);
            if (stage.type === "completed") {
              end(t("diagnose.finished", { time: spell(at) }));
              return;
            }
          }
          draw();
        },
      }, (failure) => {
        if (current !== run) return;
        end(run.stages.length ? t("diagnose.interrupted") : "");
        problem.set(failure.message);
      });
      if (current === run) run.close = close;
      else close();
    } catch (failure) {
      if (current !== run) return;
      end("");
      problem.set(failure.message);
      target.focus();
    }
  }

  function recall(run) {
    end(t("diagnose.stopped"));
    findings = new Findings();
    for (const [at, stage] of run.stages) findings.take(stage, at);
    findings.stop();
    target.value = run.target;
    problem.set("");
    shown.set({ ...run, running: false, told: t("diagnose.of", { when: ago(run.at) }) });
    version.set((n) => n + 1);
  }

  onUndo(() => end(""));
  const stopKey = (event) => { if (event.key === "Escape" && current) end(t("diagnose.stopped")); };
  addEventListener("keydown", stopKey);
  onUndo(() => removeEventListener("keydown", stopKey));

  const form = h("form.card", { onsubmit: start, "aria-label": t("diagnose.form") },
    field(t("diagnose.target"), target, { problem, hint: t("diagnose.hint") }),
    h("div.check", (all.id = "diagnose-all", all), h("label", { for: "diagnose-all" }, t("diagnose.all"))),
    h("div.buttons",
      button(t("diagnose.run"), null, { kind: "primary", type: "submit", name: "route" }),
      button(t("diagnose.stop"), () => end(t("diagnose.stopped")), { kind: "quiet", disabled: () => !shown()?.running })));

  return page(t("nav.diagnose"),
    heading(t("nav.diagnose"), t("diagnose.lead")),
    form,
    h("div.diagnosis",
      h("section", { "aria-label": t("diagnose.result") }, () => (shown() ? result(shown, version, () => findings, seen) : empty(t("diagnose.empty"), t("diagnose.empty.text")))),
      h("aside", { "aria-label": t("diagnose.history") }, history(shown, recall))));
}

function result(shown, version, findings, seen) {
  const run = shown;
  const lanes = computed(() => (version(), findings().drawn()));
  const span = computed(() => (version(), findings().span));
  const count = growing(() => lanes().length, LANES);
  const share = { text: () => asText(run.peek().target, findings()), json: () => JSON.stringify({ target: run.peek().target, at: new Date(run.peek().at).toISOString(), stages: run.peek().stages.map(([, stage]) => stage) }, null, 1) };
  return [
    () => banner(run(), (version(), findings())),
    h("div.buttons", { hidden: () => run()?.running },
      copyButton(share.text, t("diagnose.copyText")),
      button(t("diagnose.saveJson"), () => download(`diagnosis-${run.peek().target.replace(/[^\w.@-]/g, "_")}.json`, share.json()), { kind: "quiet small", name: "down" }),
      copyButton(() => `${location.origin}/admin/diagnose?target=${encodeURIComponent(run.peek().target)}`, t("diagnose.copyLink"))),
    each(() => lanes().slice(0, count()), (lane) => lane.key, (lane) => drawLane(lane, span)),
  ];
}

function banner(run, found) {
  if (!run) return null;
  const { verdict, resultType } = found.summary || {};
  const kind = verdict || (run.running ? "running" : "none");
  return h(`div.verdict.${kind}`, { role: "status" }, icon(run.running ? "running" : VERDICTS[verdict] || "none"),
    h("strong", t(verdict ? `verdict.${verdict}` : run.running ? "diagnose.running" : "verdict.unknown")),
    h("p", t("diagnose.to"), " ", other(short(run.target, 254)), resultType ? ` – ${t(`found.${resultType}`)} (${resultType})` : ""),
    h("p", run.running ? found.doing : run.told));
}

function drawLane(lane, span) {
  const title = lane.peek();
  const count = growing(() => lane().steps.length, STEPS);
  return h("section.lane", { class: title.level === "address" ? "inner" : "" },
    h("header", h(title.level === "address" ? "h3" : "h2", other(short(title.title, 254))), () => (lane().verdict ? badge(VERDICTS[lane().verdict], t(`host.${lane().verdict}`)) : null)),
    h("ol.stages", { role: "list" }, each(() => lane().steps.slice(0, count()), (_, at) => at, (one) => stageRow(one, span))),
    () => (lane().lines ? h("details", h("summary", t("diagnose.dialogue")), h("pre", { tabindex: "0" }, lane().lines)) : null));
}

function stageRow(one, span) {
  const percent = (value) => `${Math.min(100, (100 * value) / span()).toFixed(2)}%`;
  return h("li.stage", { class: () => one().state },
    () => icon(ICONS[one().state], t(`state.${one().state}`)),
    h("span", () => one().name),
    h("span.track", { "aria-hidden": "true", style: () => ({ visibility: one().elapsed === null ? "hidden" : "visible" }) }, h("i", { style: () => ({ left: percent(one().at), width: percent(one().elapsed ?? 0) }) })),
    h("span.time", () => (one().elapsed === null ? "" : spell(one().elapsed))),
    () => (one().detail ? h("p.detail", other(short(one().detail, 2000))) : null),
    () => (one().facts.length ? h("details", h("summary", t("details")), h("dl.facts", one().facts.map(([name, text]) => [h("dt", name), h("dd.mono", other(short(text, 1000)))]))) : null));
}

function history(shown, recall) {
  return [
    h("h2", t("diagnose.history")),
    () => (kept().length ? null : h("p.hint", t("diagnose.history.empty"))),
    h("ul.history", { role: "list" }, each(kept, (run) => run.at, (run) => h("li", h("button", {
      type: "button", class: () => run().verdict || "", "aria-current": () => (shown()?.at === run().at ? "true" : null), onclick: () => recall(run.peek()),
    }, icon(VERDICTS[run.peek().verdict] || "none", t(run.peek().verdict ? `host.${run.peek().verdict}` : "verdict.unknown")), h("span", other(short(run.peek().target, 80))), h("small", ago(run.peek().at)))))),
    () => (kept().length ? button(t("diagnose.history.clear"), () => { kept.set([]); sessionStorage.removeItem(KEPT); notice(t("diagnose.history.cleared")); }, { kind: "quiet small", name: "trash" }) : null),
  ];
}
