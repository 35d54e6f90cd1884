"""How fast pages of the web interface come, in Chromium on loopback with the processor slowed down.

``python -m bench.webui_pages [ROUNDS] [PATH ...]``: for each page the time from the navigation to the first list or
form drawn, requests, octets, the longest task and the layout shift, cold (an empty cache) and warm.
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

from tests.interop.browser import ENTER, Browser
from tests.interop.page_world import PageWorld
from tests.interop.webui_world import ADMIN, READY

SLOWED = 4
PATHS = ("/admin/objects/Account-User", "/admin/domains", "/admin/", "/admin/objects/Http", "/admin/settings")
WATCH = """
window.seen = { shifts: 0, tasks: [], drawn: null, named: null };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) seen.tasks.push([Math.round(entry.startTime), Math.round(entry.duration)]);
}).observe({ type: "longtask", buffered: true });
const look = () => {
  if (seen.drawn === null && document.querySelector(
    "main tbody tr, main .field, main .cards > *, main .card, main .tiles li")) {
    seen.drawn = performance.now();
    requestAnimationFrame(() => setTimeout(() => { seen.drawn = performance.now(); }));
  }
};
new MutationObserver(look).observe(document, { childList: true, subtree: true });
"""
TAKEN = """
const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
const paint = performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
return { drawn: seen.drawn, tasks: seen.tasks, shifts: seen.shifts, paint,
  requests: all.filter((one) => one.transferSize > 0).length,
  octets: all.reduce((sum, one) => sum + one.transferSize, 0),
  asked: all.map((one) => [new URL(one.name).pathname, Math.round(one.startTime), Math.round(one.responseEnd),
    one.transferSize]) };
"""


def measured(browser: Browser, url: str) -> dict[str, Any]:
    """One visit."""
    browser.open(url)
    browser.wait(READY, patience=30)
    browser.wait("seen.drawn", patience=30)
    browser.run("return new Promise((done) => setTimeout(done, 600))")
    taken: dict[str, Any] = browser.run(TAKEN)
    return taken


def main(rounds: int, paths: tuple[str, ...]) -> None:
    """Print a row for each page."""
    world = PageWorld()
    browser = Browser("--accept-lang=en")
    try:
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        browser.open(f"{world.url}/admin/")
        browser.wait("document.querySelector('[name=password]')")
        browser.fill("[name=username]", ADMIN)
        browser.fill("[name=password]", world.accounts[ADMIN])
        browser.press(ENTER)
        browser.wait(READY)
        browser.devtools("Emulation.setCPUThrottlingRate", rate=SLOWED)
        for path in paths:
            for kind in ("cold", "warm"):
                found = []
                for _ in range(rounds):
                    if kind == "cold":
                        browser.devtools("Network.clearBrowserCache")
                    found.append(measured(browser, world.url + path))
                _row(path, kind, found)
    finally:
        browser.close()
        world.close()


def _row(path: str, kind: str, found: list[dict[str, Any]]) -> None:
    drawn = [one["drawn"] for one in found]
    longest = [max([length for _, length in one["tasks"]], default=0) for one in found]
    last = found[-1]
    print(
        f"{path:32} {kind} drawn {min(drawn):5.0f} {statistics.median(drawn):5.0f} ms  longest task "
        f"{min(longest):3d} {statistics.median(longest):3.0f} ms  {last['requests']:2d} requests  "
        f"{last['octets'] / 1024:5.1f} KiB  shift {last['shifts']:.4f}",
        flush=True,
    )
    if "-v" in sys.argv:
        print("   paint", last["paint"], "tasks", last["tasks"])
        for name, start, end, size in last["asked"]:
            print(f"   {start:5d} {end:5d} {size:7d} {name}")


if __name__ == "__main__":
    given = [one for one in sys.argv[1:] if one != "-v"]
    main(int(given[0]) if given else 5, tuple(given[1:]) or PATHS)
