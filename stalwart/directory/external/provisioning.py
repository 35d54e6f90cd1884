"""Accounts for those whom a directory elsewhere knows: made at the first login, kept in step at each later one
(auth-api 2.2).

A directory is believed about the domains that are bound to it and about nothing else: it gives its people addresses
and groups there, and takes them away; aliases and groups in other domains, which the administrator gave, stay. Groups
must exist here, or be known to the directory as groups (`directories` asks); a name alone makes none. It never gives or
changes roles, permissions, quotas and credentials. An account that was here before keeps its id and all it has; but an
administrator with a password here is no business of the directory (`Identity.is_external`).

When its marker shows that the password was changed elsewhere, the sign-ins of the account end.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.identity.account import ADDRESS_SPACE, Account
from stalwart.config.identity.authentication import Authentication
from stalwart.directory import account_records
from stalwart.directory.external.found import Found, read_address
from stalwart.directory.identity import directory_of, find_by_id
from stalwart.schema import combined_key
from stalwart.store.rows import Factor
from stalwart.store.store import Transaction

KIND = "external-password"
"""The kind of `Factor` that holds the marker."""

_MOST = 200
_LONGEST_NAME = 256
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class NotAccepted(Exception):
    """What the directory says cannot be believed or kept; the text says why, for the log."""


class Place(NamedTuple):
    """An address: local part and id of the domain."""

    name: str
    domain_id: int


@frozen
class _Difference:
    """What has to be written so that the account is as the directory says."""

    account_id: int | None
    members: Mapping[str, Any]
    marker: str | None


def current(tx: Transaction, directory_id: int, authentication: Authentication, found: Found) -> int | None:
    """The account of ``found``, if nothing has to be written for it. Raises NotAccepted."""
    difference = _Realm(tx, directory_id, authentication).difference(found)
    return None if difference.members or difference.marker is not None else difference.account_id


def synchronise(
    tx: Transaction, directory_id: int, authentication: Authentication, found: Found, now: float
) -> tuple[int, bool]:
    """Make the account of ``found`` or bring it up to date; its id, and whether it is new. Raises NotAccepted.

    ``authentication`` says which directory serves domains that have none of their own.
    """
    difference = _Realm(tx, directory_id, authentication).difference(found)
    account_id = difference.account_id
    if account_id is None:
        account_id = account_records.insert(tx, {**difference.members, "@type": found.kind}, now).id
    elif difference.members:
        registry.update(tx, Account, account_id, difference.members, now=now, by_server=True)
    if difference.marker is not None:
        _mark(tx, account_id, difference.marker, now)
    return account_id, difference.account_id is None


def unknown_groups(tx: Transaction, directory_id: int, authentication: Authentication, found: Found) -> frozenset[str]:
    """The addresses of the groups of ``found`` that nobody has here, in domains of the directory."""
    realm = _Realm(tx, directory_id, authentication)
    places = realm.places(found.groups or (), found.address.rpartition("@")[2])
    return frozenset(realm.address(place) for place in places if realm.holder(place) is None)


class _Realm:
    """What a directory may speak about, in one transaction."""

    def __init__(self, tx: Transaction, directory_id: int, authentication: Authentication) -> None:
        self._tx = tx
        self._directory_id = directory_id
        self._authentication = authentication
        self._domains: dict[int, Domain | None] = {}

    def difference(self, found: Found) -> _Difference:
        """What is to be written. Raises NotAccepted."""
        place = self.place(found.address)
        if place is None:
            raise NotAccepted("the domain of the address is not served by this directory")
        holder = self.holder(place)
        if holder is None:
            return _Difference(None, self._new(place, found), found.marker)
        account_id = holder[1]
        account = self._account(holder, place, found)
        return _Difference(account_id, self._changed(account_id, account, found), self._new_marker(account_id, found))

    def place(self, address: str) -> Place | None:
        """Where ``address`` is, if that is the directory's; a malformed one is nowhere."""
        read = read_address(address)
        if read is None:
            return None
        local, _, name = read.rpartition("@")
        named = self._tx.registry.lookup("Domain.name", name)
        return Place(local, named[1]) if named is not None and self._is_mine(named[1]) else None

    def places(self, names: Iterable[str], domain: str) -> list[Place]:
        """The places of addresses, or of names in ``domain``, that are the directory's, in the order of the names."""
        texts = (name if "@" in name else f"{name}@{domain}" for name in sorted(names)[:_MOST])
        return list(dict.fromkeys(place for place in map(self.place, texts) if place is not None))

    def holder(self, place: Place) -> tuple[str, int] | None:
        """Type and id of the object that has an address."""
        return self._tx.registry.lookup(ADDRESS_SPACE, combined_key(place.name, encode_id(place.domain_id)))

    def address(self, place: Place) -> str:
        """The address of a place of the directory's."""
        domain = self._domain(place.domain_id)
        assert domain is not None
        return f"{place.name}@{domain.name}"

    def _is_mine(self, domain_id: int) -> bool:
        domain = self._domain(domain_id)
        return domain is not None and directory_of(domain, self._authentication) == self._directory_id

    def _domain(self, domain_id: int) -> Domain | None:
        if domain_id not in self._domains:
            row = self._tx.registry.get(Domain.type_name, domain_id)
            self._domains[domain_id] = None if row is None else Domain.from_stored(row.data)
        return self._domains[domain_id]

    def _account(self, holder: tuple[str, int], place: Place, found: Found) -> Any:
        identity = find_by_id(self._tx, holder[1], self._authentication) if holder[0] == Account.type_name else None
        if identity is None or Place(identity.account.name, identity.account.domain_id) != place:
            raise NotAccepted("the address is an alias or a mailing list here")
        if identity.account.tag != found.kind:
            raise NotAccepted(f"the address is that of a {identity.account.tag} here")
        if found.kind == "User" and not identity.is_external:
            raise NotAccepted("the account is an administrator's who has a password here")
        return identity.account

    def _new(self, place: Place, found: Found) -> dict[str, Any]:
        domain = self._domain(place.domain_id)
        assert domain is not None  # place() has read it
        if not domain.is_enabled:
            raise NotAccepted("the domain is disabled")
        tenant = domain.member_tenant_id
        members: dict[str, Any] = {
            "name": place.name,
            "domainId": encode_id(place.domain_id),
            "description": _one_line(found.name),
            "memberTenantId": None if tenant is None else encode_id(tenant),
            "aliases": _aliases_on_wire((), self._free(found.aliases or (), found, None, place)),
        }
        if found.kind == "User":
            members["memberGroupIds"] = _ids_on_wire(self._groups(found))
        return members

    def _changed(self, account_id: int, account: Any, found: Found) -> dict[str, Any]:
        members: dict[str, Any] = {}
        name = _one_line(found.name)
        if name is not None and name != account.description:
            members["description"] = name
        if found.aliases is not None:
            own = Place(account.name, account.domain_id)
            told = self._free(found.aliases, found, account_id, own)
            kept = [each for each in account.aliases if _place(each) in told or not self._is_mine(each.domain_id)]
            added = [place for place in told if place not in set(map(_place, account.aliases))]
            if added or len(kept) < len(account.aliases):
                members["aliases"] = _aliases_on_wire(kept, added)
        if found.groups is not None and found.kind == "User":
            groups = self._groups(found) | {id for id in account.member_group_ids if not self._is_my_group(id)}
            if groups != account.member_group_ids:
                members["memberGroupIds"] = _ids_on_wire(groups)
        return members

    def _free(self, aliases: Iterable[str], found: Found, account_id: int | None, own: Place) -> list[Place]:
        """The addresses that nobody else has; one that is taken does not keep its owner from signing in."""
        mine = (None, (Account.type_name, account_id))
        places = self.places(aliases, found.address.rpartition("@")[2])
        return [place for place in places if place != own and self.holder(place) in mine]

    def _groups(self, found: Found) -> frozenset[int]:
        holders = map(self.holder, self.places(found.groups or (), found.address.rpartition("@")[2]))
        return frozenset(
            holder[1]
            for holder in holders
            if holder is not None and holder[0] == "Account" and self._is_my_group(holder[1])
        )

    def _is_my_group(self, account_id: int) -> bool:
        row = self._tx.registry.get(Account.type_name, account_id)
        if row is None or row.data["@type"] != "Group":
            return False
        return self._is_mine(Account.from_stored(row.data).domain_id)

    def _new_marker(self, account_id: int, found: Found) -> str | None:
        kept = _kept_marker(self._tx, account_id)
        if found.marker is None or (kept is not None and kept.data["marker"] == _digest(account_id, found.marker)):
            return None
        return found.marker


