"""Who sees what: objects of one's own tenant, and objects of one's own account (settings A.4).

A caller who belongs to a tenant meets only objects of that tenant where the declaration says ``tenant``; types with an
``owner`` show only those of one account to whom may not impersonate. Bounds of permissions are the directory's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config import index
from stalwart.config.catalogue import declarations
from stalwart.directory.access import Access
from stalwart.errors import DanglingReference, NotFound
from stalwart.jmap.accounts import IMPERSONATE
from stalwart.jmap.errors import SetRefused
from stalwart.schema import Declaration, EnvironmentVariable, File, ObjectList, Value, references
from stalwart.store import Term, Transaction

TENANT = "memberTenantId"
FOREIGN_PLACE = "Files and variables of the server can be named by its administrators only; give the value itself."

SERVER_RIGHT = "sysSystemSettingsUpdate"
"""The permission that makes somebody an administrator of the whole server in this sense."""

_PLACES = frozenset((File.type_name, EnvironmentVariable.type_name))
_PLACE_MEMBERS = frozenset(("filePath", "variableName"))


class Caller(Protocol):
    """What is asked of a ``handler.Asking``."""

    @property
    def access(self) -> Access: ...
    @property
    def account_id(self) -> int: ...


@frozen
class Scope:
    """The part of a type that a caller can reach: objects whose ``member`` is ``value``; all if ``member`` is None.

    ``default`` are members that a new object has unless they are given; ``reachable`` False is no object at all.
    """

    declaration: Declaration
    member: str | None = None
    value: str = ""
    default: Mapping[str, Any] = {}
    reachable: bool = True

    @classmethod
    def of(cls, declaration: Declaration, tx: Transaction, asking: Caller) -> Scope:
        """The scope of who asks."""
        access = asking.access
        if declaration.tenant and access.tenant_id is not None:
            return cls(declaration, TENANT, encode_id(access.tenant_id))
        owner = declaration.owner
        if owner is None:
            return cls(declaration)
        own = encode_id(asking.account_id)
        if access.may(IMPERSONATE) and access.tenant_id is None:
            return cls(declaration, default={owner: own})
        return cls(declaration, owner, own, reachable=reaches(tx, asking))

    @property
    def is_limited(self) -> bool:
        """Whether there may be objects out of reach."""
        return self.member is not None

    def terms(self) -> list[Term]:
        """What a search has to be limited to."""
        if self.member is None:
            return []
        found = index.term(self.declaration, self.member, "=", self.value)
        return found if self.reachable else [*found, Term(self.member, "<", "")]  # nothing is less than ""

    def shows(self, data: Mapping[str, Any]) -> bool:
        """Whether the object that is stored as ``data`` is within reach."""
        return self.member is None or (self.reachable and data.get(self.member) == self.value)

    def hidden(self, members: dict[str, Any]) -> dict[str, Any]:
        """``members`` (wire form) without the one that the caller has nothing to do with."""
        if self.member is not None:
            members.pop(self.member, None)
        return members

    def forced(self, data: dict[str, Any]) -> dict[str, Any]:
        """The members of a new object as the caller may make it. Raises ``SetRefused``, NotFound."""
        if not self.reachable:
            raise NotFound
        if self.member is None:
            return {**self.default, **data} if self.default else data
        if self.member in data and (self.member == TENANT or data[self.member] != self.value):
            raise self._refusal(self.member)
        return {**data, self.member: self.value}

    def check_patch(self, patch: Mapping[str, Any]) -> None:
        """Raises ``SetRefused`` if ``patch`` would take the object elsewhere."""
        for path in patch:
            if self.member is not None and path.partition("/")[0] == self.member:
                raise self._refusal(path)

    def _refusal(self, path: str) -> SetRefused:
        return SetRefused("invalidPatch", f"Cannot modify {self.member} property", (path,))


def reaches(tx: Transaction, asking: Caller) -> bool:
    """Whether the account of a call is within the tenant of who asks; its own and its groups' always are."""
    access = asking.access
    if access.tenant_id is None or asking.account_id == access.account_id or asking.account_id in access.group_ids:
        return True
    row = tx.registry.get("Account", asking.account_id)
    return row is not None and row.data.get(TENANT) == encode_id(access.tenant_id)


def check_links(tx: Transaction, asking: Caller, former: Any, value: Any) -> None:
    """Refuse new references to objects of another tenant than that of ``value`` (a declared instance).

    To a caller with a tenant, objects without one are foreign too. Raises DanglingReference.
    """
    caller = asking.access.tenant_id
    tenant = caller if caller is not None else getattr(value, "member_tenant_id", None)
    if tenant is None:
        return
    known = {(link.type, link.id) for link in references(former)} if former is not None else set()
    for link in _to_tenants(value):
        target = (link.type, link.id)
        row = tx.registry.get(*target) if target not in known else None
        if row is None:
            continue
        owner = row.data.get(TENANT)
        if owner != encode_id(tenant) and not (owner is None and caller is None):
            raise DanglingReference(target, link.path)


def _to_tenants(value: Any) -> Iterable[Any]:
    """The references of ``value`` to types that are tenant-filtered."""
    known = declarations()
    return (link for link in references(value) if link.type in known and known[link.type].tenant)


def check_places(asking: Caller, former: Any, value: Any) -> None:
    """Refuse new values that are read from files or the environment of the server, to all but its administrators.

    Raises ``SetRefused``: whoever could name a file could learn whether it exists, and have it sent somewhere.
    """
    if may_name_places(asking.access):
        return
    known = list(_outside(former)) if former is not None else []
    for path, place in _outside(value):
        if (path, place) not in known:
            raise SetRefused("forbidden", FOREIGN_PLACE, (path,))


def may_name_places(access: Access) -> bool:
    """Whether somebody may say which files and variables of the server are read: not who runs a tenant or one part."""
    return access.tenant_id is None and access.may(SERVER_RIGHT)


def places_named(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The members of a creation or patch that name a file or variable of the server, before anything is made of it."""
    return tuple(dict.fromkeys(path.partition("/")[0] for path, inner in data.items() if _names_place({path: inner})))


def _names_place(data: Any) -> bool:
    if isinstance(data, Mapping):
        if data.get("@type") in _PLACES:
            return True
        return any(
            path.rpartition("/")[2] in _PLACE_MEMBERS
            or (path.endswith("/@type") and inner in _PLACES)
            or _names_place(inner)
            for path, inner in data.items()
        )
    return isinstance(data, list) and any(map(_names_place, data))


def _outside(value: Any, above: str = "") -> Iterable[tuple[str, Any]]:
    """Every part of a declared instance that lives in a file or the environment, with its path."""
    for declared in value.properties.values():
        path = f"{above}{declared.name}"
        inner = getattr(value, declared.attribute)
        for key, part in enumerate(inner) if isinstance(declared.type, ObjectList) else ((None, inner),):
            if isinstance(part, EnvironmentVariable | File):
                yield path, part
            elif isinstance(part, Value):
                yield from _outside(part, f"{path}/" if key is None else f"{path}/{key}/")
