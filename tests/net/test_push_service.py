"""Pushes to services on loopback, which read what they get as user agents do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet import reactor as real_reactor
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.error import TimeoutError as ConnectTimeout
from twisted.internet.testing import MemoryReactorClock
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from stalwart.codec.vapid import authorization, origin_of
from stalwart.codec.web_push import MOST
from stalwart.mail.delivery.addresses import is_public
from stalwart.net.https import any_address
from stalwart.net.push_service import (
    LONGEST_WAIT,
    MOST_IN_CLEAR,
    Delivered,
    Outcome,
    Push,
    PushService,
    url_problem,
)
from stalwart.net.tls import TrustStore
from tests.codec.push_receiver import Receiver
from tests.codec.test_vapid import claims_of, parts_of
from tests.net.certificates import Issued, issue, make_ca
from tests.net.smtp_peers import ServerOptions
from tests.net.test_allowed_endpoint import FakeResolver
from tests.net.test_https import Canned, CannedFactory, document

CA = make_ca()
RECEIVER = Receiver()
MESSAGE = b'{"@type":"StateChange","changed":{}}'
SECRET = "JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV"


def silent(server: Canned) -> None:
    """Say nothing."""


def endless(server: Canned) -> None:
    """A head that never ends."""
    server.transport.write(b"HTTP/1.1 201 Created\r\n" + b"X-A: " + b"b" * 200_000)


def closed(server: Canned) -> None:
    """Hang up."""
    server.transport.loseConnection()


class Pushes(TestCase):
    timeout = 10

    def setUp(self) -> None:
        self.reactor: Any = real_reactor
        self.path = self.mktemp()
        with open(self.path, "wb") as file:
            file.write(CA.certificate_pem)
        self.asked: list[str] = []

    def serve(self, answer: Callable[[Canned], object], issued: Issued | None = None) -> str:
        self.server = CannedFactory(answer)
        served: Any = self.server
        if issued is not None:
            served = TLSMemoryBIOFactory(ServerOptions(issued), False, self.server)
            served.noisy = False
        port = self.reactor.listenTCP(0, served, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return f"http{'' if issued is None else 's'}://127.0.0.1:{port.getHost().port}/p/{SECRET}"

    def service(self, **options: Any) -> PushService:
        def authorize(url: str) -> str:
            self.asked.append(url)
            return "vapid t=a, k=b"

        options = {"allow": any_address, "authorize": authorize, "clear_text": True, **options}
        return PushService(self.reactor, TrustStore(self.path), **options)

    async def deliver(self, url: str, timeout: float = 5.0, **members: Any) -> Delivered:
        members = {"message": MESSAGE, "keys": RECEIVER.keys, **members}
        delivered = await self.service().deliver(Push(url, **members), timeout)
        self.assertNotIn(SECRET, delivered.reason)
        await self.all_gone()
        return delivered

    async def all_gone(self) -> None:
        """Until the server has seen the end of each connection; the test's own time-out is the limit."""
        while self.server.connections:
            waiting: Deferred[None] = Deferred()
            self.reactor.callLater(0.01, waiting.callback, None)
            await waiting

    def sent(self) -> tuple[str, dict[str, str], bytes]:
        """Request line, fields and body of the one request."""
        (request,) = self.server.requests
        head, _, body = request.partition(b"\r\n\r\n")
        line, *fields = head.decode().split("\r\n")
        return line, {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}, body


