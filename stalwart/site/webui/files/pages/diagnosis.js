// What a diagnosis has found, of its stages: lanes of steps with their states and times. Pure but for the texts.

import { spell } from "../core/format.js";
import { t } from "../core/words.js";

const STEPS = {
  mxLookup: "domain", mtaStsFetch: "domain", tlsRptLookup: "domain", mtaStsVerify: "host", tlsaLookup: "host", ipLookup: "host",
  connection: "address", readGreeting: "address", ehlo: "address", startTls: "address", daneVerify: "address",
  mailFrom: "address", rcptTo: "address", quit: "address",
};
const STEMS = { mtaSts: "mtaStsFetch", tlsRpt: "tlsRptLookup", tlsa: "tlsaLookup" };
const STAGE = /^(.+?)(Start|NotFound|Success|Completed|Error)$/;
const ENDINGS = { NotFound: "none", Success: "ok", Completed: "ok", Error: "bad" };
const LEVELS = { ok: "ok", info: "none", warn: "warn" };

const bare = (name) => String(name ?? "").replace(/\.$/, "");
const some = (parts, between = ", ") => parts.filter(Boolean).join(between);

// Lanes in their order: { key, level, title, verdict, steps: [{ name, state, elapsed, at, detail, facts, lines }] }.
export class Findings {
  constructor() {
    this.lanes = [];
    this.summary = null;
    this.done = false;
    this.open = null;
    this.secure = false;
    this.clock = 0;
    this.doing = "";
    this.here = {};
  }

  lane(level, title) {
    const lane = { key: `${level}-${this.lanes.length}`, level, title, verdict: null, steps: [] };
    this.lanes.push(lane);
    this.here[level] = lane;
    return lane;
  }

  at(level) {
    if (this.here[level]) return this.here[level];
    if (level === "address") return this.at("host");
    return this.lane(level, t(`diagnose.lane.${level}`, { name: "" }).trim());
  }

  take(stage, at) {
    if (at !== undefined) this.clock = at;
    (SPECIAL[stage.type] || step)(this, stage);
  }

  add(level, state, name, stage = {}) {
    const elapsed = stage.elapsed ?? null;
    const one = { name, state, elapsed, at: elapsed === null ? this.clock : Math.max(0, this.clock - elapsed), detail: detailOf(stage), facts: factsOf(stage), lines: null };
    this.at(level).steps.push(one);
    return one;
  }

  stop() {
    if (this.open) this.open.state = "none";
    this.open = null;
    this.done = true;
  }

  // Milliseconds of the whole; while more comes in wide steps, so that what is drawn stays where it is.
  get span() {
    if (this.done) return this.lanes.reduce((most, { steps }) => steps.reduce((end, one) => Math.max(end, one.at + (one.elapsed ?? 0)), most), 1);
    const most = Math.max(1, this.clock);
    return 100 * 1.5 ** Math.ceil(Math.log(Math.max(1, most / 100)) / Math.log(1.5));
  }

  // The lanes as they are now; one that has not changed since the last time is the same object, and so are its steps.
  drawn() {
    return this.lanes.map((lane) => {
      const tail = lane.steps.slice(-3).map((one) => `${one.name} ${one.state} ${one.elapsed}`);
      const state = [lane.steps.length, ...tail, lane.verdict, lane.lines?.length, this.done].join();
      if (lane.state === state) return lane.copy;
      const last = this.done ? 0 : lane.steps.length - 3;
      lane.steps.forEach((one, at) => { if (at >= last || !one.copy) one.copy = { ...one }; });
      return Object.assign(lane, { state, copy: { ...lane, steps: lane.steps.map((one) => one.copy) } }).copy;
    });
  }
}

function step(found, stage) {
  const [, stem, ending] = STAGE.exec(stage.type) || [];
  const key = STEMS[stem] || stem;
  const level = STEPS[key];
  if (!level) {
    found.add(found.last || "domain", "none", stage.type, stage);
    return;
  }
  found.last = level;
  const name = t(key === "ehlo" && found.secure ? "step.ehloAgain" : `step.${key}`);
  if (ending === "Start") {
    found.open = found.add(level, "running", name, stage);
    found.doing = stage.remoteIp ? `${name} ${stage.remoteIp}` : name;
    return;
  }
  let one = found.open;
  if (one?.name !== name) one = found.add(level, "none", name, stage);
  found.open = null;
  const elapsed = stage.elapsed ?? null;
  Object.assign(one, { state: ENDINGS[ending], elapsed, detail: detailOf(stage), facts: factsOf(stage) });
  if (elapsed !== null) one.at = Math.max(0, found.clock - elapsed);
  if (key !== "startTls") return;
  found.secure = ending === "Success";
  if (stage.webpki) found.add("address", stage.webpki.ok ? "ok" : "warn", t("step.webpki"), { reason: stage.webpki.reason });
}

