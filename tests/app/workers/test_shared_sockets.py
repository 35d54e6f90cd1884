"""Listening sockets that a worker gets from its parent: what it asks, what it takes over, and who waits for whom."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, UNIXClientEndpoint, connectProtocol
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IReactorSocket
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.protocols.haproxy._wrapper import HAProxyWrappingFactory
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.trial.unittest import SkipTest, TestCase
from zope.interface import implementer

from stalwart.app.listeners import Bound, Door, Wanted
from stalwart.app.sockets import OptionRefused
from stalwart.app.workers.shared_ports import Share
from stalwart.app.workers.shared_sockets import PATIENCE, SharedSockets, _Reactor
from stalwart.config.network.listener import NetworkListener
from stalwart.errors import Unavailable
from tests.app.test_listeners import stored

ENDPOINT = "tcp:0:interface=127.0.0.1"


class SlowReactor(Clock):
    """Real sockets, but time passes when the test says so."""

    def callLater(self, delay: float, *given: Any, **named: Any) -> Any:
        """What is due at once is."""
        later: Any = super().callLater if delay else reactor.callLater  # type: ignore[attr-defined]
        return later(delay, *given, **named)

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


class Greeting(Protocol):
    """Says who has come, then what it hears."""

    def connectionMade(self) -> None:
        """Begin."""
        self.told: bytes = b""

    def dataReceived(self, data: bytes) -> None:
        """Answer."""
        assert self.transport is not None
        peer: Any = self.transport.getPeer()
        self.transport.write(str(getattr(peer, "host", "somebody")).encode() + b" " + data)
        self.transport.loseConnection()


class Client(Protocol):
    """Sends something and collects the answer."""

    def __init__(self, words: bytes) -> None:
        self.words, self.answer = words, b""
        self.over: Deferred[bytes] = Deferred()

    def connectionMade(self) -> None:
        """Ask."""
        assert self.transport is not None
        self.transport.write(self.words)

    def dataReceived(self, data: bytes) -> None:
        """Collect."""
        self.answer += data

    def connectionLost(self, reason: Any = None) -> None:
        """That was it."""
        self.over.callback(self.answer)


@implementer(IOpenSSLServerConnectionCreator)
class Certificates:
    """There are none."""

    def serverConnectionForTLS(self, protocol: Any) -> Any:
        """Twisted calls this."""


class SocketsCase(TestCase):
    """``self.sent`` is what the parent was told."""

    timeout = 20

    def setUp(self) -> None:
        if not IReactorSocket.providedBy(reactor):
            raise SkipTest("this reactor cannot adopt sockets")
        self.clock = SlowReactor()
        self.sent: list[tuple[str, dict[str, Any]]] = []
        self.sockets = SharedSockets(self.clock, self.send, Share(lambda listener: 0))
        self.addCleanup(lambda: self.assertEqual(self.clock.getDelayedCalls(), []))
        factory = Factory.forProtocol(Greeting)
        factory.noisy = False
        self.door = Door(factory, "a")

    def send(self, do: str, **members: Any) -> None:
        self.sent.append((do, members))

    def answer(self, do: str, given: socket.socket | None = None, *, number: int = 0, **members: Any) -> None:
        """The parent says so."""
        self.sockets.heard({"do": do, "number": number, **members}, given)

    def wanted(self, name: str = "a", where: str = ENDPOINT) -> Wanted:
        if where[0].isdigit():
            return Wanted("http", stored(name, where), bind=where)
        return Wanted("http", stored(name), endpoint=where)

    def listen(self, name: str = "a", where: str = ENDPOINT) -> Deferred[Any]:
        return self.sockets.listen(self.wanted(name, where), self.door, ())

    def listening(self) -> socket.socket:
        return socket.create_server(("127.0.0.1", 0))

    async def adopted(self, given: socket.socket, where: str = ENDPOINT) -> Any:
        """The port over ``given``, closed at the end."""
        opening = self.listen(where=where)
        self.answer("opened", given, number=len(self.sent) - 1)
        port = await opening
        self.addCleanup(port.stopListening)
        return port

    async def said(self, endpoint: Any, words: bytes = b"hello") -> bytes:
        client = await connectProtocol(endpoint, Client(words))
        answer: bytes = await client.over
        return answer


class AskingTests(SocketsCase):
    """The words of both sides."""

    async def test_parent_is_told_all_that_it_needs(self) -> None:
        one, other = self.wanted("a", "127.0.0.1:80"), self.wanted("b", "127.0.0.1:81")
        opening = self.sockets.listen(one, self.door, [Bound(other, None, self.door)])
        ((do, asked),) = self.sent
        settings = NetworkListener.from_stored(asked.pop("settings"))
        self.assertEqual((do, settings), ("open", one.settings))
        self.assertEqual(
            asked,
            {
                "number": 0,
                "name": ["a", "127.0.0.1:80"],
                "protocol": "http",
                "endpoint": False,
                "instead_of": [["b", "127.0.0.1:81"]],
            },
        )
        self.answer("refused", errno=1, reason="no", property=None, new=True)
        await self.assertFailure(opening, OSError)

    async def test_endpoint_is_told_as_one(self) -> None:
        self.listen().addErrback(lambda _: None)
        asked = self.sent[0][1]
        self.assertEqual((asked["name"], asked["endpoint"]), (["a", ENDPOINT], True))
        self.clock.advance(PATIENCE)

    async def test_answers_are_told_apart_by_their_numbers(self) -> None:
        first, second = self.listen("a"), self.listen("b")
        self.answer("refused", number=1, errno=None, reason="second", property=None, new=True)
        self.assertNoResult(first)
        self.answer("refused", number=0, errno=None, reason="first", property=None, new=True)
        problems = [await self.assertFailure(each, Unavailable) for each in (first, second)]
        self.assertEqual([problem.detail for problem in problems], ["first", "second"])

    async def test_refusal_of_the_system_is_as_if_it_had_happened_here(self) -> None:
        opening = self.listen()
        self.answer("refused", errno=errno.EADDRINUSE, reason="Address already in use", property=None, new=True)
        problem = await self.assertFailure(opening, OSError)
        self.assertEqual((problem.errno, problem.strerror), (errno.EADDRINUSE, "Address already in use"))
        self.assertFalse(problem.is_told)

    async def test_refused_option_is_named(self) -> None:
        opening = self.listen()
        self.answer("refused", errno=22, reason="Invalid argument", property="socketTtl", new=False)
        problem = await self.assertFailure(opening, OptionRefused)
        self.assertEqual((problem.property, problem.errno, problem.is_told), ("socketTtl", 22, True))

    async def test_parent_that_does_not_answer_is_not_waited_for_forever(self) -> None:
        opening = self.listen()
        self.clock.advance(PATIENCE)
        problem = await self.assertFailure(opening, Unavailable)
        self.assertIn("within 10 seconds", problem.detail)

    async def test_answer_that_comes_too_late_is_closed(self) -> None:
        opening = self.listen()
        self.clock.advance(PATIENCE)
        await self.assertFailure(opening, Unavailable)
        given = self.listening()
        self.answer("opened", given)
        self.assertEqual(given.fileno(), -1)
        self.answer("refused", errno=1, reason="no", property=None, new=True)

    async def test_socket_of_another_listener_is_told_if_it_is_one(self) -> None:
        self.sockets.moved(self.wanted("a"), self.wanted("b"))
        self.sockets.moved(self.wanted("b"), self.wanted("b"))
        self.assertEqual(self.sent, [("move", {"former": ["a", ENDPOINT], "name": ["b", ENDPOINT]})])

    async def test_parent_logs(self) -> None:
        self.assertFalse(self.sockets.tells)


class AdoptingTests(SocketsCase):
    """Real sockets behind the answers."""

    async def test_connections_are_accepted(self) -> None:
        given = self.listening()
        port = await self.adopted(given)
        self.assertEqual(given.fileno(), -1)
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
        self.assertEqual(await self.said(endpoint), b"127.0.0.1 hello")

    async def test_before_one_is_accepted_others_are_asked_about_who_have_fewer_of_the_listener(self) -> None:
        asked: list[str] = []
        self.sockets = SharedSockets(self.clock, self.send, Share(lambda listener: asked.append(listener) or 0))
        for where, words in ((ENDPOINT, b"hello"), (f"haproxy:{ENDPOINT}", b"PROXY UNKNOWN\r\nhello")):
            port = await self.adopted(self.listening(), where)
            for self.door.listener in ("a", "b"):
                await self.said(TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port), words)
        self.assertEqual(asked, ["a", "b"] * 2)

    async def test_stored_listener_too(self) -> None:
        given = self.listening()
        host, number = given.getsockname()
        port = await self.adopted(given, f"{host}:{number}")
        self.assertEqual(await self.said(TCP4ClientEndpoint(reactor, host, number)), b"127.0.0.1 hello")
        self.assertEqual(port.getHost().port, number)

    async def test_unix_socket_whose_file_stays_the_parents(self) -> None:
        path = os.path.relpath(self.mktemp())
        given = socket.socket(socket.AF_UNIX)
        given.bind(path)
        given.listen()
        port = await self.adopted(given, f"unix:{path}")
        self.assertEqual(await self.said(UNIXClientEndpoint(reactor, path)), b"somebody hello")
        await port.stopListening()
        self.assertTrue(os.path.exists(path))

    async def test_wrapping_endpoint_is_around_the_socket(self) -> None:
        port = await self.adopted(self.listening(), "haproxy:tcp:0:interface=127.0.0.1")
        self.assertIsInstance(port.factory, HAProxyWrappingFactory)
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", port.getHost().port)
        words = b"PROXY TCP4 192.0.2.9 127.0.0.1 4711 80\r\nhello"
        self.assertEqual(await self.said(endpoint, words), b"192.0.2.9 hello")

    async def test_tls_endpoint_is_around_the_socket(self) -> None:
        with self.listening() as given:
            context: Any = Certificates()
            port = _Reactor(reactor, given, self.door, Share(lambda listener: 0)).listenSSL(0, self.door, context)
        self.addCleanup(port.stopListening)
        self.assertIsInstance(port.factory, TLSMemoryBIOFactory)
        self.assertIs(port.factory.wrappedFactory, self.door)

    async def test_endpoint_that_is_none_here_is_a_failure_and_closes_the_socket(self) -> None:
        given = self.listening()
        opening = self.listen(where="nonsense:1")
        self.answer("opened", given)
        await self.assertFailure(opening, ValueError)
        self.assertEqual(given.fileno(), -1)


class ClosingTests(SocketsCase):
    """Sockets that are not wanted any more."""

    async def bound(self, name: str = "a") -> Bound:
        return Bound(self.wanted(name), await self.adopted(self.listening()), self.door)

    def close(self, bound: Bound) -> Deferred[None]:
        return Deferred.fromCoroutine(self.sockets.close(bound))

    async def test_it_is_closed_here_first_and_then_everywhere(self) -> None:
        bound = await self.bound()
        self.sent.clear()
        await self.close(bound)
        self.assertTrue(bound.port.disconnected)
        self.assertEqual(self.sent, [("release", {"number": 1, "name": ["a", ENDPOINT]})])
        settled = self.sockets.settled()
        self.assertNoResult(settled)
        self.answer("closed", number=1)
        self.successResultOf(settled)

    async def test_name_that_it_had_when_closing_began_counts(self) -> None:
        bound = await self.bound()
        closing = self.close(bound)
        bound.wanted = self.wanted("other")
        await closing
        self.assertEqual(self.sent[-1][1]["name"], ["a", ENDPOINT])
        self.answer("closed", number=1)

    async def test_all_that_were_closed_are_waited_for(self) -> None:
        for name in ("a", "b"):
            await self.close(await self.bound(name))
        numbers = [members["number"] for do, members in self.sent if do == "release"]
        settled = self.sockets.settled()
        self.answer("closed", number=numbers[0])
        self.assertNoResult(settled)
        self.answer("closed", number=numbers[1])
        self.successResultOf(settled)

    async def test_worker_that_hangs_is_not_waited_for_forever(self) -> None:
        await self.close(await self.bound())
        settled = self.sockets.settled()
        self.clock.advance(PATIENCE)
        self.successResultOf(settled)
        self.answer("closed", number=1)
        self.answer("closed", number=1)
        self.successResultOf(self.sockets.settled())

    async def test_nothing_closed_is_settled(self) -> None:
        self.successResultOf(self.sockets.settled())

    async def test_worker_that_leaves_gives_nothing_up(self) -> None:
        bound = await self.bound()
        self.sent.clear()
        self.sockets.leave()
        await self.close(bound)
        self.assertTrue(bound.port.disconnected)
        self.assertEqual(self.sent, [])
        self.successResultOf(self.sockets.settled())
