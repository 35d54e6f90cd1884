// Values of settings: equal or not, what has changed as a patch of JSON pointers (RFC 8620 5.3), and sizes and durations
// as people write them. Pure.

export function equal(one, other) {
  if (Object.is(one, other)) return true;
  if (typeof one !== "object" || typeof other !== "object" || !one || !other) return false;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && equal(one[key], other[key]));
}

const escapePointer = (key) => key.replace(/~/g, "~0").replace(/\//g, "~1");
const isMap = (value) => typeof value === "object" && value !== null;

// Only leaves that differ; what cannot be patched piece by piece (another variant, lists) is replaced as a whole.
export function patchOf(before, after, prefix = "") {
  const patch = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, now] = [before[key], after[key]];
    if (equal(old, now)) continue;
    const path = prefix + escapePointer(key);
    if (now === undefined) patch[path] = null;
    else if (isMap(old) && isMap(now) && old["@type"] === now["@type"] && !listLike(old) && !listLike(now)) Object.assign(patch, patchOf(old, now, `${path}/`));
    else patch[path] = now;
  }
  return patch;
}

// `value` with the leaves of a patch in it.
export function patched(value, patch) {
  for (const [path, next] of Object.entries(patch)) {
    const keys = path.split("/").map((key) => key.replace(/~1/g, "/").replace(/~0/g, "~"));
    const last = keys.pop();
    const home = keys.reduce((one, key) => (one[key] ??= {}), value);
    if (next === null && !(last in home)) continue;
    home[last] = clone(next);
  }
  return value;
}

const listLike = (value) => Object.keys(value).some((key) => /^\d+$/.test(key));

// What a path of a patch leads to.
export const valueAt = (value, path) => path.split("/").reduce((one, key) => one?.[key.replace(/~1/g, "/").replace(/~0/g, "~")], value);

// Rows of what differs: [path, old, new], for people.
export function changes(before, after, prefix = "") {
  const rows = [];
  for (const key of new Set([...Object.keys(before || {}), ...Object.keys(after || {})])) {
    const [old, now] = [before?.[key], after?.[key]];
    if (equal(old, now)) continue;
    const path = prefix ? `${prefix}.${key}` : key;
    if (isMap(old) && isMap(now)) rows.push(...changes(old, now, path));
    else rows.push([path, old, now]);
  }
  return rows;
}

export const SIZE_UNITS = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };
export const SPAN_UNITS = { ms: 1, s: 1000, min: 60_000, h: 3_600_000, d: 86_400_000 };

// The largest unit that a number is a whole multiple of: [5, "min"] of 300000.
export function inUnit(value, units) {
  if (!value) return [value ?? "", Object.keys(units)[units === SPAN_UNITS ? 1 : 0]];
  const [unit, factor] = Object.entries(units).reverse().find(([, factor]) => value % factor === 0);
  return [value / factor, unit];
}

export function clone(value) {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

// A list is an object with keys 0, 1 ... (settings A.5).
export const toList = (value) => Object.keys(value || {}).sort((one, other) => one - other).map((key) => value[key]);
export const fromList = (items) => Object.fromEntries(items.map((item, at) => [at, item]));
export const fromSet = (items) => Object.fromEntries(items.map((item) => [item, true]));
