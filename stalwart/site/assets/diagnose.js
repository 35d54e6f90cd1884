// Gets a live token with the password, opens the event stream with it and shows each stage as it arrives.
"use strict";

const STEPS = {
  mxLookup: ["domain", "Find the mail hosts (MX)"],
  mtaStsFetch: ["domain", "Fetch the encryption policy (MTA-STS)"],
  tlsRptLookup: ["domain", "Find who gets reports on failed encryption (TLS-RPT)"],
  mtaStsVerify: ["host", "The policy lists this host (MTA-STS)"],
  tlsaLookup: ["host", "Find the keys published in DNS (DANE)"],
  ipLookup: ["host", "Find the addresses"],
  connection: ["address", "Connect"],
  readGreeting: ["address", "Wait for the greeting"],
  ehlo: ["address", "Say hello and ask what the host can do (EHLO)"],
  startTls: ["address", "Switch to encryption (STARTTLS)"],
  daneVerify: ["address", "The certificate is the one published in DNS (DANE)"],
  mailFrom: ["address", "Name a sender (MAIL FROM)"],
  rcptTo: ["address", "Ask for the mailbox (RCPT TO)"],
  quit: ["address", "Say goodbye (QUIT)"],
};
const HELLO_AGAIN = "Say hello again, now encrypted (EHLO)";
const STEMS = { mtaSts: "mtaStsFetch", tlsRpt: "tlsRptLookup", tlsa: "tlsaLookup" };
const STAGE = /^(.+?)(Start|NotFound|Success|Completed|Error)$/;
const ENDINGS = { NotFound: ["none", "none"], Success: ["ok", "ok"], Completed: ["ok", "done"], Error: ["bad", "failed"] };
const LEVELS = { ok: ["ok", "ok"], info: ["none", "info"], warn: ["warn", "advice"] };
const TOPICS = {
  spf: "Who may send for the domain (SPF)", dkim: "Keys for signatures (DKIM)", dmarc: "What to do with forged mail (DMARC)",
  ptr: "Names of the addresses (reverse DNS)", tlsRpt: "Reports on failed encryption (TLS-RPT)",
  mtaSts: "Encryption policy (MTA-STS)", ipv6: "IPv6",
};
const VERDICTS = {
  ok: "Mail gets through, and the connection is secure.",
  warn: "Mail gets through, but the connection is not secure.",
  fail: "Mail does not get through.",
};
const BADGES = { ok: "takes mail, secure", warn: "takes mail, not secure", fail: "takes no mail" };
const FOUND = {
  "dnssec-invalid": "The signatures in DNS are broken.",
  "tlsa-invalid": "The keys published in DNS (DANE) do not fit the mail host.",
  "dane-required": "Keys are published in DNS (DANE), but the mail host does not use them.",
  "starttls-not-supported": "A mail host does not offer encryption.",
  "certificate-not-trusted": "The certificate of a mail host is not trusted.",
  "certificate-host-mismatch": "The certificate of a mail host is for another name.",
  "certificate-expired": "The certificate of a mail host has expired.",
  "validation-failure": "Encryption failed, or the policy does not list a mail host.",
  "sts-policy-invalid": "The encryption policy (MTA-STS) cannot be understood.",
  "sts-webpki-invalid": "The certificate of the host of the encryption policy (MTA-STS) is not trusted.",
  "sts-policy-fetch-error": "The encryption policy (MTA-STS) cannot be fetched.",
};
const DNSSEC = { "ad-bit": "DNSSEC: checked by the name server", "validated-local": "DNSSEC: checked here" };
const SECONDS = 60;
const SECONDS_FOR_ALL = 300;
const TELL_EVERY = 3000;

const byId = (id) => document.getElementById(id);
const form = byId("diagnose");
let run = null;

function make(tag, kind, ...content) {
  const element = document.createElement(tag);
  if (kind) element.className = kind;
  element.append(...content);
  return element;
}

function fold(title, ...content) {
  return make("details", "", make("summary", "", title), ...content);
}

const bare = (name) => name.replace(/\.$/, "");
const some = (parts, between = ", ") => parts.filter(Boolean).join(between);
const spell = (ms) => (ms < 1000 ? `${ms} ms` : `${(ms / 1000).toFixed(1)} s`);

function details(stage) {
  switch (stage.type) {
    case "mxLookupSuccess": {
      const hosts = stage.mxs.map((one) => `${one.exchanges.map(bare).join(", ")} (preference ${one.preference})`);
      return some([hosts.join("; ") || "None is named: the domain itself takes the mail", DNSSEC[stage.dnssec]], ". ");
    }
    case "mtaStsFetchSuccess": {
      const { mode, mx, max_age } = stage.policy;
      const hosts = mx.map((one) => one.equals || `*.${one.startsWith}`).join(", ");
      const days = `kept for ${Math.floor(max_age / 86400)} days`;
      return some([`Mode ${mode}`, hosts, days, stage.cached && "known from before", ...(stage.advice || [])], "; ");
    }
    case "tlsRptLookupSuccess": return stage.rua.map((one) => one.email || one.url).join(", ");
    case "tlsaLookupSuccess": return some([stage.record.entries.map(key).join("; "), DNSSEC[stage.dnssec]], ". ");
    case "ipLookupSuccess": return stage.remoteIps.join(", ");
    case "readGreetingSuccess": return stage.banner;
    case "ehloSuccess": return (stage.capabilities || []).join(", ");
    case "startTlsSuccess":
    case "startTlsError": return some([stage.reason, stage.protocol, stage.cipher, stage.group]);
    default: return some([stage.reason, stage.httpStatus && `HTTP status ${stage.httpStatus}`]);
  }
}

