"""Carrying out the calls of a request: strictly in order, one failing without stopping the next (RFC 8620 3.3 to 3.8).

Handlers that do not wait are run on the caller's stack; the others are awaited, within one time limit for the whole
request. A client that leaves stops the calls that have not begun; the one that has begun goes on to its end, because it
may be writing. Reading the body is ``request``, HTTP is ``endpoint``.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from inspect import iscoroutine
from typing import Any, Literal

import msgspec
from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from stalwart.errors import StalwartError, Unavailable
from stalwart.jmap.call import Call, Request
from stalwart.jmap.errors import BOOTSTRAP_ONLY, NOT_AUTHORIZED, MethodError, method_error
from stalwart.jmap.methods import Method
from stalwart.jmap.result_references import References, Response
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import JMAP_ERRORS, JMAP_METHOD_CALL, RESOURCE_ERROR
from stalwart.telemetry.measures import JMAP_CALL_DURATION, JMAP_CALLS, OTHER
from stalwart.telemetry.series import Series
from stalwart.web.clock import Clock
from stalwart.web.coroutines import Rest, Running, begun
from stalwart.web.route_table import UnknownServiceError

Mode = Literal["normal", "recovery", "bootstrap"]
Invocation = tuple[str, dict[str, Any], str]

TIME_LIMIT = 300.0
"""Seconds for all calls of one request together."""

EACH = 1.0

TURN = 0.01
"""Seconds that the calls of one request may take in a row before other requests get their turn."""

_ALWAYS = ("Core/echo", "x:Bootstrap/")
_SHOWN = 100


class BoundMethod:
    """A method with its services filled in."""

    __slots__ = ("call", "capabilities", "method", "needs")

    def __init__(self, method: Method, services: Mapping[str, Any]) -> None:
        missing = [name for name in method.services if name not in services]
        if missing:
            raise UnknownServiceError(f"{method.name} ({method.made_in}) asks for {', '.join(missing)}")
        chosen = {name: services[name] for name in method.services}
        self.call: Callable[[Call], Any] = partial(method.handler, **chosen) if chosen else method.handler
        self.method = method
        self.capabilities = frozenset(method.capabilities)
        self.needs = method.needs


class Engine:
    """All methods, bound to ``services`` (name -> object).

    :raises UnknownServiceError: a method asks for a service that is not there.
    :raises ValueError: two methods have one name.
    """

    def __init__(
        self,
        methods: Iterable[Method],
        services: Mapping[str, Any],
        *,
        telemetry: Telemetry,
        clock: Clock,
        mode: Mode = "normal",
    ) -> None:
        self.clock = clock
        self.telemetry = telemetry
        self.waiting = Waiting(clock)
        self._bootstrap = mode == "bootstrap"
        self._methods: dict[str, BoundMethod] = {}
        self._measured: dict[tuple[str, str], tuple[Series, Series]] = {}
        for each in methods:
            if each.name in self._methods:
                raise ValueError(f"{each.name} is declared twice: in {each.made_in} and elsewhere")
            self._methods[each.name] = BoundMethod(each, services)

    async def responses(self, request: Request, invocations: Sequence[Invocation], budget: int) -> list[Response]:
        """What the calls answer, in their order. ``budget`` bounds result references, see ``References``."""
        answered: list[Response] = []
        references = References(answered, budget)
        run = _Run(self, request)
        try:
            for position, (name, arguments, call_id) in enumerate(invocations):
                if position and run.turn_is_over():
                    await run.pause()
                try:
                    answered += await self._answered(run, references, name, arguments, call_id)
                except MethodError as problem:
                    answered.append(("error", problem.wire(), call_id))
        finally:
            run.end()
        return answered

    async def _answered(
        self, run: _Run, references: References, name: str, arguments: dict[str, Any], call_id: str
    ) -> list[Response]:
        began, outcome = self.clock.seconds(), "cancelled"
        try:
            answers = await self._carried_out(run, references, name, arguments, call_id)
            outcome = "ok"
        except MethodError as problem:
            outcome = problem.type
            event = JMAP_ERRORS.get(outcome)
            if event is not None:
                self.telemetry.emit(event, method=name[:_SHOWN], details=problem.description)
            raise
        finally:
            self._measure(name, outcome, self.clock.seconds() - began)
        return answers

    def _measure(self, name: str, outcome: str, seconds: float) -> None:
        """Count a call, and how long it took; methods that do not exist share a name."""
        self.telemetry.emit(JMAP_METHOD_CALL, method=name[:_SHOWN], result=outcome, elapsed=round(seconds * 1000))
        shown = name if name in self._methods else OTHER
        held = self._measured.get((shown, outcome))
        if held is None:
            measured = self.telemetry.series
            held = measured(JMAP_CALLS, shown, outcome), measured(JMAP_CALL_DURATION, shown)
            self._measured[shown, outcome] = held
        held[0].add()
        held[1].observe(max(seconds, 0.0))

    async def _carried_out(
        self, run: _Run, references: References, name: str, arguments: dict[str, Any], call_id: str
    ) -> list[Response]:
        if run.expired:
            raise MethodError("serverUnavailable", "The request took too long; this call was not begun.")
        bound = self._bound(name, run.request)
        try:
            result = bound.call(Call(name, references.resolved(arguments), call_id, run.request))
            if iscoroutine(result):
                result = begun(result)
                if result.__class__ is Rest:
                    result = await run.finished(result)
            return _as_responses(name, result, call_id)
        except CancelledError as problem:
            if run.left:
                raise
            raise self.fault(run.request, name, problem) from None
        except MethodError:
            raise
        except StalwartError as problem:
            if type(problem) is StalwartError:
                raise self.fault(run.request, name, problem) from None
            raise method_error(problem) from None
        except Exception as problem:
            raise self.fault(run.request, name, problem) from None
        finally:
            for noted in run.request.faults:
                self.fault(run.request, name, noted)
            run.request.faults.clear()

    def _bound(self, name: str, request: Request) -> BoundMethod:
        if self._bootstrap and not name.startswith(_ALWAYS):
            raise MethodError("forbidden", BOOTSTRAP_ONLY)
        bound = self._methods.get(name)
        shown = name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
        if bound is None:
            raise MethodError("unknownMethod", f"There is no method {shown} on this server.")
        if bound.capabilities and bound.capabilities.isdisjoint(request.using):
            wanted = " or ".join(bound.method.capabilities)
            text = f'Method {shown} requires capability {wanted} which is not present in the "using" property.'
            raise MethodError("unknownMethod", text)
        if bound.needs is not None and not request.access.may(bound.needs):
            raise MethodError("forbidden", NOT_AUTHORIZED)
        return bound

    def fault(self, request: Request, name: str, error: BaseException) -> MethodError:
        """The error response for what is our fault; the cause is logged, the client gets the number to quote."""
        exchange = request.exchange
        request_id = exchange.request_id if exchange is not None else ""
        self.telemetry.emit(
            RESOURCE_ERROR,
            requestId=request_id,
            method=name[:_SHOWN],
            reason=f"{type(error).__name__}: {error}",
            trace=lambda: _places(error),
        )
        number = f" (request {request_id})" if request_id else ""
        return MethodError("serverFail", f"The server failed to carry out this call; the cause is in its log{number}.")


class Waiting:
    """Requests that wait, and are looked at ``EACH`` second to see whose time is over."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._runs: dict[_Run, None] = {}
        self._timer: Any = None

    def add(self, run: _Run) -> None:
        """It waits."""
        self._runs[run] = None
        if self._timer is None:
            self._timer = self._clock.callLater(EACH, self._look)

    def discard(self, run: _Run) -> None:
        """It does not."""
        self._runs.pop(run, None)
        if not self._runs and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        oldest = self._clock.seconds() - TIME_LIMIT
        for run in [run for run in self._runs if run.began <= oldest]:
            self._runs.pop(run, None)
            run.expire()
        if self._runs:
            self._timer = self._clock.callLater(EACH, self._look)


