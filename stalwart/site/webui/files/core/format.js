// Sizes, durations and times as people read them.

import { language, number, t } from "./words.js";

const SIZES = [["TiB", 2 ** 40], ["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]];
const SPANS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1000]];

export function size(bytes) {
  for (const [unit, factor] of SIZES) {
    if (bytes >= factor) return `${number(bytes / factor, { maximumFractionDigits: bytes / factor < 10 ? 1 : 0 })} ${unit}`;
  }
  return `${number(bytes)} B`;
}

export function duration(ms) {
  for (const [unit, factor] of SPANS) {
    if (ms >= factor) return number(ms / factor, { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 1 });
  }
  return `${number(ms)} ms`;
}

// Milliseconds of a step, short.
export const spell = (ms) => (ms < 1000 ? `${ms} ms` : `${number(ms / 1000, { maximumFractionDigits: 1, minimumFractionDigits: 1 })} s`);

export function when(text) {
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return String(text);
  return new Intl.DateTimeFormat(language.peek(), { dateStyle: "medium", timeStyle: "short" }).format(date);
}

// Times of the wire as a field for the time of the place has them, and back.
export const local = (text) => (text ? new Date(new Date(text) - new Date(text).getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "");
export const utc = (time) => (time ? `${new Date(time).toISOString().slice(0, 19)}Z` : null);

export function ago(text) {
  const ms = new Date(text).getTime() - Date.now();
  const [unit, factor] = SPANS.find(([, span]) => Math.abs(ms) >= span) || ["second", 1000];
  if (Math.abs(ms) < 5000) return t("now");
  return new Intl.RelativeTimeFormat(language.peek(), { numeric: "auto" }).format(Math.round(ms / factor), unit);
}

// "sysDomainGet" of "sys-domain-get".
export const camel = (name) => name.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());

// Names of others: as long as fits, and what would turn the text around it is kept inside.
export const LONGEST = 400;
export const short = (text, most = LONGEST) => (text.length > most ? `${text.slice(0, most)}…` : text);
