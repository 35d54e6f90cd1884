"""The sockets of all workers in their parent: opened once, kept while somebody wants them, never accepted from."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorSocket
from twisted.internet.task import deferLater
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SkipTest, TestCase

from stalwart.app.sockets import OptionRefused
from stalwart.app.workers import socket_keeper as module
from stalwart.app.workers.socket_keeper import Kept, SocketKeeper
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level
from tests.app.test_listeners import stored

ENDPOINT = "tcp:0:interface=127.0.0.1"


def turn() -> Deferred[None]:
    """Fires when the reactor has looked at its sockets."""
    return deferLater(reactor, 0)  # type: ignore[arg-type]


class KeeperCase(TestCase):
    """Real sockets on loopback. ``self.events`` and ``self.lines`` are what was told of them."""

    timeout = 20

    def setUp(self) -> None:
        if not IReactorSocket.providedBy(reactor):
            raise SkipTest("this reactor cannot adopt sockets")
        telemetry = Telemetry()
        self.events: list[tuple[str, dict[str, Any]]] = []
        telemetry.observe(lambda event, keys: self.events.append((event.id, keys)), Level.INFO)
        self.keeper = SocketKeeper(reactor, telemetry)
        self.addCleanup(lambda: Deferred.fromCoroutine(self.keeper.close()))
        self.lines: list[str] = []
        globalLogPublisher.addObserver(self._log)
        self.addCleanup(globalLogPublisher.removeObserver, self._log)
        self.closed: list[int] = []

    def _log(self, event: Any) -> None:
        if str(event.get("log_format")).startswith("listening"):
            self.lines.append(event["log_format"].format(**event))

    async def open(self, worker: int, name: str = "a", where: str = ENDPOINT, **given: Any) -> Kept:
        is_endpoint = where.startswith(("tcp", "unix", "nonsense"))
        settings = {} if is_endpoint else stored(name, where, **given.pop("options", {})).to_stored()
        return await self.keeper.open(worker, (name, where), "http", endpoint=is_endpoint, settings=settings, **given)

    def release(self, worker: int, name: str = "a", where: str = ENDPOINT) -> None:
        self.keeper.release(worker, (name, where), lambda: self.closed.append(worker))

    def free(self) -> str:
        """An address that nobody has."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            return f"127.0.0.1:{probe.getsockname()[1]}"

    def taken(self) -> str:
        """An address that somebody else has."""
        holder = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(holder.close)
        return f"127.0.0.1:{holder.getsockname()[1]}"

    def is_open(self, kept: Kept) -> bool:
        return not kept.port.disconnected

    def stopped(self) -> list[str]:
        return [keys["listenerId"] for id, keys in self.events if id == "network.listen-stop"]