class _Run:
    """The time of one request: its limit, the turns of others, and whether its client is still there."""

    def __init__(self, engine: Engine, request: Request) -> None:
        self.request = request
        self.expired = False
        self.left = False
        self._engine = engine
        self._seconds = engine.clock.seconds
        self.began = self._turn_began = self._seconds()
        self._waits = False
        self._gate: Deferred[Any] | None = None
        self._working: Deferred[Any] | None = None

    def turn_is_over(self) -> bool:
        """Whether the calls took so long in a row that other requests should have a turn."""
        return self._seconds() - self._turn_began > TURN

    async def pause(self) -> None:
        """Let the reactor do something else."""
        turn: Deferred[None] = Deferred(lambda _: waiting.cancel())
        waiting = self._engine.clock.callLater(0, turn.callback, None)
        await turn
        self._turn_began = self._seconds()

    async def finished(self, rest: Rest) -> Any:
        """The result of a call that waits. Cancelling this does not cancel the call; the time limit does."""
        if not self._waits:
            self._waits = True
            self._engine.waiting.add(self)
        gate: Deferred[Any] = Deferred(self._client_left)
        self._gate = gate
        self._working = Running(rest)
        self._working.addCallbacks(self._done, self._failed)
        try:
            return await gate
        finally:
            self._gate = self._working = None
            self._turn_began = self._seconds()

    def end(self) -> None:
        """No call is waited for any more."""
        if self._waits:
            self._engine.waiting.discard(self)

    def _client_left(self, gate: Deferred[Any]) -> None:
        self.left = True

    def _done(self, result: Any) -> None:
        if self._gate is not None:
            self._gate.callback(result)

    def _failed(self, failure: Failure) -> None:
        if self._gate is not None:
            self._gate.errback(failure)
        elif not failure.check(MethodError, Unavailable, CancelledError):  # nobody is there to be told
            assert failure.value is not None  # it was not made by hand
            self._engine.fault(self.request, "after the client left", failure.value)

    def expire(self) -> None:
        """Its time is over: what runs is stopped, and nothing else begun."""
        self.expired = True
        gate, self._gate = self._gate, None
        working = self._working
        if gate is not None:
            text = "The request took too long; what this call has done is not known."
            gate.errback(MethodError("serverPartialFail", text))
        if working is not None:
            working.cancel()


def _as_responses(name: str, result: Any, call_id: str) -> list[Response]:
    if isinstance(result, dict):
        return [(name, result, call_id)]
    return [(each, arguments, call_id) for each, arguments in result]


def encoded(engine: Engine, request: Request, answered: Sequence[Response], state: str, created: bool) -> bytes:
    """The Response object (RFC 8620 3.4) as JSON; ``created`` says whether ``createdIds`` is part of it."""
    members: dict[str, Any] = {"methodResponses": answered, "sessionState": state}
    if created:
        members["createdIds"] = request.created_ids
    try:
        return msgspec.json.encode(members)
    except (TypeError, ValueError, RecursionError, OverflowError):
        members["methodResponses"] = [_sound(engine, request, response) for response in answered]
        return msgspec.json.encode(members)


def _sound(engine: Engine, request: Request, response: Response) -> Response:
    try:
        msgspec.json.encode(response)
    except Exception as problem:
        return ("error", engine.fault(request, response[0], problem).wire(), response[2])
    return response


def _places(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-8:])
