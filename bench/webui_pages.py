"""How fast pages of the web interface come, in Chromium on loopback with the processor slowed down.

``python -m bench.webui_pages [ROUNDS] [PATH ...]``: for each page the time from the navigation to the first list or
form drawn, requests, octets, the longest task and the layout shift, cold (an empty cache) and warm; and the processor
time of the page's thread, not slowed down, which differs less on a busy machine. ``--groups N`` puts so many groups
into the store first; then the next page and a search are timed too.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import react

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.catalogue import declarations
from stalwart.store import open_store
from stalwart.store.config_file import embedded_store_config
from stalwart.telemetry import Telemetry
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


async def fill(reactor: Any, data: Path, count: int) -> None:
    """Write ``count`` groups into the store of a world, beside its daemon."""
    store = open_store(embedded_store_config(data), reactor, Telemetry(reactor))
    await store.start()
    group, now = declarations()["Account"], reactor.seconds()
    domain = await store.read(lambda tx: registry.listed(tx, declarations()["Domain"])[0].id)
    for start in range(0, count, 2000):
        names = [f"scale{at:06}" for at in range(start, min(start + 2000, count))]

        def write(tx: Any, names: list[str] = names) -> None:
            for name in names:
                data = {"@type": "Group", "name": name, "domainId": encode_id(domain)}
                registry.create(tx, group, data, now=now)

        await store.write(write)
    await store.close()


def long_list(browser: Browser, world: PageWorld) -> None:
    """Print what the next page and a search of a long list take, from the event to the rows."""
    browser.open(f"{world.url}/admin/objects/Account-Group")
    browser.wait(READY, patience=60)
    script = """const before = document.querySelector("tbody").innerText, began = performance.now(); %s;
        return new Promise((done) => { const look = () => document.querySelector("tbody").innerText !== before
          ? done(performance.now() - began) : requestAnimationFrame(look); look(); })"""
    press = "[...document.querySelectorAll('.pager button')].at(-1).click()"
    search = "const box = document.querySelector('main [type=search]'); box.value = 'scale%06d'; "
    search += "box.dispatchEvent(new Event('input'))"
    print("total", browser.text(".pager [role=status]"))
    for name, change in (("next page", press), ("search", search % 777)):
        print(f"{name:32} {browser.run(script % change):6.0f} ms")


def measured(browser: Browser, url: str) -> dict[str, Any]:
    """One visit."""
    browser.open(url)
    browser.wait(READY, patience=30)
    browser.wait("seen.drawn", patience=30)
    browser.run("return new Promise((done) => setTimeout(done, 600))")
    taken: dict[str, Any] = browser.run(TAKEN)
    return taken


def thread_time(browser: Browser, url: str) -> float:
    """Milliseconds of processor that the page's thread takes until everything is there."""

    def now() -> float:
        found = browser.devtools("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "TaskDuration")) * 1000

    browser.open(url)
    browser.wait(READY, patience=60)
    return now()


def main(rounds: int, paths: tuple[str, ...], groups: int = 0) -> None:
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
        if groups:
            filling = [sys.executable, "-m", "bench.webui_pages", "--fill", str(world._folder / "data"), str(groups)]
            subprocess.run(filling, check=True)
            long_list(browser, world)
        browser.devtools("Performance.enable", timeDomain="threadTicks")
        for path in paths:
            times = []
            for _ in range(rounds):
                browser.open(f"{world.url}/robots.txt")
                times.append(thread_time(browser, world.url + path))
            print(f"{path:32} thread {min(times):5.0f} {statistics.median(times):5.0f} ms")
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
    if sys.argv[1:2] == ["--fill"]:
        folder, wanted = Path(sys.argv[2]), int(sys.argv[3])
        react(lambda reactor: Deferred.fromCoroutine(fill(reactor, folder, wanted)))
    given = [one for one in sys.argv[1:] if one != "-v"]
    many = int(given.pop(given.index("--groups") + 1)) if "--groups" in given else 0
    given = [one for one in given if one != "--groups"]
    main(int(given[0]) if given else 5, tuple(given[1:]) or PATHS, many)
