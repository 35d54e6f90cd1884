"""Mail on its last way: into the accounts of those who get it, all of them at once, by way of their scripts.

What has come back from ``deliver`` is durable. A message that comes again because an answer was lost is not stored
twice, if it has a Message-ID: what has none may well be sent twice on purpose, unless very many get it. Who answers for
all recipients at once has a message stored for all of them or for nobody; of the members of a list those get it who
have room.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Final, Protocol

from attrs import evolve, frozen

from stalwart.codec.feedback import Feedback
from stalwart.errors import StalwartError
from stalwart.mail.feedback import find_submissions, note_feedback
from stalwart.mail.messages.arriving import Messages, Prepared
from stalwart.mail.messages.folders import INBOX, Folders
from stalwart.mail.recipients import Resolved
from stalwart.mail.sieve.dispatch import Disposed, Plan, Rejected, Situation
from stalwart.mail.sieve.filtering import Filtering
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import LARGE
from stalwart.store.mail_rows import AddedEmail

MOST_ASKED: Final = 10
"""Accounts in which a report is looked at as one of something that was sent from there."""
ACCOUNTS_AT_ONCE: Final = 100
"""Accounts that get a message in one transaction."""
SAME_WITHOUT_ID: Final = 86_400
"""Seconds for which a message without Message-ID is the same, where some may have got it and others not."""
_DIGEST: Final = 16


Outcome = AddedEmail | Disposed | StalwartError
"""What became of a message in one account; an error says why it does not have it."""

Besides = Callable[[Transaction, Mapping[int, Outcome]], object]
"""What else is written in the transaction of a message, given what became of it."""

Then = Callable[[Prepared, str, Sequence[str]], Awaitable[None]]
"""What is done with a message that was delivered; it raises nothing."""


class Calendars(Protocol):
    """Calendars that take in what mail says to them. None of it keeps a message from being delivered."""

    async def look(self, prepared: Prepared) -> Any | None:
        """What a message of a proved sender says to calendars; None if nothing. Raises Unavailable."""

    def take(self, tx: Transaction, account_id: int, message: Any, now: int) -> None:
        """Take it in, for an account that has got the message; it raises nothing of the closed family."""

    def told(self) -> None:
        """What was taken in is durable."""


@frozen
class _Giving:
    """What is to be given, and how."""

    prepared: Prepared
    situation: Situation
    plans: Mapping[int, Plan]
    must: frozenset[int]
    """Accounts whose problem is everybody's."""
    refusing: frozenset[int]
    """Those whose refusal is told in the dialogue."""
    about: Mapping[int, Sequence[int]]
    """The submissions of accounts that the message is a report of."""
    to_calendars: Any = None
    """What it says to calendars."""


