"""What clients and senders look for on a real daemon, asked with curl; settings count with the next request."""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import time
import unittest
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.codec.test_autoconfig import read_as_thunderbird
from tests.codec.test_autodiscover import LAUGHS, REQUEST, inside
from tests.live.daemon import PATIENCE, Daemon, new_folder
from tests.live.people import Administrator

HOST = "mail.example.org"
CONFIGURATION = "/.well-known/user-agent-configuration.json"
AUTODISCOVER = "/autodiscover/autodiscover.xml"


@unittest.skipUnless(shutil.which("curl"), "curl is not installed")
class DiscoveryTests(SynchronousTestCase):
    """A daemon that calls itself ``mail.example.org``, and its domain ``example.org``."""

    def setUp(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        self.daemon = Daemon.with_data(folder, STALWART_HOSTNAME=HOST)
        self.addCleanup(self.daemon.close)
        self.administrator = Administrator(self.daemon)
        self.domain = self.administrator.create("Domain", {"name": "example.org"})["id"]

    def curl(self, path: str, *options: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body; a body is sent as it is."""
        sent = ("--data-binary", "@-") if body is not None else ()
        asked = ["curl", "-sS", "-m", str(PATIENCE), "-w", "\n%{http_code}", *sent, *options, self.daemon.url + path]
        found = subprocess.run(asked, input=body, capture_output=True, check=True, timeout=2 * PATIENCE).stdout
        answer, _, status = found.rpartition(b"\n")
        return int(status), answer

    def announce(self, *names: str, **members: Any) -> None:
        services = {name: {"cleartext": False} for name in names}
        self.administrator.change("SystemSettings", {"services": services, **members})

    def zone(self) -> str:
        asked = {"ids": [self.domain], "properties": ["dnsZoneFile"]}
        return str(self.administrator.call("x:Domain/get", asked)["list"][0]["dnsZoneFile"])

    def test_clients_configure_themselves(self) -> None:
        self.announce("imap", "smtp", "jmap")
        jane = "?emailaddress=jane%40example.org"
        status, found = self.curl("/.well-known/autoconfig/mail/config-v1.1.xml" + jane)
        self.assertEqual(status, 200)
        self.assertEqual(
            [(each[0], each[1], each[2]) for each in read_as_thunderbird(found)],
            [("imap", HOST, 993), ("smtp", HOST, 465)],
        )
        self.assertEqual(self.curl("/mail/config-v1.1.xml" + jane), (200, found))
        self.announce("smtp", defaultHostname="mx.example.org")
        self.assertNotIn(b"imap", self.curl("/.well-known/mail-v1.xml" + jane)[1])
        self.assertIn(b"<hostname>mx.example.org</hostname>", self.curl("/.well-known/mail-v1.xml" + jane)[1])
        status, found = self.curl("/autodiscover/autodiscover.json?Email=jane@example.org&Protocol=AutodiscoverV1")
        self.assertEqual((status, b"/autodiscover/autodiscover.xml" in found), (200, True))
        self.assertEqual(self.curl("/.well-known/caldav", "-X", "PROPFIND", body=b"<propfind/>")[0], 307)

    def test_autodiscover_takes_requests_and_no_bombs(self) -> None:
        status, found = self.curl(AUTODISCOVER, body=REQUEST.encode())
        self.assertEqual((status, b"<LoginName>jane@example.org</LoginName>" in found), (200, True))
        self.assertEqual(self.curl(AUTODISCOVER)[0], 405)
        self.assertEqual(self.curl(AUTODISCOVER, body=REQUEST.encode().ljust(8192))[0], 200)
        self.assertEqual(self.curl(AUTODISCOVER, body=REQUEST.encode().ljust(8193))[0], 413)
        self.assertEqual(self.curl(AUTODISCOVER, "-H", "Transfer-Encoding: chunked", body=b" " * 200_000)[0], 413)
        bomb = f'<!DOCTYPE a [<!ENTITY l0 "x">{LAUGHS}]>' + inside("<EMailAddress>&l9;@x</EMailAddress>")
        began = time.monotonic()
        self.assertEqual(self.curl(AUTODISCOVER, body=bomb.encode())[0], 400)
        self.assertLess(time.monotonic() - began, 5)
        self.assertNotIn("Traceback", self.daemon.log)

    def test_dns_has_the_digest_of_what_is_served_also_after_a_change(self) -> None:
        for names in (("jmap", "smtp"), ("smtp", "caldav")):
            self.announce(*names)
            status, served = self.curl(CONFIGURATION, "-H", "Host: ua-auto-config.example.org")
            digest = base64.b64encode(hashlib.sha256(served).digest()).decode()
            self.assertEqual(status, 200)
            self.assertIn(f'"v=UAAC1; a=sha256; d={digest}"', self.zone())

    def test_policy_of_a_domain_and_its_record(self) -> None:
        self.administrator.change(
            "Domain", {"mtaSts": {"mode": "enforce", "mxHosts": {"mx.example.org": True}}}, self.domain
        )
        status, served = self.curl("/.well-known/mta-sts.txt", "-H", "Host: mta-sts.example.org")
        self.assertEqual(
            (status, b"mode: enforce\r\n" in served, b"mx: mx.example.org\r\n" in served), (200, True, True)
        )
        self.assertIn(f"v=STSv1; id={hashlib.sha256(served).hexdigest()[:20]}", self.zone())
        self.assertIn(b"mode: testing", self.curl("/.well-known/mta-sts.txt")[1])
