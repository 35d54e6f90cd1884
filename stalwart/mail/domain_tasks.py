"""Tasks that domains should have and have not: those from before there were any, and those of the demonstration.

A write of a domain makes its tasks; this is for the start of the server.
"""

from __future__ import annotations

from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import registry
from stalwart.config.domains.domain import AutomaticRecords, Domain
from stalwart.mail import dns_management
from stalwart.mail.dkim_management import DKIM_TASK, hurry_keys, lacks_task
from stalwart.store import Store, Transaction
from stalwart.tasks.scheduling import schedule, tasks_of_domain


async def ensure_domain_tasks(store: Store, clock: Any) -> int:
    """Make them; how many there were to make."""
    now = clock.seconds()
    if not await store.read(lambda tx: _lacking(tx, now)):
        return 0

    def write(tx: Transaction) -> int:
        found = _lacking(tx, now)
        for variant, id in found:
            if variant == DKIM_TASK:
                hurry_keys(tx, id, now)
            else:
                schedule(tx, variant, {"domainId": encode_id(id)}, now, now)
        return len(found)

    made: int = await store.write(write)
    return made


def _lacking(tx: Transaction, now: float) -> list[tuple[str, int]]:
    """Variant and domain of each. One that has failed is there: that was told, and somebody has to decide."""
    found = []
    for entry in registry.listed(tx, Domain):
        if lacks_task(tx, entry.id, entry.value, now):
            found.append((DKIM_TASK, entry.id))
        keeps_records = isinstance(entry.value.dns_management, AutomaticRecords)
        if keeps_records and not tasks_of_domain(tx, dns_management.TASK, entry.id):
            found.append((dns_management.TASK, entry.id))
    return found
