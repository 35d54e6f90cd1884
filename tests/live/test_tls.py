"""A real daemon that serves TLS: certificates by name, versions, sessions, changes while it runs, and bad clients."""

from __future__ import annotations

import atexit
import re
import shutil
import socket
import subprocess
import time
from contextlib import closing
from functools import cache
from typing import Any

from OpenSSL import SSL
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.live.authority import Authority, TlsClient
from tests.live.crew import Crew
from tests.live.daemon import LOOPBACK, Daemon, new_folder
from tests.live.people import Administrator

HTTPS = re.compile(r"listening https 127\.0\.0\.1:(\d+)")
TLS = ("--http", "tls:0:interface=127.0.0.1")
VERSIONS = (SSL.TLS1_2_VERSION, SSL.TLS1_3_VERSION)
A, B, DEFAULT = "a.example.test", "*.b.example.test", "mail.example.test"
HOSTILE = (
    b"\xff\xfe.test",
    b"a" * 255,
    b"..",
    b".",
    b"*.b.example.test",
    b"127.0.0.1",
    b"../../etc",
    b"a.example.test\n",
)


def free() -> int:
    """A port that nobody has at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


class Running:
    """A daemon with three certificates of ``authority``, the last of which is the default."""

    def __init__(self) -> None:
        self.folder = new_folder()
        self.authority = Authority()
        self.daemon = Daemon.with_data(self.folder)
        self.people = Administrator(self.daemon)
        ids = [self.people.create("Certificate", self.authority.pair(name))["id"] for name in (A, B, DEFAULT)]
        self.people.change("SystemSettings", {"defaultCertificateId": ids[2]})

    def close(self) -> None:
        """End it."""
        self.daemon.close()
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def running() -> Running:
    """The one that all tests share: it ends with the process, as trial has no class fixtures."""
    made = Running()
    atexit.register(made.close)
    return made


class TlsCase(SynchronousTestCase):
    """A daemon with certificates, to which tests add listeners with implicit TLS, each its own."""

    def setUp(self) -> None:
        found = running()
        self.folder, self.authority = found.folder, found.authority
        self.daemon, self.people = found.daemon, found.people

    def listen(self, **members: Any) -> tuple[int, str]:
        """Port and id of a new listener."""
        port = free()
        wire = {"name": f"tls{port}", "bind": {f"127.0.0.1:{port}": True}, "protocol": "http", "tlsImplicit": True}
        return port, self.people.create("NetworkListener", wire | members)["id"]

    def shaken(self, port: int, name: str | bytes | None = A, **given: Any) -> TlsClient:
        """A client that has shaken hands, and leaves after the test."""
        client = TlsClient(port, name.encode() if isinstance(name, str) else name, **given)
        self.addCleanup(client.close)
        return client


class HandshakeTests(TlsCase):
    """What clients see."""

    def test_name_chooses_the_certificate(self) -> None:
        port, _ = self.listen()
        wanted: dict[str | None, str] = {
            A: A,
            "A.Example.Test": A,
            "x.b.example.test": B,
            "x.y.b.example.test": DEFAULT,
            DEFAULT: DEFAULT,
            "unknown.test": DEFAULT,
            None: DEFAULT,
        }
        for version in VERSIONS:
            found = {name: self.shaken(port, name, version=version).names for name in wanted}
            self.assertEqual(found, {name: {each} for name, each in wanted.items()})

    def test_hostile_names_are_served_like_unknown_ones(self) -> None:
        port, _ = self.listen()
        for name in HOSTILE:
            for version in VERSIONS:
                client = self.shaken(port, name, version=version)
                self.assertEqual(client.get(), 200, name)
        self.assertNotIn("Traceback", self.daemon.log)

    def test_session_is_resumed_whichever_name_was_asked_for_but_not_at_another_listener(self) -> None:
        (port, _), (other, _) = self.listen(), self.listen()
        for version in VERSIONS:
            for name in (A, DEFAULT):
                first = self.shaken(port, name, version=version)
                self.assertEqual((first.is_resumed, first.get()), (False, 200))
                again = self.shaken(port, name, like=first)
                self.assertEqual((again.is_resumed, again.get()), (True, 200), (version, name))
                elsewhere = self.shaken(other, name, like=first)
                self.assertEqual((elsewhere.is_resumed, elsewhere.get()), (False, 200), (version, name))

    def test_alpn_agrees_on_http(self) -> None:
        port, _ = self.listen()
        client = self.shaken(port, protocols=(b"http/1.1",))
        self.assertEqual((client.tls.get_alpn_proto_negotiated(), client.get()), (b"http/1.1", 200))
        self.assertEqual(self.shaken(port, protocols=(b"h2", b"http/1.1")).tls.get_alpn_proto_negotiated(), b"h2")
        self.assertEqual(self.shaken(port, protocols=(b"gopher",)).get(), 200)

    def test_proxy_header_comes_before_tls(self) -> None:
        port, _ = self.listen(overrideProxyTrustedNetworks={"127.0.0.1": True})
        header = b"PROXY TCP4 203.0.113.5 127.0.0.1 4711 443\r\n"
        self.assertEqual(self.shaken(port, first=header).get(), 200)
        self.assertRaises(SSL.Error, TlsClient, port)

    def test_openssl_trusts_what_is_served(self) -> None:
        if shutil.which("openssl") is None:
            raise SkipTest("openssl is not installed")
        port, _ = self.listen()
        root = self.folder / "root.pem"
        root.write_text(self.authority.pem)
        words = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername", A, "-verify_hostname", A]
        done = subprocess.run(
            [*words, "-CAfile", str(root), "-verify_return_error", "-alpn", "http/1.1"],
            input=b"GET /healthz/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            capture_output=True,
            timeout=30,
        )
        said = done.stdout.decode(errors="replace")
        self.assertIn("Verify return code: 0 (ok)", said, done.stderr)
        self.assertIn("ALPN protocol: http/1.1", said)
        self.assertIn("TLSv1.3", said)


class ChangeTests(TlsCase):
    """While it runs."""

    def test_new_certificate_is_in_force_for_the_next_handshake_and_old_connections_live_on(self) -> None:
        port, _ = self.listen()
        name = "new.example.test"
        id = self.people.create("Certificate", self.authority.pair(name))["id"]
        before = self.shaken(port, name)
        self.assertEqual((before.names, before.get()), ({name}, 200))
        self.people.change("Certificate", self.authority.pair(name), id)
        after = self.shaken(port, name)
        self.assertEqual((after.names, before.get()), ({name}, 200))
        self.assertNotEqual(after.serial, before.serial)
        self.people.call("x:Certificate/set", {"destroy": [id]})
        self.assertEqual((self.shaken(port, name).names, before.get()), ({DEFAULT}, 200))

    def test_key_that_does_not_belong_is_refused_in_words(self) -> None:
        mixed = self.authority.pair(A) | {"privateKey": self.authority.pair(A)["privateKey"]}
        before = len(self.people.call("x:Certificate/query", {})["ids"])
        answer = self.people.call("x:Certificate/set", {"create": {"a": mixed}})
        self.assertIn("privateKey", answer["notCreated"]["a"]["properties"])
        self.assertRegex(answer["notCreated"]["a"]["description"], "key .*certificate")
        self.assertEqual(len(self.people.call("x:Certificate/query", {})["ids"]), before)

    def test_changed_listener_asks_for_other_versions_and_keeps_its_connections(self) -> None:
        port, id = self.listen()
        before = self.shaken(port)
        self.assertEqual(before.tls.get_protocol_version(), SSL.TLS1_3_VERSION)
        self.people.change("NetworkListener", {"tlsDisableProtocols": {"tls13": True}}, id)
        self.assertEqual(self.shaken(port).tls.get_protocol_version(), SSL.TLS1_2_VERSION)
        self.assertEqual(before.get(), 200)
        only = {"tls-ecdhe-ecdsa-with-aes-256-gcm-sha384"}
        suites = [
            f"tls-ecdhe-{key}-with-{cipher}"
            for key in ("ecdsa", "rsa")
            for cipher in ("aes-256-gcm-sha384", "aes-128-gcm-sha256", "chacha20-poly1305-sha256")
        ]
        without = dict.fromkeys(set(suites) - only, True)
        self.people.change("NetworkListener", {"tlsDisableCipherSuites": without}, id)
        self.assertEqual(self.shaken(port).tls.get_cipher_name(), "ECDHE-ECDSA-AES256-GCM-SHA384")
        self.assertRaises(SSL.Error, TlsClient, port, version=SSL.TLS1_3_VERSION)

    def test_listener_that_turns_to_tls_keeps_its_socket_and_its_clear_connections(self) -> None:
        port, id = self.listen(tlsImplicit=False)
        with closing(socket.create_connection(("127.0.0.1", port), 10)) as plain:
            self.people.change("NetworkListener", {"tlsImplicit": True}, id)
            self.assertEqual(self.shaken(port).get(), 200)
            plain.sendall(b"GET /healthz/live HTTP/1.1\r\nHost: a\r\n\r\n")
            self.assertIn(b" 200 ", plain.recv(65536))


class BadClientTests(TlsCase):
    """Whoever does not speak TLS, or slowly."""

    def test_plain_http_on_the_tls_port_does_no_harm(self) -> None:
        port, _ = self.listen()
        for sent in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x00" * 5000, b"\x16\x03\x01\xff\xff" + b"\x01" * 300):
            with closing(socket.create_connection(("127.0.0.1", port), 10)) as plain:
                plain.sendall(sent)
                self.assertNotIn(b"HTTP/1", read_all(plain))
        self.assertEqual(self.shaken(port).get(), 200)
        self.assertNotIn("Traceback", self.daemon.log)

    def test_slow_handshakes_are_cut_off(self) -> None:
        port, _ = self.listen(tlsTimeout=1000)
        silent = socket.create_connection(("127.0.0.1", port), 10)
        dripping = socket.create_connection(("127.0.0.1", port), 10)
        began = time.monotonic()
        with closing(silent), closing(dripping):
            for byte in b"\x16\x03\x01\x02":
                dripping.sendall(bytes((byte,)))
                time.sleep(0.1)
            self.assertEqual((read_all(silent), read_all(dripping)), (b"", b""))
        self.assertLess(time.monotonic() - began, 5)
        patient = self.shaken(port)
        time.sleep(1.2)
        self.assertEqual(patient.get(), 200)

    def test_connections_during_their_handshake_count(self) -> None:
        port, _ = self.listen(maxConnections=1)
        waiting = socket.create_connection(("127.0.0.1", port), 10)
        time.sleep(0.2)
        with self.assertRaises(SSL.Error):
            TlsClient(port)
        waiting.close()
        time.sleep(0.2)
        first = TlsClient(port)
        self.assertEqual(first.get(), 200)
        first.close()
        time.sleep(0.2)
        self.assertEqual(self.shaken(port).get(), 200)


class OptionTests(SynchronousTestCase):
    """``--http tls:...``, alone and with workers."""

    def test_own_certificate_is_served_until_there_is_another_and_a_restart_keeps_that(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        daemon = Daemon.with_data(folder, *LOOPBACK, *TLS, STALWART_HOSTNAME="own.example.test")
        self.addCleanup(daemon.close)
        port = int(daemon.wait_for(HTTPS)[1])
        own = TlsClient(port, b"a.example.test")
        self.assertEqual((own.names, own.get()), ({"own.example.test"}, 200))
        Administrator(daemon).create("Certificate", Authority().pair(A))
        own.close()
        with closing(TlsClient(port)) as client:
            self.assertEqual(client.names, {A})
        daemon.terminate()
        again = Daemon.with_data(folder, *LOOPBACK, *TLS)
        self.addCleanup(again.close)
        with closing(TlsClient(int(again.wait_for(HTTPS)[1]), like=own)) as client:
            self.assertEqual((client.is_resumed, client.names, client.get()), (False, {A}, 200))

    def test_workers_share_the_socket_and_the_certificates(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        crew = Crew.with_data(folder / "data", "--workers", "2", *LOOPBACK, *TLS)
        self.addCleanup(crew.close)
        pids = crew.wait_for_workers(2)
        port = int(crew.wait_for(HTTPS)[1])
        Administrator(crew).create("Certificate", Authority().pair(A))
        time.sleep(1)  # workers tell each other
        client = None
        for pid in pids:
            with crew.only(pid), closing(TlsClient(port, A.encode(), like=client)) as client:
                self.assertEqual((client.is_resumed, client.names, client.get()), (False, {A}, 200))


def read_all(plain: socket.socket) -> bytes:
    """Everything until the server closes."""
    found = b""
    try:
        while more := plain.recv(65536):
            found += more
    except ConnectionResetError:
        pass
    return found
