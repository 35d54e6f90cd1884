"""Exim sends to a real daemon, and takes mail from one."""

from __future__ import annotations

import re
import shutil
import smtplib
import socket
import ssl
import tempfile
import time
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.cli.demo_certificates import Authority
from tests.interop.exim import Exim, missing
from tests.live.daemon import ENDED, Daemon, new_folder
from tests.live.mail_store import stored_emails
from tests.live.people import Administrator

PATIENCE = 30.0


class EximTests(SynchronousTestCase):
    """Both ways."""

    def setUp(self) -> None:
        if reason := missing():
            raise SkipTest(reason)
        self.folder = Path(tempfile.mkdtemp(prefix="test-exim-"))
        self.addCleanup(shutil.rmtree, self.folder, True)
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        doors = [word for name in ("http", "smtp", "submission") for word in (f"--{name}", "tcp:0:interface=127.0.0.1")]
        self.daemon = Daemon.with_data(self.data, *doors)
        self.addCleanup(self.daemon.close)
        self.daemon.wait_for(re.compile("Server started"))
        self.admin = Administrator(self.daemon)

    def port(self, service: str) -> int:
        """Where the daemon listens."""
        return int(self.daemon.wait_for(re.compile(rf"listening {service} 127\.0\.0\.1:(\d+)"))[1])

    def test_it_sends_to_us(self) -> None:
        login, _ = self.admin.new_user("alice")
        exim = Exim(self.folder, relay=self.port("smtp"))
        body = b"Subject: From Exim\r\n\r\n.a dot\r\n" + b"x" * 990 + b"\r\n" + b"line\r\n" * 20_000
        exim.send("anna@sender.test", [login], body)
        self.assertIn("X=TLS1.3", exim.log)
        self.assertIn(self.daemon.terminate()[0], ENDED)
        (found,) = stored_emails(self.data)
        self.assertEqual(found.account, login)
        self.assertTrue(found.octets.endswith(b"\r\n\r\n.a dot\r\n" + b"x" * 990 + b"\r\n" + b"line\r\n" * 20_000))
        self.assertNotIn("Traceback", self.daemon.log)

    def test_it_takes_what_we_send(self) -> None:
        login, password = self.admin.new_user("alice")
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        exim = Exim(self.folder, port=port, pem=Authority("Exim").issue("relay.sender.test").pem)
        serving = exim.serve()
        self.addCleanup(serving.wait)
        self.addCleanup(serving.terminate)
        relay = {"@type": "Relay", "name": "exim", "address": "127.0.0.1", "port": port, "allowInvalidCerts": True}
        self.admin.create("MtaRoute", relay)
        self.admin.change("MtaOutboundStrategy", {"route": {"match": {}, "else": "'exim'"}})
        body = "Subject: Grüße an Exim\r\n\r\n.a dot\r\nGrüße\r\n" + "line\r\n" * 20_000
        self._submit(login, password, ["bert@exim.test", "berta@exim.test"], body.encode())
        late = time.monotonic() + PATIENCE
        while exim.taken.count(b"Subject: ") < 2 and time.monotonic() < late:
            time.sleep(0.1)
        self.assertEqual(exim.taken.count("\nSubject: Grüße an Exim\n\n.a dot\nGrüße\nline\n".encode()), 2, exim.log)
        self.assertIn("X=TLS1.3", exim.log)
        self.assertIn("K", exim.log)
        self.daemon.wait_for(re.compile(r"\(delivery\.completed\)"))

    def _submit(self, login: str, password: str, recipients: list[str], message: bytes) -> None:
        with smtplib.SMTP(
            "127.0.0.1", self.port("submission"), local_hostname="client.test", timeout=PATIENCE
        ) as client:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            client.starttls(context=context)
            client.login(login, password)
            head = f"From: {login}\r\nTo: undisclosed-recipients:;\r\n".encode()
            client.sendmail(login, recipients, head + message, mail_options=["SMTPUTF8", "BODY=8BITMIME"])