class DeliveryTests(Pushes):
    async def test_what_is_sent_over_tls_is_read_by_the_receiver(self) -> None:
        url = self.serve(document(b"", b"201 Created"), issue(["127.0.0.1"], 30, CA))
        delivered = await self.deliver(url, ttl=60, urgency="high", topic="state")
        self.assertEqual(delivered, Delivered(Outcome.ACCEPTED, 201))
        line, fields, body = self.sent()
        self.assertEqual(line, f"POST /p/{SECRET} HTTP/1.1")
        self.assertEqual(RECEIVER.read(body), (MESSAGE, 0))
        wanted = {
            "ttl": "60",
            "urgency": "high",
            "topic": "state",
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "authorization": "vapid t=a, k=b",
            "content-length": str(len(body)),
        }
        self.assertEqual({name: fields.get(name) for name in wanted}, wanted)
        self.assertEqual(self.asked, [url])

    async def test_push_service_knows_who_sends(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        url = self.serve(document(b"", b"201 Created"))
        service = self.service(
            authorize=lambda url: authorization(origin_of(url), private_key=key, now=1_000, lifetime=60)
        )
        await service.deliver(Push(url, MESSAGE, RECEIVER.keys))
        token, public = parts_of(self.sent()[1]["authorization"])
        origin = url.removesuffix(f"/p/{SECRET}")
        self.assertEqual(claims_of(token, public, origin), {"aud": origin, "exp": 1_060})
        await self.all_gone()

    async def test_key_and_salt_are_new_each_time(self) -> None:
        bodies = []
        for _ in range(2):
            await self.deliver(self.serve(document(b"")))
            bodies.append(self.sent()[2])
        self.assertNotEqual(bodies[0][:16], bodies[1][:16])
        self.assertNotEqual(bodies[0][21:86], bodies[1][21:86])

    async def test_subscription_without_keys(self) -> None:
        self.assertEqual((await self.deliver(self.serve(document(b"")), keys=None)).outcome, Outcome.ACCEPTED)
        _, fields, body = self.sent()
        self.assertEqual((body, fields["content-type"]), (MESSAGE, "application/json"))
        self.assertNotIn("content-encoding", fields)
        self.assertEqual((fields["ttl"], fields["urgency"]), ("86400", "normal"))
        self.assertNotIn("topic", fields)

    async def test_without_a_key_of_the_server(self) -> None:
        push = Push(self.serve(document(b"")), MESSAGE)
        await self.service(authorize=lambda url: None).deliver(push)
        self.assertNotIn("authorization", self.sent()[1])
        await self.all_gone()

    async def test_topic_that_is_none_is_left_out(self) -> None:
        for topic in ("a" * 33, "a b", "a\r\nX: y", ""):
            await self.deliver(self.serve(document(b"")), topic=topic)
            self.assertNotIn("topic", self.sent()[1])

    async def test_redirects_are_not_followed(self) -> None:
        url = self.serve(document(b"", b"307 Elsewhere", b"Location: http://127.0.0.1:1/"))
        self.assertEqual((await self.deliver(url)).outcome, Outcome.REFUSED)


class OutcomeTests(Pushes):
    async def test_statuses(self) -> None:
        for status, outcome in (
            (200, Outcome.ACCEPTED),
            (201, Outcome.ACCEPTED),
            (202, Outcome.ACCEPTED),
            (204, Outcome.ACCEPTED),
            (303, Outcome.REFUSED),
            (400, Outcome.REFUSED),
            (401, Outcome.REFUSED),
            (403, Outcome.REFUSED),
            (404, Outcome.GONE),
            (410, Outcome.GONE),
            (408, Outcome.LATER),
            (413, Outcome.TOO_LARGE),
            (429, Outcome.LATER),
            (500, Outcome.LATER),
            (503, Outcome.LATER),
        ):
            delivered = await self.deliver(self.serve(document(b"", b"%d X" % status)))
            self.assertEqual((delivered.outcome, delivered.status), (outcome, status))
            self.assertEqual(str(status) in delivered.reason, outcome is not Outcome.ACCEPTED)
            self.assertIsNone(delivered.retry_after)

    async def test_push_service_says_when(self) -> None:
        for field, seconds in ((b"7", 7.0), (b"99999999", LONGEST_WAIT), (b"soon", None)):
            url = self.serve(document(b"", b"429 Slow", b"Retry-After: " + field))
            self.assertEqual((await self.deliver(url)).retry_after, seconds)

    async def test_silence(self) -> None:
        delivered = await self.deliver(self.serve(silent), 0.05)
        self.assertEqual((delivered.outcome, delivered.status), (Outcome.LATER, None))
        self.assertIn("0.05 seconds", delivered.reason)

    async def test_nobody_there(self) -> None:
        url = self.serve(silent)
        gone = self.reactor.listenTCP(0, self.server, interface="127.0.0.1")
        free = gone.getHost().port
        await gone.stopListening()
        delivered = await self.deliver(f"http://127.0.0.1:{free}/{SECRET}")
        self.assertEqual(delivered.outcome, Outcome.LATER)
        self.assertTrue(url)

    async def test_answers_that_are_none(self) -> None:
        for answer in (closed, endless):
            self.assertEqual((await self.deliver(self.serve(answer))).outcome, Outcome.LATER)

    async def test_long_body_does_not_matter(self) -> None:
        self.assertEqual((await self.deliver(self.serve(document(b"x" * 100_000)))).outcome, Outcome.ACCEPTED)

    async def test_certificate_of_somebody_else(self) -> None:
        for issued in (issue(["127.0.0.1"], 30, make_ca()), issue(["push.example.test"], 30, CA)):
            delivered = await self.deliver(self.serve(document(b""), issued))
            self.assertEqual(delivered.outcome, Outcome.LATER)
            self.assertIn("certificate", delivered.reason)
            self.assertEqual(self.server.requests, [])

    async def test_message_that_is_too_long_is_not_sent(self) -> None:
        url = self.serve(document(b""))
        for keys, most in ((RECEIVER.keys, MOST), (None, MOST_IN_CLEAR)):
            delivered = await self.deliver(url, message=bytes(most + 1), keys=keys)
            self.assertEqual((delivered.outcome, delivered.status), (Outcome.TOO_LARGE, None))
        self.assertEqual(self.server.requests, [])

    async def test_keys_of_no_use(self) -> None:
        delivered = await self.deliver(self.serve(document(b"")), keys=("AAAA", RECEIVER.keys[1]))
        self.assertEqual(delivered.outcome, Outcome.REFUSED)
        self.assertIn("p256dh", delivered.reason)
        self.assertEqual(self.server.requests, [])

    async def test_cancelled(self) -> None:
        work = Deferred.fromCoroutine(self.service().deliver(Push(self.serve(silent), MESSAGE)))
        self.reactor.callLater(0.05, work.cancel)
        with self.assertRaises(CancelledError):
            await work
        await self.all_gone()


class OwnNetworkTests(Pushes):
    """Whoever names a URL gets no request into the network of the server."""

    async def test_own_machine_by_any_of_its_names(self) -> None:
        service = self.service(allow=is_public)
        self.serve(document(b""))
        port = self.reactor.listenTCP(0, self.server, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        number = port.getHost().port
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "[::1]"):
            for scheme in ("https", "http"):
                delivered = await service.deliver(Push(f"{scheme}://{host}:{number}/{SECRET}", MESSAGE))
                self.assertEqual((delivered.outcome, delivered.status), (Outcome.REFUSED, None), host)
        self.assertEqual((self.server.requests, self.server.connections), ([], []))

    async def test_clear_text_is_for_tests(self) -> None:
        delivered = await self.service(clear_text=False).deliver(Push(self.serve(document(b"")), MESSAGE))
        self.assertEqual(delivered, Delivered(Outcome.REFUSED, None, "the URL is not https:"))
        self.assertEqual(self.server.requests, [])


class NameTests(SynchronousTestCase):
    def deliver(self, *addresses: str) -> Any:
        self.reactor: Any = MemoryReactorClock()
        self.reactor.nameResolver = FakeResolver(*addresses)
        service = PushService(self.reactor, TrustStore(), allow=is_public, authorize=lambda url: None)
        return Deferred.fromCoroutine(service.deliver(Push("https://push.example.test/", MESSAGE)))

    def test_names_that_lead_home_are_refused(self) -> None:
        for addresses in (("10.0.0.1",), ("::1", "169.254.169.254"), ("::ffff:127.0.0.1",), ("64:ff9b::7f00:1",)):
            delivered = self.successResultOf(self.deliver(*addresses))
            self.assertEqual(
                delivered, Delivered(Outcome.REFUSED, None, "the host has no address on the public Internet")
            )
            self.assertEqual(self.reactor.tcpClients, [])

    def test_address_that_was_judged_is_the_one_that_is_used(self) -> None:
        waiting = self.deliver("10.0.0.1", "198.41.0.4")
        ((host, port, *_),) = self.reactor.tcpClients
        self.assertEqual((host, port), ("198.41.0.4", 443))
        self.reactor.advance(10)
        self.assertEqual(self.successResultOf(waiting).outcome, Outcome.LATER)
        self.assertEqual(self.reactor.getDelayedCalls(), [])

    def test_address_that_does_not_answer_leaves_time_for_others(self) -> None:
        waiting = self.deliver("198.41.0.4", "2001:503:ba3e::2:30")
        ((_, _, factory, timeout, _),) = self.reactor.tcpClients
        self.assertLess(timeout, 5)
        factory.clientConnectionFailed(self.reactor.connectors[0], Failure(ConnectTimeout()))
        self.assertEqual(self.reactor.tcpClients[1][0], "2001:503:ba3e::2:30")
        waiting.addErrback(lambda ended: None)
        waiting.cancel()

    def test_name_without_an_address(self) -> None:
        self.assertEqual(self.successResultOf(self.deliver()).outcome, Outcome.LATER)


class UrlTests(SynchronousTestCase):
    def test_good_ones(self) -> None:
        for url in ("https://push.example.net/p/x?y=1", "https://push.example.net:8443/", "https://198.41.0.4/"):
            self.assertIsNone(url_problem(url, is_public), url)

    def test_bad_ones(self) -> None:
        for url in (
            "",
            "push.example.net",
            "http://push.example.net/",
            "ftp://push.example.net/",
            "https:///x",
            "https://user@push.example.net/",
            "https://push.example.net/#x",
            "https://push.example.net:0/",
            "https://push.example.net:65536/",
            "https://push example.net/",
            "https://a..b/",
            "https://.../",
            "https://" + "a" * 64 + ".test/",
            "https://10.0.0.1/",
            "https://127.1/",
            "https://[::1]/",
            "https://[::1/",
            "https://*/",
            "https://push.example.net/\r\nX: y",
            "https://push.example.net/" + "x" * 3000,
        ):
            self.assertIsNotNone(url_problem(url, is_public), url[:80])

    def test_secrets_are_not_in_the_text_of_a_push(self) -> None:
        shown = repr(Push(f"https://push.example.net/{SECRET}", MESSAGE, RECEIVER.keys))
        for secret in (SECRET, "StateChange", *RECEIVER.keys):
            self.assertNotIn(secret, shown)
