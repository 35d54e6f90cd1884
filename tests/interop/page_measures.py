"""Scripts that measure a page as a person with weak eyes, a small screen or a keyboard meets it (WCAG 2.2 AA)."""

CONTRAST = """
const luminance = ([r, g, b]) => [r, g, b].map((c) => c / 255)
  .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
  .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length > 3 ? n : [...n, 1]; };
const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3]));
const behind = (element) => {
  if (!element) return [128, 128, 128, 1];
  const own = parse(getComputedStyle(element).backgroundColor);
  return own[3] === 1 ? own : [...over(own, behind(element.parentElement)), 1];
};
const ratio = (...pair) => {
  const [light, dark] = pair.map(luminance).sort((one, other) => other - one);
  return (light + 0.05) / (dark + 0.05);
};
const poor = [];
let looked = 0;
const judge = (element, color, ground, least, what) => {
  looked += 1;
  const value = ratio(over(parse(color), ground), ground);
  if (value < least) poor.push(`${what} of ${element.tagName}.${element.className}#${element.id}: ${value.toFixed(2)}`);
};
for (const element of document.body.querySelectorAll("*")) {
  if (!element.getClientRects().length) continue;
  const style = getComputedStyle(element);
  const text = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700);
  if (text || element.matches("input")) judge(element, style.color, behind(element), large ? 3 : 4.5, "text");
  const hint = getComputedStyle(element, "::placeholder").color;
  if (element.placeholder) judge(element, hint, behind(element), 4.5, "placeholder");
  if (element.matches("input:not([type=checkbox]), button")) {
    judge(element, style.borderTopColor, behind(element.parentElement), 3, "border");
  }
}
return [looked, poor];
"""

OVERFLOW = """
const width = document.documentElement.clientWidth;
const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > width + 0.5);
return [document.documentElement.scrollWidth - width, wide.map((one) => `${one.tagName}.${one.className}#${one.id}`)];
"""

SMALL_TARGETS = """
return [...document.querySelectorAll("button, input, summary")].filter((one) => one.getClientRects().length)
  .map((one) => [one.id || one.textContent, one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name);
"""

FOCUSED = """
const one = document.activeElement;
const style = getComputedStyle(one);
return [one.id || one.type || one.tagName.toLowerCase(), style.outlineStyle, parseFloat(style.outlineWidth)];
"""

SECRETS = """
const kept = [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie, location.href,
  JSON.stringify(history.state), document.documentElement.outerHTML, name].join("\\n");
return arguments[0].filter((secret) => kept.includes(secret));
"""

# Before any script of the page: violations of its policy, the tokens it is given, and when which text is announced.
WATCH = """
window.seen = { violations: [], tokens: [], told: [], rows: [], sources: [] };
addEventListener("securitypolicyviolation", (event) => {
  seen.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
const Real = window.EventSource;
window.EventSource = function (url) {
  const fake = () => Object.assign(new EventTarget(), { close() { this.closed = true; } });
  const source = window.replayed ? fake() : new Real(url);
  seen.tokens.push(new URL(url, location).searchParams.get("token"));
  seen.sources.push(source);
  return source;
};
addEventListener("DOMContentLoaded", () => {
  const told = document.querySelector("[role=status]");
  if (!told) return;
  new MutationObserver(() => seen.told.push(told.innerText.trim()))
    .observe(told, { childList: true, characterData: true, subtree: true });
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) {
      for (const row of node.querySelectorAll?.("li") || []) seen.rows.push([performance.now(), row.innerText]);
      if (node.tagName === "LI") seen.rows.push([performance.now(), node.innerText]);
    }
  }).observe(document.getElementById("groups"), { childList: true, subtree: true });
});
"""

REPLAY = """
const source = seen.sources.at(-1);
for (const stage of arguments[0]) {
  source.dispatchEvent(new MessageEvent("event", { data: JSON.stringify([stage]) }));
}
"""
