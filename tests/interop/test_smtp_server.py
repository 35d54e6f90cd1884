"""Programs that send mail, against our SMTP and LMTP servers on a loopback port: swaks, OpenSSL, Postfix and its load
generator. What takes the mail is the twin of tests/smtp.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, ClassVar

from attrs import evolve
from twisted.internet import reactor as global_reactor
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, TestCase

from stalwart.config.network.listener import NetworkListener
from stalwart.smtp.limits import UNLIMITED, Limits
from stalwart.smtp.policy import Policy
from stalwart.smtp.role import LMTP, MX, SUBMISSION, Role
from stalwart.smtp.server import SmtpFactory
from stalwart.telemetry import Telemetry
from stalwart.tls.contexts import ServerTls
from stalwart.tls.selection import Certificates
from stalwart.web.connection import Listener
from tests.interop import postfix
from tests.live.daemon import end
from tests.programs import found, lacking
from tests.smtp.signing_in import TwinAuthenticator
from tests.smtp.twin import TwinReception
from tests.tls.handshakes import Challenged

reactor: Any = global_reactor
PATIENCE = 30.0
SENDER, RECIPIENT = "anna@sender.test", "bert@example.test"


def _find(program: str) -> str:
    path, absent = found(program), lacking(program)
    if path is None or absent:
        raise SkipTest(f"not installed: {absent}")
    return path


class ServerCase(TestCase):
    """``serve`` opens a port; ``run_program`` gives what a program said and how it ended."""

    role: ClassVar[Role] = MX
    limits: ClassVar[Limits] = evolve(UNLIMITED, greet_delay=0.0)

    def setUp(self) -> None:
        self.reception = TwinReception()
        telemetry = Telemetry()
        server = ServerTls(
            Certificates(reactor, telemetry, lambda: ("mx.example.test",)), Challenged(), reactor, telemetry
        )
        tls = server.creator(NetworkListener.from_wire({"name": "smtp", "bind": {"[::]:25": True}}), ())
        authenticator = TwinAuthenticator(needs_tls=True) if self.role is SUBMISSION else None
        names = ("mx.example.test", "mx.example.test ready")
        policy = Policy(self.role, self.reception, telemetry, reactor, *names, self.limits, tls, authenticator)
        self.factory = SmtpFactory(Listener("smtp"), policy)
        self.port: Any = reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        self.number: int = self.port.getHost().port
        self.addCleanup(self._close)

    async def _close(self) -> None:
        await self.port.stopListening()
        await self.factory.close(5)
        self.flushLoggedErrors()

    async def run_program(self, program: str, *arguments: str, input: bytes = b"") -> tuple[int, str]:
        path = _find(program)

        def work() -> tuple[int, str]:
            ended = subprocess.run(
                [path, *arguments], input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=PATIENCE
            )
            return ended.returncode, ended.stdout.decode("utf-8", "replace")

        return await deferToThread(work)

    async def swaks(self, *arguments: str) -> str:
        code, said = await self.run_program(
            *("swaks", "--server", "127.0.0.1", "--port", str(self.number), "--helo", "client.sender.test"),
            *("--from", SENDER, "--to", RECIPIENT, *arguments),
        )
        self.assertEqual(code, 0, said)
        return said

    def log(self) -> str:
        """What another program has noted."""
        return ""

    async def until(self, condition: Callable[[], bool]) -> None:
        late = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > late:
                self.fail(f"it does not come: {self.log()}")
            await deferLater(reactor, 0.05)


class SwaksTests(ServerCase):
    async def test_a_message_arrives_as_it_was_sent(self) -> None:
        body = "Subject: dots\\n\\n.\\n..\\nA line\\n"
        await self.swaks("--data", body)
        (envelope, octets), *others = self.reception.messages
        self.assertEqual(others, [])
        self.assertEqual((envelope.sender.text, envelope.recipients[0].path.text), (SENDER, RECIPIENT))
        self.assertIn(b"Subject: dots\r\n\r\n.\r\n..\r\nA line\r\n", octets)

    async def test_with_starttls_and_all_at_once(self) -> None:
        said = await self.swaks("--tls", "--pipeline")
        self.assertIn("TLS started", said)
        envelope, _ = self.reception.messages[0]
        self.assertRegex(envelope.peer.tls or "", r"^TLSv1\.3 TLS_")

    async def test_an_unknown_recipient_is_refused(self) -> None:
        code, said = await self.run_program(
            *("swaks", "--server", "127.0.0.1", "--port", str(self.number), "--helo", "client.sender.test"),
            *("--from", SENDER, "--to", "unknown@example.test"),
        )
        self.assertEqual(code, 24, said)
        self.assertIn("550 5.1.1", said)

    async def test_eight_bits(self) -> None:
        await self.swaks("--data", "Subject: ü\\n\\nGrüße\\n")
        self.assertIn("Grüße".encode(), self.reception.octets[0])


class SubmissionTests(ServerCase):
    role = SUBMISSION

    async def test_signing_in(self) -> None:
        for mechanism in ("PLAIN", "LOGIN"):
            login = ("--auth", mechanism, "--auth-user", "jane", "--auth-password", "secret")
            said = await self.swaks("--tls", *login)
            self.assertIn("235 2.7.0", said)
        self.assertEqual([envelope.peer.login for envelope, _ in self.reception.messages], ["jane"] * 2)


class LmtpTests(ServerCase):
    role = LMTP

    async def test_swaks_delivers_to_two(self) -> None:
        said = await self.swaks("--protocol", "LMTP", "--to", "a@example.test,b@example.test", "--pipeline")
        self.assertEqual(said.count("Message accepted"), 2)
        self.assertEqual(len(self.reception.messages), 1)

    async def test_postfix_generates_load(self) -> None:
        arguments = ("-L", "-s", "4", "-l", "8192", "-m", "200", "-r", "3", "-f", SENDER, "-t", RECIPIENT)
        code, said = await self.run_program("smtp-source", *arguments, f"127.0.0.1:{self.number}")
        self.assertEqual(code, 0, said)
        self.assertEqual(len(self.reception.messages), 200)
        self.assertEqual({len(envelope.recipients) for envelope, _ in self.reception.messages}, {3})


class LoadTests(ServerCase):
    async def test_postfix_generates_load(self) -> None:
        for also in ((), ("-d",)):
            arguments = (
                *also,
                "-M",
                "client.sender.test",
                "-s",
                "8",
                "-l",
                "8192",
                "-m",
                "200",
                "-f",
                SENDER,
                "-t",
                RECIPIENT,
            )
            code, said = await self.run_program("smtp-source", *arguments, f"127.0.0.1:{self.number}")
            self.assertEqual(code, 0, said)
        self.assertEqual(len(self.reception.messages), 400)
        self.assertGreater(min(map(len, self.reception.octets)), 8000)
        await self.until(lambda: not self.factory.connections)


class OpensslTests(ServerCase):
    async def test_a_session_over_starttls(self) -> None:
        lines = ("EHLO client.sender.test", f"MAIL FROM:<{SENDER}>", f"RCPT TO:<{RECIPIENT}>", "NOOP", "QUIT", "")
        code, said = await self.run_program(
            *("openssl", "s_client", "-starttls", "smtp", "-connect", f"127.0.0.1:{self.number}"),
            *("-name", "client.sender.test", "-quiet", "-crlf"),
            input="\n".join(lines).encode(),
        )
        self.assertEqual(code, 0, said)
        self.assertIn("221 2.0.0 Bye", said)
        self.assertIn("250 2.1.5 Recipient OK", said)
        self.assertNotIn("STARTTLS", said.split("250-mx.example.test")[-1])  # not offered again


RELAY = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
myhostname = relay.sender.test
mydestination =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
default_transport = {transport}
alias_maps =
local_recipient_maps =
smtp_tls_security_level = {tls}
lmtp_tls_security_level = {tls}
smtp_tls_session_cache_database =
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks,reject
"""


