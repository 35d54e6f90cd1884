"""Mail that comes to a real daemon by SMTP and LMTP, over sockets."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.live.daemon import ENDED, PATIENCE, Daemon, basic, new_folder
from tests.live.lmtp_client import MailClient
from tests.live.mail_store import StoredEmail, stored_emails
from tests.programs import lacking

PORTS = ("--http", "--smtp", "--lmtp")
ALICE, BOB, SENDER = "alice@example.test", "bob@example.test", "a@sender.test"


def message(number: int = 0, size: int = 1000) -> bytes:
    head = f"From: {SENDER}\r\nMessage-ID: <{number}@sender.test>\r\nSubject: Number {number}\r\n\r\n"
    return head.encode() + b"0123456789 abcde\r\n" * (size // 18)


class MailCase(SynchronousTestCase):
    """A daemon with the demo accounts; ``smtp`` and ``lmtp`` are its ports."""

    options: tuple[str, ...] = ()

    def setUp(self) -> None:
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        self.start()

    def start(self) -> None:
        options = [word for name in PORTS for word in (name, "tcp:0:interface=127.0.0.1")]
        self.daemon = Daemon.with_data(self.data, "--demo", *options, *self.options)
        self.addCleanup(self.daemon.close)
        self.smtp, self.lmtp = (self.port(name) for name in ("smtp", "lmtp"))
        self.daemon.wait_for(re.compile("Server started"))

    def port(self, service: str) -> int:
        return int(self.daemon.wait_for(re.compile(rf"listening {service} 127\.0\.0\.1:(\d+)"))[1])

    def client(self, *, lmtp: bool = False, **options: Any) -> MailClient:
        if not lmtp:
            options.setdefault("hello", "EHLO client.test")
        client = MailClient(self.lmtp if lmtp else self.smtp, **options)
        self.addCleanup(client.close)
        return client

    def ended(self) -> list[StoredEmail]:
        """What is stored, once the daemon has ended in good order."""
        self.assertIn(self.daemon.terminate()[0], ENDED)
        self.assertNotIn("Traceback", self.daemon.log)
        return list(stored_emails(self.data))


class ArrivalTests(MailCase):
    """Messages come in."""

    def test_by_smtp_and_lmtp(self) -> None:
        answers = self.client().deliver(SENDER, [ALICE, "BOB+x@example.test"], message(1), lmtp=False)
        self.assertEqual([code for code, _ in answers], [250])
        client = self.client(lmtp=True)
        self.assertEqual(client.deliver(SENDER, ["nobody@example.test"], message(2))[0][0], 550)
        self.assertEqual(client.deliver(SENDER, ["a@elsewhere.test"], message(2))[0][0], 550)
        answers = client.deliver(SENDER, [ALICE, BOB], message(3, 200_000))
        self.assertEqual([code for code, _ in answers], [250, 250])
        found = self.ended()
        self.assertEqual(sorted(each.account for each in found), [ALICE, ALICE, BOB, BOB])
        for each in found:
            self.assertTrue(each.octets.startswith(f"Return-Path: <{SENDER}>\r\n".encode()))
            self.assertIn(b"\r\nReceived: from client.test", each.octets)
            self.assertTrue(each.octets.endswith((message(1), message(3, 200_000))))

    def test_with_tls(self) -> None:
        client = self.client()
        client.socket.sendall(b"STARTTLS\r\nMAIL FROM:<evil@sender.test>\r\n")
        self.assertEqual(client.answer()[0], 554)  # nobody can tell who has said what followed
        client.close()
        client = self.client()
        self.assertIn("STARTTLS", client.offers)
        self.assertNotIn("STARTTLS", client.start_tls()[1])
        self.assertEqual(client.deliver(SENDER, [ALICE], message(1), lmtp=False)[0][0], 250)
        client.close()
        (found,) = self.ended()
        self.assertRegex(found.octets.replace(b"\r\n\t", b" "), rb"with ESMTPS \(TLSv1\.3/TLS_")

    def test_all_at_once(self) -> None:
        client = self.client(lmtp=True)
        named = f"RCPT TO:<x@example.test>\r\nRCPT TO:<{ALICE}>"
        client.socket.sendall(f"MAIL FROM:<{SENDER}>\r\n{named}\r\nDATA\r\n".encode())
        self.assertEqual([client.answer()[0] for _ in range(4)], [250, 550, 250, 354])
        client.socket.sendall(message(1) + b".\r\nRSET\r\nQUIT\r\n")
        self.assertEqual([client.answer()[0] for _ in range(3)], [250, 250, 221])
        self.assertEqual(len(self.ended()), 1)

    def test_no_message_hides_in_another_one(self) -> None:
        hidden = f"\n.\r\nMAIL FROM:<evil@sender.test>\r\nRCPT TO:<{BOB}>\r\nDATA\r\nSubject: x\r\n\r\n"
        for end in ("\n.\r\n", "\r.\r", "\n.\n", "\r\n.\n", "\r\n.\r"):
            text = message(1).decode() + hidden.replace("\n.\r\n", end)
            client = self.client()
            client.say(f"MAIL FROM:<{SENDER}>")
            client.say(f"RCPT TO:<{ALICE}>")
            client.say("DATA")
            client.socket.sendall(text.encode() + b"\r\n.\r\n")
            self.assertEqual(client.answer()[0], 550, repr(end))
        self.assertEqual(self.ended(), [])

    def test_swaks(self) -> None:
        if absent := lacking("swaks"):
            raise SkipTest(f"not installed: {absent}")
        for options in (("--tls",), ("--pipeline",), ("--protocol", "LMTP", "--server", f"127.0.0.1:{self.lmtp}")):
            words = ("--server", f"127.0.0.1:{self.smtp}", "--helo", "client.test", "--from", SENDER, "--to", ALICE)
            said = subprocess.run(["swaks", *words, *options], capture_output=True, timeout=PATIENCE)
            self.assertEqual(said.returncode, 0, said.stdout[-2000:])
        self.assertEqual(len(self.ended()), 3)


class EndTests(MailCase):
    """SIGTERM while something is going on."""

    def test_a_message_that_has_begun_is_taken(self) -> None:
        client, idle = self.client(), self.client()
        for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{ALICE}>", "DATA"):
            client.say(line)
        client.socket.sendall(message(1)[:100])
        self.daemon.signal(signal.SIGTERM)
        self.assertEqual(idle.answer()[0], 421)
        idle.close()
        client.socket.sendall(message(1)[100:] + b".\r\n")
        self.assertEqual([client.answer()[0] for _ in range(2)], [250, 421])
        client.close()
        self.assertIn(self.daemon.wait(), ENDED)
        self.assertEqual(len(list(stored_emails(self.data))), 1)


class HostileTests(MailCase):
    """Clients that mean no good."""

    def test_much_of_everything(self) -> None:
        client = self.client(lmtp=True)
        client.say(f"MAIL FROM:<{SENDER}>")
        count = 20_000

        def send() -> None:
            for _ in range(count // 1000):
                client.socket.sendall(b"RCPT TO:<alice@example.test>\r\n" * 1000)

        sending = threading.Thread(target=send, daemon=True)
        sending.start()
        codes = [client.answer()[0] for _ in range(count)]
        sending.join(PATIENCE)
        self.assertEqual((codes.count(250), codes.count(452)), (5000, count - 5000))
        client.close()
        client = self.client()
        client.socket.sendall(b"NOOP " + b"x" * 1_000_000 + b"\r\nNOOP\r\n")
        self.assertEqual([client.answer()[0] for _ in range(2)], [500, 250])
        clients = [socket.create_connection(("127.0.0.1", self.smtp), timeout=PATIENCE) for _ in range(300)]
        self.addCleanup(lambda: [each.close() for each in clients])
        self.assertEqual(self.client(lmtp=True).deliver(SENDER, [ALICE], message(1))[0][0], 250)
        self.assertEqual(len(self.ended()), 1)

    def test_messages_that_are_hard_to_read(self) -> None:
        client = self.client(lmtp=True)
        self.assertEqual(client.deliver(SENDER, [ALICE], message(1))[0][0], 250)
        before = self.peak()
        with Waits(self.client(lmtp=True)) as waits:
            for text in bombs():
                answers = client.deliver(SENDER, [ALICE], b"Subject: x\r\nMIME-Version: 1.0\r\n" + text + b"\r\n")
                self.assertEqual(answers[0][0], 250, text[:60])
        self.assertLess(self.peak() - before, 250 << 10)
        self.assertGreater(len(waits.times), 20)
        self.assertLess(max(waits.times), 3)
        self.assertEqual(len(self.ended()), 1 + len(list(bombs())))

    def test_many_messages_at_a_time_that_do_not_end(self) -> None:
        clients = [self.client(lmtp=True) for _ in range(200)]
        before = self.peak()
        for number, client in enumerate(clients):
            for line in (f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{ALICE}>", "DATA"):
                client.say(line)
            client.socket.sendall(message(number, 300_000))
        self.assertEqual(self.client(lmtp=True).deliver(SENDER, [BOB], message(1000))[0][0], 250)
        self.assertLess(self.peak() - before, 60 << 10)  # not all that has come
        for client in clients[:-10]:
            client.close()
        for client in clients[-10:]:
            client.socket.sendall(b".\r\n")
            self.assertEqual(client.answer()[0], 250)
        self.assertEqual(sorted(each.account for each in self.ended()), [ALICE] * 10 + [BOB])

    def peak(self) -> int:
        """The most memory that the daemon has had, in KiB."""
        found = re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{self.daemon.process.pid}/status").read_text())
        assert found is not None
        return int(found[1])


class Waits:
    """Asks something trivial again and again in a thread; ``times`` are the seconds that answers took."""

    def __init__(self, client: MailClient) -> None:
        self.times: list[float] = []
        self._client = client
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Waits:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(PATIENCE)

    def _run(self) -> None:
        while not self._over.wait(0.01):
            began = time.monotonic()
            self._client.say("LHLO client.test")
            self.times.append(time.monotonic() - began)


def bombs() -> Iterator[bytes]:
    """Messages that are small to send and large to whoever takes them apart without care; heads are open."""
    part = b'--b\r\nContent-Type: text/html; name="x.html"\r\nContent-Disposition: attachment\r\n\r\nx\r\n'
    yield b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + part * 100_000 + b"--b--"
    nested = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(10_000))
    yield b"".join(nested) + b"\r\nx"
    yield b"Content-Type: message/rfc822\r\n\r\n" * 10_000 + b"\r\nx"
    yield b"X-Long: " + b"a" * 50_000_000 + b"\r\n\r\nx"
    yield b"References:" + b"\r\n <12345678@sender.test>" * 500_000 + b"\r\n\r\nx"
    yield b"To: " + b", ".join(b'"Name %d" <u%d@x.test>' % (n, n) for n in range(300_000)) + b"\r\n\r\nx"
    yield b"Content-Type: multipart/mixed; boundary=-\r\n\r\n" + b"---\r\n" * 500_000
    for text in (b"<div>", b"<", b"&", b"<!--", b'<a b="', b"&#x1F600;", b"<script>"):
        yield b"Content-Type: text/html\r\n\r\n" + text * (5_000_000 // len(text))
    yield b"Content-Transfer-Encoding: quoted-printable\r\n\r\n" + b"=\r\n" * 1_000_000


class WorkerTests(MailCase):
    """Several processes that serve."""

    options = ("--workers", "2")

    def test_each_of_them_takes_mail(self) -> None:
        for number in range(10):
            self.assertEqual(self.client().deliver(SENDER, [ALICE], message(number), lmtp=False)[0][0], 250)
        self.assertEqual(len(self.ended()), 10)

    def start(self) -> None:
        super().start()
        until = time.monotonic() + PATIENCE
        while self.daemon.log.count("Server started") < 2 and time.monotonic() < until:
            time.sleep(0.05)


class ListenerTests(MailCase):
    """Listeners that somebody adds."""

    def test_one_with_tls_from_the_first_byte(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        listener = {"name": "secure", "bind": {f"127.0.0.1:{port}": True}, "protocol": "smtp", "tlsImplicit": True}
        self.create("NetworkListener", listener)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with (
            socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as plain,
            context.wrap_socket(plain) as wire,
        ):
            self.assertRegex(wire.recv(200), b"^220 ")
            wire.sendall(b"EHLO client.test\r\n")
            self.assertNotIn(b"STARTTLS", wire.recv(2000))

    def create(self, kind: str, members: dict[str, Any]) -> None:
        import http.client
        import json

        body = {"using": ["urn:ietf:params:jmap:core", "urn:stalwart:jmap"]}
        call = [f"x:{kind}/set", {"create": {"a": members}}, "0"]
        client = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        self.addCleanup(client.close)
        headers = basic("admin", "secret") | {"Content-Type": "application/json"}
        client.request("POST", "/jmap", json.dumps(body | {"methodCalls": [call]}), headers)
        answer = json.loads(client.getresponse().read())
        self.assertIn("a", answer["methodResponses"][0][1].get("created") or {}, answer)


class DiskFullTests(MailCase):
    """A disk that fills up, and has room again (RFC 3463: 4.3.1)."""

    def setUp(self) -> None:
        folder = new_folder()
        self.addCleanup(shutil.rmtree, folder, True)
        if os.geteuid() != 0 or shutil.which("mount") is None:
            raise SkipTest("needs root to mount a small disk")
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)], capture_output=True)
        if mounted.returncode:
            raise SkipTest("a small disk cannot be mounted here")
        self.addCleanup(subprocess.run, ["umount", "-l", str(folder)], check=False)
        self.data = folder / "data"
        self.start()

    def fill(self, path: Path) -> None:
        with open(path, "wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while file.write(b"x" * size) == size:
                        pass
                except OSError:
                    continue

    def test_452_and_then_it_goes_on(self) -> None:
        client = self.client(lmtp=True)
        self.assertEqual(client.deliver(SENDER, [ALICE], message(1))[0][0], 250)
        filler = self.data.parent / "filler"
        for size in (60_000, 300_000):
            self.fill(filler)
            refused = [client.deliver(SENDER, [ALICE], message(2, size))[0] for _ in range(3)]
            self.assertIn((452, "4.3.1"), [(code, text[:5]) for code, text in refused])
            self.assertEqual({code // 100 for code, _ in refused} - {2}, {4}, refused)
            filler.unlink()
        self.assertEqual(client.deliver(SENDER, [ALICE], message(3, 60_000))[0][0], 250)
        self.assertEqual(client.deliver(SENDER, [BOB], message(4, 300_000))[0][0], 250)
        accounts = [each.account for each in self.ended() if b"<3@" in each.octets or b"<4@" in each.octets]
        self.assertEqual(sorted(accounts), [ALICE, BOB])