class Delivering:
    """Stores messages for accounts. ``clock`` tells the time; ``filtering`` runs scripts, None runs none.

    ``then`` hears of each message that somebody has got, with its return path and the recipients, before ``deliver``
    comes back. ``blob_id`` is what clients call a blob.
    """

    def __init__(
        self,
        store: Store,
        messages: Messages,
        folders: Folders,
        clock: Any,
        filtering: Filtering | None = None,
        *,
        blob_id: Callable[[bytes], str] = bytes.hex,
    ) -> None:
        self._store = store
        self._messages = messages
        self._folders = folders
        self._clock = clock
        self._filtering = filtering
        self._blob_id = blob_id
        self.then: Then | None = None
        self.calendars: Calendars | None = None

    async def deliver(
        self,
        prepared: Prepared,
        resolved: Sequence[Resolved],
        *,
        sender: str,
        recipients: Sequence[str] = (),
        all_or_nobody: bool = False,
        has_message_id: bool = True,
        folder: str = INBOX,
        began: float | None = None,
        besides: Besides | None = None,
        dmarc_pass: bool = False,
        is_ours: bool = False,
        reports_failure: bool = True,
    ) -> dict[int, Outcome]:
        """Give ``prepared`` to everybody in ``resolved``, each once; what became of it, by account.

        ``sender`` is the return path, "" for none; ``recipients`` are the addresses as the envelope has them, one for
        each in ``resolved``. ``all_or_nobody``: an account that cannot take it, and does not share its address with
        others, keeps it from all; what is wrong is raised. ``has_message_id``: what comes again is the same message.
        ``besides`` is written together with it, in the last transaction if there are several: what fails before has
        sent nothing on.
        ``folder`` is the role of the mailbox for it. ``began`` is when it came, for the figures. The file of a message
        that nobody keeps is removed. ``dmarc_pass`` and ``reports_failure`` are as in ``Letter``: without the latter
        no script answers the sender; ``is_ours``: somebody sends it who has signed in here. Whose script refuses it has
        Rejected.
        """
        began = self._clock.seconds() if began is None else began
        accounts = accounts_of(resolved)
        prepared = _marked(prepared, sender, len(accounts), has_message_id)
        alone = accounts_alone(resolved)
        situation = Situation(sender, folder, dmarc_pass, reports_failure)
        # Of too many for one transaction some may get it and others not; who tries again gives it twice to nobody.
        must = alone if all_or_nobody and len(accounts) <= ACCOUNTS_AT_ONCE else frozenset()
        is_one = len(accounts) == 1 and besides is None
        refusing = alone if is_one or not all_or_nobody else frozenset()
        plans: Mapping[int, Plan] = {}
        try:
            plans = await self._plans(prepared, resolved, recipients, situation)
            about = await self._reported(prepared.parsed.feedback, accounts)
            said = await self._said(prepared, folder, dmarc_pass or is_ours)
            giving = _Giving(prepared, situation, plans, must, refusing, about, said)
            outcomes = await self._give(giving, accounts, besides)
        except BaseException:
            self._messages.drop((prepared,))
            raise
        finally:
            if self._filtering is not None:
                self._filtering.dispatch.release(plans.values())
        if self.then is not None and any(not isinstance(outcome, StalwartError) for outcome in outcomes.values()):
            await self.then(prepared, sender, recipients)
        is_new = any(isinstance(outcome, AddedEmail) and not outcome.duplicate for outcome in outcomes.values())
        if not is_new or plans or prepared.size < LARGE:  # a small one may be a row already
            self._messages.drop((prepared,))
        self._report(prepared, plans, outcomes, self._clock.seconds() - began)
        return outcomes

    async def _plans(
        self, prepared: Prepared, resolved: Sequence[Resolved], recipients: Sequence[str], situation: Situation
    ) -> dict[int, Plan]:
        """What scripts say, of those accounts that have any."""
        if self._filtering is None:
            return {}
        by_account: dict[int, str] = {}
        for index, each in enumerate(resolved):
            for id in each.accounts:
                by_account.setdefault(id, recipients[index] if index < len(recipients) else "")
        return await self._filtering.plans(prepared, by_account, situation)

    async def _reported(self, feedback: Feedback | None, accounts: Sequence[int]) -> Mapping[int, Sequence[int]]:
        """The submissions that a report is about, by account."""
        if feedback is None or len(accounts) > MOST_ASKED:
            return {}
        found: dict[int, Sequence[int]] = await self._store.read(
            lambda tx: {id: find_submissions(tx, id, feedback) for id in accounts}
        )
        return found

    async def _said(self, prepared: Prepared, folder: str, is_proved: bool) -> Any:
        """What a message that is no junk says to calendars."""
        if self.calendars is None or not is_proved or folder != INBOX:
            return None
        return await self.calendars.look(prepared)

    async def _give(self, giving: _Giving, accounts: Sequence[int], besides: Besides | None) -> dict[int, Outcome]:
        found: dict[int, Outcome] = {}
        for begin in range(0, len(accounts), ACCOUNTS_AT_ONCE):
            is_last = begin + ACCOUNTS_AT_ONCE >= len(accounts)
            also = partial(_after, besides, dict(found)) if besides and is_last else None
            add = partial(self._add, giving, accounts[begin : begin + ACCOUNTS_AT_ONCE], also)
            found.update(await self._store.write(add))
        if self.calendars is not None and giving.to_calendars is not None:
            self.calendars.told()
        return found

    def _add(
        self, giving: _Giving, accounts: Iterable[int], besides: Besides | None, tx: Transaction
    ) -> Mapping[int, Outcome]:
        now = int(self._clock.seconds())
        found: dict[int, Outcome] = {}
        for id in accounts:
            try:
                found[id] = self._one(giving, id, now, tx)
                self._note(giving, id, found[id], now, tx)
                self._tell_calendar(giving, id, found[id], now, tx)
            except StalwartError as problem:
                if id in giving.must and not isinstance(problem, Rejected):
                    raise
                found[id] = problem
        if besides is not None:
            besides(tx, found)
        return found

    def _one(self, giving: _Giving, id: int, now: int, tx: Transaction) -> Outcome:
        plan, prepared, folder = giving.plans.get(id), giving.prepared, giving.situation.folder
        if plan is not None and self._filtering is not None:
            dispatch, refuses = self._filtering.dispatch, id in giving.refusing
            return dispatch.carry_out(tx, id, plan, prepared, folder=folder, now=now, refuses=refuses)
        mailboxes = frozenset((self._folders.place(tx, id, folder, now),))
        return self._messages.add(tx, id, prepared, mailboxes=mailboxes, now=now, delivered=True)

    def _note(self, giving: _Giving, id: int, outcome: Outcome, now: int, tx: Transaction) -> None:
        """Write what a report says into the submissions that it is about."""
        feedback, blob_id = giving.prepared.parsed.feedback, None
        if feedback is None or not giving.about.get(id) or (isinstance(outcome, AddedEmail) and outcome.duplicate):
            return
        if isinstance(outcome, AddedEmail):
            row = tx.mail.list_rows(id, (outcome.id,)).get(outcome.id)
            blob_id = None if row is None else self._blob_id(row.blob)
        for submission in giving.about[id]:
            note_feedback(tx, id, submission, feedback, blob_id, now)

    def _tell_calendar(self, giving: _Giving, id: int, outcome: Outcome, now: int, tx: Transaction) -> None:
        """Have the calendar of an account that has got the message take in what it says."""
        is_new = isinstance(outcome, AddedEmail) and not outcome.duplicate
        if is_new and self.calendars is not None and giving.to_calendars is not None:
            self.calendars.take(tx, id, giving.to_calendars, now)

    def _report(
        self, prepared: Prepared, plans: Mapping[int, Plan], outcomes: Mapping[int, Outcome], elapsed: float
    ) -> None:
        for id, outcome in outcomes.items():
            if not isinstance(outcome, Disposed):
                self._messages.report(id, prepared, outcome, elapsed)
            if id in plans and self._filtering is not None:
                self._filtering.report(id, plans[id], outcome)


def _after(besides: Besides, before: Mapping[int, Outcome], tx: Transaction, found: Mapping[int, Outcome]) -> None:
    besides(tx, {**before, **found})


def accounts_of(resolved: Iterable[Resolved]) -> list[int]:
    """All who get it, each once."""
    return list(dict.fromkeys(id for each in resolved for id in each.accounts))


def accounts_alone(resolved: Iterable[Resolved]) -> frozenset[int]:
    """Those for whom nobody else gets it."""
    return frozenset(each.accounts[0] for each in resolved if not each.is_shared and each.accounts)


def _marked(prepared: Prepared, sender: str, accounts: int, has_message_id: bool) -> Prepared:
    """What is told from other messages by its content and its sender, or by nothing."""
    same = blake2b(prepared.digest + sender.encode(), digest_size=_DIGEST).digest()
    if has_message_id:
        return evolve(prepared, digest=same)
    if accounts > ACCOUNTS_AT_ONCE:
        return evolve(prepared, digest=same, same_for=SAME_WITHOUT_ID)
    return evolve(prepared, digest=os.urandom(_DIGEST))
