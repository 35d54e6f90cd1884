"""The task ``DkimManagement``: makes the DKIM keys that a domain lacks and has them follow each other (settings C.6,
A.12).

There is one lasting task for each domain with automatic keys. A new key signs only once its record has been seen in
DNS; until then the former one goes on, and the task says what is missing. It may be cut off and done again anywhere:
what happens is reckoned anew in the transaction that writes it. A domain that is gone, or whose keys somebody else
keeps, is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from attrs import frozen

from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.ids import encode_id
from stalwart.config import index, registry
from stalwart.config.domains.dkim_signature import DkimSignature
from stalwart.config.domains.domain import AutomaticKeys, AutomaticRecords, Domain
from stalwart.config.operation.task import Task
from stalwart.config.settings import Settings
from stalwart.config.vault import Vault
from stalwart.directory.hashing import Hashing
from stalwart.errors import Unavailable
from stalwart.mail import dkim_rotation
from stalwart.mail.dkim_keys import DKIM_KEY, new_key, new_signature
from stalwart.mail.dkim_records import Sight, Sought, look_for, sought
from stalwart.mail.dkim_rotation import Held, Step
from stalwart.mail.dns_management import hurry
from stalwart.mail.domain_records import PUBLISHED_STAGES, key_name
from stalwart.net.side_by_side import side_by_side
from stalwart.schema import UtcDateTime
from stalwart.store import Row, Store, Transaction
from stalwart.tasks.scheduling import schedule, tasks_of_domain
from stalwart.tasks.work import LaterTask, Work
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import DKIM_KEY_CHANGED, DKIM_RECORD_MISSING
from stalwart.tls.dns_servers import Outside

DKIM_TASK = "DkimManagement"

AGAIN = 86_400
SOON = 60
AFTER_MISSING = 900
AFTER_LONG_MISSING = 3600
"""Seconds until the next look: when nothing is to be done, after a change, and while a record is missing."""

TIME_TO_PUBLISH = 900
"""Seconds in which the server's own publishing is not yet late."""

_LONG = 86_400
_MOST_TOLD = 1000


@frozen
class KeyParts:
    """What the task needs of others."""

    store: Store
    settings: Settings
    hashing: Hashing
    vault: Vault
    outside: Callable[[], Outside]
    clock: Any
    telemetry: Telemetry


def dkim_management(parts: KeyParts) -> Work:
    """The work; keys are made in threads and stored under the seal of the vault."""
    told: dict[int, str] = {}

    async def run(task: Any) -> int | None:
        try:
            return await _Visit(parts, task.domain_id, told).pay()
        except Unavailable as problem:
            raise LaterTask(problem.detail, AFTER_MISSING) from problem

    return Work(run, lambda task: ("domain keys", task.domain_id))


def hurry_keys(tx: Transaction, domain_id: int, now: float) -> None:
    """Look at the keys of a domain soon, in place of when its task would have.

    The caller wakes the task runner after the commit.
    """
    for task_id in _waiting(tx, domain_id):
        tx.registry.delete(Task.type_name, task_id)
    schedule(tx, DKIM_TASK, {"domainId": encode_id(domain_id)}, now, now)


def lacks_task(tx: Transaction, domain_id: int, domain: Domain, now: float) -> bool:
    """Whether nobody will look at the keys of a domain that the server keeps, or only after a clock that was wrong.

    A task that has failed for good is there: that was told, and somebody has to decide.
    """
    if not isinstance(domain.dkim_management, AutomaticKeys):
        return False
    waiting = _waiting(tx, domain_id)
    if not waiting:
        return not tasks_of_domain(tx, DKIM_TASK, domain_id)
    return min(waiting.values()) > now + AGAIN


@frozen
class _Known:
    """What is stored of a domain and its keys."""

    domain: Domain
    rules: AutomaticKeys
    rows: Mapping[int, Row]
    held: tuple[Held, ...]

    @property
    def publishes(self) -> bool:
        """Whether the records of the keys are the server's to publish."""
        management: Any = self.domain.dns_management
        return isinstance(management, AutomaticRecords) and "dkim" in management.publish_records


@frozen
class _Done:
    """What a transaction did: new stages by id, and what is left."""

    changes: Mapping[int, str]
    left: _Known
    again: bool


