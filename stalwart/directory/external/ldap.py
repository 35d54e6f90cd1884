"""An LDAP server that knows passwords (auth-api 2.2, RFC 4511, RFC 4513 5.1).

A person is searched for first. Then the password is tried by signing in with the DN that was found, on a connection of
its own that nothing else is done on, or compared with the hash that the entry holds. Nobody is let in whose address
more than one entry has. Groups come from a search, from the entry, or both; groups without an address are left out, and
so are groups in groups.
"""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from stalwart.codec.ldap_filters import Filter
from stalwart.config.identity.directory import Ldap
from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.directory import hashes
from stalwart.directory.external import ldap_entries
from stalwart.directory.external.found import Found
from stalwart.directory.external.ldap_plan import LdapPlan, ldap_plan
from stalwart.directory.external.markers import marker_of
from stalwart.directory.hashing import Hashing
from stalwart.errors import Unauthenticated, Unavailable
from stalwart.net.ldap import LdapConnection, connect
from stalwart.net.ldap_dialogue import SUCCESS, LdapFailed, told
from stalwart.net.ldap_messages import Entry
from stalwart.net.ldap_pool import LdapPool, PoolLimits
from stalwart.net.tls import TrustStore
from stalwart.schema import File
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import (
    AUTH_DIRECTORY_AMBIGUOUS,
    AUTH_DIRECTORY_ERROR,
    AUTH_DIRECTORY_UNUSABLE,
    AUTH_ERROR,
)

T = TypeVar("T")

MOST_GROUPS = 200
TOO_MANY_GROUPS = "too many groups to read; they stay as they are known here"
_MOST_HASHES = 8
_DECOY = "argon2id"

# RFC 4511 appendix A: what a bind answers for a wrong password, or for one that may not be used.
_WRONG = frozenset((49,))
_REFUSED = frozenset((19, 32, 48, 50, 53))  # locked, gone, without a password, not allowed, disabled


def open_ldap_directory(
    settings: Ldap, reactor: Any, trust_store: TrustStore, hashing: Hashing, telemetry: Telemetry, *, marker_key: bytes
) -> LdapDirectory:
    """The directory that ``settings`` describe; connections are opened when they are needed.

    ``marker_key``: a secret of this server for `markers`. Raises Invalid for settings that cannot work.
    """
    plan = ldap_plan(settings)
    connections = _Connections(settings, plan, reactor, trust_store, hashing)
    limits = PoolLimits(
        settings.pool_max_connections,
        settings.pool_timeout_create / 1000,
        settings.pool_timeout_wait / 1000,
        settings.pool_timeout_recycle / 1000,
    )
    pool = LdapPool(reactor, connections.ready, connections.bare, limits)
    return LdapDirectory(settings, plan, pool, hashing, telemetry, marker_key=marker_key)


