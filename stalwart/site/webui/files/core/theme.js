// Light, dark, or as the system has it.

import { signal } from "../lib/signals.js";

const KEPT = "stalwart.theme";
export const THEMES = ["auto", "light", "dark"];
export const theme = signal(THEMES.includes(localStorage.getItem(KEPT)) ? localStorage.getItem(KEPT) : "auto");

export function setTheme(wanted) {
  theme.set(wanted);
  if (wanted === "auto") localStorage.removeItem(KEPT);
  else localStorage.setItem(KEPT, wanted);
  show();
}

export function show() {
  document.documentElement.style.colorScheme = theme.peek() === "auto" ? "light dark" : theme.peek();
}