class _Visit:
    """One look at the keys of a domain."""

    def __init__(self, parts: KeyParts, domain_id: int, told: dict[int, str]) -> None:
        self._parts = parts
        self._id = domain_id
        self._told = told

    async def pay(self) -> int | None:
        """Do what is due; when to come again. Raises LaterTask if a record is missing."""
        parts = self._parts
        now = parts.clock.seconds()
        known = await parts.store.read(lambda tx: _known(tx, self._id))
        if known is None:
            return None
        keys = await self._new_keys(known, now)
        sights = await self._sights(known, now)
        now = parts.clock.seconds()
        done = await parts.store.write(lambda tx: self._carry_out(tx, known, keys, sights, now))
        if done is None:
            return None
        if done.changes:
            await parts.settings.reload((DkimSignature.type_name,))
            self._tell_changes(done, known)
        return self._next(done, sights, now)

    async def _new_keys(self, known: _Known, now: float) -> dict[str, str]:
        """Sealed keys by the kind that is lacking."""
        parts = self._parts
        if dkim_rotation.is_full(known.held):
            return {}
        found = {}
        for type in dkim_rotation.lacking(known.rules, known.held, now):
            found[type] = parts.vault.seal(DKIM_KEY, await parts.hashing.run(partial(new_key, type)))
        return found

    async def _sights(self, known: _Known, now: float) -> dict[int, Sight]:
        """What is in DNS of keys that wait for it, by id."""
        wanted = await self._parts.store.read(lambda tx: _sought(self._parts.vault, known, now))
        outside = self._parts.outside()
        looks = [look_for(each, outside.resolver, outside.reactor) for each in wanted[: dkim_rotation.MOST_HELD]]
        seen = await side_by_side(*looks)
        return {each.id: sight for each, sight in zip(wanted, seen, strict=False)}

    def _carry_out(
        self, tx: Transaction, read: _Known, keys: Mapping[str, str], sights: Mapping[int, Sight], now: float
    ) -> _Done | None:
        """Make keys and take steps, from what is stored now; what was seen counts for keys that nobody has changed."""
        known = _known(tx, self._id)
        if known is None:
            return None
        same = _unchanged(read, known)
        there = {id for id in same if id in sights and sights[id].state == "there"}
        gone = {id for id in same if not _has_record(known, id) or (id in sights and sights[id].state == "missing")}
        changes = {}
        for step in dkim_rotation.steps(known.rules, known.held, there, gone, now):
            changes[step.id] = _take(tx, step, now)
        for type in dkim_rotation.lacking(known.rules, known.held, now):
            if type in keys and not dkim_rotation.is_full(known.held):
                changes[self._create(tx, known, type, keys[type], now)] = dkim_rotation.first_stage(known.held)
        if changes and isinstance(known.domain.dns_management, AutomaticRecords):
            hurry(tx, self._id, now)
        left = _known(tx, self._id)
        assert left is not None  # this transaction has not touched the domain
        return _Done(changes, left, _drop_later(tx, self._id, now))

    def _create(self, tx: Transaction, known: _Known, type: str, pem: str, now: float) -> int:
        stage = dkim_rotation.first_stage(known.held)
        due = dkim_rotation.end_of(stage, known.rules, now)
        others = [row.data for row in _signatures(tx, self._id).values()]
        made = new_signature(self._id, known.domain, type, pem, others, now, stage=stage, due=due)
        return registry.create(tx, DkimSignature, made, now=now, by_server=True).id

    def _tell_changes(self, done: _Done, before: _Known) -> None:
        for id, stage in done.changes.items():
            row = done.left.rows.get(id) or before.rows[id]
            self._parts.telemetry.emit(
                DKIM_KEY_CHANGED,
                id=str(row.data["selector"]),
                domain=done.left.domain.name,
                type=str(row.data["@type"]),
                result=stage,
            )

    def _next(self, done: _Done, sights: Mapping[int, Sight], now: float) -> int | None:
        """When to look again; raises LaterTask if something is not as it should be by now."""
        left = done.left
        problems, ages = [], []
        if dkim_rotation.lacking(left.rules, left.held, now) and dkim_rotation.is_full(left.held):
            problems.append(f"The domain has {len(left.held)} DKIM keys, so no more are made.")
        retired = dkim_rotation.leaving(left.held, now)
        for each in (*dkim_rotation.awaited(left.held), *retired):
            sight = sights.get(each.id)
            if sight is None or (sight.state == "there" and each not in retired):
                continue
            reason = sight.reason or f"The record of the retired key {_selector(left, each)} is still in DNS."
            age = now - (_created(left, each) if each not in retired else each.due or now)
            ages.append(age)
            if not left.publishes or not 0 <= age < TIME_TO_PUBLISH:
                problems.append(reason)
                self._tell_problem(left, each, reason)
        if problems and done.again:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            late = all(age > _LONG for age in ages)
            raise LaterTask(f"{problems[0]}{more}", AFTER_LONG_MISSING if late else AFTER_MISSING)
        if not done.again:
            return None
        if dkim_rotation.awaited(left.held) or retired:
            return int(now) + (SOON if left.publishes else 1)
        due = dkim_rotation.next_due(left.held)
        return int(now + AGAIN if due is None else min(max(due, now + SOON), now + AGAIN))

    def _tell_problem(self, known: _Known, key: Held, reason: str) -> None:
        """Once, until there is another problem."""
        if self._told.get(key.id) == reason:
            return
        if len(self._told) >= _MOST_TOLD:
            self._told.clear()
        self._told[key.id] = reason
        selector = _selector(known, key)
        self._parts.telemetry.emit(DKIM_RECORD_MISSING, id=selector, domain=known.domain.name, reason=reason)