class RelayCase(ServerCase):
    """A Postfix of our own hands on to us what it is given."""

    folder: Path

    def log(self) -> str:
        return (self.folder / "log").read_text()

    def settings(self) -> str:
        """What else is in its configuration."""
        return ""

    async def relay(self, transport: str, recipients: Collection[str], tls: str = "none") -> None:
        self.folder = folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder, True)
        if not Path(postfix.MASTER).exists() or os.geteuid() != 0:
            raise SkipTest("needs postfix, and root to run it")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            number = probe.getsockname()[1]
        await deferToThread(self._start, folder, number, transport, tls)
        script = "".join(f"RCPT TO:<{recipient}>\r\n" for recipient in recipients)
        message = "Subject: relayed\r\n\r\n..a line that begins with a dot\r\n.\r\n"

        def send() -> str:
            late = time.monotonic() + PATIENCE
            while True:
                try:
                    with socket.create_connection(("127.0.0.1", number), timeout=PATIENCE) as client:
                        client.recv(512)
                        client.sendall(b"HELO x.test\r\n")
                        client.recv(512)
                        client.sendall(f"MAIL FROM:<{SENDER}>\r\n{script}DATA\r\n".encode())
                        said = b""
                        while b"354 " not in said:
                            said += client.recv(512)
                        client.sendall(message.encode())
                        return client.recv(512).decode()
                except OSError:
                    if time.monotonic() > late:
                        raise
                    time.sleep(0.1)

        self.assertRegex(await deferToThread(send), "^250 ")

    def _start(self, folder: Path, number: int, transport: str, tls: str) -> None:
        postfix._make_folders(folder)
        folder.chmod(0o755)
        text = RELAY.format(folder=folder, transport=transport.format(port=self.number), tls=tls)
        (folder / "main.cf").write_text(text + self.settings())
        services = f"127.0.0.1:{number} inet n - n - - smtpd\nlmtp unix - - n - - lmtp\n" + postfix.SERVICES
        (folder / "master.cf").write_text(services)
        master = subprocess.Popen([postfix.MASTER, "-c", str(folder), "-d"], start_new_session=True)
        self.addCleanup(deferToThread, end, master)


