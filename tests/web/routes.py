"""Routes for tests of the front: one of each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred

from stalwart.errors import Conflict
from stalwart.web.answers import Answer, EventStream, json_answer, text_answer
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, Route, route


class Desk:
    """What the test routes share with the test: Deferreds they wait for, frames they send."""

    def __init__(self) -> None:
        self.waiting: list[Deferred[Any]] = []
        self.sends: list[Callable[[bytes], None]] = []
        self.cancelled = 0

    async def wait(self) -> Any:
        deferred: Deferred[Any] = Deferred()
        self.waiting.append(deferred)
        try:
            return await deferred
        except BaseException:
            self.cancelled += 1
            raise


@route("GET", "/open", needs=None, spec="test")
def open_to_all(exchange: Exchange) -> Answer:
    """Says hello."""
    return text_answer("hello")


@route("GET", "/free", needs=None, limit="none", spec="test")
async def free(exchange: Exchange) -> Answer:
    return json_answer({"ip": exchange.client_ip, "query": dict(exchange.query)})


@route(ANY_METHOD, "/api/account", needs="authenticated", spec="test")
async def account(exchange: Exchange) -> Answer:
    assert exchange.access is not None
    return json_answer({"login": exchange.access.login})


@route("GET", "/secret", needs="sysEverything", spec="test")
async def secret(exchange: Exchange) -> Answer:
    return text_answer("secret")


@route("POST", "/echo", needs=None, limit="none", body_limit=100, spec="test")
async def echo(exchange: Exchange) -> Answer:
    return Answer(200, await exchange.body(), "application/octet-stream")


@route("POST", "/api/json", needs=None, limit="none", spec="test")
async def as_json(exchange: Exchange) -> Answer:
    return json_answer(await exchange.json(require_type=True))


@route("POST", "/deaf", needs=None, limit="none", body_limit=10_000_000, spec="test")
async def deaf(exchange: Exchange) -> Answer:
    return text_answer("not read")


@route("POST", "/jmap", needs="authenticated", body_limit=1000, spec="test")
async def jmap(exchange: Exchange, *, desk: Desk) -> Answer:
    body = await exchange.body()
    await desk.wait()
    return Answer(200, body, "application/json")


@route("GET", "/patient", needs="authenticated", waits=True, spec="test")
async def patient(exchange: Exchange, *, desk: Desk) -> Answer:
    return text_answer(str(await desk.wait()))


@route("GET", "/patient/secret", needs="sysEverything", waits=True, spec="test")
async def patient_secret(exchange: Exchange) -> Answer:
    return text_answer("secret")


@route("GET", "/slow", needs=None, limit="none", spec="test")
async def slow(exchange: Exchange, *, desk: Desk) -> Answer:
    return text_answer(str(await desk.wait()))


@route("GET", "/segment/<name>", needs=None, limit="none", spec="test")
def segment(exchange: Exchange) -> Answer:
    return text_answer(exchange.path_value("name"))


@route("GET", "/broken", needs=None, limit="none", spec="test")
async def broken(exchange: Exchange) -> Answer:
    raise RuntimeError("the pump is out of order")


@route("GET", "/nonsense", needs=None, limit="none", spec="test")
def nonsense(exchange: Exchange) -> Any:
    return "just text"


@route("GET", "/split", needs=None, limit="none", spec="test")
def split(exchange: Exchange) -> Answer:
    return Answer(200, b"", None, (("X-Made", "a\r\nSet-Cookie: b"),))


@route("GET", "/conflict", needs=None, limit="none", spec="test")
def conflict(exchange: Exchange) -> Answer:
    raise Conflict


@route("GET", "/large", needs=None, limit="none", spec="test")
def large(exchange: Exchange) -> Answer:
    return Answer(200, b"0123456789" * 100_000, "application/octet-stream")


@route("GET", "/.well-known/caldav", needs=None, limit="none", spec="test")
def caldav(exchange: Exchange) -> Answer:
    return Answer(307, headers=(("Location", "/dav/cal"),))


@route("GET", "/api/live/delivery/<target>", needs="liveDeliveryTest", spec="test")
async def live(exchange: Exchange, *, desk: Desk) -> EventStream:
    exchange.path_value("target")

    async def run(send: Callable[[bytes], None]) -> None:
        desk.sends.append(send)
        send(b"data: begun\n\n")
        await desk.wait()
        send(b"data: over\n\n")

    return EventStream(run)


@route("GET", "/events", needs=None, limit="none", spec="test")
async def events(exchange: Exchange, *, desk: Desk) -> EventStream:
    async def run(send: Callable[[bytes], None]) -> None:
        desk.sends.append(send)
        await desk.wait()

    return EventStream(run)


ALL: list[Route] = [value for value in list(globals().values()) if isinstance(value, Route)]
