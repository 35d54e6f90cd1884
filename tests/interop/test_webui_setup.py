"""The web interface where the server is new, goes away, or comes back."""

from __future__ import annotations

import shutil
import time
import urllib.request
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.interop.browser import ENTER, Browser, missing
from tests.interop.test_jmap_clients import free_port
from tests.interop.webui_world import READY
from tests.live.daemon import PATIENCE, Daemon, basic, new_folder

LOGIN = ("admin", "secret")


class OwnServerTestCase(SynchronousTestCase):
    """A server and a browser of the test's own."""

    def setUp(self) -> None:
        reason = missing()
        if reason:
            raise SkipTest(reason)
        self.port = free_port()
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.browser = Browser("--accept-lang=en")
        self.addCleanup(self.browser.close)
        self.url = f"http://127.0.0.1:{self.port}"

    def daemon(self, *options: str, **environment: str) -> Daemon:
        loopback = ("--smtp", "tcp:0:interface=127.0.0.1", "--http", f"tcp:{self.port}:interface=127.0.0.1")
        started = Daemon("stalwart", *options, *loopback, **environment)
        self.addCleanup(started.close)
        started.wait_for_port()
        return started

    def sign_in(self, login: str, password: str) -> None:
        self.browser.wait("document.querySelector('[name=password]')")
        self.browser.fill("[name=username]", login)
        self.browser.fill("[name=password]", password)
        self.browser.press(ENTER)
        self.browser.wait(READY)

    def press(self, selector: str) -> None:
        self.browser.wait("document.querySelector(arguments[0])", selector)
        self.browser.run("document.querySelector(arguments[0]).click()", selector)

    def says(self, text: str) -> Any:
        return self.browser.wait("document.body.innerText.includes(arguments[0])", text, patience=30)


class SetupTests(OwnServerTestCase):
    """From nothing to a server with an administrator."""

    def test_new_server_is_set_up_in_the_browser_alone(self) -> None:
        config = Path(self.folder) / "config.json"
        self.daemon("--config", str(config), STALWART_RECOVERY_ADMIN=":".join(LOGIN))
        self.browser.open(f"{self.url}/admin/")
        self.sign_in(*LOGIN)
        self.assertEqual(self.browser.text("h1"), "Set up this server")
        self.browser.wait("document.querySelector('[data-field=serverHostname] input')?.placeholder")
        self.press("button.save")  # nothing is typed, and examples are no answers
        self.says("A value is needed.")
        self.browser.fill("[data-field=serverHostname] input", "192.0.2.1")
        self.browser.fill("[data-field=defaultDomain] input", "localhost")
        self.press("button.save")
        problems = "[...document.querySelectorAll('.wrong .problem')].filter((one) => /with a dot/.test(one.innerText))"
        self.browser.wait(f"{problems}.length === 2")
        self.browser.fill("[data-field=serverHostname] input", "mail.example.test")
        self.browser.fill("[data-field=defaultDomain] input", "example.test")
        self.press("[data-field=requestTlsCertificate] input")
        self.press("details.card summary")  # the suggested places are those of a system, not of a test
        self.browser.fill("[data-field='dataStore/path'] input", str(self.folder / "store.sqlite3"))
        self.browser.fill("[data-field='tracer/path'] input", str(self.folder))
        first = self.browser._ask("GET", "/window")
        second = self.browser._ask("POST", "/window/new", {"type": "tab"})["handle"]
        self.browser._ask("POST", "/window", {"handle": second})
        self.browser.open(f"{self.url}/admin/")
        self.browser.wait("document.querySelector('button.save')")
        self.browser._ask("POST", "/window", {"handle": first})
        self.press("button.save")
        self.says("The server is set up")
        shown = "return [...document.querySelectorAll('.secret-text')].map((one) => one.textContent)"
        login, password = self.browser.run(shown)
        self.assertEqual(login, "admin@example.test")
        self.until_known(login, password)
        self.browser._ask("POST", "/window", {"handle": second})
        self.press("button.save")
        self.says("This server has been set up already")
        self.browser._ask("POST", "/window", {"handle": first})
        self.browser.open(f"{self.url}/robots.txt")
        self.browser.run("sessionStorage.clear()")
        self.browser.open(f"{self.url}/admin/domains")
        self.sign_in(login, password)
        self.says("example.test")

    def until_known(self, login: str, password: str) -> None:
        """The server has started again and knows its administrator."""
        request = urllib.request.Request(f"{self.url}/jmap/session", headers=basic(login, password))
        until = time.monotonic() + PATIENCE
        while True:
            try:
                urllib.request.urlopen(request, timeout=5).close()
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
            else:
                return


class ReturnTests(OwnServerTestCase):
    """The server goes and comes back."""

    def test_page_says_so_goes_on_by_itself_and_keeps_what_was_typed(self) -> None:
        options = ("--data", str(self.folder / "data"), "--demo")
        daemon = self.daemon(*options, STALWART_RECOVERY_ADMIN=":".join(LOGIN))
        self.browser.open(f"{self.url}/admin/objects/Http")
        self.sign_in(*LOGIN)
        self.browser.fill("[data-field=redirectRoot] input", "/admin")
        daemon.close()
        self.press("button.save")
        self.press("dialog button.confirm")
        self.says("The server cannot be reached.")
        self.assertEqual(self.browser.run("return document.querySelectorAll('.banner').length"), 1)
        self.daemon(*options, STALWART_RECOVERY_ADMIN=":".join(LOGIN))
        self.browser.wait("!document.querySelector('.banner')", patience=30)
        typed = "return document.querySelector('[data-field=redirectRoot] input').value"
        self.assertEqual(self.browser.run(typed), "/admin")
        self.press("button.save")
        self.press("dialog button.confirm")
        self.says("Saved")