class RelayBySmtpTests(RelayCase):
    async def test_in_clear(self) -> None:
        await self.relay("smtp:[127.0.0.1]:{port}", ["a@example.test", "b@example.test"])
        await self.until(lambda: len(self.reception.messages) == 1)
        envelope, octets = self.reception.messages[0]
        self.assertEqual([each.path.text for each in envelope.recipients], ["a@example.test", "b@example.test"])
        self.assertEqual((envelope.peer.hello, envelope.parameters.size), ("relay.sender.test", len(octets)))
        self.assertTrue(octets.endswith(b"\r\n\r\n.a line that begins with a dot\r\n"))

    async def test_with_tls(self) -> None:
        await self.relay("smtp:[127.0.0.1]:{port}", ["a@example.test"], "encrypt")
        await self.until(lambda: len(self.reception.messages) == 1)
        self.assertTrue(self.reception.messages[0][0].peer.is_tls)


class RelayByLmtpTests(RelayCase):
    role = LMTP

    async def test_each_recipient_has_its_answer(self) -> None:
        await self.relay("lmtp:inet:127.0.0.1:{port}", ["a@example.test", "unknown@example.test", "b@example.test"])
        await self.until(lambda: len(self.reception.messages) == 2)
        (envelope, _), (report, told) = self.reception.messages
        self.assertEqual([each.path.text for each in envelope.recipients], ["a@example.test", "b@example.test"])
        self.assertTrue(report.sender.is_null)
        self.assertIn(b"<unknown@example.test>", told)
