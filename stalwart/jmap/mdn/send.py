"""MDN/send (RFC 9007 2.1): telling the sender of an e-mail what became of it, if the e-mail asks for that, once.

The keyword ``$mdnsent`` is set in the transaction that puts the notification into the queue, whatever the client wants
to have changed afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from functools import partial
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.config.settings import Settings
from stalwart.errors import StalwartError
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call, Request
from stalwart.jmap.email.set import Writing
from stalwart.jmap.errors import MethodError, set_error
from stalwart.jmap.mdn.mdn_object import MDN
from stalwart.jmap.mdn.preparing import SENT, Prepared, Preparing, already_sent
from stalwart.jmap.methods import method
from stalwart.jmap.standard.argument_reader import ArgumentReader, invalid
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.presence import require_account
from stalwart.jmap.submission.implicit import OnSuccess, Responses, change_emails
from stalwart.jmap.submission.sending import Sending
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.queue.letter import Letter
from stalwart.store import Store, Transaction
from stalwart.store.incoming import discarding
from stalwart.store.object_types import IDENTITY
from stalwart.web.clock import Clock


@method("MDN/send", capability=MDN, needs="jmapEmailSubmissionCreate")
async def send(
    call: Call, *, store: Store, clock: Clock, settings: Settings, messages: Messages, jmap_sending: Sending
) -> Responses:
    """Send notifications; then the changes of e-mails that were asked for."""
    account_id = account_argument(call)
    reader = ArgumentReader(call.arguments)
    if reader.rest.get("send") is None:
        raise invalid("send", "is missing")
    identity_id, wanted = reader.required_text("identityId"), reader.creations("send")
    most = call.request.limits.max_objects_in_set
    if len(wanted) > most:
        raise MethodError("requestTooLarge", f"At most {most} notifications can be sent in one call.")
    then = OnSuccess.read({"onSuccessUpdateEmail": reader.rest.get("onSuccessUpdateEmail")}, most)
    identity = await _identity(store, account_id, call.request.id_of(identity_id))
    departure = jmap_sending.departure(int(clock.seconds()))
    preparing = Preparing(call.request, account_id, identity, jmap_sending, departure, settings)
    prepared: dict[str, Prepared] = {}
    refused: dict[str, StalwartError] = {}
    with discarding(store, departure.files):
        for key, given in wanted.items():
            try:
                prepared[key] = await preparing.prepared(given)
            except StalwartError as problem:
                refused[key] = problem
        sent: dict[str, tuple[Letter, int]] = {}
        if prepared:
            work = partial(_queued, call.request, account_id, prepared, jmap_sending, departure.now)
            sent, late = await store.write(work)
            refused |= late
    for letter, queue_id in sent.values():
        jmap_sending.queue.queued(letter, queue_id)
    answer = {
        "accountId": encode_id(account_id),
        "sent": {key: prepared[key].told for key in sent} or None,
        "notSent": {key: set_error(problem) for key, problem in refused.items()} or None,
    }
    emails = {f"#{key}": encode_id(prepared[key].email) for key in sent}
    writing = Writing(store, clock, settings, messages)
    return [("MDN/send", answer), *await change_emails(call.request, account_id, then.arguments(emails, {}), writing)]


async def _identity(store: Store, account_id: int, id: str) -> dict[str, Any]:
    """Name and address of who sends them. Raises ``MethodError``."""

    def look(tx: Transaction) -> dict[str, Any] | None:
        require_account(tx, account_id)
        number = number_of(id)
        found = None if number is None else tx.objects.get(account_id, number)
        return found.data if found is not None and found.type == IDENTITY else None

    data = await store.read(look)
    if data is None:
        raise invalid("identityId", "names no identity of the account")
    return data


def _queued(
    request: Request,
    account_id: int,
    prepared: Mapping[str, Prepared],
    sending: Sending,
    now: int,
    tx: Transaction,
) -> tuple[dict[str, tuple[Letter, int]], dict[str, StalwartError]]:
    """Put them into the queue, each with the keyword of its e-mail; what was sent, and what was not."""
    sent: dict[str, tuple[Letter, int]] = {}
    refused: dict[str, StalwartError] = {}
    for key, each in prepared.items():
        letter = each.ready.letter(request, account_id, None, "authenticated")
        try:
            with tx.savepoint():
                if not tx.mail.revise_email(account_id, each.email, _marked, now=now):
                    raise already_sent()
                sent[key] = letter, sending.queue.add(tx, letter, now)
        except StalwartError as problem:
            refused[key] = problem
    return sent, refused


def _marked(mailboxes: Set[int], keywords: Set[str]) -> tuple[Set[int], Set[str]]:
    return mailboxes, keywords | {SENT}
