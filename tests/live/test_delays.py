"""Mail to a host that is away: its sender hears of the delay, then of the end, also if the daemon is killed between."""

from __future__ import annotations

import re
import shutil
import signal
import smtplib
import socket
import ssl
import time

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import ENDED, PATIENCE, Daemon, new_folder
from tests.live.mail_store import stored_emails
from tests.live.people import Administrator

GONE = "bert@away.test"


class DelayTests(SynchronousTestCase):
    """Schedules of seconds instead of days."""

    def setUp(self) -> None:
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.nobody = probe.getsockname()[1]
        self.daemon = self.running()

    def running(self) -> Daemon:
        doors = [word for name in ("http", "submission") for word in (f"--{name}", "tcp:0:interface=127.0.0.1")]
        daemon = Daemon.with_data(self.data, *doors)
        self.addCleanup(daemon.close)
        daemon.wait_for(re.compile("Server started"))
        return daemon

    def test_a_delay_and_the_end_are_told_once_each(self) -> None:
        admin = Administrator(self.daemon)
        admin.create("MtaRoute", {"@type": "Relay", "name": "away", "address": "127.0.0.1", "port": self.nobody})
        here = {"0": {"if": "is_local_domain(rcpt_domain)", "then": "'local'"}}
        admin.change("MtaOutboundStrategy", {"route": {"match": here, "else": "'away'"}})
        for each in admin.call("x:MtaDeliverySchedule/get", {"ids": None})["list"]:
            seconds = {
                "retry": {"@type": "Custom", "intervals": {"0": {"duration": 1000}}},
                "notify": {"@type": "Custom", "intervals": {"0": {"duration": 4000}, "1": {"duration": 600_000}}},
                "expiry": {"@type": "Ttl", "expire": 9000},
            }
            admin.change("MtaDeliverySchedule", seconds, each["id"])
        login, password = admin.new_user("alice")
        self.submit(login, password)
        time.sleep(1.5)
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()
        self.daemon = self.running()
        self.wait_for_stored(1)
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()
        self.daemon = self.running()
        self.wait_for_stored(1)
        time.sleep(2)
        waiting = Administrator(self.daemon).call("x:QueuedMessage/get", {"ids": None})["list"]
        self.assertEqual(waiting, [])
        self.assertIn(self.daemon.terminate()[0], ENDED)
        self.assertNotIn("Traceback", self.daemon.log)
        found = [re.search(rb"^Action: (\w+)", each.octets, re.M) for each in sorted(stored_emails(self.data))]
        self.assertEqual(sorted(each[1] for each in found if each is not None), [b"delayed", b"failed"])

    def wait_for_stored(self, count: int) -> None:
        """Until this daemon has stored so many messages."""
        late = time.monotonic() + PATIENCE
        while self.daemon.log.count("(message-ingest.stored)") < count and time.monotonic() < late:
            time.sleep(0.05)

    def submit(self, login: str, password: str) -> None:
        """One message to somebody who cannot be reached."""
        port = int(self.daemon.wait_for(re.compile(r"listening submission 127\.0\.0\.1:(\d+)"))[1])
        with smtplib.SMTP("127.0.0.1", port, local_hostname="client.test", timeout=PATIENCE) as client:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            client.starttls(context=context)
            client.login(login, password)
            client.sendmail(login, [GONE], f"From: {login}\r\nSubject: Are you there?\r\n\r\nHello.\r\n".encode())