function key(entry) {
  const whose = entry.is_end_entity ? "host" : "authority";
  const what = entry.is_spki ? "key" : "certificate";
  const hex = entry.data.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${what} of the ${whose}, ${entry.matching} ${hex}`;
}

function certificates(chain) {
  const shown = chain.map((one) => {
    const list = make("dl");
    const until = one.notAfter ? one.notAfter.replace("T", " ").replace("Z", " UTC") : "";
    const rows = [["Subject", one.subject], ["Issuer", one.issuer], ["Names", (one.sans || []).join(", ")],
      ["Valid until", until], ["SHA-256", one.sha256]];
    for (const [name, text] of rows) if (text) list.append(make("dt", "", name), make("dd", "", text));
    return list;
  });
  return fold(`Certificates (${chain.length})`, ...shown);
}

function group(level, title, parent) {
  const heading = make(`h${level}`, "", title);
  const list = make("ol", "steps");
  list.setAttribute("role", "list");
  const box = make("div", "group", heading, list);
  parent.append(box);
  return { box, heading, list };
}

function place(name) {
  const { groups } = run;
  if (groups[name]) return groups[name];
  if (name === "address") return groups.host || place("host");
  const title = { domain: "Domain", host: "Mail host", advice: "Advice" }[name];
  groups[name] = group(3, title, byId("groups"));
  return groups[name];
}

function badge(heading, verdict) {
  heading.querySelector(".badge")?.remove();
  if (BADGES[verdict]) heading.append(" ", make("span", `badge ${verdict}`, BADGES[verdict]));
}

function fill(row, [kind, word], name, elapsed, detail) {
  row.className = kind;
  row.replaceChildren(make("span", "state", word), " ", make("span", "name", name));
  if (elapsed !== undefined) row.append(" ", make("span", "time", spell(elapsed)));
  if (detail) row.append(" ", make("p", "detail", detail));
  return row;
}

function add(where, state, name, elapsed, detail) {
  const row = fill(make("li"), state, name, elapsed, detail);
  place(where).list.append(row);
  return row;
}

function step(stage) {
  const [, stem, ending] = STAGE.exec(stage.type) || [];
  const known = STEPS[STEMS[stem] || stem];
  if (!known) {
    add(run.last, ["none", "info"], stage.type, stage.elapsed, details(stage));
    return;
  }
  const [where, words] = known;
  const name = stem === "ehlo" && run.secure ? HELLO_AGAIN : words;
  run.last = where;
  if (ending === "Start") {
    run.open = { row: add(where, ["running", "running"], name), name };
    run.doing = stage.remoteIp ? `${name} to ${stage.remoteIp}` : name;
    return;
  }
  const row = run.open?.name === name ? run.open.row : add(where, ["none", ""], name);
  run.open = null;
  fill(row, ENDINGS[ending], name, stage.elapsed, details(stage));
  if (stem !== "startTls") return;
  run.secure = ending === "Success";
  vouched(stage, row);
}

function vouched({ webpki, chain }, row) {
  if (chain?.length) row.append(certificates(chain));
  if (!webpki) return;
  const state = webpki.ok ? ["ok", "ok"] : ["warn", "no"];
  add("address", state, "A public authority vouches for the certificate", undefined, webpki.reason);
}

const SPECIAL = {
  mxLookupStart(stage) {
    run.groups.domain = group(3, `Domain ${stage.domain}`, byId("groups"));
    step(stage);
  },
  deliveryAttemptStart({ hostname }) {
    const host = group(3, `Mail host ${hostname}`, byId("groups"));
    Object.assign(run.groups, { host, address: null });
    run.last = "host";
    run.hosts.set(hostname, host.heading);
  },
  connectionStart(stage) {
    run.secure = false;
    run.groups.address = group(4, `Address ${stage.remoteIp}`, place("host").box);
    step(stage);
  },
  smtpTranscript({ lines }) {
    const text = lines.map((one) => `${one.dir === ">" ? "we:   " : "host: "}${one.text}`).join("\n");
    place("address").box.append(fold("Dialogue with the host", make("pre", "", text)));
  },
  addressDone({ verdict }) {
    badge(place("address").heading, verdict);
    run.groups.address = null;
    run.last = "host";
  },
  finding({ topic, level, text }) {
    add("advice", LEVELS[level] || LEVELS.info, TOPICS[topic] || topic, undefined, text);
  },
  summary(stage) {
    run.summary = stage;
    for (const { hostname, verdict } of stage.hosts) {
      const heading = run.hosts.get(hostname);
      if (heading) badge(heading, verdict);
    }
  },
  completed() {
    finish(`Finished after ${spell(Math.round(performance.now() - run.began))}.`);
  },
};

function say(status, summary) {
  const { verdict, resultType } = summary || {};
  byId("outcome").className = VERDICTS[verdict] ? verdict : "";
  byId("verdict").textContent = VERDICTS[verdict] || "";
  byId("meaning").textContent = resultType ? some([FOUND[resultType], `(${resultType})`], " ") : "";
  byId("status").textContent = status;
}

function problem(text, ...fields) {
  byId("problem").textContent = text;
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const name of fields) form.elements[name].setAttribute("aria-invalid", "true");
  if (fields.length) form.elements[fields.at(-1)].focus();
}

function finish(status) {
  const { source, waiting, telling, open, summary } = run;
  source?.close();
  waiting.abort();
  clearInterval(telling);
  if (open) fill(open.row, ["none", "stopped"], open.name);
  run = null;
  byId("stop").setAttribute("aria-disabled", "true");
  say(status, summary);
}

class Refused extends Error {
  constructor(text, ...fields) {
    super(text);
    this.fields = fields;
  }
}

async function ask(url, headers, signal) {
  try {
    // Without credentials the browser shows no login dialog of its own.
    return await fetch(url, { headers, signal, cache: "no-store", credentials: "omit" });
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
    throw new Refused("The server cannot be reached.");
  }
}

async function reason(answer) {
  let detail = `The server answered with status ${answer.status}.`;
  try {
    detail = (await answer.json()).detail || detail;
  } catch (failure) {
    if (failure.name === "AbortError") throw failure;
  }
  const seconds = answer.headers.get("Retry-After");
  return seconds ? `${detail} Try again in ${seconds} s.` : detail;
}

async function token(user, password, signal) {
  const bytes = new TextEncoder().encode(`${user}:${password}`);
  const answer = await ask("/api/token/delivery", { Authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }, signal);
  if (answer.ok) return answer.text();
  if (answer.status === 401) throw new Refused("The account name or the password is wrong.", "username", "password");
  if (answer.status === 403) throw new Refused(`This account may not run a diagnosis. ${await reason(answer)}`, "username");
  throw new Refused(await reason(answer));
}

// EventSource does not say why it could not open the stream: ask once more.
async function explain(url, signal) {
  const answer = await ask(url, {}, signal);
  if (answer.ok) return new Refused("The connection to the server was interrupted. Try again.");
  return new Refused(await reason(answer), ...(answer.status === 400 ? ["target"] : []));
}

function fail(mine, failure) {
  if (mine !== run) return;
  finish("");
  problem(failure.message, ...(failure.fields || []));
}

async function start(event) {
  event.preventDefault();
  if (run) finish("");
  const { target, username, password, all } = form.elements;
  const name = target.value.trim();
  const waiting = new AbortController();
  const mine = { waiting, groups: {}, hosts: new Map(), last: "domain", open: null, source: null, began: performance.now() };
  run = mine;
  problem("");
  byId("groups").replaceChildren();
  byId("title").textContent = `Delivery to ${name}`;
  byId("title").hidden = false;
  byId("stop").setAttribute("aria-disabled", "false");
  say("Signing in.");
  try {
    const pass = await token(username.value, password.value, waiting.signal);
    if (mine === run) listen(mine, name, all.checked, pass);
  } catch (failure) {
    fail(mine, failure);
  }
}

function listen(mine, name, all, pass) {
  const query = new URLSearchParams({ timeout: all ? SECONDS_FOR_ALL : SECONDS, token: pass });
  if (all) query.set("scope", "all");
  const url = `/api/live/delivery/${encodeURIComponent(name)}?${query}`;
  let told = "";
  let seen = false;
  mine.telling = setInterval(() => {
    if (mine.doing && mine.doing !== told) say(`Testing: ${mine.doing}.`);
    told = mine.doing;
  }, TELL_EVERY);
  say(`Testing ${name}.`);
  byId("outcome").scrollIntoView({ block: "nearest" });
  mine.source = new EventSource(url);
  mine.source.addEventListener("event", (message) => {
    seen = true;
    for (const stage of JSON.parse(message.data)) if (mine === run) (SPECIAL[stage.type] || step)(stage);
  });
  mine.source.onerror = async () => {
    mine.source.close();
    if (mine !== run) return;
    if (seen) {
      fail(mine, new Refused("The connection to the server was interrupted. What is shown arrived before."));
      return;
    }
    try {
      fail(mine, await explain(url, mine.waiting.signal));
    } catch (failure) {
      fail(mine, failure);
    }
  };
}

function stop(status) {
  if (run) finish(status);
}

form.addEventListener("submit", start);
byId("stop").addEventListener("click", () => stop("Stopped."));
addEventListener("pagehide", () => {
  stop("");
  form.elements.password.value = "";
});
form.elements.target.value ||= new URLSearchParams(location.search).get("target") || "";
