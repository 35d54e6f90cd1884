// Events of the server as x:Trace and the live stream write them (telemetry 2): values with their types beside them.

import { number } from "./words.js";

// [[name, text]]; numbers of spans are larger than a number can be, and are compared as they are written.
export const pairs = (listed) => Object.values(listed || {}).map(({ key, value }) => [key, written(value)]);

function written(value) {
  switch (value?.["@type"]) {
    case undefined: case "Null": return "";
    case "List": return Object.values(value.value || {}).map(written).join(", ");
    case "Event": return `${value.event} (${pairs(value.value).map(([name, one]) => `${name}=${one}`).join(", ")})`;
    case "Duration": return `${number(value.value)} ms`;
    default: return typeof value.value === "object" ? JSON.stringify(value.value) : String(value.value ?? "");
  }
}
