"""Capabilities: the URNs that ``using`` may name, and what the session says of those that work (RFC 8620 2, jmap.md 3).

A capability is announced where a module of the face declares a ``Capability``; so it is never announced before there is
code behind it. Known are more, because clients name a fixed dozen whatever is announced (client-quirks 2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Protocol

from attrs import frozen

from stalwart.directory.access import Access
from stalwart.schema import collect
from stalwart.store.object_types import ADDRESS_BOOK, CALENDAR, FILE_NODE, MAILBOX

_IETF = "urn:ietf:params:jmap:"
CORE = f"{_IETF}core"
BLOB = f"{_IETF}blob"
MANAGEMENT = "urn:stalwart:jmap"

_NAMED = """
    mail mail:share submission vacationresponse websocket sieve quota contacts contacts:parse calendars calendars:parse
    principals principals:owner principals:availability filenode emailpush webpush-vapid
    """

SHARED_TYPES = (MAILBOX, CALENDAR, ADDRESS_BOOK, FILE_NODE)
"""All types of objects that can be shared one by one."""

KNOWN = frozenset((MANAGEMENT, CORE, BLOB, *(_IETF + name for name in _NAMED.split())))
"""Every URN of jmap.md 3."""


class Settings(Protocol):
    """The running settings."""

    def of(self, declaration: Any) -> Any: ...


@frozen
class Audience:
    """For whom a session is made: ``account_id`` is the account that an account capability is about.

    ``base_url`` is the start of all published URLs, empty in recovery and bootstrap mode. ``push_key`` is by what push
    services know this server, None where it has no such key.
    """

    settings: Settings
    base_url: str
    access: Access
    account_id: int
    push_key: str | None = None

    @property
    def belongs(self) -> bool:
        """Whether all of the account may be used, and not only what was shared."""
        return not self.access.shared_types(self.account_id)


Announced = Callable[[Audience], Mapping[str, Any] | None]


def nothing_more(audience: Audience) -> Mapping[str, Any]:
    """For a capability that has no members."""
    return {}


@frozen
class Capability:
    """What a session says about ``urn``.

    ``session`` gives its value in ``capabilities``, ``account`` the one in ``accountCapabilities``; None, or that they
    answer None, leaves it out there. ``permission`` must be held for the account's. ``of_data``: it is about data of an
    account, which the recovery administrator has none of. ``primary``: the own account stands in ``primaryAccounts``.
    ``shared``: an account of which only single objects are shared has it where any of them is of one of these types.
    """

    urn: str
    session: Announced | None = nothing_more
    account: Announced | None = nothing_more
    permission: str | None = None
    of_data: bool = True
    primary: bool = True
    shared: tuple[int, ...] = ()

    def is_for(self, access: Access) -> bool:
        """Whether accounts that ``access`` sees have it."""
        if self.account is None or (self.of_data and access.kind == "recovery"):
            return False
        return self.permission is None or access.may(self.permission)

    def is_on(self, access: Access, account_id: int) -> bool:
        """Whether one of those accounts has it."""
        types = access.shared_types(account_id)
        return not types or not types.isdisjoint(self.shared)


management = Capability(MANAGEMENT, session=None, of_data=False)  # settings A.2


@cache
def collected(package: str = "stalwart.jmap") -> tuple[Capability, ...]:
    """Every capability that the modules of ``package`` declare, core first."""
    found = [each for each in collect(package, Capability) if isinstance(each, Capability)]
    return tuple(sorted(found, key=lambda each: (each.urn != CORE, each.urn)))


def known(announced: Iterable[Capability]) -> frozenset[str]:
    """The URNs that a request may name."""
    return KNOWN | {each.urn for each in announced}
