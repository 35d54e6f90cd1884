"""Works of the store and of single accounts (x:Task: AccountMaintenance, StoreMaintenance, DestroyAccount,
IndexDocument, UnindexDocument).

Kinds of maintenance whose part of the server is not there are refused when somebody asks for the task.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from stalwart.errors import Invalid
from stalwart.tasks.cleaning import Cleaning
from stalwart.tasks.work import Work

Step = Callable[[], Coroutine[Any, Any, None]]

_LONG = 6 * 3600.0


def maintenance_works(cleaning: Cleaning, further: Mapping[str, Step] | None = None) -> dict[str, Work]:
    """The works by variant. ``further`` are steps of StoreMaintenance by ``maintenanceType``, from other parts."""
    return {
        "AccountMaintenance": account_maintenance(cleaning),
        "StoreMaintenance": store_maintenance(cleaning, further or {}),
        "DestroyAccount": account_destruction(cleaning),
        "IndexDocument": document_indexing(cleaning.reindex_email),
        "UnindexDocument": document_indexing(cleaning.unindex_email),
    }


def account_maintenance(cleaning: Cleaning) -> Work:
    """Delete what is old and forget old deletions, index mail again, or count the mail and the bytes of an account."""

    async def purge(account_id: int) -> None:
        await cleaning.expunge(account_id)
        await cleaning.trim(account_id)

    steps = {"purge": purge, "reindex": cleaning.reindex, "recalculateQuota": cleaning.recount}

    async def run(task: Any) -> None:
        await steps[task.maintenance_type](task.account_id)

    return Work(run, _of_account, lambda task: _check(task, steps), _LONG)


def store_maintenance(cleaning: Cleaning, further: Mapping[str, Step]) -> Work:
    """Index mail again, delete what has expired or nobody holds, count bytes."""

    async def purge_blob() -> None:
        await cleaning.sweep_blobs()
        await cleaning.sweep_folders()

    async def purge_accounts() -> None:
        await cleaning.expunge_all()
        await cleaning.trim_all()

    steps: dict[str, Step] = {
        "reindexAccounts": cleaning.reindex_all,
        "purgeAccounts": purge_accounts,
        "purgeData": cleaning.purge_expired,
        "purgeBlob": purge_blob,
        "resetUserQuotas": cleaning.recount_all,
        "removeLockDav": cleaning.end_locks,
        **further,
    }

    async def run(task: Any) -> None:
        await steps[task.maintenance_type]()

    def check(task: Any) -> None:
        _check(task, steps)
        if task.shard_index is not None:
            raise Invalid("The stores of this server are not in parts.", ("shardIndex",))

    return Work(run, lambda task: ("store", task.maintenance_type), check, _LONG)


def document_indexing(step: Callable[[int, int], Coroutine[Any, Any, None]]) -> Work:
    """Index one e-mail again, or forget its text."""

    async def run(task: Any) -> None:
        await step(task.account_id, task.document_id)

    def check(task: Any) -> None:
        if task.document_type != "email":
            raise Invalid("Only e-mails can be searched for their text.", ("documentType",))

    return Work(run, _of_account, check)


def auth_token_removal(cleaning: Cleaning, forget_all: Callable[[], None]) -> Step:
    """The step ``removeAuthTokens``: all tokens of applications are void; ``forget_all`` is that of the directory."""

    async def run() -> None:
        await cleaning.end_sign_ins()
        forget_all()

    return run


def account_destruction(cleaning: Cleaning) -> Work:
    """Delete the data of an account that is gone."""

    async def run(task: Any) -> None:
        if task.account_id is not None:
            await cleaning.erase(task.account_id)

    return Work(run, _of_account, time_limit=_LONG)


def _of_account(task: Any) -> tuple[str, Any]:
    return ("account", task.account_id)


def _check(task: Any, steps: Mapping[str, Any]) -> None:
    if task.maintenance_type not in steps:
        text = f"This server cannot do {task.maintenance_type} yet: the part that it is about is not there."
        raise Invalid(text, ("maintenanceType",))
