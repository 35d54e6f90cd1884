"""Signing in and out in several tabs of the web interface, as somebody else, and again where a session has ended."""

from __future__ import annotations

from typing import Any

from tests.interop.test_webui_account import ALICE, BOB, OwnerTestCase
from tests.interop.webui_world import READY

LATER = "const now = Date.now; Date.now = () => now() + 3_000_000"
SIGN_IN_PAGE = "document.querySelector('[name=password]')"


class TabTestCase(OwnerTestCase):
    """Several tabs; only the first is left at the end."""

    def setUp(self) -> None:
        super().setUp()
        self.first = self.tab
        self.addCleanup(self.close_others)

    @property
    def tab(self) -> str:
        return str(self.browser._ask("GET", "/window"))

    @tab.setter
    def tab(self, handle: str) -> None:
        self.browser._ask("POST", "/window", {"handle": handle})

    def tabs(self) -> list[str]:
        found: list[str] = self.browser._ask("GET", "/window/handles")
        return found

    def new_tab(self, path: str) -> str:
        """Open a page in a tab that knows nothing, and go there."""
        self.tab = str(self.browser._ask("POST", "/window/new", {"type": "tab"})["handle"])
        self.browser.open(self.world.url + path)
        return self.tab

    def opened(self, known: set[str]) -> str:
        """Go to the tab that the page opens."""
        while not (new := set(self.tabs()) - known):
            self.browser.run("return 0")
        (self.tab,) = new
        return self.tab

    def close_others(self) -> None:
        for handle in set(self.tabs()) - {self.first}:
            self.tab = handle
            self.browser._ask("DELETE", "/window")
        self.tab = self.first

    def sessions(self, login: str) -> list[str]:
        return [one["id"] for one in self.jmap(login, ("x:Session/get", {"ids": None}))[0]["list"]]

    def end_sessions(self, *logins: str) -> None:
        for login in logins:
            self.jmap(login, ("x:Session/set", {"destroy": self.sessions(login)}))

    def sign_out(self) -> None:
        self.browser.run("document.querySelector('.person').click()")
        self.click("Sign out", ".menu")

    def read_later(self, link: str, heading: str) -> None:
        """Go to another page when the access token is over."""
        self.browser.run(LATER)
        self.click(link, "nav")
        self.says(heading, "h1")
        self.browser.wait(READY)
        self.assertFalse(self.browser.run("return document.querySelector('dialog')"))


class SignOutTests(TabTestCase):
    """What is over for all tabs, and what is not."""

    def test_any_tab_ends_the_session_and_going_back_shows_nothing(self) -> None:
        self.end_sessions(ALICE)
        self.sign_in("/account/sessions", ALICE)
        self.new_tab("/account/vacation")
        self.browser.wait(READY)
        second, self.tab = self.tab, self.first
        self.browser.open(f"{self.world.url}/robots.txt")
        self.tab = second
        self.assertEqual(len(self.sessions(ALICE)), 1)
        self.browser.devtools("Network.enable")
        self.browser.devtools("Network.setBlockedURLs", urls=["*/auth/revoke"])
        self.sign_out()
        self.says("you are still signed in", ".notices")
        self.browser.devtools("Network.setBlockedURLs", urls=[])
        self.browser.devtools("Network.disable")
        self.browser.run("window.before = 1")
        self.click("Sign out", ".menu")
        self.says("You are signed out")
        self.assertEqual(self.sessions(ALICE), [])
        self.assertEqual(self.browser.run("return sessionStorage.length"), 0)
        self.browser.run("history.back()")
        self.browser.wait(SIGN_IN_PAGE)
        self.assertFalse(self.browser.run("return window.before"))
        self.tab = self.first
        self.browser.open(f"{self.world.url}/account/sessions")
        self.browser.wait(SIGN_IN_PAGE)

    def test_page_that_is_kept_for_going_back_is_empty_once_somebody_has_signed_out(self) -> None:
        self.sign_in("/account/vacation", ALICE)
        self.browser.run("document.querySelector('.person').click()")
        self.browser.run("addEventListener('pagehide', () => { localStorage.left = document.body.innerText.trim() })")
        self.click("Sign out", ".menu")
        self.says("You are signed out")
        self.assertEqual(self.browser.run("return localStorage.left"), "")

    def test_tabs_renew_one_sign_in_together_and_the_last_of_them_keeps_it(self) -> None:
        self.end_sessions(ALICE)
        self.sign_in("/account/vacation", ALICE)
        known = set(self.tabs())
        self.browser.run("window.open(location.href)")  # sessionStorage is copied, as when a tab is duplicated
        copy = self.opened(known)
        self.browser.wait(READY)
        self.new_tab("/account/sessions")
        self.browser.wait(READY)
        third = self.tab
        for tab, link in ((self.first, "Identities"), (copy, "Sessions"), (self.first, "Filters")):
            self.tab = tab
            self.read_later(link, link)
        self.browser._ask("DELETE", "/window")
        self.first = self.tab = third
        self.read_later("Vacation", "Vacation")
        self.assertEqual(len(self.sessions(ALICE)), 1)


