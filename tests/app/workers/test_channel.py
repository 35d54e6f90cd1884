"""The line between parent and worker: messages and sockets over a real pair of sockets, in both directions."""

from __future__ import annotations

import os
import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.task import deferLater
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from stalwart.app.workers.channel import LONGEST, Channel, Message, open_channel


class End:
    """One side, and what it has heard."""

    def __init__(self, side: socket.socket) -> None:
        self.heard: list[tuple[Message, socket.socket | None]] = []
        self.losses = 0
        self.flows = 0
        self._awaited: tuple[int, Deferred[None]] | None = None
        self.lost: Deferred[None] = Deferred()
        self.channel = open_channel(reactor, side, Channel(self._hear, self._lose, self._flow))

    def _hear(self, message: Message, given: socket.socket | None) -> None:
        self.heard.append((message, given))
        if self._awaited is not None and len(self.heard) >= self._awaited[0]:
            self._awaited[1].callback(None)
            self._awaited = None

    def _lose(self) -> None:
        self.losses += 1
        self.lost.callback(None)

    def _flow(self) -> None:
        self.flows += 1

    async def messages(self, count: int) -> list[Message]:
        """What was heard, once it is so much."""
        if len(self.heard) < count:
            self._awaited = (count, Deferred())
            await self._awaited[1]
        return [message for message, _ in self.heard]


class ChannelTests(TestCase):
    """Two ends in one process."""

    timeout = 20

    def setUp(self) -> None:
        if not IReactorSocket.providedBy(reactor):
            raise SkipTest("this reactor cannot adopt sockets")
        self.sides = socket.socketpair()
        self.parent, self.worker = (End(side) for side in self.sides)
        self.addCleanup(self.end)

    async def end(self) -> None:
        for end in (self.parent, self.worker):
            await end.channel.finish()
            for _, given in end.heard:
                if given is not None:
                    given.close()

    async def test_messages_go_both_ways_in_order(self) -> None:
        for number in range(3):
            self.parent.channel.send("open", number=number, name=["ä", "\n"])
            self.worker.channel.send("opened", number=number)
        told = [{"do": "open", "number": number, "name": ["ä", "\n"]} for number in range(3)]
        self.assertEqual(await self.worker.messages(3), told)
        self.assertEqual(await self.parent.messages(3), [{"do": "opened", "number": number} for number in range(3)])

    async def test_pair_is_taken_over(self) -> None:
        self.assertEqual([side.fileno() for side in self.sides], [-1, -1])

    async def test_sockets_arrive_with_the_message_that_they_belong_to(self) -> None:
        listening = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
        self.parent.channel.send("opened", number=1, descriptor=listening[0].fileno())
        self.parent.channel.send("refused", number=2)
        self.parent.channel.send("opened", number=3, descriptor=listening[1].fileno())
        ports = [each.getsockname()[1] for each in listening]
        messages = await self.worker.messages(3)
        for each in listening:
            each.close()
        self.assertEqual([message["number"] for message in messages], [1, 2, 3])
        self.assertNotIn("socket", messages[0])
        first, none, second = (given for _, given in self.worker.heard)
        assert first is not None and second is not None
        self.assertIsNone(none)
        self.assertEqual([first.getsockname()[1], second.getsockname()[1]], ports)
        with socket.create_connection(("127.0.0.1", ports[1])) as client:
            accepted, address = second.accept()
            self.assertEqual(address, client.getsockname())
            accepted.close()

    async def test_processes_that_are_started_do_not_inherit_a_socket_that_arrived(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            os.set_inheritable(listening.fileno(), True)
            self.parent.channel.send("opened", descriptor=listening.fileno())
            await self.worker.messages(1)
        _, given = self.worker.heard[0]
        assert given is not None
        self.assertFalse(given.get_inheritable())

    async def test_line_that_one_side_closes_is_lost_to_both(self) -> None:
        self.parent.channel.send("reload")
        await self.parent.channel.finish()
        await self.worker.lost
        self.assertEqual(await self.worker.messages(1), [{"do": "reload"}])
        self.assertEqual((self.parent.losses, self.worker.losses), (1, 1))
        self.assertFalse(self.parent.channel.is_open or self.worker.channel.is_open)

    async def test_nothing_is_said_on_a_closed_line(self) -> None:
        await self.worker.channel.finish()
        self.worker.channel.send("log", text="too late", descriptor=-1)
        self.assertTrue(self.worker.channel.finish().called)
        self.assertEqual(self.parent.heard, [])

    async def test_what_was_said_before_the_end_arrives(self) -> None:
        for number in range(50):
            self.worker.channel.send("log", text="x" * 20_000, number=number)
        closing = self.worker.channel.finish()
        messages = await self.parent.messages(50)
        await closing
        self.assertEqual([message["number"] for message in messages], list(range(50)))

    async def test_other_side_that_does_not_keep_up_makes_it_full_until_it_does(self) -> None:
        reading: Any = self.parent.channel.transport
        reading.pauseProducing()
        number = 0
        while not self.worker.channel.is_full and number < 1000:
            self.worker.channel.send("log", text="x" * 20_000, number=number)
            number += 1
            await deferLater(reactor, 0)  # type: ignore[arg-type]
        self.assertTrue(self.worker.channel.is_full)
        self.assertEqual(self.worker.flows, 0)
        reading.resumeProducing()
        await self.parent.messages(number)
        self.assertFalse(self.worker.channel.is_full)
        self.assertGreater(self.worker.flows, 0)


class LineTests(SynchronousTestCase):
    """One end over a transport in memory."""

    def setUp(self) -> None:
        self.heard: list[tuple[Message, socket.socket | None]] = []
        self.losses = 0
        self.channel = Channel(lambda *said: self.heard.append(said), self._lose)
        self.transport: Any = StringTransport()

    def _lose(self) -> None:
        self.losses += 1

    def test_before_there_is_a_line_nothing_is_said(self) -> None:
        self.channel.send("log", text="x")
        self.channel.makeConnection(self.transport)
        self.assertEqual(self.transport.value(), b"")

    def test_message_is_one_line_of_ascii(self) -> None:
        self.channel.makeConnection(self.transport)
        self.channel.send("log", text="ä\n\ud800")
        self.assertEqual(self.transport.value(), b'{"do": "log", "text": "\\u00e4\\n\\ud800"}\n')

    def test_message_that_comes_in_pieces_is_heard_when_it_is_whole(self) -> None:
        self.channel.makeConnection(self.transport)
        for piece in (b'{"do"', b': "look"}', b'\n{"do": "wa', b'ke"}\n'):
            self.channel.dataReceived(piece)
        self.assertEqual(self.heard, [({"do": "look"}, None), ({"do": "wake"}, None)])

    def test_longest_line_of_the_log_fits(self) -> None:
        self.channel.makeConnection(self.transport)
        self.channel.send("log", text="\U0001f600" * 60_000)
        self.assertLess(len(self.transport.value()), LONGEST)

    def test_socket_without_its_message_is_closed_at_the_end(self) -> None:
        self.channel.makeConnection(self.transport)
        mine, theirs = socket.socketpair()
        self.addCleanup(mine.close)
        self.channel.fileDescriptorReceived(theirs.detach())
        self.channel.connectionLost()
        self.assertEqual((mine.recv(1), self.losses), (b"", 1))
        self.assertFalse(self.channel.is_open)
