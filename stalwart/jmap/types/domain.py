"""x:Domain: what follows from its name and from who keeps its keys (settings C.6, A.11)."""

from __future__ import annotations

from collections.abc import Sequence

from stalwart.config import registry
from stalwart.config.settings import Settings
from stalwart.directory import account_records
from stalwart.jmap.registry.domain_checks import check_domain, schedule_keys
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.waking import Wakeable
from stalwart.schema import Declaration
from stalwart.store import Transaction
from stalwart.tls.renewals import schedule_certificate


@handles("Domain")
class DomainHandler(Handler):
    """Mail domains."""

    def __init__(self, declaration: Declaration, *, settings: Settings, tasks: Wakeable) -> None:
        super().__init__(declaration, settings=settings)
        self._tasks = tasks

    def written(
        self, tx: Transaction, asking: Asking, change: Change, former: registry.Entry | None, entry: registry.Entry
    ) -> None:
        """Keep the logins of accounts in step with the name, and have keys made and certificates ordered."""
        before = former.value if former is not None else None
        check_domain(tx, entry.value)
        if before is not None and before.name != entry.value.name:
            account_records.domain_renamed(tx, entry.id, entry.value.name)
        schedule_keys(tx, entry.id, before, entry.value, asking.now)
        schedule_certificate(tx, entry.id, before, entry.value, asking.now)

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """What was put down to be done begins."""
        notices = await super().committed(asking, done)
        self._tasks.wake()
        return notices
