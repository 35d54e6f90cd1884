"""A worker process: the service of one process, with a line to the parent, which logs for it and holds its sockets.

It ends in good order on SIGTERM, and when the parent is gone. SIGINT, which a terminal sends to everybody, is the
parent's business.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stalwart.app.workers.channel import Channel
    from stalwart.app.workers.plan import Plan

_FAREWELL = 1.0  # seconds for the last lines of the log


def main() -> None:
    """Run the worker that the last argument describes (``plan``)."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    from stalwart.app.generated_sources import forget_generated_sources

    forget_generated_sources()
    from stalwart.app.workers.plan import LINE, MEMORY, Plan

    plan = Plan.from_json(sys.argv[-1])
    serve(plan, _installed(plan.reactor), socket.socket(fileno=LINE), MEMORY)


def serve(plan: Plan, reactor: Any, line: socket.socket, memory: int) -> None:
    """Serve until the end; ``line`` and the descriptor ``memory`` come from the parent."""
    from twisted.logger import globalLogBeginner

    from stalwart.app.environment import read_environment
    from stalwart.app.service import StalwartService
    from stalwart.app.workers.channel import Channel, open_channel
    from stalwart.app.workers.log_relay import LogRelay
    from stalwart.app.workers.member import Member
    from stalwart.app.workers.memory import SharedMemory

    relay = LogRelay()
    observers: Any = [relay]
    globalLogBeginner.beginLoggingTo(observers)

    def send(do: str, **members: Any) -> None:
        channel.send(do, **members)

    shared = SharedMemory(memory, plan.workers)
    member = Member(plan.number, shared, reactor, send, is_first=plan.is_first, is_full=lambda: channel.is_full)

    def alone() -> None:
        service.drain = 0.0  # the next parent wants the sockets
        _end(reactor)

    channel = Channel(member.heard, alone, relay.flow)
    relay.channel = open_channel(reactor, line, channel)
    service = StalwartService(reactor, plan.startup, read_environment(os.environ), member)

    async def stop() -> None:
        member.leave()
        await service.stopService()
        await _say_farewell(reactor, channel)

    _stop_with(reactor, stop)
    reactor.callWhenRunning(service.startService)
    reactor.run()


def _installed(module: str) -> Any:
    """The reactor of the parent's kind."""
    from twisted.python.reflect import namedModule

    namedModule(module).install()
    from twisted.internet import reactor

    return reactor


def _stop_with(reactor: Any, stop: Any) -> None:
    from twisted.internet.defer import Deferred

    reactor.addSystemEventTrigger("before", "shutdown", lambda: Deferred.fromCoroutine(stop()))


async def _say_farewell(reactor: Any, channel: Channel) -> None:
    await channel.finish().addTimeout(_FAREWELL, reactor, onTimeoutCancel=lambda _result, _seconds: None)


def _end(reactor: Any) -> None:
    """The parent is gone, or will be told nothing any more."""
    from twisted.internet.error import ReactorNotRunning

    try:
        reactor.stop()
    except ReactorNotRunning:
        return  # it stops already
