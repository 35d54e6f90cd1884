"""Email/set (RFC 8621 4.6): e-mails are composed and patches read before the transaction, all changes made in one.

A change of keywords or mailboxes reads and writes what it must and no more: it is what clients do most. So this method
does without the standard kit's objects; arguments, errors and answers are the kit's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import frozen

from stalwart.config.settings import Settings
from stalwart.errors import StalwartError
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.blobs.access import Readable, find_readable
from stalwart.jmap.call import Call, Request
from stalwart.jmap.drafts.composing import Composing, least_octets, octets_of
from stalwart.jmap.drafts.draft import Draft, read_draft
from stalwart.jmap.drafts.fields import outweighs
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.email.filing import Made, Outcomes, Target, dropping, report_all
from stalwart.jmap.email.patch import read_email_patch
from stalwart.jmap.email.set_work import EmailSetWork, Plan, email_state
from stalwart.jmap.mail.capability import MAIL
from stalwart.jmap.methods import method
from stalwart.jmap.standard.arguments import SetArguments
from stalwart.jmap.standard.outcome import SetOutcome
from stalwart.jmap.standard.setting import require_permissions
from stalwart.jmap.standard.states import require_state
from stalwart.mail.messages.arriving import Messages
from stalwart.store import Store, Transaction
from stalwart.store.object_types import MAILBOX
from stalwart.web.clock import Clock

_LIGHT = 64 << 10  # up to here arguments are read at once, else in a thread


@frozen
class Writing:
    """What changing e-mails takes."""

    store: Store
    clock: Clock
    settings: Settings
    messages: Messages


@method("Email/set", capability=MAIL)
async def set_emails(
    call: Call, *, store: Store, clock: Clock, settings: Settings, messages: Messages
) -> dict[str, Any]:
    """Create, update and destroy e-mails."""
    account_id = account_argument(call, shared=MAILBOX)
    arguments = SetArguments.read(call)
    writing = Writing(store, clock, settings, messages)
    return (await carry_out(call.request, account_id, arguments, writing)).wire()


async def carry_out(request: Request, account_id: int, arguments: SetArguments, writing: Writing) -> SetOutcome:
    """The changes of an Email/set, be it a client's or an implicit one.

    Raises ``MethodError``: ``forbidden``, ``stateMismatch``, ``accountNotFound``.
    """
    require_permissions(request.access, arguments, EMAIL.permission)
    began = writing.clock.seconds()
    plan = Plan(account_id, request.access, arguments, request.created_ids, int(began), writing.messages)
    if outweighs([arguments.create, arguments.update], _LIGHT):
        drafts = await writing.store.blob_work(lambda _: _read(plan))
    else:
        drafts = _read(plan)

    def work(tx: Transaction) -> tuple[SetOutcome, Outcomes]:
        run = EmailSetWork(tx, plan)
        return run.run(), run.filed

    with dropping(plan.made, writing.messages):
        if arguments.create:
            await _make(request, plan, drafts, writing)
        outcome, filed = await (writing.store.write(work) if arguments.verbs else writing.store.read(work))
    report_all(account_id, plan.made, filed, writing.messages, writing.clock.seconds() - began)
    request.created_ids.update(outcome.created_ids)
    return outcome


def _read(plan: Plan) -> dict[str, Draft]:
    """Patches and drafts of the arguments; those that cannot be read are refused in the plan."""
    for key, patch in plan.arguments.update.items():
        try:
            plan.patches[key] = read_email_patch(patch, plan.created_ids)
        except StalwartError as problem:
            plan.patches[key] = problem
    drafts: dict[str, Draft] = {}
    for creation_id, given in plan.arguments.create.items():
        try:
            drafts[creation_id] = read_draft(given, plan.created_ids)
        except StalwartError as problem:
            plan.made[creation_id] = problem
    return drafts


async def _make(request: Request, plan: Plan, drafts: Mapping[str, Draft], writing: Writing) -> None:
    """Compose what is to be created; what cannot be is refused in the plan."""
    wanted = list(dict.fromkeys(id for draft in drafts.values() for id in draft.blob_ids()))

    def look(tx: Transaction) -> tuple[Mapping[str, Readable], Target]:
        require_state(plan.arguments.if_in_state, email_state(tx, request.access, plan.account_id))
        found = find_readable(tx, request.access, plan.account_id, wanted, plan.now)
        places = [draft.placement for draft in drafts.values()]
        return found, Target.seen(tx, request.access, plan.account_id, places, writing.messages)

    found, target = await writing.store.read(look)
    composing = Composing(writing.store, writing.settings)
    for creation_id, draft in drafts.items():
        try:
            target.check(draft.placement, least_octets(draft, found), octets_of(draft, found))
            content = await composing.message(draft, found, plan.now)
            prepared = await writing.messages.prepare(content)
            blobs = frozenset(found[id].blob.hash for id in draft.blob_ids())
            made = target.take(Made(draft.placement, prepared, draft.given, blobs))
        except StalwartError as problem:
            plan.made[creation_id] = problem
        else:
            plan.made[creation_id] = made
