"""Which route, schedule, connection and TLS a recipient gets (x:MtaOutboundStrategy, settings C.7).

Rules give names; the settings say what has a name. The names of the default strategy mean something even where the
settings have no objects of that name, so that a server delivers from its first minute. Schedules are evaluated while a
letter is written as well: those that would have to wait give their default then.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Final, cast

from attrs import evolve, frozen

from stalwart.codec.expression import EvaluationError, ExpressionIO, Value
from stalwart.codec.expression.values import text_of
from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.config.mail.connection_strategy import MtaConnectionStrategy
from stalwart.config.mail.route import Local, MtaRoute, Mx, Relay
from stalwart.config.mail.schedule import MtaDeliverySchedule
from stalwart.config.mail.strategy import MtaOutboundStrategy
from stalwart.config.mail.tls_strategy import MtaTlsStrategy
from stalwart.config.mail.virtual_queue import MtaVirtualQueue
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.mail.delivery import shipment
from stalwart.mail.queue.schedules import BUILT_IN, Plan, plan_of
from stalwart.mail.queue.variables import VariableSource
from stalwart.schema import ExpressionValue, File
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.queue_events import QUEUE_RULE_ERROR
from stalwart.telemetry.sending_events import DELIVERY_MISSING_HOSTNAME

UNSORTED: Final = ""
"""The part of the queue of letters whose schedule is not known yet."""
THREADS: Final = 25
"""Letters that are tried at once in a part of the queue that the settings do not know."""


class Waits(EvaluationError):
    """A rule would have to wait for somebody."""


@frozen
class ToAccounts:
    """The route to the mailboxes of this server."""


@frozen
class Unknown:
    """The settings have no route of that name, or one that cannot be used."""

    name: str
    reason: str = "there is none of that name"


Route = shipment.Mx | shipment.Relay | ToAccounts | Unknown


class Strategies:
    """Evaluates the rules of the settings in force; ``io`` is what they may ask. ``store`` has threads for files."""

    def __init__(self, settings: Settings, io: ExpressionIO, telemetry: Telemetry, store: Store) -> None:
        self._settings = settings
        self._store = store
        self.io = io
        self._at_once = _AtOnce(io)
        self._telemetry = telemetry
        self._has_told = False

    async def route(self, variables: VariableSource, domain: str, io: ExpressionIO | None = None) -> Route:
        """The route of a recipient at ``domain``. ``io`` is asked instead of that of all, here and below."""
        rule = self._settings.of(MtaOutboundStrategy).route
        name = await self._value(rule, variables, "mx", "route", io)
        for _, route in self._settings.all(MtaRoute):
            if route.name == name:
                return await self._made(route, domain)
        if name == "local":
            return ToAccounts()
        return shipment.Mx(domain, max_hosts=2) if name in ("mx", "default") else Unknown(name)

    async def schedule(self, variables: VariableSource, io: ExpressionIO | None = None) -> Plan:
        """The schedule of a recipient."""
        rule = self._settings.of(MtaOutboundStrategy).schedule
        return self.plan(await self._value(rule, variables, "remote", "schedule", io))

    def schedule_at_once(self, variables: VariableSource) -> Plan:
        """The same in any thread; one that has to be waited for puts it in the part ``UNSORTED``."""
        rule = self._settings.of(MtaOutboundStrategy).schedule
        try:
            return self.plan(_at_once(rule, variables, self._at_once, "remote"))
        except EvaluationError:
            return Plan(UNSORTED)

    def plan(self, name: str) -> Plan:
        """The schedule of that name."""
        for _, schedule in self._settings.all(MtaDeliverySchedule):
            if schedule.name == name:
                queues = dict(self._settings.all(MtaVirtualQueue))
                queue = queues.get(schedule.queue_id)
                return plan_of(schedule, queue.name if queue is not None else "remote")
        return BUILT_IN.get(name, BUILT_IN["remote"])

    def threads(self, queue: str) -> int:
        """How many letters may be tried at once in a part of the queue."""
        for _, known in self._settings.all(MtaVirtualQueue):
            if known.name == queue:
                return known.threads_per_node
        return THREADS

    async def host(self, variables: VariableSource, io: ExpressionIO | None = None) -> shipment.HostStrategy:
        """How one host is connected, and what is asked of its TLS."""
        strategy = self._settings.of(MtaOutboundStrategy)
        name = await self._value(strategy.connection, variables, "default", "connection", io)
        known = {each.name: each for _, each in self._settings.all(MtaConnectionStrategy)}
        connecting = known.get(name, known.get("default"))
        name = await self._value(strategy.tls, variables, "default", "tls", io)
        tls = next((each for _, each in self._settings.all(MtaTlsStrategy) if each.name == name), None)
        demands = _demands(tls, name)
        if variables("source") == "report":
            demands = _of_a_report(demands, failed=variables("last_error") == "tls")
        return shipment.HostStrategy(self._connecting(connecting), demands)

    def hostname(self) -> str:
        """What this server is called."""
        return self._settings.of(SystemSettings).default_hostname or "localhost"

    def _ehlo_name(self) -> str:
        name = self.hostname()
        if "." not in name and not self._has_told:
            self._has_told = True
            self._telemetry.emit(DELIVERY_MISSING_HOSTNAME, hostname=name)
        return name

    async def _made(self, route: Any, domain: str) -> Route:
        if isinstance(route, Local):
            return ToAccounts()
        if isinstance(route, Mx):
            families = cast(shipment.Families, route.ip_lookup_strategy)
            return shipment.Mx(domain, families, route.max_mx_hosts, route.max_multihomed)
        assert isinstance(route, Relay)
        login = None
        if route.auth_username:
            place: Any = route.auth_secret
            try:
                if isinstance(place, File):
                    secret = await self._store.blob_work(lambda files: kept_text(place))
                else:
                    secret = kept_text(place)
            except Unreadable as problem:
                return Unknown(route.name, f"its password cannot be had: {problem}")
            login = shipment.Login(route.auth_username, secret)
        return shipment.Relay(
            route.address,
            route.port,
            "lmtp" if route.protocol == "lmtp" else "smtp",
            route.implicit_tls,
            login,
            route.allow_invalid_certs,
        )

    def _connecting(self, found: MtaConnectionStrategy | None) -> shipment.Connecting:
        if found is None:
            return shipment.Connecting(self._ehlo_name())
        return shipment.Connecting(
            found.ehlo_hostname or self._ehlo_name(),
            tuple((each.source_ip, each.ehlo_hostname) for each in found.source_ips),
            connect=found.connect_timeout / 1000,
            greeting=found.greeting_timeout / 1000,
            ehlo=found.ehlo_timeout / 1000,
            mail=found.mail_from_timeout / 1000,
            rcpt=found.rcpt_to_timeout / 1000,
            data=found.data_timeout / 1000,
        )

    async def _value(
        self, rule: ExpressionValue, variables: VariableSource, usual: str, what: str, io: ExpressionIO | None = None
    ) -> str:
        try:
            return text_of(await _answer(rule, variables, io or self.io) or "") or usual
        except EvaluationError as problem:
            self._telemetry.emit(QUEUE_RULE_ERROR, object=what, reason=str(problem))
            return usual


async def says_yes(rule: ExpressionValue, variables: VariableSource, io: ExpressionIO) -> bool:
    """Whether a rule says yes; one that is not there, or gives nothing usable, does."""
    try:
        answer = await _answer(rule, variables, io)
        return answer is None or text_of(answer) not in ("0", "false")
    except EvaluationError:
        return True


async def _answer(rule: ExpressionValue, variables: VariableSource, io: ExpressionIO) -> Value | None:
    """What a rule gives, None for nothing. Raises EvaluationError."""
    compiled = rule.compiled
    if compiled is None:
        return None
    return await compiled.evaluate_async(variables, io) if compiled.needs_io else compiled.evaluate(variables, io)


def applies(rule: ExpressionValue, variables: VariableSource, io: ExpressionIO) -> bool:
    """Whether a rule says yes, without waiting for anybody; one that is not there, or gives nothing usable, does."""
    try:
        return _at_once(rule, variables, _AtOnce(io), "1") not in ("0", "false")
    except EvaluationError:
        return True


def is_at_home(domain: str, io: ExpressionIO) -> bool:
    """Whether mail for a domain stays here, as far as that is known without waiting."""
    try:
        return bool(_ended(cast(Any, io.is_local_domain(domain))))
    except EvaluationError:
        return False


def _at_once(rule: ExpressionValue, variables: VariableSource, io: _AtOnce, usual: str) -> str:
    """What a rule gives. Raises EvaluationError, ``Waits`` if it would have to wait."""
    compiled = rule.compiled
    if compiled is None:
        return usual
    value = _ended(compiled.evaluate_async(variables, io)) if compiled.needs_io else compiled.evaluate(variables, io)
    return usual if value is None else text_of(value)


def _ended(running: Coroutine[Any, Any, Value | None]) -> Value | None:
    """The result of a coroutine that has nothing to wait for."""
    try:
        running.send(None)
    except StopIteration as done:
        result: Value | None = done.value
        return result
    running.close()
    raise Waits("The rule asks for what has to be waited for.")


class _AtOnce:
    """As much of ``ExpressionIO`` as is known without waiting, in any thread."""

    def __init__(self, io: ExpressionIO) -> None:
        self.system: Callable[[str], object] = io.system
        self.metric: Callable[[str], object] = io.metric
        self.is_local_domain = io.is_local_domain

    async def is_local_address(self, address: str) -> object:
        raise Waits("is_local_address")

    async def key_get(self, store: str, key: str) -> object:
        raise Waits("key_get")

    async def key_exists(self, store: str, key: str) -> object:
        raise Waits("key_exists")

    async def key_set(self, store: str, key: str, value: Value) -> object:
        raise Waits("key_set")

    async def counter_incr(self, store: str, key: str, by: int) -> object:
        raise Waits("counter_incr")

    async def counter_get(self, store: str, key: str) -> object:
        raise Waits("counter_get")

    async def dns_query(self, name: str, rtype: str) -> object:
        raise Waits("dns_query")

    async def sql_query(self, store: str, query: str, arguments: Value) -> object:
        raise Waits("sql_query")


def _of_a_report(demands: shipment.TlsDemands, failed: bool) -> shipment.TlsDemands:
    """A report is to arrive also where TLS fails, since it may be about that (RFC 8460)."""
    return evolve(
        demands,
        starttls="disable" if failed else "optional",
        dane="disable",
        mta_sts="disable",
        allow_invalid_certs=True,
    )


def _demands(found: MtaTlsStrategy | None, name: str) -> shipment.TlsDemands:
    if found is None:
        return shipment.TlsDemands(allow_invalid_certs=name == "invalid-tls")
    starttls, dane, mta_sts = (
        cast(shipment.Requirement, asked) for asked in (found.start_tls, found.dane, found.mta_sts)
    )
    fetch, handshake = found.mta_sts_timeout / 1000, found.tls_timeout / 1000
    return shipment.TlsDemands(starttls, dane, mta_sts, found.allow_invalid_certs, fetch, handshake)