def _mark(tx: Transaction, account_id: int, marker: str, now: float) -> None:
    kept = _kept_marker(tx, account_id)
    data = {"marker": _digest(account_id, marker)}
    if kept is None:
        tx.factors.insert(account_id, KIND, str(account_id), data, now=int(now))
        return
    tx.factors.update(account_id, kept.id, data)
    tx.sign_ins.delete_of_account(account_id)


def _kept_marker(tx: Transaction, account_id: int) -> Factor | None:
    return tx.factors.find(KIND, str(account_id))


def _digest(account_id: int, marker: str) -> str:
    """The marker may be made of a password's hash, which need not lie here as well."""
    return sha256(f"{account_id}:{marker}".encode()).hexdigest()[:32]


def _one_line(name: str | None) -> str | None:
    """A name without line ends and without signs that nobody sees; None if nothing is left."""
    return None if name is None else _UNSEEN.sub("", name).strip()[:_LONGEST_NAME].strip() or None


def _place(alias: Any) -> Place:
    return Place(alias.name, alias.domain_id)


def _aliases_on_wire(kept: Iterable[Any], added: Iterable[Place]) -> dict[str, Any]:
    wire = [each.to_wire() for each in kept]
    wire += [{"name": place.name, "domainId": encode_id(place.domain_id)} for place in added]
    return {str(number): members for number, members in enumerate(wire)}


def _ids_on_wire(ids: Iterable[int]) -> dict[str, bool]:
    return {encode_id(id): True for id in sorted(ids)}
