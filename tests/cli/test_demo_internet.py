"""The demo's hosts on real loopback ports, and the diagnosis of each of their domains."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from stalwart.cli.demo_internet import ADDRESS, DemoInternet


def policy_of(demo: DemoInternet, name: str) -> bytes:
    """The policy of a domain, fetched as a verifying client does."""
    context = ssl.create_default_context(cafile=demo.authorities)
    host = f"mta-sts.{name}.demo.test"
    with (
        socket.create_connection((ADDRESS, demo.policy_port), timeout=2) as plain,
        context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        request = f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        secure.sendall(request.encode("ascii"))
        heard = b""
        while more := secure.recv(65536):
            heard += more
        return heard


class DemoInternetTests(TestCase):
    """``DemoInternet``."""

    timeout = 20

    async def setUp(self) -> None:
        self.demo = await DemoInternet.start(reactor)
        self.addCleanup(self.demo.stop)

    async def test_policy_host_serves_the_policy_with_a_certificate_of_the_demo_authority(self) -> None:
        heard = await deferToThread(policy_of, self.demo, "good")
        self.assertIn(b"200 OK", heard)
        self.assertIn(b"mode: enforce\r\nmx: mx.good.demo.test\r\n", heard)

    async def test_every_domain_has_a_sentence(self) -> None:
        self.assertIn("good.demo.test", self.demo.domains)
        self.assertTrue(all(len(meaning) > 20 for meaning in self.demo.domains.values()))

    async def test_stop_frees_the_ports_and_the_folder(self) -> None:
        authorities = self.demo.authorities
        await self.demo.stop()
        self.assertFalse(os.path.exists(authorities))
        with socket.socket() as again:
            again.bind((ADDRESS, self.demo.smtp_port))


async def stages_of(demo: DemoInternet, target: str) -> list[Any]:
    """The stages of a diagnosis in this process, against the demo's hosts."""
    from stalwart.mail.delivery.diagnosis import Wishes, diagnose
    from stalwart.mail.delivery.outgoing import Limits, OutgoingOptions, make_outgoing
    from stalwart.mail.delivery.target import parse_target

    options = OutgoingOptions(
        resolvers=(demo.resolver,),
        allow_private=True,
        authorities=demo.authorities,
        policy_port=demo.policy_port,
    )
    limits = Limits(ehlo_name="client.demo.test", port=demo.smtp_port, allow_private=True)
    stages: list[Any] = []
    await diagnose(parse_target(target), make_outgoing(reactor, options), limits, Wishes(10.0), stages.append)
    return stages


OUTCOMES = {  # target: verdict, RFC 8460 name of the gravest finding
    "postmaster@good.demo.test": ("ok", None),
    "good.demo.test": ("ok", None),
    "postmaster@dane.demo.test": ("ok", None),
    "postmaster@danebad.demo.test": ("fail", "tlsa-invalid"),
    "postmaster@selfsigned.demo.test": ("warn", "certificate-not-trusted"),
    "postmaster@stsbad.demo.test": ("fail", "certificate-not-trusted"),
    "postmaster@notls.demo.test": ("warn", "starttls-not-supported"),
    "nobody@good.demo.test": ("fail", None),
    "postmaster@nowhere.demo.test": ("fail", None),
}


def _outcome(target: str, verdict: str, result_type: str | None) -> Callable[[DemoInternetTests], Any]:
    async def test(self: DemoInternetTests) -> None:
        stages = await stages_of(self.demo, target)
        summary = stages[-2]
        self.assertEqual((summary.verdict, summary.result_type), (verdict, result_type), stages)

    return test


for _target, (_verdict, _result_type) in OUTCOMES.items():
    _name = _target.replace("@", "_at_").replace(".", "_")
    setattr(DemoInternetTests, f"test_outcome_of_{_name}", _outcome(_target, _verdict, _result_type))
