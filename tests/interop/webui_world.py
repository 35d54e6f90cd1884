"""Somebody who uses the web interface in Chromium: signs in, goes from page to page, and looks at them as people with
weak eyes, small screens and a keyboard meet them."""

from __future__ import annotations

import atexit
from functools import cache
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.browser import ENTER, Browser, BrowserFailed, missing
from tests.interop.page_measures import CONTRAST, OVERFLOW
from tests.interop.page_world import PageWorld

ADMIN, USER = "admin@example.test", "alice@example.test"
READY = """document.querySelector('#app')?.dataset.who && document.querySelector('main h1')
  && !document.querySelector('main .loading, main [aria-busy]')"""
WATCH = """
window.seen = { violations: [], shifts: 0 };
addEventListener("securitypolicyviolation", (event) => {
  seen.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) seen.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
SMALL = """
return [...document.querySelectorAll("button, input:not(.offscreen), select, summary")]
  .filter((one) => one.getClientRects().length)
  .map((one) => [one.id || one.textContent || one.type, one.getBoundingClientRect()])
  .filter(([, box]) => box.width < 24 || box.height < 24).map(([name]) => name);
"""
# Names of what can be operated, headings, landmarks, references (WCAG 2.2: 1.3.1, 2.4.6, 4.1.2).
STRUCTURE = """
const wrong = [];
const shown = (one) => one.getClientRects().length;
const all = [...document.querySelectorAll("*")].filter(shown);
const ids = new Set();
for (const one of document.querySelectorAll("[id]")) {
  if (ids.has(one.id)) wrong.push(`two of #${one.id}`);
  ids.add(one.id);
}
for (const one of all) {
  for (const name of ["aria-describedby", "aria-labelledby", "aria-controls", "for"]) {
    for (const id of (one.getAttribute(name) || "").split(" ").filter(Boolean)) {
      if (!document.getElementById(id)) wrong.push(`${one.tagName} ${name} ${id}`);
    }
  }
  const given = (name) => one.getAttribute(name);
  const named = given("aria-label") || given("aria-labelledby") || one.labels?.length || one.title;
  const what = one.outerHTML.slice(0, 120);
  const operated = one.matches("input, select, textarea") && one.getAttribute("aria-hidden") !== "true";
  if (operated && !named) wrong.push(`no label: ${what}`);
  if (one.matches("button, a[href]") && !named && !one.textContent.trim()) wrong.push(`no name: ${what}`);
  if (one.matches("img:not([alt])")) wrong.push(`no alt: ${what}`);
  if (one.matches("ul, ol") && [...one.children].some((child) => child.tagName !== "LI")) wrong.push(`list: ${what}`);
}
const headings = all.filter((one) => /^H[1-6]$/.test(one.tagName) && one.closest("main"));
if (headings.filter((one) => one.tagName === "H1").length !== 1) wrong.push(`${headings.length} headings, not one h1`);
let level = 1;
for (const one of headings) {
  const next = Number(one.tagName[1]);
  if (next > level + 1) wrong.push(`h${next} after h${level}: ${one.textContent}`);
  level = next;
}
if (document.querySelectorAll("main").length !== 1) wrong.push("not one main");
if (!document.title || !document.documentElement.lang) wrong.push("no title or language");
return wrong;
"""


@cache
def stage() -> tuple[PageWorld, Browser] | Exception:
    """The world and the browser that all tests share, or why they cannot be had; they end with the run."""
    try:
        world = PageWorld("--smtp", "tcp:0:interface=127.0.0.1")
        atexit.register(world.close)
        browser = Browser("--accept-lang=en")
        atexit.register(browser.close)
    except (OSError, BrowserFailed) as problem:
        return problem
    browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
    return world, browser


class InterfaceTestCase(SynchronousTestCase):
    """A fresh tab without a sign-in; afterwards nothing has been told to the console, and no policy was violated."""

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        shared = stage()
        if isinstance(shared, Exception):
            raise shared
        self.world, self.browser = shared
        self.screen(1280, 850)
        self.scheme("light")
        self.browser.open(f"{self.world.url}/robots.txt")
        self.browser.run("sessionStorage.clear(); localStorage.clear()")
        self.browser.messages()

    def tearDown(self) -> None:
        refused = "Failed to load resource"
        self.assertEqual([text for text in self.browser.messages() if refused not in text], [])
        self.assertEqual(self.browser.run("return window.seen ? seen.violations : []"), [])

    def screen(self, width: int, height: int) -> None:
        self.browser.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def scheme(self, name: str) -> None:
        features = [{"name": "prefers-color-scheme", "value": name}]
        self.browser.devtools("Emulation.setEmulatedMedia", features=features)

    def sign_in(self, path: str = "/admin/", login: str = ADMIN) -> None:
        """Open a page, and sign in where that is asked for."""
        self.browser.open(self.world.url + path)
        self.fill_sign_in(login)
        self.browser.wait(READY)

    def fill_sign_in(self, login: str = ADMIN) -> None:
        self.browser.wait("document.querySelector('[name=password]')")
        self.browser.fill("[name=username]", login)
        self.browser.fill("[name=password]", self.world.accounts[login])
        self.browser.press(ENTER)

    def go(self, path: str) -> None:
        """Open another page in the same tab."""
        self.browser.open(self.world.url + path)
        self.browser.wait(READY)

    def click(self, text: str, inside: str = "main") -> None:
        """Click on the button or link that says so."""
        script = """return [...document.querySelectorAll(arguments[0])]
            .flatMap((box) => [...box.querySelectorAll('button, a, summary')])
            .find((one) => one.getClientRects().length && one.textContent.trim() === arguments[1])"""
        self.browser.wait(f"(() => {{ {script} }})()", inside, text)
        self.browser.run(f"(() => {{ {script} }})().click()", inside, text)

    def says(self, text: str, inside: str = "body") -> Any:
        """Wait until it can be read there."""
        return self.browser.wait("document.querySelector(arguments[0])?.innerText.includes(arguments[1])", inside, text)

    def look(self, least: int = 6) -> list[str]:
        """What is wrong with the page for weak eyes, small screens, fingers and screen readers; it has at least so many
        texts.
        """
        looked, poor = self.browser.run(CONTRAST)
        wide, elements = self.browser.run(OVERFLOW)
        found = [*poor, *(f"too small: {name}" for name in self.browser.run(SMALL)), *self.browser.run(STRUCTURE)]
        if wide > 0:
            found.append(f"{wide} px too wide: {elements[:4]}")
        return found if looked >= least else ["nothing to see"]