class SignInAgainTests(TabTestCase):
    """Where a session has ended while something is typed."""

    def test_only_the_same_person_goes_on_with_what_was_typed(self) -> None:
        self.end_sessions(ALICE, BOB)
        self.sign_in("/account/profile", ALICE)
        self.new_tab("/account/sessions")
        self.browser.wait(READY)
        second, self.tab = self.tab, self.first
        self.browser.fill("[name=description]", "Typed by Alice")
        self.end_sessions(ALICE)
        self.click("Save")
        self.tab = second
        self.click("Vacation", "nav")
        self.says("You have to sign in again", "dialog")
        self.tab = self.first
        for login in (BOB, ALICE):
            known = set(self.tabs())
            self.click("Sign in again", "dialog")
            beside = self.opened(known)
            self.fill_sign_in(login)
            self.tab = self.first
            if login == BOB:
                self.says(f"{BOB} has signed in elsewhere", "dialog")
                self.assertEqual({self.described(one) for one in (ALICE, BOB)}, {None})
        self.says("Saved", ".notices")
        self.assertEqual((self.described(ALICE), self.described(BOB)), ("Typed by Alice", None))
        self.assertFalse(self.browser.run("return document.querySelector('dialog')"))
        self.tab = second
        self.browser.wait("!document.querySelector('dialog')")
        self.says("Vacation", "h1")
        self.assertNotIn(beside, self.tabs())
        self.jmap(ALICE, ("x:AccountSettings/set", {"update": {"singleton": {"description": None}}}))

    def described(self, login: str) -> Any:
        (stored,) = self.jmap(login, ("x:AccountSettings/get", {"ids": None}))[0]["list"]
        return stored["description"]


class CallbackTests(TabTestCase):
    """What the sign-in page may send back."""

    def test_who_is_not_signed_in_is_told_so_and_can_go_on(self) -> None:
        for query in ("error=access_denied&state=zz", "code=abc&state=x", "code=abc"):
            self.browser.open(f"{self.world.url}/account/oauth/callback?{query}")
            self.says("You are not signed in")
        self.click("Sign in")
        self.fill_sign_in(ALICE)
        self.browser.wait(READY)
        self.browser.open(f"{self.world.url}/account/oauth/callback?code=abc")
        self.browser.wait(f"location.pathname === '/account/' && {READY}")

    def test_who_goes_back_to_the_sign_in_page_can_sign_in_once_more(self) -> None:
        self.sign_in("/account/vacation", ALICE)
        self.browser.run("history.back()")
        self.browser.wait(f"location.pathname === '/login' && {SIGN_IN_PAGE}")
        self.fill_sign_in(BOB)
        self.browser.wait(f"location.pathname === '/account/vacation' && {READY}")
        self.assertEqual(self.browser.run("return document.querySelector('#app').dataset.who"), BOB)
