"""Email/copy (RFC 8621 4.7): e-mails of one account, for another one; their messages are held there as well.

Keywords and the time of receipt are the original's unless others are given. A message may be in an account twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from attrs import frozen

from stalwart.codec.ids import encode_id
from stalwart.config.settings import Settings
from stalwart.directory.access import Access
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.email.filing import Made, Outcomes, Target, answers, file_all, report_all
from stalwart.jmap.email.placement import Placement, read_placement
from stalwart.jmap.email.set import Writing, carry_out
from stalwart.jmap.email.set_work import email_state
from stalwart.jmap.errors import MethodError, SetRefused, method_error
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.methods import method
from stalwart.jmap.standard.arguments import CopyArguments, SetArguments
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.setting import Responses
from stalwart.jmap.standard.states import require_state
from stalwart.mail.messages.arriving import Messages
from stalwart.store import Store, Transaction
from stalwart.store.mail_rows import EmailRow
from stalwart.store.object_types import MAILBOX
from stalwart.web.clock import Clock

_MEMBERS = frozenset(("id", "mailboxIds", "keywords", "receivedAt"))


@frozen
class Wanted:
    """One e-mail to copy: ``id`` is the original's on the wire, ``number`` the same."""

    id: str
    number: int
    placement: Placement


@frozen
class Accounts:
    """From where to where, and in which states."""

    origin: int
    target: int
    access: Access
    arguments: CopyArguments

    def check(self, tx: Transaction) -> str:
        """The state of the target; raises ``MethodError``."""
        from_state = email_state(tx, self.access, self.origin, "fromAccountNotFound")
        state = email_state(tx, self.access, self.target)
        require_state(self.arguments.if_from_in_state, from_state)
        require_state(self.arguments.if_in_state, state)
        return state


@method("Email/copy", capability=MAIL, needs="jmapEmailCopy")
async def copy_emails(call: Call, *, store: Store, clock: Clock, settings: Settings, messages: Messages) -> Responses:
    """Copy e-mails, and perhaps destroy the originals."""
    target = account_argument(call, shared=MAILBOX)
    origin = account_argument(call, member="fromAccountId", shared=MAILBOX)
    if origin == target:
        raise MethodError("invalidArguments", 'The arguments "fromAccountId" and "accountId" must differ.')
    access = call.request.access
    accounts = Accounts(origin, target, access, CopyArguments.read(call))
    writing = Writing(store, clock, settings, messages)
    began = clock.seconds()
    made: dict[str, Made | StalwartError] = {}
    wanted = _wanted(accounts.arguments.create, call.request.created_ids, made)
    rows, goal = await store.read(lambda tx: _originals(tx, accounts, wanted, messages))
    for creation_id, each in wanted.items():
        try:
            made[creation_id] = await _made(each, rows.get(each.number), messages, goal)
        except StalwartError as problem:
            made[creation_id] = problem

    def work(tx: Transaction) -> tuple[str, str, Outcomes]:
        old_state = accounts.check(tx)
        outcomes = file_all(tx, target, Sight.of(tx, access, target), made, messages, int(began))
        return old_state, email_state(tx, access, target), outcomes

    old_state, new_state, outcomes = await store.write(work)
    report_all(target, made, outcomes, messages, clock.seconds() - began)
    created, not_created = answers(made, outcomes)
    call.request.created_ids.update({creation_id: told["id"] for creation_id, told in created.items()})
    answer = {
        "fromAccountId": encode_id(origin),
        "accountId": encode_id(target),
        "oldState": old_state,
        "newState": new_state,
        "created": created or None,
        "notCreated": not_created or None,
    }
    responses: Responses = [(call.name, answer)]
    originals = list(dict.fromkeys(wanted[cid].id for cid in created))
    if originals and accounts.arguments.on_success_destroy_original:
        responses.append(await _destroyed(call, accounts, originals, writing))
    return responses


def _wanted(
    create: Mapping[str, Mapping[str, Any]], created_ids: Mapping[str, str], made: dict[str, Made | StalwartError]
) -> dict[str, Wanted]:
    found = {}
    for creation_id, given in create.items():
        try:
            found[creation_id] = _read(given, created_ids)
        except StalwartError as problem:
            made[creation_id] = problem
    return found


def _read(given: Mapping[str, Any], created_ids: Mapping[str, str]) -> Wanted:
    unknown = sorted(name for name in given if name not in _MEMBERS)
    if unknown:
        raise SetRefused("invalidProperties", "These properties of a copy cannot be given.", unknown)
    id = given.get("id")
    if not isinstance(id, str):
        raise SetRefused("invalidProperties", "The id of the original is missing.", ("id",))
    placement = read_placement(given, created_ids)
    id = created_ids.get(id[1:], id) if id.startswith("#") else id
    number = number_of(id)
    if number is None:
        raise NotFound
    return Wanted(id, number, placement)


def _originals(
    tx: Transaction, accounts: Accounts, wanted: Mapping[str, Wanted], messages: Messages
) -> tuple[Mapping[int, EmailRow], Target]:
    accounts.check(tx)
    places = [each.placement for each in wanted.values()]
    rows = tx.mail.list_rows(accounts.origin, [each.number for each in wanted.values()])
    seen = Sight.of(tx, accounts.access, accounts.origin).rows(rows)
    return seen, Target.seen(tx, accounts.access, accounts.target, places, messages)


async def _made(wanted: Wanted, row: EmailRow | None, messages: Messages, goal: Target) -> Made:
    """The message of the original, read anew, where the client wants it."""
    if row is None:
        raise NotFound
    place = wanted.placement
    goal.check(place, row.size, row.size)
    keywords = place.keywords if place.keywords is not None else frozenset(msgspec.json.decode(row.keywords))
    received_at = place.received_at if place.received_at is not None else row.received_at
    prepared = await messages.prepare_stored(row.blob, row.size)
    return goal.take(Made(Placement(place.mailboxes, keywords, received_at), prepared))


async def _destroyed(
    call: Call, accounts: Accounts, originals: list[str], writing: Writing
) -> tuple[str, dict[str, Any]]:
    """The implicit Email/set in the account of the originals; its failure is an answer of its own (RFC 8620 5.4)."""
    arguments = SetArguments(accounts.arguments.destroy_from_if_in_state, destroy=originals)
    try:
        return "Email/set", (await carry_out(call.request, accounts.origin, arguments, writing)).wire()
    except MethodError as problem:
        return "error", problem.wire()
    except StalwartError as problem:
        return "error", method_error(problem).wire()
