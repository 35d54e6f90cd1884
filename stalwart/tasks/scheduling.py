"""Making tasks inside the transactions of other parts; after the commit they call ``TaskRunner.wake``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config import index, registry
from stalwart.config.operation.task import Task
from stalwart.directory.account_records import date_text
from stalwart.errors import NotFound
from stalwart.store import Transaction


def schedule(tx: Transaction, variant: str, members: Mapping[str, Any], due: float, now: float) -> int:
    """A new task of wire ``members`` (server-set ones too) that runs at ``due``; its id. Times are in seconds."""
    pending = {"@type": "Pending", "due": date_text(int(due))}
    data = {**members, "@type": variant, "status": pending}
    return registry.create(tx, Task, data, now=now, by_server=True).id


def tasks_of_domain(tx: Transaction, variant: str, domain_id: int) -> dict[int, dict[str, Any]]:
    """All tasks of a variant for a domain, whatever their status: wire members by id."""
    terms = [*index.term(Task, "@type", "=", variant), *index.term(Task, "domainId", "=", encode_id(domain_id))]
    rows = tx.registry.many(Task.type_name, tx.registry.search(Task.type_name, terms))
    return {id: row.data for id, row in rows.items()}


def schedule_destroy(tx: Transaction, account_id: int, now: float, due: float | None = None) -> int:
    """Delete all data of an account later (``due`` None: at once, in the background); the id of the task.

    To be called before or after the x:Account object itself is destroyed, in the same transaction. The data lose
    their address now, so that another account can have it. Raises NotFound.
    """
    anchor = tx.accounts.get(account_id)
    if anchor is None:
        raise NotFound
    tx.accounts.rename(account_id, f"#{account_id}")  # no address looks like this
    known = tx.registry.get("Account", account_id)
    members: dict[str, Any] = {"accountId": encode_id(account_id), "accountType": anchor.kind.capitalize()}
    if known is not None:
        members |= {"accountName": known.data["name"], "accountDomainId": known.data["domainId"]}
    return schedule(tx, "DestroyAccount", members, now if due is None else due, now)
