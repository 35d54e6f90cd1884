// The diagnosis page: gets a live token with the password, opens the event stream with it, and shows the stages.
"use strict";

const STEPS = {
  mxLookup: [0, "Mail exchanges"], mtaStsFetch: [0, "MTA-STS policy"], tlsRptLookup: [0, "TLS reporting"],
  tlsaLookup: [1, "TLSA records"], ipLookup: [1, "Addresses"], connection: [1, "Connect"],
  readGreeting: [2, "Greeting"], ehlo: [2, "EHLO"], startTls: [2, "STARTTLS"], mailFrom: [2, "Sender"],
  rcptTo: [2, "Recipient"], quit: [2, "Goodbye"],
};
const STEMS = { mtaSts: "mtaStsFetch", tlsRpt: "tlsRptLookup", tlsa: "tlsaLookup" };
const ENDINGS = {
  NotFound: ["none", "none"], Success: ["ok", "ok"], Completed: ["ok", "done"], Error: ["bad", "failed"],
};
const VERDICTS = {
  ok: "Mail is delivered, and the connection is secure.",
  warn: "Mail is delivered, but the connection is not secure.",
  fail: "Mail would not be delivered.",
};
const LEVELS = { ok: "ok", info: "none", warn: "warn" };

const byId = (id) => document.getElementById(id);
let source = null;
let open = null;
let run = 0;

function details(stage) {
  if (stage.reason) return stage.reason;
  switch (stage.type) {
    case "mxLookupSuccess":
      return stage.mxs.map((group) => `${group.preference} ${group.exchanges.join(" ")}`).join(", ")
        || "No MX records: the domain itself is the exchange";
    case "mtaStsFetchSuccess":
      return `${stage.policy.mode}: ${stage.policy.mx.map((mx) => mx.equals || "*." + mx.startsWith).join(" ")}`;
    case "tlsRptLookupSuccess": return stage.rua.map((rua) => rua.email || rua.url).join(" ");
    case "tlsaLookupSuccess": return `${stage.record.entries.length} usable, DNSSEC: ${stage.dnssec || "yes"}`;
    case "ipLookupSuccess": return stage.remoteIps.join(" ");
    case "readGreetingSuccess": return stage.banner || "";
    case "ehloSuccess": return (stage.capabilities || []).join(", ");
    case "startTlsSuccess": return tls(stage);
    default: return "";
  }
}

function tls(stage) {
  const judged = !stage.webpki ? "" : stage.webpki.ok ? ", certificate trusted" : `, ${stage.webpki.reason}`;
  const leaf = (stage.chain || [])[0];
  const until = leaf ? `, valid until ${leaf.notAfter}` : "";
  return `${stage.protocol || ""} ${stage.cipher || ""}${judged}${until}`;
}

function line(kind, depth, label, state, time, detail) {
  const item = document.createElement("li");
  fill(item, kind, depth, label, state, time, detail);
  byId("stages").append(item);
  return item;
}

function fill(item, kind, depth, label, state, time, detail) {
  item.className = `${kind} depth${depth}`;
  item.replaceChildren();
  const parts = [["state", state], ["", label], ["time", time === undefined ? "" : ` ${time} ms`], ["detail", detail]];
  for (const [name, text] of parts) {
    if (!text) continue;
    const span = document.createElement("span");
    span.className = name;
    span.textContent = text + (name === "state" ? " " : "");
    item.append(span);
  }
}

function step(stage) {
  for (const ending of ["Start", ...Object.keys(ENDINGS)]) {
    if (!stage.type.endsWith(ending)) continue;
    const stem = stage.type.slice(0, -ending.length);
    const known = STEPS[STEMS[stem] || stem];
    if (!known) return;
    const [depth, name] = known;
    if (ending === "Start") {
      const label = stage.remoteIp ? `${name} ${stage.remoteIp}` : name;
      open = [line("running", depth, label, "...", undefined, ""), depth, label];
      return;
    }
    const [kind, word] = ENDINGS[ending];
    const [item, at, label] = open || [line("running", depth, name, "", undefined, ""), depth, name];
    fill(item, kind, at, label, word, stage.elapsed, details(stage));
    open = null;
    return;
  }
}

