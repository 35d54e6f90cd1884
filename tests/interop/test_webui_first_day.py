"""The first day of a server in nothing but a browser: set up in the network of the tests, its domain published, an
account gets a second factor and an app password, a delivery is diagnosed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dns.rdatatype
import dns.zone
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.directory.totp import Totp
from tests.interop.browser import ENTER, Browser
from tests.interop.browser import missing as missing_browser
from tests.interop.internet import ROOT
from tests.interop.shared import network, skip_reason
from tests.interop.webui_world import READY
from tests.live.daemon import basic, end, new_folder

RECOVERY = ("admin", "secret")
DOMAIN, HOST, ADDRESS = "fresh.test", "mail.fresh.test", "127.0.7.1"
OWNER, PASSWORD = f"olga@{DOMAIN}", "four plain words 4 olga"
PORT = 8642
SLOW = 40.0


class FirstDayTests(SynchronousTestCase):
    """Somebody new, and nobody else."""

    def setUp(self) -> None:
        reason = missing_browser() or skip_reason("knotc")
        if reason:
            raise SkipTest(reason)
        self.network = network()
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.shown = ""
        self.url = f"http://127.0.0.1:{PORT}"
        self.start()
        self.browser = Browser("--accept-lang=en", network=self.network)
        self.addCleanup(self.browser.close)

    def start(self) -> None:
        """The server with a configuration file that is not there."""
        listen = ("--http", f"tcp:{PORT}:interface=127.0.0.1", "--smtp", "tcp:0:interface=127.0.0.1")
        environment = {
            "STALWART_RECOVERY_ADMIN": ":".join(RECOVERY),
            "STALWART_DIAGNOSIS": '{"allowPrivateTargets": true}',
            "SSL_CERT_FILE": str(self.network.authorities),
            "PYTHONPATH": str(ROOT),
        }
        program = ("-c", "from twisted.scripts.twistd import run; run()", "-n", "--pidfile=", "stalwart")
        with open(Path(self.folder) / "log", "wb") as log:
            process = self.network.start(
                *(sys.executable, *program, "--config", str(Path(self.folder) / "config.json"), *listen),
                env={**os.environ, **environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.addCleanup(end, process)
        self.until(lambda: self.status("/healthz/live") == 200)

    def until(self, found: Any) -> None:
        until = time.monotonic() + SLOW
        while not found():
            self.assertLess(time.monotonic(), until, self.shown + (Path(self.folder) / "log").read_text()[-3000:])
            time.sleep(0.3)

    def status(self, path: str, headers: dict[str, str] | None = None) -> int:
        """What the server answers, 0 if it does not."""
        lines = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{PORT}", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        try:
            with self.network.socket() as client:
                client.settimeout(5)
                client.connect(("127.0.0.1", PORT))
                client.sendall("\r\n".join([*lines, "", ""]).encode())
                return int((client.recv(64).split() or [b"", b"0"])[1])
        except OSError:
            return 0

    def sign_in(self, path: str, login: str, password: str) -> None:
        self.browser.open(f"{self.url}/robots.txt")
        self.browser.run("sessionStorage.clear()")
        self.browser.open(self.url + path)
        self.browser.wait("document.querySelector('[name=password]')", patience=SLOW)
        self.browser.fill("[name=username]", login)
        self.browser.fill("[name=password]", password)
        self.browser.press(ENTER)

    def ready(self) -> None:
        self.browser.wait(READY, patience=SLOW)

    def press(self, text: str, inside: str = "main") -> None:
        """The button or link that says so."""
        find = """[...document.querySelectorAll(arguments[0])].flatMap((box) => [...box.querySelectorAll('button, a')])
            .find((one) => one.getClientRects().length && one.textContent.trim() === arguments[1])"""
        self.browser.wait(find, inside, text, patience=SLOW)
        self.browser.run(f"({find}).click()", inside, text)

    def choose(self, selector: str, value: str) -> None:
        script = """const one = document.querySelector(arguments[0]);
            one.value = [...one.options].find((option) => [option.value, option.text].includes(arguments[1])).value;
            one.dispatchEvent(new Event('change'))"""
        self.browser.wait("document.querySelector(arguments[0])?.options.length > 1", selector)
        self.browser.run(script, selector, value)

    def says(self, text: str, inside: str = "body") -> None:
        script = "document.querySelector(arguments[0])?.innerText.includes(arguments[1])"
        self.browser.wait(script, inside, text, patience=SLOW)

    def code(self, secret: str, later: int = 0) -> str:
        totp = Totp.from_uri(f"otpauth://totp/x?secret={secret}")
        return totp.code(totp.step_at(time.time()) + later)

    def publish(self, zone: str) -> None:
        """What whoever runs the name server does with a zone file: adds its records."""
        control = ("knotc", "-c", str(self.network.folder / "knot.conf"))
        text = f"$TTL 300\n{zone}\n{HOST}. IN A {ADDRESS}\n"
        found = dns.zone.from_text(text, origin=f"{DOMAIN}.", relativize=False, check_origin=False)
        records = [
            (str(name), "300", dns.rdatatype.to_text(record.rdtype), record.to_text())
            for name, _, record in found.iterate_rdatas()
        ]
        for words in (("zone-begin",), *(("zone-set", *record) for record in records), ("zone-commit",)):
            done = self.network.run(*control, words[0], "test.", *words[1:])
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_from_an_empty_configuration_to_a_diagnosed_delivery(self) -> None:
        login, password = self.set_up()
        self.sign_in("/admin/domains", login, password)
        self.ready()
        self.publish_domain()
        self.make_owner()
        self.diagnose()
        secret = self.second_factor()
        self.app_password(secret)

    def set_up(self) -> tuple[str, str]:
        self.sign_in("/admin/", *RECOVERY)
        self.ready()
        self.says("Set up this server", "h1")
        self.browser.fill("[data-field=serverHostname] input", HOST)
        self.browser.fill("[data-field=defaultDomain] input", DOMAIN)
        self.browser.run("document.querySelector('[data-field=requestTlsCertificate] input').click()")
        self.browser.run("document.querySelector('details.card summary').click()")
        self.browser.fill("[data-field='dataStore/path'] input", str(Path(self.folder) / "store.sqlite3"))
        self.browser.fill("[data-field='tracer/path'] input", str(self.folder))
        self.browser.run("document.querySelector('button.save').click()")
        self.says("The server is set up")
        login, password = self.browser.run(
            "return [...document.querySelectorAll('.secret-text')].map((one) => one.textContent)"
        )
        self.until(lambda: self.status("/jmap/session", basic(login, password)) == 200)
        return login, password

    def publish_domain(self) -> None:
        self.press(DOMAIN)
        self.browser.wait("document.querySelector('main .verdict.fail')", patience=SLOW)
        self.publish(self.browser.run("return document.querySelector('pre.zone').textContent"))
        self.until(self.is_green)  # name servers have kept for some seconds that there was nothing

    def is_green(self) -> bool:
        self.press("Check again")
        self.browser.wait("!document.querySelector('main [aria-busy=true], main .verdict[hidden]')", patience=SLOW)
        self.shown = str(self.browser.run("return document.querySelector('main table').innerText"))
        return bool(self.browser.run("return document.querySelector('main .verdict.ok') !== null"))

    def make_owner(self) -> None:
        self.browser.open(f"{self.url}/admin/objects/Account-User/new")
        self.ready()
        self.browser.fill("[data-field=name] input", OWNER.partition("@")[0])
        self.choose("[data-field=domainId] select", DOMAIN)
        self.press("Add", "[data-field=credentials]")
        self.browser.wait("document.querySelector('[data-field=\"credentials/0/secret\"] input')")
        self.browser.fill("[data-field='credentials/0/secret'] input", PASSWORD)
        self.press("Create")
        self.says(OWNER, "table")

    def diagnose(self) -> None:
        self.browser.open(f"{self.url}/admin/diagnose")
        self.ready()
        self.browser.fill("main [name=target]", "postmaster@good.test")
        self.browser.press(ENTER)
        self.says("Finished", ".verdict")
        self.says("the connection is secure", ".verdict")

    def second_factor(self) -> str:
        self.sign_in("/account/two-factor", OWNER, PASSWORD)
        self.ready()
        text = self.browser.run("return document.querySelector('.secret-text').textContent")
        secret = str(text).replace(" ", "")
        self.browser.fill("[name=currentSecret]", PASSWORD)
        self.browser.fill("[name=otpCode]", self.code(secret))
        self.press("Switch on")
        self.says("Two-factor sign-in is on.", ".notices")
        return secret

    def app_password(self, secret: str) -> None:
        self.sign_in("/account/app-passwords", OWNER, PASSWORD)
        self.browser.wait("document.querySelector('[name=code]')", patience=SLOW)
        self.browser.fill("[name=code]", self.code(secret, 1))
        self.browser.press(ENTER)
        self.ready()
        self.press("Add an app password")
        self.browser.fill("[name=description]", "Telephone")
        self.press("Make it", "dialog")
        made = self.browser.wait("document.querySelector('dialog .secret-text')?.textContent", patience=SLOW)
        self.assertEqual(self.status("/jmap/session", basic(OWNER, made)), 200)
        self.assertEqual(self.status("/jmap/session", basic(OWNER, PASSWORD)), 402)  # a code is wanted
