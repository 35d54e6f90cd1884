"""Whether an access that was given some time ago still stands.

For what outlives the request that opened it: streams, tickets, push subscriptions.

A ``Grant`` says what an access rests on, without any secret: the account, whoever entered it, and the credential or the
sign-in that was shown. It stands until one of them is gone or another one, whoever asks from wherever.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, TypeVar

import msgspec
from attrs import evolve, frozen

from stalwart.config.identity.authentication import Authentication
from stalwart.directory.access import RECOVERY_ACCOUNT, Access
from stalwart.directory.credentials import Network
from stalwart.directory.identity import Identity, find_by_id, networks_of
from stalwart.directory.recovery import RecoveryAdministrator
from stalwart.errors import Unauthenticated
from stalwart.store.store import Store, Transaction

K = TypeVar("K")
V = TypeVar("V")

_MOST_KEPT = 1024
_RENEWED = "renewed-secret"
_REMEMBERED = 366 * 86_400
_MOST_RENEWALS = 8


class Grant(msgspec.Struct, frozen=True, array_like=True):
    """What an access rests on.

    ``mark`` changes with the secret of the credential and says nothing about it. ``lacking`` are the permissions that
    the account had and the access had not: an application or a key may be allowed less. ``ends_at`` is when a
    credential ends that others keep; the end of a token counts for nothing while its sign-in (``session_id``) is there.
    """

    account_id: int
    presenter_id: int | None = None
    credential_id: int | None = None
    session_id: int | None = None
    mark: str = ""
    ends_at: int | None = None
    lacking: frozenset[str] = frozenset()


@frozen
class _Shown:
    """What is known of a credential now."""

    mark: str
    networks: tuple[Network, ...] = ()
    ends_at: int | None = None


class Standing:
    """Gives grants, and looks whether they stand. ``generation`` counts what may have made an access stale."""

    def __init__(
        self,
        store: Store,
        settings: Any,
        clock: Any,
        generation: Callable[[], int],
        recovery: RecoveryAdministrator | None = None,
        recovery_mark: Callable[[], str] = lambda: "",
    ) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._generation = generation
        self._recovery = recovery
        self._recovery_mark = recovery_mark
        self._kept: OrderedDict[Grant, tuple[int, Access]] = OrderedDict()
        self._grants: OrderedDict[Access, tuple[int, Grant]] = OrderedDict()

    @property
    def generation(self) -> int:
        """As long as it is the same, whatever stood stands, but for what ends in time."""
        return self._generation()

    async def grant(self, access: Access) -> Grant:
        """What ``access``, which was proved just now, rests on. Raises Unauthenticated if that is gone already."""
        kept = self._grants.get(access)
        generation = self._generation()
        if kept is not None and kept[0] == generation:
            return kept[1]
        authentication = self._settings.of(Authentication)

        def look(tx: Transaction) -> tuple[str | None, frozenset[str]]:
            target = find_by_id(tx, access.account_id, authentication)
            held = target.permissions if target is not None else frozenset()
            grant = _bare(access)
            shown = self._shown(tx, grant, self._holder(tx, grant, target, authentication))
            return shown.mark if shown is not None else None, held

        mark, held = await self._store.read(look)
        if mark is None:
            raise Unauthenticated()
        grant = msgspec.structs.replace(_bare(access), mark=mark, lacking=held - access.permissions)
        _keep(self._grants, access, (generation, grant))
        return grant

    async def access(self, grant: Grant) -> Access | None:
        """What ``grant`` allows now, None if it does not stand any more."""
        now, generation = self._clock.seconds(), self._generation()
        kept = self._kept.get(grant)
        if kept is not None and kept[0] == generation and grant.session_id is None:
            ends_at = kept[1].expires_at
            return kept[1] if ends_at is None or ends_at > now else None
        authentication = self._settings.of(Authentication)
        access = await self._store.read(lambda tx: self.look(tx, grant, authentication))
        if access is not None:
            access = evolve(access, stamp=generation)
            _keep(self._kept, grant, (generation, access))
        return access

    def look(self, tx: Transaction, grant: Grant, authentication: Authentication) -> Access | None:
        """As ``access``, in a transaction."""
        target = find_by_id(tx, grant.account_id, authentication)
        holder = self._holder(tx, grant, target, authentication)
        shown = self._shown(tx, grant, holder)
        if shown is None or not self._is_same(tx, grant.mark, shown.mark):
            return None
        if shown.ends_at is not None and shown.ends_at <= self._clock.seconds():
            return None
        if grant.account_id == RECOVERY_ACCOUNT:
            return self._limited(self._recovery.access(), grant, shown) if self._recovery is not None else None
        if target is None or not target.is_enabled:
            return None
        if grant.presenter_id is None:
            return self._limited(target.access(0), grant, shown) if target.may_sign_in else None
        if grant.presenter_id != RECOVERY_ACCOUNT and not _may_enter(holder):
            return None
        return self._limited(evolve(target.access(0), presenter_id=grant.presenter_id), grant, shown)

    def _is_same(self, tx: Transaction, mark: str, present: str) -> bool:
        """Whether ``mark`` is of the secret that there is now; its hash may be another one by now."""
        now = int(self._clock.seconds())
        for _ in range(_MOST_RENEWALS):
            if mark == present:
                return True
            renewed = tx.tokens.get(mark, _RENEWED, now)
            if renewed is None:
                return False
            mark = renewed["mark"]
        return False

    def _limited(self, access: Access, grant: Grant, shown: _Shown) -> Access | None:
        found = evolve(
            access,
            permissions=access.permissions - grant.lacking if grant.lacking else access.permissions,
            credential_id=grant.credential_id,
            session_id=grant.session_id,
            expires_at=shown.ends_at,
            networks=shown.networks,
        )
        return found if found.kind == "recovery" or found.may("authenticate") else None

    def _holder(
        self, tx: Transaction, grant: Grant, target: Identity | None, authentication: Authentication
    ) -> Identity | None:
        """Whose credential it is."""
        return target if grant.presenter_id is None else find_by_id(tx, grant.presenter_id, authentication)

    def _shown(self, tx: Transaction, grant: Grant, holder: Identity | None) -> _Shown | None:
        """What the credential is now; None if there is none any more."""
        if RECOVERY_ACCOUNT in (grant.account_id, grant.presenter_id):
            secret = self._recovery_mark()
            return _Shown(_digest(secret)) if grant.session_id is None else self._session(tx, grant, secret)
        if grant.session_id is not None:
            return self._session(tx, grant, "")
        if holder is None or holder.account.tag != "User":
            return None
        for credential in holder.account.credentials:
            if grant.credential_id is None:
                is_it = credential.tag == "Password"
            else:
                is_it = credential.credential_id == grant.credential_id
            if is_it:
                is_elsewhere = credential.tag == "Password" and holder.is_external
                mark = "" if is_elsewhere else _digest(credential.secret or "")
                return _Shown(mark, networks_of(credential), credential.expires_at)
        return _Shown("", (), grant.ends_at) if holder.is_external and grant.credential_id is None else None

    def _session(self, tx: Transaction, grant: Grant, secret: str) -> _Shown | None:
        assert grant.session_id is not None
        found = tx.sign_ins.get(grant.session_id, int(self._clock.seconds()))
        return _Shown(_digest(secret)) if found is not None and found.account_id == grant.account_id else None


def same_secret(tx: Transaction, former: str, renewed: str, now: int) -> None:
    """The same secret is stored as ``renewed`` instead of ``former``: what rests on it goes on."""
    tx.tokens.put(_digest(former), _RENEWED, {"mark": _digest(renewed)}, now + _REMEMBERED)


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _MOST_KEPT:
        kept.popitem(last=False)


def _may_enter(presenter: Identity | None) -> bool:
    return presenter is not None and presenter.may_sign_in and "impersonate" in presenter.permissions


def _bare(access: Access) -> Grant:
    return Grant(
        access.account_id,
        access.presenter_id,
        access.credential_id,
        access.session_id,
        ends_at=access.expires_at if access.session_id is None else None,
    )


def _digest(secret: str) -> str:
    return blake2b(secret.encode(), digest_size=12, person=b"grant").hexdigest()
