"""The web interface in Firefox: what must work in a second browser."""

from __future__ import annotations

import atexit
from functools import cache
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.browser import ENTER, BrowserFailed
from tests.interop.firefox import Firefox, missing
from tests.interop.page_measures import CONTRAST, OVERFLOW
from tests.interop.page_world import PageWorld
from tests.interop.test_webui import ACCOUNT_PAGES, ADMIN_PAGES
from tests.interop.webui_world import ADMIN, READY, STRUCTURE, USER

LISTEN = """window.wrong = [];
addEventListener("error", (event) => wrong.push(event.message));
addEventListener("unhandledrejection", (event) => wrong.push(String(event.reason)));
addEventListener("securitypolicyviolation", (event) => wrong.push(event.violatedDirective))"""
THERE = "document.querySelector('main h1') !== window.former"
FOLLOW = """window.former = document.querySelector("main h1");
const link = document.createElement("a");
link.href = arguments[0]; document.body.append(link); link.click(); link.remove()"""


@cache
def stage() -> tuple[PageWorld, Firefox] | Exception:
    """The world and the browser of all tests here, or why they cannot be had."""
    try:
        world = PageWorld()
        atexit.register(world.close)
        browser = Firefox()
        atexit.register(browser.close)
    except (OSError, BrowserFailed) as problem:
        return problem
    return world, browser


class FirefoxTests(SynchronousTestCase):
    """A sign-in for each."""

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        shared = stage()
        if isinstance(shared, Exception):
            raise shared
        self.world, self.browser = shared
        self.browser.open(f"{self.world.url}/robots.txt")
        self.browser.run("sessionStorage.clear(); localStorage.clear()")

    def sign_in(self, path: str, login: str = ADMIN) -> None:
        self.browser.open(self.world.url + path)
        self.browser.wait("document.querySelector('[name=password]')")
        self.browser.fill("[name=username]", login)
        self.browser.fill("[name=password]", self.world.accounts[login])
        self.browser.press(ENTER)
        self.browser.wait(READY, patience=20)

    def press(self, selector: str) -> None:
        self.browser.wait("document.querySelector(arguments[0])", selector)
        self.browser.run("document.querySelector(arguments[0]).click()", selector)

    def says(self, text: str, inside: str = "body") -> Any:
        return self.browser.wait("document.querySelector(arguments[0])?.innerText.includes(arguments[1])", inside, text)

    def test_list_is_searched_and_leads_to_a_form(self) -> None:
        self.sign_in("/admin/objects/Account-User")
        self.says(USER, "table")
        self.browser.fill("main [type=search]", "alice")
        self.browser.wait("document.querySelectorAll('tbody tr').length === 1")
        self.press("tbody a")
        self.says("alice", "h1")
        self.assertEqual(self.browser.run(STRUCTURE), [])

    def test_setting_is_changed_after_its_difference_was_shown(self) -> None:
        self.sign_in("/admin/objects/Http")
        self.browser.fill("[data-field=redirectRoot] input", "/admin")
        self.press("button.save")
        self.says("/admin", "dialog .diff")
        self.press("dialog button.confirm")
        self.says("Saved", ".notices")
        self.browser.run(
            "[...document.querySelectorAll('.notices button')].find((one) => /Undo/.test(one.innerText)).click()"
        )
        self.says("Taken back", ".notices")

    def test_diagnosis_streams_to_its_verdict(self) -> None:
        self.sign_in("/admin/diagnose")
        self.browser.fill("main [name=target]", "postmaster@good.page.test")
        self.browser.press(ENTER)
        self.browser.wait("document.querySelector('.verdict')?.innerText.includes('Finished')", patience=20)
        self.says("the connection is secure", ".verdict")
        self.assertGreater(self.browser.run("return document.querySelectorAll('.stage').length"), 8)

    def test_every_page_comes_with_its_heading_and_without_an_error(self) -> None:
        for area, login, names in (("admin", ADMIN, ADMIN_PAGES), ("account", USER, ACCOUNT_PAGES)):
            self.browser.open(f"{self.world.url}/robots.txt")
            self.browser.run("sessionStorage.clear(); localStorage.clear()")
            self.sign_in(f"/{area}/", login)
            self.browser.run(LISTEN)
            for name in filter(None, names):
                self.browser.run(FOLLOW, f"/{area}/{name}")
                self.browser.wait(f"document.querySelector('main h1')?.innerText.trim() && {READY} && {THERE}")
                self.assertEqual((self.browser.run("return location.pathname"), []), (f"/{area}/{name}", self.wrong()))

    def wrong(self) -> list[str]:
        """What the page has complained about."""
        found: list[str] = self.browser.run("return wrong")
        return found

    def test_invitation_page_and_device_page_are_usable(self) -> None:
        for path, field in (("/device", "input[type=text]"), ("/calendar/rsvp?i=x&m=ACCEPTED", "[role=alert]")):
            self.browser.open(self.world.url + path)
            self.browser.wait("document.querySelector(arguments[0])", field)
            self.assertEqual(self.browser.run(STRUCTURE), [])
            self.assertEqual(self.browser.run(CONTRAST)[1], [])

    def test_german_dark_and_narrow(self) -> None:
        self.sign_in("/account/", USER)
        choose = (
            "const one = document.querySelector('#language'); one.value = 'de'; one.dispatchEvent(new Event('change'))"
        )
        self.browser.run(choose)
        self.says("Zwei-Faktor-Anmeldung", "#navigation")
        grounds = []
        for name in ("light", "dark"):
            self.browser.scheme(name)
            wanted = f"matchMedia('(prefers-color-scheme: {name})').matches"
            self.browser.wait(wanted)
            grounds.append(self.browser.run("return getComputedStyle(document.body).backgroundColor"))
            looked, poor = self.browser.run(CONTRAST)
            self.assertGreater(looked, 5)
            self.assertEqual((name, poor), (name, []))
        self.browser.scheme("light")
        self.assertEqual(len(set(grounds)), 2)
        self.browser._ask("POST", "/window/rect", {"width": 450, "height": 700})
        self.browser.wait("innerWidth < 600")
        self.assertLessEqual(self.browser.run(OVERFLOW)[0], 0)
        self.browser._ask("POST", "/window/rect", {"width": 1280, "height": 850})
