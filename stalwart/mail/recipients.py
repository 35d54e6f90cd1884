"""Who gets mail for an address: accounts, by their names and aliases, groups, mailing lists, masked addresses.

An address is looked up as it is, then without its detail (`name+detail`, RFC 5233), then as a masked address; the rest
is for the catch-all address of its domain. ``postmaster`` is somebody everywhere (RFC 5321 4.5.1), and so is ``abuse``
(RFC 2142 2): where nobody else gets it an administrator does. Upper and lower case are one, and so are the forms of a
domain in other scripts (RFC 6531 3.2). What is told comes from one reading of the store.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Any, Final

from attrs import define, field, frozen

from stalwart.codec.expression import EvaluationError, ExpressionIO
from stalwart.codec.expression.values import text_of
from stalwart.codec.ids import decode_id, encode_id
from stalwart.codec.masked_addresses import read_local_part
from stalwart.codec.smtp.paths import Path
from stalwart.config.domains.domain import Domain, SubAddressesCustom, SubAddressesEnabled
from stalwart.config.identity.account import ADDRESS_SPACE
from stalwart.config.identity.mailing_list import MailingList
from stalwart.config.identity.masked_email import MaskedEmail
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.errors import OverQuota
from stalwart.mail.administrators import Administrators
from stalwart.mail.receiving_rights import ReceivingRights
from stalwart.schema import combined_key
from stalwart.schema.formats import domain_name
from stalwart.store import Row, Store, Transaction

POSTMASTER = "postmaster"
OWNER = "owner-"
"""What stands before the name of a list in the address of its owner."""
DEEPEST = 8
"""Lists within lists that are followed."""
MOST_MEMBERS = 5000
"""Addresses that one address may lead to."""
_DETAIL = "+"
_REQUEST = "-request"
_ALWAYS_THERE = frozenset((POSTMASTER, "abuse"))

Names = tuple[str, ...]
_Address = tuple[Names, int]
"""Spellings of a local part, and a domain."""
HasRoom = Callable[[Transaction, int], object]
"""Raises OverQuota if an account has no room."""


class Problem(Enum):
    """Why nobody gets it."""

    ELSEWHERE = "elsewhere"
    """The domain is not one of ours."""
    UNKNOWN = "unknown"
    """There is nobody of that name."""
    DISABLED = "disabled"
    """The domain, the alias or the account takes no mail."""
    REMOTE = "remote"
    """It leads to other servers only."""
    FULL = "full"
    """There is no room."""
    TOO_MANY = "tooMany"
    """It leads to more than one message can be given to."""


STATUSES: Final[Mapping[Problem, tuple[str, str]]] = {
    Problem.ELSEWHERE: ("5.7.1", "The recipient is not at home here, and mail is not passed on"),
    Problem.UNKNOWN: ("5.1.1", "There is nobody of that name here"),
    Problem.DISABLED: ("5.2.1", "This address takes no mail"),
    Problem.REMOTE: ("5.7.1", "The recipient is not at home here, and mail is not passed on"),
    Problem.FULL: ("4.2.2", "The mailbox is full"),
    Problem.TOO_MANY: ("5.2.4", f"The list has more than {MOST_MEMBERS} members"),
}
"""What senders are told: an enhanced status (RFC 3463), and words."""


@frozen
class Forward:
    """An address of another server that mail goes on to. ``owner`` is who hears of what cannot be delivered to a member
    of a list (RFC 5321 3.9.2); None: the sender does (3.9.1).
    """

    address: str
    owner: str | None = None


@frozen
class Resolved:
    """Who gets mail for an address: ``accounts``, or nobody for a reason.

    ``is_shared``: it is a list's, whose members do not have to have room all of them. ``forwards`` are the addresses of
    other servers that it leads to besides; the problem is REMOTE if there is nothing else.
    """

    accounts: tuple[int, ...] = ()
    problem: Problem | None = None
    is_shared: bool = False
    forwards: tuple[Forward, ...] = ()

    @property
    def remote(self) -> int:
        """How many addresses of other servers it leads to."""
        return len(self.forwards)


@frozen
class _Domains:
    """The domains of the settings, by id, and by each name of theirs."""

    source: tuple[tuple[int, Domain], ...]
    by_id: Mapping[int, Domain]
    by_name: Mapping[str, int]


class Recipients:
    """Resolves addresses. ``io`` is what rules for sub-addresses may ask, ``clock`` tells when masked addresses end."""

    def __init__(self, store: Store, settings: Settings, io: ExpressionIO, clock: Any) -> None:
        self._store = store
        self._settings = settings
        self._io = io
        self._clock = clock
        self._rights = ReceivingRights(settings)
        self._administrators = Administrators(settings, clock)
        self._known = _Domains((), {}, {})

    async def resolve(
        self,
        path: Path,
        *,
        has_room: HasRoom | None = None,
        variable: Callable[[str], object] = lambda name: "",
        own_ip: str = "",
    ) -> Resolved:
        """Who gets mail for ``path``.

        ``variable`` gives rules what they ask for; an address at ``own_ip`` in brackets is one of the default domain.
        """
        domain_id = self._domain_id(path, own_ip)
        if domain_id is None:
            return Resolved(problem=Problem.ELSEWHERE)
        domain = self._domains().by_id[domain_id]
        if not domain.is_enabled:
            return Resolved(problem=Problem.DISABLED)
        names = tuple(_spellings(path.local))
        rule: Any = domain.sub_addressing
        meant = await self._by_rule(rule, domain_id, variable) if isinstance(rule, SubAddressesCustom) else None
        walk = _Walk(self._domains(), self._rights, self._administrators, int(self._clock.seconds()), has_room)
        return await self._store.read(lambda tx: walk.resolved(tx, names, domain_id, meant))

    async def members(self, path: Path, tenant_id: int | None = None) -> tuple[str, ...] | None:
        """The addresses that a mailing list leads to; None if it is none, or one of another tenant than ``tenant_id``,
        unless that is None.
        """
        domain_id = self._domain_id(path, "")
        if domain_id is None:
            return None
        keys = [combined_key(name, encode_id(domain_id)) for name in _spellings(path.local)]

        def look(tx: Transaction) -> tuple[str, ...] | None:
            holder = next(filter(None, (tx.registry.lookup(ADDRESS_SPACE, key) for key in keys)), None)
            row = tx.registry.get(*holder) if holder is not None and holder[0] == MailingList.type_name else None
            if row is None:
                return None
            mailing_list = MailingList.from_stored(row.data)
            if tenant_id is not None and mailing_list.member_tenant_id != tenant_id:
                return None
            return tuple(sorted(mailing_list.recipients))

        return await self._store.read(look)

    def is_local(self, domain: str) -> bool:
        """Whether a domain is one of ours, enabled or not."""
        return self._domains().by_name.get(_ascii(domain)) is not None

    def _domain_id(self, path: Path, own_ip: str) -> int | None:
        domains = self._domains()
        if not path.domain or (path.is_literal and own_ip and path.domain.lower() in _literals(own_ip)):
            default = self._settings.of(SystemSettings).default_domain_id
            if default is None or default not in domains.by_id:
                default = next(iter(domains.by_id), None)
            if path.domain or default is None or domains.by_id[default].is_enabled:
                return default
            return next((id for id, domain in domains.source if domain.is_enabled), default)
        return domains.by_name.get(_ascii(path.domain))

    def _domains(self) -> _Domains:
        source = self._settings.all(Domain)
        if source is not self._known.source:
            by_name = {name: id for id, domain in source for name in (*domain.aliases, domain.name)}
            self._known = _Domains(source, dict(source), by_name)
        return self._known

    async def _by_rule(
        self, rule: SubAddressesCustom, domain_id: int, variable: Callable[[str], object]
    ) -> _Address | None:
        """The address that a rule makes, a local part alone being one of the same domain."""
        compiled = rule.custom_rule.compiled
        if compiled is None:
            return None
        try:
            found = text_of(await compiled.evaluate_async(variable, self._io) or "")
        except EvaluationError:
            return None
        local, at, domain = found.rpartition("@")
        if not at:
            return tuple(_spellings(found)), domain_id
        other = self._domains().by_name.get(_ascii(domain.lower()))
        return None if other is None else (tuple(_spellings(local)), other)


@define
class _Walk:
    """One look-up, in a transaction."""

    domains: _Domains
    rights: ReceivingRights
    administrators: Administrators
    now: int
    has_room: HasRoom | None
    accounts: dict[int, None] = field(factory=dict)
    forwards: dict[str, Forward] = field(factory=dict)
    looked_at: set[tuple[str, int]] = field(factory=set)
    problem: Problem = Problem.UNKNOWN
    is_shared: bool = False
    steps: int = 0
    is_too_long: bool = False

    def resolved(self, tx: Transaction, names: Names, domain_id: int, meant: _Address | None) -> Resolved:
        """Who gets mail for one of ``names`` in a domain; ``meant`` is what a rule makes of them."""
        if meant is None or not any(self._holder(tx, name, domain_id, 0) for name in names):
            self._address(tx, *(meant or (names, domain_id)), 0)
        if not _ALWAYS_THERE.isdisjoint(names) and not self.accounts and not self.forwards:
            self._administrator(tx, self.domains.by_id[domain_id])
        if self.is_too_long:
            return Resolved(problem=Problem.TOO_MANY)
        full = [id for id in self.accounts if not self._fits(tx, id)]
        if self.is_shared:
            for id in full:
                del self.accounts[id]
        if full and (not self.is_shared or not self.accounts):
            return Resolved(problem=Problem.FULL)
        forwards = tuple(self.forwards.values())
        if self.accounts:
            return Resolved(tuple(self.accounts), None, self.is_shared, forwards)
        if forwards:
            return Resolved((), Problem.REMOTE, self.is_shared, forwards)
        return Resolved(problem=Problem.DISABLED if self.is_shared else self.problem)

    def _fits(self, tx: Transaction, account_id: int) -> bool:
        if self.has_room is None:
            return True
        try:
            self.has_room(tx, account_id)
        except OverQuota:
            return False
        return True

    def _address(self, tx: Transaction, names: Names, domain_id: int, depth: int) -> None:
        self.steps += 1
        domain = self.domains.by_id[domain_id]
        if not domain.is_enabled:
            self.problem = Problem.DISABLED
            return
        for name in _candidates(names, domain):
            if self._holder(tx, name, domain_id, depth):
                return
        if self._masked(tx, names, domain_id) or self._list_owner(tx, names, domain):
            return
        catching = domain.catch_all_address
        if catching and not self._is_one_of(catching, names, domain_id):
            if depth < DEEPEST:
                self._member(tx, catching, depth + 1)
        elif not _ALWAYS_THERE.isdisjoint(names):
            self._administrator(tx, domain)

    def _holder(self, tx: Transaction, name: str, domain_id: int, depth: int) -> bool:
        """Whether somebody has that name."""
        if (name, domain_id) in self.looked_at:
            return True  # a list that contains itself
        wire_id = encode_id(domain_id)
        holder = tx.registry.lookup(ADDRESS_SPACE, combined_key(name, wire_id))
        if holder is None:
            return False
        self.looked_at.add((name, domain_id))
        type, id = holder
        row = tx.registry.get(type, id)
        if row is None:
            return False
        if not _takes_mail(row.data, name, wire_id):
            self.problem = Problem.DISABLED
        elif type == "MailingList":
            self.is_shared = True
            self._list(tx, row, depth, f"{OWNER}{row.data['name']}@{self.domains.by_id[domain_id].name}")
        else:
            self._account(tx, row)
        return True

    def _list(self, tx: Transaction, row: Row, depth: int, owner: str) -> None:
        if depth >= DEEPEST:
            return
        for address in sorted(row.data["recipients"]):
            if self.steps >= MOST_MEMBERS:
                self.is_too_long = True
                return
            self._member(tx, address, depth + 1, owner)

    def _member(self, tx: Transaction, address: str, depth: int, owner: str | None = None) -> None:
        """An address of the settings."""
        local, _, domain = address.rpartition("@")
        domain_id = self.domains.by_name.get(domain)
        if domain_id is None:
            if len(self.forwards) < MOST_MEMBERS:
                self.forwards.setdefault(address, Forward(address, owner))
            else:
                self.is_too_long = True
        else:
            self._address(tx, (local,), domain_id, depth)

    def _is_one_of(self, address: str, names: Names, domain_id: int) -> bool:
        local, _, domain = address.rpartition("@")
        return local in names and self.domains.by_name.get(domain) == domain_id

    def _account(self, tx: Transaction, row: Row) -> None:
        if self._may_receive(tx, row):
            self.accounts[row.id] = None
        else:
            self.problem = Problem.DISABLED

    def _may_receive(self, tx: Transaction, row: Row) -> bool:
        home = self.domains.by_id.get(decode_id(row.data["domainId"]))
        return home is not None and home.is_enabled and self.rights.may_receive(tx, row.data)

    def _masked(self, tx: Transaction, names: Names, domain_id: int) -> bool:
        """Whether it is a masked address, valid or not."""
        for name in names:
            code = read_local_part(name)
            row = tx.registry.get(MaskedEmail.type_name, code.id) if code is not None else None
            if row is None:
                continue
            masked = MaskedEmail.from_stored(row.data)
            local, _, domain = (masked.email or "").rpartition("@")
            if local != name or self.domains.by_name.get(domain) != domain_id:
                continue
            over = masked.expires_at is not None and masked.expires_at <= self.now
            account = tx.registry.get("Account", masked.account_id)
            if over or not masked.enabled or account is None:
                self.problem = Problem.DISABLED
            else:
                self._account(tx, account)
            return True
        return False

    def _list_owner(self, tx: Transaction, names: Names, domain: Domain) -> bool:
        """Whether it is the address of whoever looks after a list (RFC 2142 6): the administrator of the domain."""
        wire_id = encode_id(self.domains.by_name[domain.name])
        for name in names:
            of = name.removeprefix(OWNER).removesuffix(_REQUEST)
            found = tx.registry.lookup(ADDRESS_SPACE, combined_key(of, wire_id)) if of != name else None
            if found is not None and found[0] == "MailingList":
                self._administrator(tx, domain)
                return True
        return False

    def _administrator(self, tx: Transaction, domain: Domain) -> None:
        """Whoever is in charge of the domain gets it."""
        row = self.administrators.first(
            *(tx, domain.member_tenant_id),
            may=lambda row: self._may_receive(tx, row),
            has_room=lambda account_id: self._fits(tx, account_id),
        )
        if row is not None:
            self.accounts[row.id] = None


def _spellings(local: str) -> Iterator[str]:
    """A local part as the settings may have it: in lower case, its accents joined or as they came."""
    lower = local.lower()
    yield lower
    if not lower.isascii() and (joined := unicodedata.normalize("NFC", local).lower()) != lower:
        yield joined


def _candidates(names: Names, domain: Domain) -> Iterator[str]:
    """``names``, then what they are without their details."""
    yield from names
    if isinstance(domain.sub_addressing, SubAddressesEnabled):
        for name in names:
            base, plus, _ = name.partition(_DETAIL)
            if plus and base:
                yield base


def _takes_mail(data: Mapping[str, Any], name: str, domain_id: str) -> bool:
    """Whether the alias that was used, if it is one, is switched on."""
    if data["name"] == name and data["domainId"] == domain_id:
        return True
    aliases: Iterable[Mapping[str, Any]] = (data.get("aliases") or {}).values()
    return all(
        alias.get("enabled", True) for alias in aliases if (alias["name"], alias["domainId"]) == (name, domain_id)
    )


def _ascii(domain: str) -> str:
    """A domain of a path in A-labels; what is none is nobody's."""
    if domain.isascii() and "xn--" not in domain:
        return domain
    try:
        return domain_name(domain)
    except ValueError:
        return ""


def _literals(ip: str) -> tuple[str, ...]:
    return (f"[{ip}]", f"[ipv6:{ip}]")