const SPECIAL = {
  deliveryAttemptStart: (stage) => line("host", 0, stage.hostname, "", undefined, ""),
  mtaStsVerifySuccess: () => line("ok", 1, "Listed in the MTA-STS policy", "ok", undefined, ""),
  mtaStsVerifyError: (stage) => line("bad", 1, "MTA-STS policy", "failed", undefined, stage.reason),
  daneVerifySuccess: () => line("ok", 2, "DANE", "ok", undefined, ""),
  daneVerifyError: (stage) => line("bad", 2, "DANE", "failed", undefined, stage.reason),
  finding: (stage) => line(LEVELS[stage.level] || "none", 0, stage.topic, stage.level, undefined, stage.text),
  addressDone: () => undefined,
  smtpTranscript: transcript,
  summary: summary,
  completed: () => end("Finished."),
};

function transcript(stage) {
  const item = line("none", 1, "", "", undefined, "");
  const box = document.createElement("details");
  const title = document.createElement("summary");
  title.textContent = "SMTP dialogue";
  const text = document.createElement("pre");
  text.textContent = stage.lines.map((one) => `${one.dir} ${one.text}`).join("\n");
  box.append(title, text);
  item.append(box);
}

function summary(stage) {
  const verdict = byId("verdict");
  verdict.className = stage.verdict;
  verdict.textContent = VERDICTS[stage.verdict] + (stage.resultType ? ` (${stage.resultType})` : "");
  verdict.hidden = false;
}

function show(stage) {
  const special = SPECIAL[stage.type];
  if (special) special(stage);
  else step(stage);
}

function problem(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

function end(text) {
  if (source) source.close();
  source = null;
  open = null;
  byId("stop").disabled = true;
  byId("status").textContent = text;
}

async function token(user, password) {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  const pair = btoa(String.fromCharCode(...bytes));
  const answer = await fetch("/api/token/delivery", { headers: { Authorization: `Basic ${pair}` }, cache: "no-store" });
  if (answer.ok) return answer.text();
  let detail = "";
  try { detail = (await answer.json()).detail || ""; } catch { detail = ""; }
  if (answer.status === 401) throw new Error("The account name or password is not right.");
  throw new Error(detail || `The server answered with status ${answer.status}.`);
}

async function explain(url) {
  const stop = new AbortController();
  try {
    const answer = await fetch(url, { cache: "no-store", signal: stop.signal });
    if (answer.ok) return "The stream was interrupted. Try again.";
    return (await answer.json()).detail || `The server answered with status ${answer.status}.`;
  } catch {
    return "The server cannot be reached.";
  } finally {
    stop.abort();
  }
}

async function start(event) {
  event.preventDefault();
  const form = byId("diagnose");
  const mine = ++run;
  end("");
  problem("");
  byId("stages").replaceChildren();
  byId("verdict").hidden = true;
  const target = form.elements.target.value.trim();
  let pass;
  try {
    pass = await token(form.elements.username.value, form.elements.password.value);
  } catch (error) {
    if (mine === run) problem(error.message);
    return;
  }
  if (mine !== run) return;
  const scope = form.elements.all.checked ? "&scope=all" : "";
  const url = `/api/live/delivery/${encodeURIComponent(target)}?timeout=60${scope}&token=${encodeURIComponent(pass)}`;
  byId("result").hidden = false;
  byId("result-title").textContent = `Delivery to ${target}`;
  byId("status").textContent = "Testing ...";
  byId("stop").disabled = false;
  listen(url, mine);
}

function listen(url, mine) {
  let seen = false;
  source = new EventSource(url);
  source.addEventListener("event", (message) => {
    seen = true;
    for (const stage of JSON.parse(message.data)) show(stage);
  });
  source.onerror = async () => {
    if (!source || mine !== run) return;
    end(seen ? "The stream was interrupted." : "");
    if (!seen) problem(await explain(url));
  };
}

byId("diagnose").addEventListener("submit", start);
byId("stop").addEventListener("click", () => { run += 1; end("Stopped."); });
