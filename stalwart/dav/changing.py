"""Changing properties (RFC 4918 9.2, RFC 5689, spec/dav.md 4.3, 4.4): all that is asked for, or nothing.

A ``Change`` takes down what a resource is to be like; it is written when every instruction went well. Properties that
nobody here knows are kept as they came, within a bound for each resource. What people see in their own way becomes
theirs, unless it is theirs anyway: then it is what all others begin with.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attrs import define, evolve, field

from stalwart.codec.dav.bodies import Instruction
from stalwart.codec.dav.multistatus import Outcome, empty
from stalwart.codec.dav.names import Name, name
from stalwart.config.collaboration.webdav import WebDav
from stalwart.dav.asking import Asking
from stalwart.dav.declaring import On, properties, setters
from stalwart.dav.shown import kept_on
from stalwart.groupware.resources import Level, Resource
from stalwart.groupware.traits import DEAD
from stalwart.store import Transaction
from stalwart.store.collection_rows import Member

CANNOT_CHANGE = "Property cannot be modified"
CANNOT_GO = "Property cannot be deleted"
TOO_LONG = "Property value is too long"
_KINDS = (name("D:resourcetype"), name("A:supported-calendar-component-set"))


class Unsettable(Exception):
    """A property cannot be what was asked for: a status, maybe a condition (a fragment) and a sentence."""

    def __init__(self, status: int, condition: str = "", description: str = "") -> None:
        super().__init__(status)
        self.status = status
        self.condition = empty(name(condition)) if condition else b""
        self.description = description


@define
class Change:
    """What a resource is to be like. ``data`` is what all see, ``own`` what only who asks sees in another way."""

    asking: Asking
    found: Resource
    on: On
    limits: WebDav
    data: dict[str, Any] = field(factory=dict)
    own: dict[str, Any] = field(factory=dict)
    is_new: bool = False

    @classmethod
    def of(cls, tx: Transaction, asking: Asking, found: Resource) -> Change:
        """A change of a home, a collection or an item that is there."""
        limits = asking.tools.settings.of(WebDav)
        if found.member is None:
            return cls(asking, found, On.HOME, limits, dict(home_data(tx, found.account_id, found.inside)))
        member = tx.collections.member(found.account_id, found.place, found.name, with_data=True)
        assert member is not None  # in the same transaction
        on = kept_on(found.kind, member.is_collection)
        own = tx.preferences.get(found.account_id, member.item_id, asking.viewer.account_id) or {}
        return cls(asking, found, on, limits, dict(member.data or {}), dict(own))

    @classmethod
    def making(cls, asking: Asking, found: Resource) -> Change:
        """What a collection that is to be made begins with."""
        return cls(asking, found, kept_on(found.kind, True), asking.tools.settings.of(WebDav), is_new=True)

    def put(self, member: str, value: Any, *, privately: bool = False) -> None:
        """Say what a member of the data is to be, None to have it gone. Who was given something changes what he sees
        himself; with ``privately`` so does everybody but the owner.
        """
        owns = self.found.account_id == self.asking.viewer.account_id if privately else self.found.is_own
        if owns or self.is_new:
            self.own.pop(member, None)
            if value is None:
                self.data.pop(member, None)
            else:
                self.data[member] = value
        elif value is not None or self.data.get(member) is not None:
            self.own[member] = value
        else:
            self.own.pop(member, None)

    def bounded(self, text: str) -> str:
        """``text``, unless it is longer than properties may be. Raises Unsettable."""
        if len(text.encode(errors="replace")) > self.limits.live_property_max_size:
            raise Unsettable(507, description=TOO_LONG)
        return text

    def carry_out(self, instructions: Iterable[Instruction]) -> tuple[list[Outcome], bool]:
        """Take down what is asked for, one after the other; how it went with each property, and whether all is well.

        If not, properties that could have been changed depend on those that could not (RFC 4918 9.2.1).
        """
        went: dict[Name, Outcome] = {}
        for each in instructions:
            before = went.get(each.name)
            if before is None or before.status < 300:
                went[each.name] = self._attempt(each)
        if all(outcome.status < 300 for outcome in went.values()):
            return list(went.values()), True
        return [evolve(each, status=424) if each.status < 300 else each for each in went.values()], False

    def keep(self, tx: Transaction) -> Member | None:
        """Write it; the resource as it is then, None for homes."""
        found, member, now = self.found, self.found.member, self.asking.now
        if member is None:
            tx.preferences.set(found.account_id, found.inside, found.account_id, self.data)
            return None
        kept = tx.collections.update(found.account_id, member.item_id, now=now, data=self.data)
        tx.preferences.set(found.account_id, member.item_id, self.asking.viewer.account_id, self.own or None)
        return kept

    def _attempt(self, asked: Instruction) -> Outcome:
        try:
            known = setters().get(asked.name)
            if known is not None and self.on in known.on:
                known.work(self, None if asked.remove else asked.element)
            elif known is not None or asked.name in properties() or asked.name in _KINDS:
                raise Unsettable(409, description=CANNOT_GO if asked.remove else CANNOT_CHANGE)
            else:
                self._keep_unknown(asked)
        except Unsettable as error:
            return Outcome(asked.name, error.status, error.condition, error.description)
        return Outcome(asked.name, 204 if asked.remove else 200)

    def _keep_unknown(self, asked: Instruction) -> None:
        others = [each for each in self.data.get(DEAD, ()) if Name(each[0], each[1]) != asked.name]
        if not asked.remove:
            most, size = self.limits.dead_property_max_size, asked.element.size()
            if most is None:
                raise Unsettable(409, description=CANNOT_CHANGE)
            if size + sum(each[3] for each in others) >= most:
                raise Unsettable(507, description=TOO_LONG)
            others.append([*asked.name, asked.verbatim(), size])
        self.data.pop(DEAD, None)
        if others:
            self.data[DEAD] = others


def home_data(tx: Transaction, account_id: int, home: int) -> dict[str, Any]:
    """What clients have kept on a home."""
    return tx.preferences.get(account_id, home, account_id) or {}


def is_there(found: Resource) -> bool:
    """Whether something has properties to be changed."""
    return found.level in (Level.HOME, Level.COLLECTION, Level.ITEM)
