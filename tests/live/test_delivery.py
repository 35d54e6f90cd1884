"""The diagnosis against every server that misbehaves, in this process: the rows of the test network."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from twisted.internet import reactor
from twisted.internet.defer import CancelledError
from twisted.trial.unittest import TestCase

from stalwart.cli.demo_certificates import Authority
from tests.interop.expected import ADDITIONS, HOSTILE, Expected
from tests.live.hostile_smtp import BEHAVIOURS, Certificates
from tests.live.one_host import OneHost, pause

SHORT = 0.4
"""Seconds of life where the row waits for the end of the lifetime."""

STAGES_BEFORE_LEAVING = {
    "silent": "readGreetingStart",
    "hangsehlo": "ehloStart",
    "tlssilent": "startTlsStart",
    "hangsmail": "mailFromStart",
    "hangsrcpt": "rcptToStart",
    "hangsquit": "quitStart",
    "drip": "readGreetingStart",
}


class DeliveryTests(TestCase):
    """One server per test."""

    timeout = 20

    def setUp(self) -> None:
        self.certificates = Certificates(Authority("Test authority"))
        self.authorities = Path(self.mktemp())
        self.authorities.write_bytes(self.certificates.authority.pem)

    def serve(self, name: str, silent: str | None = None) -> OneHost:
        host = OneHost.listening(name, self.certificates, str(self.authorities), reactor, silent)
        self.addCleanup(host.stop)
        return host

    async def wait_for(self, stages: list[Any], wanted: str) -> None:
        for _ in range(500):
            if stages and _type(stages[-1]) == wanted:
                return
            await pause(reactor, 0.002)
        self.fail(f"{wanted} did not come: {stages}")


def _type(stage: Any) -> str:
    return str(msgspec.to_builtins(stage)["type"])


def _silent_names(rtype: str, stage: str) -> Callable[[DeliveryTests], Any]:
    async def test(self: DeliveryTests) -> None:
        running, stages = self.serve("accept", rtype).diagnose(SHORT)
        await running
        self.assertIn(stage, [_type(one) for one in stages])
        self.assertEqual([_type(one) for one in stages[-2:]], ["summary", "completed"])

    return test


def _leaves_silent_names(rtype: str, stage: str) -> Callable[[DeliveryTests], Any]:
    async def test(self: DeliveryTests) -> None:
        running, stages = self.serve("accept", rtype).diagnose(60.0)
        await self.wait_for(stages, stage)
        running.cancel()
        await self.assertFailure(running, CancelledError)

    return test


def _row(expected: Expected) -> Callable[[DeliveryTests], Any]:
    name = expected.target.partition("@")[2].removesuffix(".test")
    seconds = SHORT if expected.query == "timeout=2" else 10.0

    async def test(self: DeliveryTests) -> None:
        running, stages = self.serve(name).diagnose(seconds)
        summary = await running
        self.assertEqual(tuple(t for t in map(_type, stages) if t not in ADDITIONS), expected.stages, stages)
        self.assertEqual((summary.verdict, summary.result_type), (expected.verdict, expected.result_type), stages)

    return test


def _leaves(name: str, stage: str) -> Callable[[DeliveryTests], Any]:
    async def test(self: DeliveryTests) -> None:
        host = self.serve(name)
        running, stages = host.diagnose(60.0)
        await self.wait_for(stages, stage)
        await pause(reactor, 0.02)
        running.cancel()
        await self.assertFailure(running, CancelledError)
        self.assertLess(await host.left(), 0.1)

    return test


for _expected in HOSTILE:
    _named = _expected.target.partition("@")[2].removesuffix(".test")
    assert _named in BEHAVIOURS, _named
    setattr(DeliveryTests, f"test_stages_of_{_named}", _row(_expected))
for _rtype, _stage in {"MX": "mxLookup", "TXT": "mtaStsFetch", "A": "ipLookup", "AAAA": "ipLookup"}.items():
    _test = f"test_name_server_without_answer_to_{_rtype}"
    setattr(DeliveryTests, f"{_test}_is_an_error_stage", _silent_names(_rtype, f"{_stage}Error"))
    setattr(DeliveryTests, f"{_test}_can_be_cancelled", _leaves_silent_names(_rtype, f"{_stage}Start"))
for _name, _stage in STAGES_BEFORE_LEAVING.items():
    setattr(DeliveryTests, f"test_connection_to_{_name}_ends_within_100_ms_of_cancelling", _leaves(_name, _stage))
