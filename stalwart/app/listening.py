"""The service ``listeners``: what a change of the stored listeners would mean, and what came of it.

Whoever is about to store listeners asks first: which addresses the system would refuse, whether anybody would serve
HTTP at all, and whether the client of a connection could come back. Once they are stored, ``settle`` tells what is not
as the settings say. The sockets themselves are the business of ``listeners`` and ``sockets``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Literal

from attrs import define, field, frozen

from stalwart.app.listeners import Bound, Listeners, Pairing, Wanted, reason_of, wanted_listeners, why_not_bound
from stalwart.app.sockets import OptionRefused, host_and_port, try_options, try_out
from stalwart.config.network.http import Http
from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.web.connection import Connection

RECOVERY_LISTENER = "http-recovery"
NOT_BY_ROLE = "the role of this node does not open it"

Mode = Literal["normal", "recovery", "bootstrap"]
Refusal = tuple[str, str]


@frozen
class Wishes:
    """What to bind, by the ``mode`` of the server, the settings and the endpoint options (design 1).

    Outside normal mode the stored listeners are not bound: a plain one at ``recovery_port`` takes their place.
    """

    mode: Mode
    settings: Settings
    endpoints: Mapping[str, list[str]]
    recovery_port: int
    opens: Callable[[str], bool] = lambda _name: True
    """Whether the role of the node has it open the stored listener of a name."""

    def __call__(self, stored: Iterable[NetworkListener] | None = None) -> list[Wanted]:
        """What to bind if ``stored`` were the listeners of the settings; None for those that are."""
        http2 = self.settings.of(Http).http2
        if self.mode != "normal":
            recovery = NetworkListener.from_wire(
                {
                    "name": RECOVERY_LISTENER,
                    "bind": {f"[::]:{self.recovery_port}": True},
                    "protocol": "http",
                    "useTls": False,
                }
            )
            return wanted_listeners([] if self.endpoints.get("http") else [recovery], self.endpoints, http2=http2)
        if stored is None:
            stored = [listener for _, listener in self.settings.all(NetworkListener)]
        stored = [listener for listener in stored if self.opens(listener.name)]
        system = self.settings.of(SystemSettings)
        proxies, most = system.proxy_trusted_networks, system.max_connections
        return wanted_listeners(stored, self.endpoints, proxies=proxies, most=most, http2=http2)

    def why_not(self, listener: NetworkListener) -> str | None:
        """Why a stored listener is not meant to be bound, None if it is."""
        if self.mode != "normal":
            return f"the server runs in {self.mode} mode"
        if not self.opens(listener.name):
            return NOT_BY_ROLE
        return why_not_bound(listener, self.endpoints)


@define
class _Outlook:
    """What would stand, and which listeners would meet an obstacle: name -> (property, reason)."""

    standing: list[Wanted] = field(factory=list)
    refused: dict[str, Refusal] = field(factory=dict)


class Listening:
    """Questions about ``listeners``, and about what ``wishes`` says of changed settings."""

    def __init__(self, listeners: Listeners, settings: Settings, wishes: Wishes) -> None:
        self._listeners = listeners
        self._settings = settings
        self._wishes = wishes

    def refused(self, stored: Iterable[NetworkListener]) -> Mapping[str, Refusal]:
        """Which of ``stored`` the system would not let us bind: the property to blame, and a reason, by name."""
        return self._outlook(stored).refused

    def serves(self, stored: Iterable[NetworkListener]) -> bool:
        """Whether HTTP would be served anywhere."""
        return any(wanted.protocol == "http" for wanted in self._outlook(stored).standing)

    def keeps(self, stored: Iterable[NetworkListener], connection: Connection) -> bool:
        """Whether the client of ``connection`` could connect again where it did; True if it could not before."""
        taken = [bound.wanted for bound in self._listeners.bound if _took(bound, connection)]
        standing = [wanted for wanted in self._outlook(stored).standing if wanted.protocol == "http"]
        return not taken or any(_covers(wanted, former) for wanted in standing for former in taken)

    async def settle(self, names: Collection[str] | None = None) -> list[str]:
        """Wait until the sockets follow the settings; a sentence for whatever does not, or waits for something.

        ``names`` are the listeners to tell about, None for all.
        """
        problems = await self._listeners.settle(names)
        for _, listener in self._settings.all(NetworkListener):
            reason = self._wishes.why_not(listener)
            if reason is not None and (names is None or listener.name in names):
                problems.append(f"The listener {listener.name} is stored, but not bound: {reason}.")
        return problems

    def _outlook(self, stored: Iterable[NetworkListener]) -> _Outlook:
        pairing = self._listeners.paired(self._wishes(stored))
        found = _Outlook()
        for bound, wanted in pairing.kept:
            found.standing.append(wanted)
            if wanted.bind is not None and bound.wanted.settings != wanted.settings:
                _record(found, wanted, lambda one: try_options(one.bind or "", one.settings))
        for wanted in pairing.fresh:
            holder = _holder(pairing, wanted)
            if wanted.bind is None:
                continue
            if holder is not None:
                found.refused.setdefault(wanted.settings.name, ("bind", f"{wanted.bind} is the listener {holder}'s"))
            elif _record(found, wanted, lambda one: _try_out(pairing, one)):
                found.standing.append(wanted)
        return found


def _record(found: _Outlook, wanted: Wanted, trial: Callable[[Wanted], Any]) -> bool:
    """Whether ``trial`` succeeds; what it raises is noted."""
    try:
        trial(wanted)
    except OptionRefused as problem:
        found.refused.setdefault(wanted.settings.name, (problem.property, reason_of(problem)))
        return False
    except OSError as problem:
        found.refused.setdefault(wanted.settings.name, ("bind", f"{wanted.bind}: {reason_of(problem)}"))
        return False
    return True


def _try_out(pairing: Pairing, wanted: Wanted) -> None:
    replaced = [bound.port.fileno() for bound in pairing.replaced(wanted)]
    try_out(wanted.bind or "", wanted.settings, instead_of=replaced)


def _holder(pairing: Pairing, wanted: Wanted) -> str | None:
    """The other listener that will have the address of ``wanted``."""
    if wanted.bind is None or host_and_port(wanted.bind)[1] == 0:
        return None
    others = [*pairing.fresh, *(kept for _, kept in pairing.kept)]
    name = wanted.settings.name
    return next(
        (each.settings.name for each in others if each.bind == wanted.bind and each.settings.name != name), None
    )


def _took(bound: Bound, connection: Connection) -> bool:
    port = getattr(bound.port.getHost(), "port", 0)
    return bound.wanted.settings.name == connection.listener and port == connection.local_port


def _covers(wanted: Wanted, former: Wanted) -> bool:
    """Whether who reached ``former`` reaches ``wanted`` in the same way."""
    if wanted.has_tls != former.has_tls:
        return False
    if (wanted.endpoint, wanted.bind) == (former.endpoint, former.bind):
        return True
    if wanted.bind is None or former.bind is None:
        return False
    host, port = host_and_port(wanted.bind)
    former_host, former_port = host_and_port(former.bind)
    wide = host == "::" or (host == "0.0.0.0" and ":" not in former_host)
    return wide and port == former_port
