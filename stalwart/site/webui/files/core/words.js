// Texts by their names, in the language of whoever reads. `{name}` is filled in; a text that is an object has a form
// for each plural category of `n`.

import { signal } from "../lib/signals.js";
import english from "../words/en.js";

export const LANGUAGES = { en: "English", de: "Deutsch" };
const KEPT = "stalwart.language";

let words = english;
let plurals = null;
export const language = signal("en");

export function t(name, values) {
  let text = words[name] ?? english[name] ?? name;
  if (typeof text === "object") text = text[plural(values.n)] ?? text.other;
  return values ? text.replace(/\{(\w+)\}/g, (whole, key) => (key in values ? put(key, values[key]) : whole)) : text;
}

const put = (key, value) => (typeof value === "number" ? number(value) : String(value));

// Asking Intl for the first time takes some twenty milliseconds, and most numbers need none of it.
const plural = (n) => (plurals ??= new Intl.PluralRules(language.peek())).select(n);

export function number(value, options) {
  if (!options && Number.isInteger(value) && value >= 0 && value < 1000) return String(value);
  return new Intl.NumberFormat(language.peek(), options).format(value);
}

export async function chooseLanguage(wanted) {
  const asked = [wanted, localStorage.getItem(KEPT), ...navigator.languages];
  const found = asked.filter(Boolean).map((one) => one.toLowerCase().split(/[-_]/)[0]).find((one) => one in LANGUAGES) || "en";
  words = found === "en" ? english : named((await LOADERS[found]()).default);
  plurals = null;
  document.documentElement.lang = found;
  language.set(found);
}

// Other catalogues are sent as lists in the order of the English one.
const named = (texts) => Object.fromEntries(Object.keys(english).map((name, at) => [name, texts[at]]));
const LOADERS = { de: () => import("../words/de.js") };

export async function keepLanguage(wanted) {
  localStorage.setItem(KEPT, wanted);
  await chooseLanguage(wanted);
}
