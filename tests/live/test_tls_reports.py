"""A real daemon counts how TLS with a host went, and tells its domain by mail when the day is over."""

from __future__ import annotations

import email
import email.policy
import gzip
import shutil
import time
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor as real_reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from stalwart.codec.dns_records import MX
from stalwart.codec.tls_report import read_report
from stalwart.store import Transaction, open_store
from stalwart.store.config_file import embedded_store_config
from stalwart.store.mail_reports import TlsCount
from stalwart.telemetry import Telemetry
from tests.live.daemon import PATIENCE, Daemon, new_folder
from tests.live.small_world import SmallWorld, pause
from tests.net.fake_dns import LoopbackNameServer
from tests.net.smtp_sink import Sink

ZONE = {
    ("peer.test", "MX"): [MX(10, "mx.peer.test.")],
    ("mx.peer.test", "A"): ["127.0.0.1"],
    ("_smtp._tls.peer.test", "TXT"): ["v=TLSRPTv1; rua=mailto:tls@peer.test"],
}
FAILURE = '["certificate-expired","192.0.2.1","mx.peer.test","","192.0.2.2","it is over"]'
POLICY = '["sts",["version: STSv1"],["mx.peer.test"]]'
DAY = int(time.time()) // 86400 - 1
COUNTS = [
    TlsCount(DAY - 1, "peer.test", "1", POLICY, None, 40),
    TlsCount(DAY - 1, "peer.test", "2", POLICY, FAILURE, 2),
]


class ReportTests(TestCase):
    timeout = 60

    async def setUp(self) -> None:
        self.reactor: Any = real_reactor
        self.world = SmallWorld(self.reactor)
        self.world.names = LoopbackNameServer(self.reactor, ZONE)
        self.world.start()
        self.addCleanup(self.world.stop)
        self.sink = Sink()
        port = self.reactor.listenTCP(0, self.sink, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        self.environment = {
            "STALWART_DIAGNOSIS": f'{{"allowPrivateTargets": true, "port": {port.getHost().port}}}',
        }
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        await self.world.prepare(self.data)

    async def in_store(self, work: Callable[[Transaction], Any]) -> Any:
        """What ``work`` answers, written beside or without a daemon."""
        store = open_store(embedded_store_config(self.data), self.reactor, Telemetry())
        await store.start()
        try:
            return await store.write(work)
        finally:
            await store.close()

    async def test_the_day_before_is_told(self) -> None:
        await self.in_store(lambda tx: tx.tls_counts.add(COUNTS, 10))
        daemon = await deferToThread(Daemon.with_data, self.data, **self.environment)
        self.addCleanup(daemon.close)
        until = time.monotonic() + PATIENCE
        while not self.sink.taken and time.monotonic() < until:
            await pause(self.reactor, 0.05)
        (taken,) = self.sink.taken
        self.assertEqual((taken.mail.split(" ")[1], taken.rcpts), ("FROM:<>", ["RCPT TO:<tls@peer.test>"]))
        message = email.message_from_bytes(taken.content, policy=email.policy.default)
        self.assertEqual(message["TLS-Report-Domain"], "peer.test")
        _, attached = message.iter_parts()
        report = read_report(gzip.decompress(attached.get_content()))
        (policy,) = report.policies
        self.assertEqual((policy.successful, policy.failed, policy.type), (40, 2, "sts"))
        self.assertEqual(policy.details[0].result_type, "certificate-expired")
        self.assertEqual(report.begin, (DAY - 1) * 86400)
        await deferToThread(daemon.terminate)
        left = await self.in_store(lambda tx: tx.tls_counts.domains(DAY + 9, (-1, ""), 9))
        self.assertEqual(left, [], "neither the report that was sent nor its own session is told again")
