"""Only addresses that are approved of are connected to, and the one that is judged is the one that is used."""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.error import ConnectionRefusedError as Refused
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.mail.delivery.addresses import is_public
from stalwart.net.acme import AcmeUnreachable, acme_http
from stalwart.net.allowed_endpoint import FORBIDDEN, AllowedEndpoint
from stalwart.net.https import FetchFailed
from stalwart.net.tls import TrustStore
from tests.leftovers import end


class FakeResolver:
    """Every name has the same addresses."""

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses

    def resolveHostName(self, receiver: Any, name: str, port: int = 0, *_: Any) -> None:
        receiver.resolutionBegan(None)
        for each in self.addresses:
            kind = IPv6Address if ":" in each else IPv4Address
            receiver.addressResolved(kind("TCP", each, port))
        receiver.resolutionComplete()


class EndpointTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.reactor: Any = MemoryReactorClock()

    def connect(self, *addresses: str) -> Any:
        self.reactor.nameResolver = FakeResolver(*addresses)
        endpoint = AllowedEndpoint(self.reactor, "ca.test", 443, 5.0, is_public)
        connecting = endpoint.connect(Factory.forProtocol(Protocol))
        self.addCleanup(end, connecting)
        return connecting

    def test_addresses_of_the_own_network_are_passed_over(self) -> None:
        self.connect("10.0.0.1", "198.41.0.4")
        ((host, port, *_),) = self.reactor.tcpClients
        self.assertEqual((host, port), ("198.41.0.4", 443))

    def test_host_with_private_addresses_only(self) -> None:
        for addresses in (("127.0.0.1",), ("::1", "169.254.169.254"), ("::ffff:10.0.0.1", "192.168.1.1")):
            problem: Any = self.failureResultOf(self.connect(*addresses), FetchFailed).value
            self.assertEqual((problem.kind, problem.reason), ("connect", FORBIDDEN))
        self.assertEqual(self.reactor.tcpClients, [])

    def test_host_without_an_address(self) -> None:
        problem: Any = self.failureResultOf(self.connect(), FetchFailed).value
        self.assertEqual(problem.reason, "the host has no address")

    def test_next_address_after_one_that_refuses(self) -> None:
        waiting = self.connect("198.41.0.4", "2001:503:ba3e::2:30")
        factory = self.reactor.tcpClients[0][2]
        factory.clientConnectionFailed(self.reactor.connectors[0], Failure(Refused()))
        self.assertEqual(self.reactor.tcpClients[1][0], "2001:503:ba3e::2:30")
        self.assertNoResult(waiting)
        factory = self.reactor.tcpClients[1][2]
        factory.clientConnectionFailed(self.reactor.connectors[1], Failure(Refused()))
        self.failureResultOf(waiting, Refused)


class AuthorityTests(TestCase):
    """Directories that tenants name."""

    async def test_own_machine_by_any_of_its_names(self) -> None:
        transport = acme_http(reactor, TrustStore(), allow=is_public)
        self.addCleanup(transport.close)
        for host in ("127.0.0.1:1", "localhost:1", "127.1:1", "2130706433:1", "0.0.0.0:1"):
            try:
                await transport.request("GET", f"https://{host}/dir", {}, None)
            except AcmeUnreachable as problem:
                self.assertIn(FORBIDDEN, problem.detail, host)
            else:
                self.fail(host)

    async def test_literal_of_ipv6_is_explained(self) -> None:
        transport = acme_http(reactor, TrustStore())
        self.addCleanup(transport.close)
        try:
            await transport.request("GET", "https://[::1]:1/dir", {}, None)
        except AcmeUnreachable as problem:
            self.assertIn("use a name", problem.detail)
        else:
            self.fail("no error")
