"""Certificates of a real daemon: sealed on disk, there after a kill, at every worker; and port 80."""

from __future__ import annotations

import base64
import http.client
import re
import shutil
import signal
import socket
import stat
import time
from contextlib import closing
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.live.authority import Authority, TlsClient
from tests.live.crew import Crew
from tests.live.daemon import LOOPBACK, PATIENCE, Daemon, new_folder
from tests.live.people import Administrator

HTTPS = re.compile(r"listening https 127\.0\.0\.1:(\d+)")
TLS = ("--http", "tls:0:interface=127.0.0.1")
NAME = "a.example.test"
PLAIN = "127.0.0.80"


class CertificateCase(SynchronousTestCase):
    """A folder, and certificates to put there."""

    def setUp(self) -> None:
        self.folder = new_folder()
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.data = self.folder / "data"
        self.authority = Authority()

    def start(self, *arguments: str) -> tuple[Daemon, int]:
        """A daemon over the folder, and its TLS port."""
        daemon = Daemon.with_data(self.data, *LOOPBACK, *TLS, *arguments)
        self.addCleanup(daemon.close)
        return daemon, int(daemon.wait_for(HTTPS)[1])

    def serial(self, port: int) -> int:
        """The number of the certificate that a client is shown."""
        with closing(TlsClient(port, NAME.encode())) as client:
            self.assertEqual(client.get(), 200)
            return client.serial


class DiskTests(CertificateCase):
    """What is written down."""

    def test_a_kill_loses_nothing_and_the_key_is_nowhere_in_clear(self) -> None:
        daemon, port = self.start()
        members = self.authority.pair(NAME)
        made = Administrator(daemon).create("Certificate", members)
        self.assertNotIn("BEGIN", str(made.get("privateKey")))
        served = self.serial(port)
        daemon.signal(signal.SIGKILL)
        daemon.wait()
        files = [path for path in self.data.rglob("*") if path.is_file()]
        self.assertTrue(any(path.suffix == ".sqlite" or path.read_bytes()[:6] == b"SQLite" for path in files))
        for secret in forms(members["privateKey"]["secret"]):
            self.assertEqual([path for path in files if secret in path.read_bytes()], [])
        [key_file] = [path for path in files if path.name == "vault.key"]
        self.assertEqual(stat.S_IMODE(key_file.stat().st_mode), 0o600)
        again, port = self.start()
        self.assertEqual(self.serial(port), served)
        for each in (daemon, again):
            self.assertNotIn("PRIVATE KEY", each.log + each.errors)
            self.assertNotIn("Traceback", each.log + each.errors)


class WorkerTests(CertificateCase):
    """Several processes."""

    def test_what_one_stores_all_serve(self) -> None:
        crew = Crew.with_data(self.data, "--workers", "2", *LOOPBACK, *TLS)
        self.addCleanup(crew.close)
        pids = crew.wait_for_workers(2)
        port = int(crew.wait_for(HTTPS)[1])
        people = Administrator(crew)
        members = self.authority.pair(NAME)
        id = people.create("Certificate", members)["id"]
        for wanted in (members, self.authority.pair(NAME)):
            if wanted is not members:
                people.change("Certificate", wanted, id)
            number = serial_of(wanted)
            for pid in pids:
                with crew.only(pid):
                    self.soon(port, number)
            self.assertEqual({self.serial(port) for _ in range(20)}, {number})
        self.assertNotIn("Traceback", crew.log + crew.errors)

    def soon(self, port: int, number: int) -> None:
        """Workers hear of each other's changes within a second."""
        until = time.monotonic() + 1
        while self.serial(port) != number:
            self.assertLess(time.monotonic(), until)
            time.sleep(0.05)


class PlainTests(CertificateCase):
    """Port 80 (design 8)."""

    def test_clear_text_at_port_80_is_sent_to_tls(self) -> None:
        try:
            socket.create_server((PLAIN, 80)).close()
        except OSError as problem:
            raise SkipTest(f"{PLAIN}:80 cannot be had: {problem}") from None
        daemon, port = self.start("--http", f"tcp:80:interface={PLAIN}")
        daemon.wait_for(re.compile(rf"listening http {PLAIN}:80"))
        for method, path, host, wanted in (
            ("GET", "/jmap/session?x=%2F&y", NAME, f"https://{NAME}:{port}/jmap/session?x=%2F&y"),
            ("POST", "/api/auth", f"{NAME}:80", f"https://{NAME}:{port}/api/auth"),
            ("GET", "//evil.test/", NAME, f"https://{NAME}:{port}//evil.test/"),
        ):
            status, location = self.asked(method, path, host)
            self.assertEqual((status, location), (308, wanted))
        self.assertEqual(self.asked("GET", "/.well-known/acme-challenge/none", NAME), (404, None))
        self.assertEqual(daemon.get("/healthz/live", {})[0], 200)  # at its other port

    def asked(self, method: str, path: str, host: str) -> tuple[int, str | None]:
        """Status and Location."""
        client = http.client.HTTPConnection(PLAIN, 80, timeout=PATIENCE)
        with closing(client):
            client.request(method, path, headers={"Host": host})
            answer = client.getresponse()
            return answer.status, answer.getheader("Location")


def serial_of(members: dict[str, Any]) -> int:
    """The number of a certificate."""
    return x509.load_pem_x509_certificate(members["certificate"]["value"].encode()).serial_number


def forms(pem: str) -> list[bytes]:
    """What would give the key away: its bytes, its number, and lines of its text."""
    key = load_pem_private_key(pem.encode(), None)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    number = key.private_numbers().private_value.to_bytes(32, "big")  # type: ignore[union-attr]
    lines = [line.encode() for line in pem.splitlines()[1:-1]]
    return [der, number, number.hex().encode(), base64.b64encode(number), *lines]