class OpenTests(KeeperCase):
    """Opening and handing out."""

    async def test_one_socket_for_all_workers_and_one_line_in_the_log(self) -> None:
        first, second = await self.open(1), await self.open(2)
        self.assertIs(first, second)
        self.assertEqual(first.holders, {1, 2})
        self.assertEqual(self.lines, [f"listening http 127.0.0.1:{first.port.getHost().port}"])

    async def test_stored_listener_has_its_options(self) -> None:
        kept = await self.open(1, where=self.free(), options={"socketNoDelay": False, "socketTtl": 33})
        self.assertEqual(kept.port.socket.getsockopt(socket.IPPROTO_IP, socket.IP_TTL), 33)
        self.assertEqual(kept.family, socket.AF_INET)

    async def test_parent_does_not_accept_so_that_a_worker_can(self) -> None:
        kept = await self.open(1)
        with socket.create_connection(("127.0.0.1", kept.port.getHost().port)) as client:
            for _ in range(3):
                await turn()
            with socket.socket(fileno=os.dup(kept.port.fileno())) as worker:
                accepted, address = worker.accept()
                self.assertEqual(address, client.getsockname())
                accepted.close()

    async def test_same_address_for_two_listeners_is_refused_by_the_system(self) -> None:
        where = self.free()
        await self.open(1, "a", where)
        problem = await self.assertFailure(Deferred.fromCoroutine(self.open(1, "b", where)), OSError)
        self.assertEqual(problem.errno, errno.EADDRINUSE)

    async def test_wider_address_at_a_port_that_is_given_up(self) -> None:
        where = self.free()
        wide = f"0.0.0.0:{where.rpartition(':')[2]}"
        await self.open(1, "a", where)
        await self.assertFailure(Deferred.fromCoroutine(self.open(1, "a", wide)), OSError)
        kept = await self.open(1, "a", wide, instead_of=[("a", where), ("gone", "127.0.0.1:1")])
        self.assertEqual(kept.port.getHost().host, "0.0.0.0")

    async def test_option_that_the_system_refuses_is_named(self) -> None:
        opening = self.open(1, where=self.free(), options={"socketTtl": 300})
        problem = await self.assertFailure(Deferred.fromCoroutine(opening), OptionRefused)
        self.assertEqual(problem.property, "socketTtl")

    async def test_endpoint_that_is_none_is_refused(self) -> None:
        await self.assertFailure(Deferred.fromCoroutine(self.open(1, where="nonsense:1")), ValueError)

    async def test_unix_socket(self) -> None:
        path = os.path.relpath(self.mktemp())
        kept = await self.open(1, where=f"unix:{path}")
        self.assertEqual((kept.family, os.path.exists(path)), (socket.AF_UNIX, True))
        self.assertEqual(self.lines, [f"listening http {path}"])

    async def test_of_two_that_open_the_same_at_once_one_is_kept(self) -> None:
        made: list[Any] = []
        gates: list[Deferred[None]] = [Deferred(), Deferred()]
        asked = iter(gates)
        real = module.serverFromString

        class Slow:
            """An endpoint that takes its time."""

            def __init__(self, reactor: Any, text: str) -> None:
                self.endpoint = real(reactor, text)

            def listen(self, factory: Any) -> Any:
                listening = next(asked).addCallback(lambda _: self.endpoint.listen(factory))
                return listening.addCallback(lambda port: made.append(port) or port)

        self.patch(module, "serverFromString", Slow)
        first, second = (Deferred.fromCoroutine(self.open(worker)) for worker in (1, 2))
        gates[0].callback(None)
        gates[1].callback(None)
        kept = await first
        self.assertIs(await second, kept)
        self.assertEqual((len(made), len(self.lines), kept.holders), (2, 1, {1, 2}))
        await turn()
        self.assertEqual([bool(port.disconnected) for port in made], [False, True])


class ProblemTests(KeeperCase):
    """What is told once."""

    async def problem(self, worker: int, where: str) -> Exception:
        found: Exception = await self.assertFailure(Deferred.fromCoroutine(self.open(worker, "a", where)), OSError)
        return found

    async def test_same_problem_of_another_worker_is_not_new(self) -> None:
        where = self.taken()
        found = [self.keeper.is_new(("a", where), await self.problem(worker, where)) for worker in (1, 2)]
        self.assertEqual(found, [True, False])

    async def test_another_reason_and_another_listener_are(self) -> None:
        name = ("a", "127.0.0.1:1")
        self.keeper.is_new(name, OSError(98, "in use"))
        self.assertTrue(self.keeper.is_new(("b", name[1]), OSError(98, "in use")))
        self.assertTrue(self.keeper.is_new(name, OSError(13, "denied")))

    async def test_after_it_could_be_opened_it_is_new_again(self) -> None:
        where, problem = self.free(), OSError(98, "in use")
        self.keeper.is_new(("a", where), problem)
        await self.open(1, "a", where)
        self.assertTrue(self.keeper.is_new(("a", where), problem))