class LdapDirectory:
    """The `PasswordDirectory` of an `Ldap` settings object."""

    def __init__(
        self,
        settings: Ldap,
        plan: LdapPlan,
        pool: LdapPool,
        hashing: Hashing,
        telemetry: Telemetry,
        *,
        marker_key: bytes,
    ) -> None:
        self._settings = settings
        self._plan = plan
        self._pool = pool
        self._hashing = hashing
        self._telemetry = telemetry
        self._marker_key = marker_key
        self._base = settings.base_dn.encode()
        self._timeout = settings.timeout / 1000

    async def check(self, address: str, secret: str) -> Found | None:
        """See `PasswordDirectory`. An empty password is wrong: servers take it for an anonymous sign-in."""
        if not secret or len(secret) > hashes.MAX_SECRET or not _is_text(address):
            return None
        return await self._explained(self._checked(address, secret))

    async def find(self, address: str) -> Found | None:
        """See `PasswordDirectory`."""
        if not _is_text(address):
            return None
        return await self._explained(self._found_with(self._plan.mailbox, address))

    async def close(self) -> None:
        """See `PasswordDirectory`."""
        await self._pool.close()

    async def _explained(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            return await work
        except LdapFailed as failure:
            name = self._settings.description
            self._telemetry.emit(
                AUTH_DIRECTORY_ERROR, directory=name, url=self._settings.url, reason=failure.reason, kind=failure.kind
            )
            raise Unavailable(f"The LDAP directory {name} cannot be asked: {failure.reason}.") from failure

    async def _checked(self, address: str, secret: str) -> Found | None:
        entry = await self._pool.run(lambda connection: self._one(connection, self._plan.login, address))
        if self._settings.bind_authentication:
            right = entry is not None and await self._opens(entry, address, secret)
        else:
            right = await self._fits(entry, address, secret)
        if entry is None or not right:
            return None
        return await self._pool.run(lambda connection: self._found(connection, entry))

    async def _found_with(self, filter: Filter, address: str) -> Found | None:
        async def work(connection: LdapConnection) -> Found | None:
            entry = await self._one(connection, filter, address)
            return None if entry is None else await self._found(connection, entry)

        return await self._pool.run(work)

    async def _one(self, connection: LdapConnection, filter: Filter, address: str) -> Entry | None:
        result = await connection.search(
            self._base, filter, address.encode(), self._plan.attributes, size_limit=2, timeout=self._timeout
        )
        if len(result.entries) == 1 and result.complete:
            return result.entries[0]
        if result.entries or not result.complete:
            self._telemetry.emit(AUTH_DIRECTORY_AMBIGUOUS, directory=self._settings.description, accountName=address)
        return None

    async def _opens(self, entry: Entry, address: str, secret: str) -> bool:
        """Whether ``secret`` signs in as ``entry``; an entry without a DN would be anonymous (RFC 4513 5.1.1)."""
        if not entry.dn:
            return False
        password = secret.encode("utf-8", "surrogatepass")
        result = await self._pool.alone(lambda connection: connection.bind(entry.dn, password, self._timeout))
        if result.code == SUCCESS:
            return True
        if result.code in _REFUSED:
            self._unusable(address, told(result))
        elif result.code not in _WRONG:
            raise LdapFailed(f"the sign-in of {address} is not decided: {told(result)}", "refused", result.code)
        return False

    async def _fits(self, entry: Entry | None, address: str, secret: str) -> bool:
        """Whether ``secret`` fits a hash of ``entry``; takes its time also if there is none."""
        stored = ldap_entries.texts(entry, self._settings.attr_secret) if entry is not None else []
        if entry is not None and not stored:
            self._unusable(address, f"no {' or '.join(sorted(self._settings.attr_secret))} that may be read")
        unknown = False
        for each in stored[:_MOST_HASHES] or (None,):
            try:
                if await self._hashing.check(each, secret, _DECOY):
                    return True
            except hashes.UnknownHash as problem:
                self._telemetry.emit(AUTH_ERROR, accountName=address, reason=str(problem))
                unknown = True
        if unknown:  # whoever knows the password cannot help it: no failed login (auth-api 2.2)
            raise Unauthenticated()
        return False

    async def _found(self, connection: LdapConnection, entry: Entry) -> Found | None:
        settings = self._settings
        known = ldap_entries.addresses(entry, settings.attr_email)
        if not known:
            self._unusable(
                entry.dn.decode("utf-8", "replace"), f"no address in {', '.join(sorted(settings.attr_email))}"
            )
            return None
        aliases = None
        if settings.attr_email_alias:
            aliases = frozenset((*known, *ldap_entries.addresses(entry, settings.attr_email_alias))) - {known[0]}
        kind = ldap_entries.kind_of(entry, settings)
        return Found(
            address=known[0],
            name=next(iter(ldap_entries.texts(entry, settings.attr_description)), None),
            groups=await self._groups(connection, entry) if kind == "User" else None,
            aliases=aliases,
            kind=kind,
            marker=self._marker(entry),
        )

    def _marker(self, entry: Entry) -> str | None:
        names = set(self._settings.attr_secret_changed)
        if not self._settings.bind_authentication:
            names |= self._settings.attr_secret
        return marker_of(self._marker_key, ldap_entries.values(entry, names))

    async def _groups(self, connection: LdapConnection, entry: Entry) -> frozenset[str] | None:
        """Their addresses; None if nothing is said about them, or not all of it."""
        settings = self._settings
        if self._plan.member_of is None and not settings.attr_member_of:
            return None
        known, unknown = ldap_entries.group_references(entry, settings)
        groups, seen = set(known), set()
        if self._plan.member_of is not None:
            result = await connection.search(
                self._base,
                self._plan.member_of,
                entry.dn,
                tuple(sorted(settings.attr_email)),
                size_limit=MOST_GROUPS,
                timeout=self._timeout,
            )
            if not result.complete:
                self._unusable(_shown(entry), TOO_MANY_GROUPS)
                return None
            seen = {ldap_entries.same_dn(each.dn) for each in result.entries}
            groups.update(*(ldap_entries.addresses(each, settings.attr_email)[:1] for each in result.entries))
        wanted = {key: dn for dn in unknown if (key := ldap_entries.same_dn(dn)) not in seen}
        if len(wanted) > MOST_GROUPS:
            self._unusable(_shown(entry), TOO_MANY_GROUPS)
            return None
        for dn in wanted.values():
            group = await connection.read(dn, tuple(sorted(settings.attr_email)), self._timeout)
            groups.update(ldap_entries.addresses(group, settings.attr_email)[:1] if group is not None else ())
        return frozenset(groups)

    def _unusable(self, whose: str, reason: str) -> None:
        self._telemetry.emit(
            AUTH_DIRECTORY_UNUSABLE, directory=self._settings.description, accountName=whose, reason=reason
        )


class _Connections:
    """Opens connections as the settings say."""

    def __init__(self, settings: Ldap, plan: LdapPlan, reactor: Any, trust_store: TrustStore, hashing: Hashing) -> None:
        self._settings = settings
        self._plan = plan
        self._reactor = reactor
        self._trust_store = trust_store
        self._hashing = hashing
        self._timeout = settings.timeout / 1000

    async def bare(self) -> LdapConnection:
        """A connection that nobody has signed in on."""
        verified = not self._settings.allow_invalid_certs
        return await connect(
            self._reactor, self._plan.server, self._trust_store, verified=verified, timeout=self._timeout
        )

    async def ready(self) -> LdapConnection:
        """A connection for searches, signed in on as the settings say."""
        name = self._settings.bind_dn
        if not name:
            return await self.bare()
        secret = await self._secret()
        connection = await self.bare()
        try:
            result = await connection.bind(name.encode(), secret.encode(), self._timeout)
            if result.code != SUCCESS:
                raise LdapFailed(f"its sign-in as bindDn is refused: {told(result)}", "refused", result.code)
        except BaseException:
            connection.abort()
            raise
        return connection

    async def _secret(self) -> str:
        place = self._settings.bind_secret
        try:
            on_disk = isinstance(place, File)  # which may take its time
            secret = await self._hashing.run(lambda: kept_text(place)) if on_disk else kept_text(place)
        except Unreadable as problem:
            raise LdapFailed(f"bindSecret cannot be used: {problem}", "refused") from problem
        if not secret:
            raise LdapFailed("bindSecret is empty", "refused")
        return secret


def _is_text(address: str) -> bool:
    """Whether it can be sent as UTF-8: half of a surrogate pair cannot."""
    return all(not "\ud800" <= sign <= "\udfff" for sign in address)


def _shown(entry: Entry) -> str:
    return entry.dn.decode("utf-8", "replace")
