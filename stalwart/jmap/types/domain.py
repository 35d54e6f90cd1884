"""x:Domain: what follows from its name and from who keeps its keys, and its zone file (settings C.6, A.11)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import Domain
from stalwart.config.settings import Settings
from stalwart.directory import account_records
from stalwart.jmap.registry.domain_checks import check_domain, schedule_keys
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.waking import Wakeable
from stalwart.mail.dns_management import schedule_records
from stalwart.mail.domain_zone import DomainZones
from stalwart.mail.postmasters import Postmasters, advice
from stalwart.mail.recipients import Recipients
from stalwart.schema import Declaration
from stalwart.store import Transaction
from stalwart.tls.renewals import schedule_certificate

MOST_NOTICES = 3
"""Domains that a client is told of in one call."""
_ZONE_FILE = "dnsZoneFile"


@handles("Domain")
class DomainHandler(Handler):
    """Mail domains."""

    def __init__(
        self,
        declaration: Declaration,
        *,
        settings: Settings,
        tasks: Wakeable,
        domain_zones: DomainZones,
        recipients: Recipients,
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._postmasters = Postmasters(settings, recipients)
        self._tasks = tasks
        self._zones = domain_zones

    def extras(self, tx: Transaction, asking: Asking, found: list[tuple[int, dict[str, Any]]]) -> None:
        """The zone files, unless nobody wants them."""
        if not asking.wants(_ZONE_FILE):
            return
        rows = tx.registry.many(self.type, [id for id, _ in found])
        for id, shown in found:
            shown[_ZONE_FILE] = self._zones.text(tx, id, Domain.from_stored(rows[id].data))

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Keep logins of accounts in step with the name; have keys made, records published, certificates ordered."""
        before = former.value if former is not None else None
        check_domain(tx, entry.id, entry.value)
        if before is not None and before.name != entry.value.name:
            account_records.domain_renamed(tx, entry.id, entry.value.name)
        schedule_keys(tx, entry.id, before, entry.value, asking.now)
        schedule_records(tx, entry.id, before, entry.value, asking.now)
        schedule_certificate(tx, entry.id, before, entry.value, asking.now)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """What was put down to be done begins; new domains without a postmaster are told of."""
        notices = await super().committed(asking, done)
        self._tasks.wake()
        made = frozenset(change.id for change in done if change.kind == "create" and change.id is not None)
        lacking = (await self._postmasters.lacking(made))[:MOST_NOTICES] if made else ()
        return [*notices, *(advice(encode_id(id), name) for id, name in lacking)]
