"""A Postfix that relays to a real daemon by SMTP and LMTP, and swaks with all that it knows: what is stored then."""

from __future__ import annotations

import re
import shutil
import smtplib
import time
from pathlib import Path

from twisted.internet.threads import deferToThread

from stalwart.app.demo import read_credentials
from tests.interop.test_smtp_server import PATIENCE, RelayCase
from tests.live.daemon import ENDED, Daemon, new_folder
from tests.live.mail_store import StoredEmail, stored_emails

ALICE, BOB, SENDER = "alice@example.test", "bob@example.test", "anna@sender.test"
EIGHT_BITS = "Subject: Grüße\\n\\nGrüße aus Köln\\n"


class DaemonCase(RelayCase):
    """``number`` is the port of the daemon's ``service``."""

    service = "smtp"

    def setUp(self) -> None:
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        doors = ("http", "smtp", "lmtp", "submission")
        options = [word for name in doors for word in (f"--{name}", "tcp:0:interface=127.0.0.1")]
        self.daemon = Daemon.with_data(self.data, "--demo", *options)
        self.addCleanup(self.daemon.close)
        self.daemon.wait_for(re.compile("Server started"))
        listening = re.compile(rf"listening {self.service} 127\.0\.0\.1:(\d+)")
        self.number = int(self.daemon.wait_for(listening)[1])

    async def stored(self, count: int) -> list[StoredEmail]:
        """What is stored when ``count`` messages have come and the daemon has ended."""
        late = time.monotonic() + PATIENCE
        while self.daemon.log.count("(message-ingest.stored)") < count and time.monotonic() < late:
            await deferToThread(time.sleep, 0.05)
        self.assertIn(self.daemon.terminate()[0], ENDED)
        self.assertNotIn("Traceback", self.daemon.log)
        return sorted(stored_emails(self.data))


class SmtpTests(DaemonCase):
    """Relayed over SMTP with STARTTLS."""

    async def test_from_server_to_server(self) -> None:
        await self.relay("smtp:[127.0.0.1]:{port}", [ALICE, BOB, "alice+detail@example.test"], "encrypt")
        found = await self.stored(2)
        self.assertEqual([each.account for each in found], [ALICE, BOB])
        for each in found:
            self.assertTrue(each.octets.endswith(b"\r\n\r\n.a line that begins with a dot\r\n"))
            self.assertRegex(each.octets, rb"^Return-Path: <anna@sender\.test>\r\n")
            self.assertIn(b"\r\nReceived: from relay.sender.test", each.octets)
            self.assertRegex(each.octets.replace(b"\r\n\t", b" "), rb"with ESMTPS \(TLSv1\.3/TLS_")

    async def test_swaks(self) -> None:
        for options in (
            ("--tls", "--pipeline"),
            ("--tls", "--helo", "[127.0.0.1]"),
            ("--tls", "--to", f"{ALICE},{BOB}"),
        ):
            await self.swaks("--to", ALICE, "--data", EIGHT_BITS, *options)
        code, said = await self.run_program(
            *("swaks", "--server", f"127.0.0.1:{self.number}", "--helo", "client.sender.test"),
            *("--from", SENDER, "--to", "somebody@elsewhere.test"),
        )
        self.assertEqual(code, 24, said)
        self.assertIn("550 5.7.1", said)
        found = await self.stored(4)
        self.assertEqual([each.account for each in found], [ALICE, ALICE, ALICE, BOB])
        for each in found:
            self.assertIn("Subject: Grüße\r\n\r\nGrüße aus Köln\r\n".encode(), each.octets)

    async def test_addresses_in_utf_8(self) -> None:
        await self.relay("smtp:[127.0.0.1]:{port}", [ALICE])  # so that there is a Postfix
        port = int(re.search(r"127\.0\.0\.1:(\d+) inet", (self.folder / "master.cf").read_text())[1])  # type: ignore[index]

        def send() -> None:
            with smtplib.SMTP("127.0.0.1", port, "x.test", timeout=PATIENCE) as client:
                message = "Subject: Grüße\r\n\r\nText\r\n".encode()
                client.sendmail("jürgen@sender.test", ["bob+ü@example.test"], message, ["SMTPUTF8", "BODY=8BITMIME"])

        await deferToThread(send)
        found = await self.stored(2)
        self.assertEqual([each.account for each in found], [ALICE, BOB])
        self.assertTrue(found[1].octets.startswith("Return-Path: <jürgen@sender.test>\r\n".encode()))
        self.assertIn(b"with UTF8SMTP", found[1].octets)


class SmartHostTests(DaemonCase):
    """A Postfix that signs in, as that of a small office does, and sends in the name of one account."""

    service = "submission"

    def _start(self, folder: Path, number: int, transport: str, tls: str) -> None:
        self.password = dict(read_credentials(self.data))[ALICE]
        super()._start(folder, number, transport, tls)

    def settings(self) -> str:
        place = f"[127.0.0.1]:{self.number}"
        return (
            "smtp_sasl_auth_enable = yes\nsmtp_sasl_security_options = noanonymous\nalways_add_missing_headers = yes\n"
            f"smtp_sasl_password_maps = inline:{{ {{ {place} = {ALICE}:{self.password} }} }}\n"
            f"sender_canonical_maps = static:{ALICE}\n"
        )

    async def test_it_is_let_in_and_its_mail_goes_on(self) -> None:
        await self.relay("smtp:[127.0.0.1]:{port}", [BOB], "encrypt")
        (found,) = await self.stored(1)
        self.assertEqual(found.account, BOB)
        self.assertRegex(found.octets, b"^Return-Path: <alice@example.test>\r\nDKIM-Signature: ")
        self.assertIn(b"From: alice@example.test\r\n", found.octets)


class LmtpTests(DaemonCase):
    """Relayed over LMTP."""

    service = "lmtp"

    async def test_each_recipient_has_its_answer(self) -> None:
        await self.relay("lmtp:inet:127.0.0.1:{port}", [ALICE, "nobody@example.test", BOB])
        found = await self.stored(2)
        self.assertEqual([each.account for each in found], [ALICE, BOB])
        report = await deferToThread(self.bounced)
        self.assertIn("550 5.1.1", report)

    def bounced(self) -> str:
        """What Postfix noted of the recipient that is nobody."""
        late = time.monotonic() + PATIENCE
        while time.monotonic() < late:
            for line in Path(self.folder / "log").read_text().splitlines():
                if "nobody@example.test" in line and "status=bounced" in line:
                    return line
            time.sleep(0.05)
        return ""