const SPECIAL = {
  mxLookupStart(found, stage) {
    found.lane("domain", t("diagnose.lane.domain", { name: stage.domain }));
    step(found, stage);
  },
  deliveryAttemptStart(found, { hostname }) {
    found.lane("host", t("diagnose.lane.host", { name: bare(hostname) })).host = hostname;
    found.here.address = null;
    found.last = "host";
  },
  connectionStart(found, stage) {
    found.secure = false;
    found.lane("address", t("diagnose.lane.address", { name: stage.remoteIp }));
    step(found, stage);
  },
  smtpTranscript(found, { lines }) {
    found.at("address").lines = lines.map((one) => `${one.dir} ${one.text}`).join("\n");
  },
  addressDone(found, { verdict }) {
    found.at("address").verdict = verdict;
    found.here.address = null;
    found.last = "host";
  },
  finding(found, { topic, level, text }) {
    const one = found.add("advice", LEVELS[level] || "none", t(`topic.${topic}`));
    one.detail = text;
  },
  summary(found, stage) {
    found.summary = stage;
    for (const { hostname, verdict } of stage.hosts || []) {
      const lane = found.lanes.find((one) => one.host === hostname);
      if (lane) lane.verdict = verdict;
    }
  },
  completed(found) {
    found.done = true;
  },
};

function detailOf(stage) {
  switch (stage.type) {
    case "mxLookupSuccess": return stage.mxs.map((one) => `${one.exchanges.map(bare).join(", ")} (${one.preference})`).join("; ") || t("diagnose.implicitMx");
    case "mtaStsFetchSuccess": return some([stage.policy.mode, ...stage.policy.mx.map((one) => one.equals || `*.${one.startsWith}`), ...(stage.advice || [])]);
    case "tlsRptLookupSuccess": return stage.rua.map((one) => one.email || one.url).join(", ");
    case "tlsaLookupSuccess": return some([t("diagnose.keys", { n: stage.record.entries.length }), t(`dnssec.${stage.dnssec}`)]);
    case "ipLookupSuccess": return stage.remoteIps.join(", ");
    case "readGreetingSuccess": return stage.banner;
    case "ehloSuccess": return (stage.capabilities || []).join(", ");
    case "startTlsSuccess":
    case "startTlsError": return some([stage.reason, stage.protocol, stage.cipher, stage.group]);
    default: return some([stage.reason, stage.httpStatus && `HTTP ${stage.httpStatus}`]);
  }
}

// Rows of [name, text] that are folded away.
function factsOf(stage) {
  const rows = [];
  for (const [at, one] of (stage.chain || []).entries()) {
    rows.push([t("cert.subject", { n: at + 1 }), one.subject], [t("cert.issuer"), one.issuer], [t("cert.names"), (one.sans || []).join(", ")],
      [t("cert.until"), one.notAfter], ["SHA-256", one.sha256]);
  }
  for (const one of stage.record?.entries || []) {
    const hex = one.data.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    rows.push([`${one.is_end_entity ? "EE" : "TA"} ${one.is_spki ? "SPKI" : "Cert"}`, `${one.matching} ${hex}`]);
  }
  if (stage.policy) rows.push([t("policy.mode"), stage.policy.mode], [t("policy.age"), `${Math.floor(stage.policy.max_age / 86_400)} d`]);
  return rows.filter(([, text]) => text);
}

// The whole as text to be passed on.
export function asText(target, found) {
  const lines = [t("diagnose.titleOf", { name: target })];
  const { verdict, resultType } = found.summary || {};
  if (verdict) lines.push(some([t(`verdict.${verdict}`), resultType && `(${resultType})`], " "));
  for (const lane of found.lanes) {
    lines.push("", some([lane.title, lane.verdict && `- ${t(`host.${lane.verdict}`)}`], " "));
    for (const one of lane.steps) {
      const head = some([`  [${t(`state.${one.state}`)}]`, one.name, one.elapsed !== null && `(${spell(one.elapsed)})`], " ");
      lines.push(one.detail ? `${head}: ${one.detail}` : head);
    }
    if (lane.lines) lines.push(...lane.lines.split("\n").map((line) => `    ${line}`));
  }
  return `${lines.join("\n")}\n`;
}
