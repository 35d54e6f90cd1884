"""x:AppPassword and x:ApiKey: credentials of a user whose secrets the server makes and shows once (settings C.5, A.7).

They are part of the x:Account; the id of one is its credential id there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from operator import eq, ge, gt, le, lt
from typing import Any

from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.identity.account import Account
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.roles import Only
from stalwart.config.settings import Settings
from stalwart.directory import account_records
from stalwart.directory.credentials import Network
from stalwart.directory.directory import Directory
from stalwart.directory.identity import credential_of, find_by_id, networks_of
from stalwart.directory.permissions import credential_permissions
from stalwart.errors import Forbidden, NotFound
from stalwart.jmap.registry.filters import Condition, sort_name, unsupported_filter
from stalwart.jmap.registry.grants import check_held
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.own_account import find_user, user
from stalwart.jmap.standard.arguments import Comparator
from stalwart.jmap.standard.window import Listed, Results
from stalwart.schema import Declaration, UtcDateTime
from stalwart.schema.violations import FAILED, Reading
from stalwart.store import Transaction

BEYOND_THE_KEY = "An API key makes no credential that lasts longer, or works from other networks, than itself."

_SORTABLE = frozenset(("id", "expiresAt"))
_COMPARISONS: Mapping[str, Callable[[Any, Any], Any]] = {"=": eq, "<": lt, "<=": le, ">": gt, ">=": ge}


@frozen
class _Held:
    """One of the user's credentials: its ``place`` in the list, and the object of our type that it is seen as."""

    id: int
    place: int
    value: Any


@handles("AppPassword", "ApiKey")
class CredentialHandler(Handler):
    """A view of one kind of credentials of the user."""

    def __init__(self, declaration: Declaration, *, settings: Settings, directory: Directory) -> None:
        super().__init__(declaration, settings=settings)
        self._view: Any = declaration
        self._directory = directory

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """All that are asked for: an account has few."""
        return [
            {**held.value.to_wire(), "id": encode_id(held.id)}
            for held in self._held(tx, asking)
            if ids is None or held.id in ids
        ]

    def matching(
        self, tx: Transaction, asking: Asking, conditions: Sequence[Condition], comparator: Comparator | None
    ) -> Results:
        """By their end."""
        found = self._held(tx, asking)
        for condition in conditions:
            holds = _end(condition)
            found = [held for held in found if holds(held.value.expires_at)]
        found.sort(key=lambda held: held.id)
        if sort_name(comparator, _SORTABLE) is not None:
            found.sort(key=lambda held: (held.value.expires_at is not None, held.value.expires_at or 0, held.id))
        if comparator is None or not comparator.is_ascending:
            found.reverse()
        return Listed([held.id for held in found])

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Make a secret and tell it."""
        user(tx, asking)
        made = self._view.from_wire(change.data)
        self._check_grant(tx, asking, None, made)
        self._check_limits(tx, asking, made)
        wire = made.to_stored()
        id, secret = account_records.add_generated(
            tx,
            asking.account_id,
            self.type,
            made.description,
            asking.now,
            expires_at=made.expires_at,
            allowed_ips=wire["allowedIps"],
            permissions=wire["permissions"],
        )
        return id, {"secret": secret}

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Change all but the secret."""
        held = self._one(tx, asking, change)
        value = self._view.patched(held.value, change.data)
        self._check_grant(tx, asking, held.value, value)
        if (value.expires_at, value.allowed_ips) != (held.value.expires_at, held.value.allowed_ips):
            self._check_limits(tx, asking, value)
        at = f"credentials/{held.place}"
        members = value.to_stored()
        patch = {f"{at}/{name}": members[name] for name in ("description", "expiresAt", "permissions", "allowedIps")}
        registry.update(tx, Account, asking.account_id, patch, now=asking.now)
        return None

    def destroy(self, tx: Transaction, asking: Asking, change: Change) -> None:
        """Take it away from the account."""
        held = self._one(tx, asking, change)
        account_records.remove_credential(tx, asking.account_id, held.id, asking.now)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Its next request is checked again."""
        self._directory.forget(asking.account_id)
        return []

    def _is_whole(self, tx: Transaction, asking: Asking) -> bool:
        """Whether who asks has come with all that his account may do: a limited key enters no other account."""
        identity = find_by_id(tx, asking.access.account_id, self.settings.of(Authentication))
        return identity is None or identity.permissions <= asking.access.permissions

    def _held(self, tx: Transaction, asking: Asking) -> list[_Held]:
        entry = find_user(tx, asking)
        credentials = entry.value.credentials if entry is not None else ()
        return [
            _Held(one.credential_id, place, self._seen(one))
            for place, one in enumerate(credentials)
            if one.tag == self.type
        ]

    def _one(self, tx: Transaction, asking: Asking, change: Change) -> _Held:
        for held in self._held(tx, asking):
            if held.id == change.id:
                return held
        raise NotFound

    def _seen(self, credential: Any) -> Any:
        attributes = (declared.attribute for declared in self._view.properties.values())
        return self._view(**{name: getattr(credential, name) for name in attributes})

    def _check_grant(self, tx: Transaction, asking: Asking, former: Any, value: Any) -> None:
        """Nobody makes himself a key that opens more than the one that he came with."""
        if former is not None and former.permissions == value.permissions:
            return
        identity = find_by_id(tx, asking.account_id, self.settings.of(Authentication))
        whole = identity.permissions if identity is not None else frozenset()
        held = asking.access.permissions
        if asking.account_id != asking.access.account_id and self._is_whole(tx, asking):
            held |= whole  # who may enter the account could do so to the same end
        kept = value.permissions
        names = kept.permissions if isinstance(kept, Only) else credential_permissions(whole, kept, self.type)
        check_held(held, names)

    def _check_limits(self, tx: Transaction, asking: Asking, value: Any) -> None:
        """An API key makes nothing that lasts longer, or works from elsewhere, than itself."""
        access = asking.access
        holder = access.account_id if access.presenter_id is None else access.presenter_id
        if access.session_id is not None or access.credential_id is None:
            return
        identity = find_by_id(tx, holder, self.settings.of(Authentication))
        key = credential_of(identity, "ApiKey", access.credential_id)
        if key is None:
            return
        ends = key.expires_at
        is_longer = ends is not None and (value.expires_at is None or value.expires_at > ends)
        networks, wanted = networks_of(key), networks_of(value)
        is_wider = networks and not (wanted and all(_is_within(each, networks) for each in wanted))
        if is_longer or is_wider:
            raise Forbidden(BEYOND_THE_KEY)


def _is_within(network: Network, others: Sequence[Network]) -> bool:
    return any(network.version == one.version and network.subnet_of(one) for one in others)  # type: ignore[arg-type]


def _end(condition: Condition) -> Callable[[int | None], bool]:
    """The test of an end; "never" is neither before nor after anything. Raises ``MethodError``."""
    wanted = FAILED
    if condition.property == "expiresAt":
        wanted = UtcDateTime(nullable=True).read(condition.value, (), Reading())
    if wanted is FAILED:
        raise unsupported_filter(condition.name)
    compare = _COMPARISONS[condition.comparison]
    if condition.comparison == "=":
        return lambda end: bool(compare(end, wanted))
    return lambda end: end is not None and wanted is not None and bool(compare(end, wanted))
