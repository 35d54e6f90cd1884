"""The data type ParticipantIdentity (draft-ietf-jmap-calendars 3): as whom an account takes part in events."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from stalwart.errors import OverQuota, StalwartError
from stalwart.jmap.calendars.capability import CALENDARS
from stalwart.jmap.calendars.participant_keeping import (
    MAILTO,
    PARTICIPANTS,
    address_of,
    choose_participant,
    default_participant,
)
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.asking import Asking, Change
from stalwart.jmap.standard.data_type import DataType
from stalwart.jmap.standard.declaration import Declaration
from stalwart.jmap.standard.default_choice import IS_DEFAULT, chosen, makes_choice, read_choice, tell_choice
from stalwart.jmap.standard.object_source import ObjectSource
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.property import Property, computed
from stalwart.jmap.standard.rules import Rules
from stalwart.jmap.standard.scalars import Boolean, String
from stalwart.jmap.standard.source import Found
from stalwart.store.object_types import PARTICIPANT_IDENTITY as NUMBER
from stalwart.store.store import Transaction


@frozen
class ParticipantSource(ObjectSource):
    """Objects as they are stored."""

    def compute(self, tx: Transaction, asking: Asking, found: Found, names: frozenset[str]) -> None:
        default = default_participant(tx, asking.account_id)
        for id, properties in found:
            properties[IS_DEFAULT] = id == default


class ParticipantRules(Rules):
    """An identity has an address of the account, each one; there is a limit to their number."""

    async def prepare(self, asking: Asking, arguments: SetArguments) -> Mapping[str, StalwartError]:
        read_choice(asking)
        return {}

    def writes(self, asking: Asking) -> bool:
        return makes_choice(asking)

    def check(self, tx: Transaction, asking: Asking, change: Change) -> None:
        if change.id is not None:
            return
        where = ("calendarAddress",)
        given = change.new["calendarAddress"]
        own = asking.services["own_addresses"].listed(tx, asking.account_id)
        if given[: len(MAILTO)].lower() != MAILTO or address_of(change.new) not in own:
            raise SetRefused("invalidProperties", "This is no address of the account.", where)
        change.new["calendarAddress"] = f"{MAILTO}{address_of(change.new)}"
        there = tx.objects.list(asking.account_id, NUMBER)
        if any(address_of(each.data or {}) == address_of(change.new) for each in there):
            raise SetRefused("invalidProperties", "There is an identity with this address.", where)
        most = PARTICIPANTS.most_of(tx, asking.account_id, asking.services["settings"])
        if len(there) >= most:
            raise OverQuota(f"An account can have at most {most} participant identities.")

    def finishing(self, tx: Transaction, asking: Asking, outcome: SetOutcome) -> None:
        number, account_id = chosen(asking, outcome), asking.account_id
        former = default_participant(tx, account_id)
        row = None if number is None else tx.objects.get(account_id, number)
        if number is None or row is None or row.type != NUMBER or number == former:
            return
        choose_participant(tx, account_id, number, asking.now)
        for id in (number, *(() if former is None else (former,))):
            tx.objects.update(account_id, id, now=asking.now)
        tell_choice(outcome, former, number)


PARTICIPANT_IDENTITY = DataType(
    Declaration(
        name="ParticipantIdentity",
        capability=CALENDARS,
        properties={
            "name": Property(String(most=255), ""),
            "calendarAddress": Property(String(most=512), immutable=True),
            IS_DEFAULT: computed(Boolean()),
        },
    ),
    source=ParticipantSource(NUMBER),
    rules=ParticipantRules(),
    supports=("get", "set", "changes"),
    services=("settings", "own_addresses"),
    before=PARTICIPANTS.keep,
)
