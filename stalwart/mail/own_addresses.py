"""The addresses of an account: those it is known by, and those it may send from.

It may send from whatever reaches it by name: its own name and aliases, in every name of their domains and with details
(RFC 5233) where the domain takes them, and its masked addresses. What a catch-all gives it is not its own.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attrs import field, frozen

from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.ids import decode_id, encode_id
from stalwart.codec.masked_addresses import read_local_part
from stalwart.codec.smtp.paths import Path
from stalwart.config.domains.domain import Domain, SubAddressesEnabled
from stalwart.config.identity.account import ADDRESS_SPACE, Account
from stalwart.config.identity.masked_email import MaskedEmail
from stalwart.config.settings import Settings
from stalwart.schema import combined_key
from stalwart.store import Transaction

_DETAIL = "+"


@frozen
class _Domains:
    source: object = ()
    by_id: Mapping[str, Domain] = field(factory=dict)
    by_name: Mapping[str, str] = field(factory=dict)


class OwnAddresses:
    """Answers from the settings and the store. ``clock`` tells when masked addresses end."""

    def __init__(self, settings: Settings, clock: Any) -> None:
        self._settings = settings
        self._clock = clock
        self._known = _Domains()

    def listed(self, tx: Transaction, account_id: int) -> tuple[str, ...]:
        """Its name, then its aliases that are switched on; nothing for who is not in the registry."""
        registered, row = tx.registry.get(Account.type_name, account_id), tx.accounts.name(account_id)
        if registered is None or row is None:
            return ()
        by_id = self._domains().by_id
        aliases = (
            f"{alias['name']}@{by_id[alias['domainId']].name}"
            for alias in (registered.data.get("aliases") or {}).values()
            if alias.get("enabled", True) and alias["domainId"] in by_id
        )
        return tuple(dict.fromkeys((row.login, *aliases)))

    def holder(self, tx: Transaction, address: str) -> int | None:
        """The account that is known by an address, its name or an alias that is switched on."""
        local, _, domain = address.rpartition("@")
        domain_id = self._domains().by_name.get(_ascii(domain))
        if domain_id is None:
            return None
        for name in _names(local, self._domains().by_id[domain_id]):
            holder = tx.registry.lookup(ADDRESS_SPACE, combined_key(name, domain_id))
            if holder is not None and _holds(tx, frozenset((holder[1],)), name, domain_id):
                return holder[1]
        return None

    def with_groups(self, tx: Transaction, account_id: int) -> tuple[int, ...]:
        """The account and the groups that it belongs to, from whose addresses it may send as well."""
        registered = tx.registry.get(Account.type_name, account_id)
        groups = registered.data.get("memberGroupIds") or {} if registered is not None else {}
        return account_id, *(decode_id(id) for id in groups)

    def may_send_as(self, tx: Transaction, account_ids: Iterable[int], path: Path) -> bool:
        """Whether one of the accounts, which are those of who asks, has the address."""
        wanted = frozenset(account_ids)
        domains = self._domains()
        domain_id = domains.by_name.get(_ascii(path.domain))
        if domain_id is None or not domains.by_id[domain_id].is_enabled:
            return False
        names = tuple(_names(path.local, domains.by_id[domain_id]))
        return any(
            _holds(tx, wanted, name, domain_id) or self._holds_masked(tx, wanted, name, domain_id) for name in names
        )

    def _holds_masked(self, tx: Transaction, wanted: frozenset[int], name: str, domain_id: str) -> bool:
        code = read_local_part(name)
        row = tx.registry.get(MaskedEmail.type_name, code.id) if code is not None else None
        if row is None:
            return False
        masked = MaskedEmail.from_stored(row.data)
        local, _, domain = (masked.email or "").rpartition("@")
        is_over = masked.expires_at is not None and masked.expires_at <= self._clock.seconds()
        is_same = local == name and self._domains().by_name.get(domain) == domain_id
        return is_same and masked.enabled and not is_over and masked.account_id in wanted

    def _domains(self) -> _Domains:
        source = self._settings.all(Domain)
        if source is not self._known.source:
            by_id = {encode_id(id): domain for id, domain in source}
            by_name = {name: id for id, domain in by_id.items() for name in (*domain.aliases, domain.name)}
            self._known = _Domains(source, by_id, by_name)
        return self._known


def _holds(tx: Transaction, wanted: frozenset[int], name: str, domain_id: str) -> bool:
    holder = tx.registry.lookup(ADDRESS_SPACE, combined_key(name, domain_id))
    if holder is None or holder[0] != Account.type_name or holder[1] not in wanted:
        return False
    row = tx.registry.get(*holder)
    if row is None:
        return False
    if (row.data["name"], row.data["domainId"]) == (name, domain_id):
        return True
    aliases: Iterable[Mapping[str, Any]] = (row.data.get("aliases") or {}).values()
    return any(
        (alias["name"], alias["domainId"]) == (name, domain_id) and alias.get("enabled", True) for alias in aliases
    )


def _names(local: str, domain: Domain) -> Iterator[str]:
    """A local part as the settings may have it, then without its detail."""
    lower = local.lower()
    spelled = dict.fromkeys((lower, unicodedata.normalize("NFC", local).lower()))
    yield from spelled
    if isinstance(domain.sub_addressing, SubAddressesEnabled):
        for name in spelled:
            base, plus, _ = name.partition(_DETAIL)
            if plus and base:
                yield base


def _ascii(domain: str) -> str:
    """A domain in A-labels, in lower case; what is none is nobody's."""
    if domain.isascii():
        return domain.lower()
    try:
        return to_ascii(domain)
    except InvalidName:
        return ""