class CloseTests(KeeperCase):
    """Who still wants what."""

    async def test_it_is_closed_when_the_last_one_does_not_want_it(self) -> None:
        kept = await self.open(1)
        await self.open(2)
        self.release(1)
        self.assertEqual((self.is_open(kept), self.closed), (True, []))
        self.release(2)
        await self.keeper.close()
        self.assertEqual((self.is_open(kept), sorted(self.closed), self.stopped()), (False, [1, 2], ["a"]))

    async def test_socket_that_is_not_there_is_closed(self) -> None:
        self.release(1)
        self.assertEqual(self.closed, [1])

    async def test_sockets_of_a_dead_worker_wait_for_the_one_that_takes_its_place(self) -> None:
        kept = await self.open(1)
        self.keeper.gone(1)
        self.assertTrue(self.is_open(kept))
        self.assertIs(await self.open(1), kept)
        self.keeper.tidy()
        self.assertTrue(self.is_open(kept))

    async def test_tidying_closes_what_nobody_took_again(self) -> None:
        left, kept = await self.open(1, "a"), await self.open(1, "b")
        await self.open(2, "b")
        self.keeper.gone(1)
        self.keeper.tidy()
        await turn()
        self.assertEqual((self.is_open(kept), self.is_open(left), self.stopped()), (True, False, ["a"]))

    async def test_who_waits_for_the_dead_is_told_when_it_is_tidied(self) -> None:
        await self.open(1)
        await self.open(2)
        self.release(1)
        self.keeper.gone(2)
        self.assertEqual(self.closed, [])
        self.keeper.tidy()
        await self.keeper.close()
        self.assertEqual(self.closed, [1])

    async def test_port_of_a_socket_that_closes_can_be_had_at_once(self) -> None:
        where = self.free()
        await self.open(1, "a", where)
        self.release(1, "a", where)
        kept = await self.open(1, "b", where)
        self.assertTrue(self.is_open(kept))

    async def test_it_does_not_open_before_what_closes_is_closed(self) -> None:
        await self.open(1)
        gate: Deferred[None] = Deferred()
        real = self.keeper._kept[0].port.stopListening
        self.patch(self.keeper._kept[0].port, "stopListening", lambda: gate)
        self.release(1)
        opening = Deferred.fromCoroutine(self.open(1, "b"))
        self.assertNoResult(opening)
        self.assertEqual(self.closed, [])
        real()
        gate.callback(None)
        await opening
        self.assertEqual(self.closed, [1])

    async def test_closing_closes_everything(self) -> None:
        made = [await self.open(1, name) for name in ("a", "b")]
        await self.keeper.close()
        self.assertEqual(([self.is_open(each) for each in made], sorted(self.stopped())), ([False] * 2, ["a", "b"]))

    async def test_file_of_a_unix_socket_goes_with_it(self) -> None:
        path = os.path.relpath(self.mktemp())
        await self.open(1, where=f"unix:{path}")
        await self.keeper.close()
        self.assertFalse(os.path.exists(path))


class MoveTests(KeeperCase):
    """Sockets that become another listener's."""

    async def test_socket_belongs_to_another_listener(self) -> None:
        kept = await self.open(1, "a")
        await self.open(2, "a")
        for _worker in (1, 2):  # each says so
            self.keeper.move(("a", ENDPOINT), ("b", ENDPOINT))
        self.assertIs(await self.open(1, "b"), kept)
        self.release(1, "b")
        self.release(2, "b")
        await self.keeper.close()
        self.assertEqual((self.closed, self.stopped()), ([1, 2], ["b"]))

    async def test_socket_of_the_other_listener_is_not_hidden(self) -> None:
        first, second = await self.open(1, "a"), await self.open(1, "b")
        self.keeper.move(("a", ENDPOINT), ("b", ENDPOINT))
        self.assertIs(await self.open(2, "b"), second)
        self.assertIs(await self.open(2, "a"), first)