def _take(tx: Transaction, step: Step, now: float) -> str:
    """Write a step; the name of the stage."""
    if step.stage is None:
        registry.destroy(tx, DkimSignature, step.id)
        return "removed"
    patch = {"stage": step.stage, "nextTransitionAt": UtcDateTime().write(int(step.due), False)}
    registry.update(tx, DkimSignature, step.id, patch, now=now, by_server=True)
    return step.stage


def _known(tx: Transaction, domain_id: int) -> _Known | None:
    """None if there is no such domain, or its keys are not the server's."""
    entry = registry.get(tx, Domain, domain_id)
    if entry is None or not isinstance(entry.value.dkim_management, AutomaticKeys):
        return None
    rows = _signatures(tx, domain_id)
    held = tuple(Held.of(id, row.data) for id, row in sorted(rows.items()))
    return _Known(entry.value, entry.value.dkim_management, rows, held)


def _signatures(tx: Transaction, domain_id: int) -> dict[int, Row]:
    ids = tx.registry.search(DkimSignature.type_name, index.term(DkimSignature, "domainId", "=", encode_id(domain_id)))
    return dict(tx.registry.many(DkimSignature.type_name, ids))


def _sought(vault: Vault, known: _Known, now: float) -> list[Sought]:
    """The records that have to be looked up; those that keys wait for first. May read files."""
    try:
        apex = to_ascii(known.domain.name).removesuffix(".")
    except InvalidName:
        apex = known.domain.name
    found = []
    for each in dkim_rotation.awaited(known.held):
        found.append(sought(vault, each.id, DkimSignature.from_stored(known.rows[each.id].data), apex))
    for each in dkim_rotation.leaving(known.held, now):
        if _has_record(known, each.id):
            found.append(Sought(each.id, key_name(_selector(known, each), apex)))
    return found


def _unchanged(read: _Known, known: _Known) -> set[int]:
    """The keys whose records are still those that were looked for."""
    if read.domain.name != known.domain.name:
        return set()
    return {id for id, row in known.rows.items() if id in read.rows and read.rows[id].revision == row.revision}


def _has_record(known: _Known, id: int) -> bool:
    """Whether the server has put a record into DNS for this key alone, and so has to take it away."""
    selector = known.rows[id].data.get("selector")
    shared = any(
        row.data.get("selector") == selector and row.data.get("stage", "active") in PUBLISHED_STAGES
        for row in known.rows.values()
    )
    return known.publishes and not shared


def _waiting(tx: Transaction, domain_id: int) -> dict[int, float]:
    """When each task of the domain is due that has not failed for good."""
    tasks: dict[int, Any] = {
        id: Task.from_stored(data) for id, data in tasks_of_domain(tx, DKIM_TASK, domain_id).items()
    }
    return {id: float(task.due or 0) for id, task in tasks.items() if task.status.tag != "Failed"}


def _drop_later(tx: Transaction, domain_id: int, now: float) -> bool:
    """Remove tasks besides the one that runs, which was due; whether that one is to come again."""
    waiting = _waiting(tx, domain_id)
    due = [id for id, moment in waiting.items() if moment <= now]
    for id in waiting.keys() - set(due) if due else ():
        tx.registry.delete(Task.type_name, id)
    return len(due or waiting) <= 1


def _selector(known: _Known, key: Held) -> str:
    return str(known.rows[key.id].data.get("selector", ""))


def _created(known: _Known, key: Held) -> float:
    signature: Any = DkimSignature.from_stored(known.rows[key.id].data)
    return float(signature.created_at or 0)
