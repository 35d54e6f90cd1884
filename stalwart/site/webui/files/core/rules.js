// Rules that people click together, as a Sieve script (RFC 5228) and back: the script carries them in a comment, and they
// are read from it only as long as nobody has written it in another way. Pure.

const MARK = "# rules: ";
export const FIELDS = { from: "from", to: ["to", "cc"], subject: "subject", list: "list-id", body: null };
export const TESTS = ["contains", "is", "matches"];
export const ACTIONS = { fileinto: "fileinto", redirect: "copy", seen: "imap4flags", flag: "imap4flags", discard: null };

const quoted = (text) => `"${text.replace(/[\r\n]+/g, " ").replace(/[\\"]/g, "\\$&")}"`;
const listed = (names) => (Array.isArray(names) ? `[${names.map(quoted).join(", ")}]` : quoted(names));

function test({ field, is, value }) {
  if (field === "body") return `body :text :${is} ${quoted(value)}`;
  const kind = field === "from" || field === "to" ? "address" : "header";
  return `${kind} :${is} ${listed(FIELDS[field])} ${quoted(value)}`;
}

const DO = {
  fileinto: ({ to, name }) => `fileinto :mailboxid ${quoted(to)} ${quoted(name)};`,
  redirect: ({ to }) => `redirect :copy ${quoted(to)};`,
  seen: () => 'addflag "\\\\Seen";',
  flag: () => 'addflag "\\\\Flagged";',
  discard: () => "discard;",
};

export function written(rules) {
  const needed = new Set();
  for (const rule of rules) {
    for (const { field } of rule.if) if (field === "body") needed.add("body");
    for (const { do: name } of rule.then) {
      if (ACTIONS[name]) needed.add(ACTIONS[name]);
      if (name === "fileinto") needed.add("mailboxid");
    }
  }
  const blocks = rules.map((rule) => `if ${rule.all ? "allof" : "anyof"} (${rule.if.map(test).join(", ")}) {\n${rule.then.map((one) => `  ${DO[one.do](one)}\n`).join("")}${rule.stop ? "  stop;\n" : ""}}\n`);
  return `${MARK}${JSON.stringify(rules)}\n${needed.size ? `require ${listed([...needed].sort())};\n` : ""}${blocks.join("")}`;
}

// null if the script is not, or no longer, made of rules.
export function readRules(text) {
  const first = text.split("\n", 1)[0];
  if (!first.startsWith(MARK)) return null;
  try {
    const rules = JSON.parse(first.slice(MARK.length));
    return written(rules) === text ? rules : null;
  } catch {
    return null;
  }
}
