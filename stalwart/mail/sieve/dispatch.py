"""Carries out what scripts have said, in the write transaction that stores the message: folders, letters, memory.

A message of which nothing is kept leaves a note, so that the same one that comes again, because an answer was lost, is
neither sent on nor answered a second time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from hashlib import blake2b
from typing import Final, Protocol

from attrs import evolve, frozen

from stalwart.codec.sieve.actions import Filing, Verdict
from stalwart.codec.sieve.flags import keywords
from stalwart.errors import Forbidden, Invalid, StalwartError
from stalwart.mail.messages.arriving import Messages, Prepared
from stalwart.mail.queue.letter import Letter, LetterRecipient
from stalwart.mail.sieve.outgoing import Redirected, Response, Written
from stalwart.mail.sieve.placing import Placing
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored
from stalwart.store.incoming import discard, put_before
from stalwart.store.mail_rows import AddedEmail
from stalwart.store.seen import ANSWERED, CARRIED_OUT, MET

MOST_RESPONSES: Final = 500
"""Vacation responses of an account in a day, whoever seems to have written."""
LONGEST_REASON: Final = 400
_DAY: Final = 86_400
_DIGEST: Final = 16


@frozen
class Disposed:
    """The message was taken for the account, which keeps nothing of it."""


class Rejected(Forbidden):
    """The script of the account refuses the message; the detail is what it says."""


@frozen
class Situation:
    """What is known of a message beside it: its return path, the role of the mailbox for it. ``reports_failure``: the
    sender is hardly forged, so he may be answered.
    """

    sender: str
    folder: str
    dmarc_pass: bool = False
    reports_failure: bool = True


@frozen
class Plan:
    """What is to become of a message in one account. ``versions`` are the messages with other headers, by the numbers
    of ``verdict``; ``redirects`` leave, ``note`` tells the sender of a refusal that he cannot be told at once.
    """

    verdict: Verdict
    versions: tuple[Prepared, ...] = ()
    redirects: tuple[Letter, ...] = ()
    answer: Letter | None = None
    response: Response | None = None
    note: Letter | None = None

    @property
    def letters(self) -> tuple[Letter, ...]:
        """All that may leave."""
        return (*self.redirects, *(each for each in (self.answer, self.note) if each is not None))


class Outbox(Protocol):
    """The queue of mail, as far as it is needed here."""

    async def prepare(self, content: bytes | Stored) -> bytes | Stored: ...

    def add(self, tx: Transaction, letter: Letter, now: int) -> int: ...

    def wake(self) -> None: ...


Sign = Callable[[bytes, str], Awaitable[bytes]]
"""The signatures to put before a message in the name of a domain."""


class Dispatch:
    """``outbox`` takes what is sent; without it nothing is."""

    def __init__(self, store: Store, messages: Messages, placing: Placing, sign: Sign | None = None) -> None:
        self._store = store
        self._messages = messages
        self._placing = placing
        self._sign = sign
        self.outbox: Outbox | None = None

    async def planned(
        self,
        account_id: int,
        prepared: Prepared,
        verdict: Verdict,
        versions: tuple[Prepared, ...],
        out: Written,
        situation: Situation,
    ) -> Plan:
        """The plan, its letters ready to be written. Raises Unavailable."""
        outbox = self.outbox
        plan = Plan(verdict, versions)
        if outbox is None:
            kept = verdict.filings or ((Filing(),) if verdict.redirections else ())
            return evolve(plan, verdict=evolve(verdict, redirections=(), filings=kept))
        files: list[Stored] = []
        try:
            letters = await self._letters(outbox, account_id, prepared, out, situation, files)
        except Invalid:  # it runs in a circle
            discard(self._store, files)
            verdict = evolve(verdict, redirections=(), filings=verdict.filings or (Filing(),))
            return Plan(verdict, versions)
        except BaseException:
            discard(self._store, files)
            raise
        return Plan(verdict, versions, *letters)

    async def _letters(
        self,
        outbox: Outbox,
        account_id: int,
        prepared: Prepared,
        out: Written,
        situation: Situation,
        files: list[Stored],
    ) -> tuple[tuple[Letter, ...], Letter | None, Response | None, Letter | None]:
        """What may leave, as ``Plan`` has it; ``files`` gets all files that were made."""
        redirects = []
        for each in out.redirected:
            content = await _ready(outbox, await self._redirected(each, prepared), files)
            redirects.append(_redirect(each, content, account_id, situation))
        answer = note = None
        if out.response is not None:
            response = out.response
            answer = await self._signed(outbox, account_id, response.content, response.author, response.sender, files)
        if out.refusal is not None and situation.reports_failure:
            note = await self._signed(outbox, account_id, out.refusal, out.author, situation.sender, files)
        return tuple(redirects), answer, out.response, note

    def release(self, plans: Iterable[Plan]) -> None:
        """Have the files of plans removed that nothing has come to need."""
        done = tuple(plans)
        self._messages.drop([version for plan in done for version in plan.versions])
        contents = [letter.content for plan in done for letter in plan.letters]
        discard(self._store, [content for content in contents if isinstance(content, Stored)])

    async def _redirected(self, each: Redirected, prepared: Prepared) -> bytes | Stored:
        """The message as it goes on; one that is in a file becomes another file, piece by piece."""
        if each.content is not None:
            return each.front + each.content
        if prepared.content is not None:
            return each.front + prepared.content[each.skip :]
        return await put_before(self._store, each.front, Stored(prepared.hash, prepared.size), each.skip)

    async def _signed(
        self, outbox: Outbox, account_id: int, content: bytes, author: str, to: str, files: list[Stored]
    ) -> Letter:
        domain = author.rpartition("@")[2]
        if self._sign is not None:
            content = await self._sign(content, domain) + content
        body = "7BIT" if content.isascii() else "8BITMIME"
        return Letter(
            content=await _ready(outbox, content, files),
            return_path="",
            recipients=(LetterRecipient(to, notify=frozenset(("NEVER",))),),
            source="autogenerated",
            account_id=account_id,
            smtputf8=not (to.isascii() and author.isascii()),
            body=body,
            signed_for=domain if self._sign is not None else None,
        )

    def carry_out(
        self, tx: Transaction, account_id: int, plan: Plan, prepared: Prepared, *, folder: str, now: int, refuses: bool
    ) -> AddedEmail | Disposed:
        """Do what the plan says. ``refuses``: a refusal is told by who has asked, in the dialogue.

        Raises Rejected, and what adding to a mailbox or to the queue raises: nothing has happened then.
        """
        if tx.seen.known(account_id, CARRIED_OUT, (prepared.digest,), now):
            return Disposed()
        refusal = plan.verdict.refusal
        if refusal is not None and (plan.note is None or refusal.reason.isascii()) and refuses:
            raise Rejected(" ".join(refusal.reason.split())[:LONGEST_REASON] or "The recipient refuses this message.")
        if refusal is not None and plan.note is None:  # nobody can be told: it must not vanish
            plan = evolve(plan, verdict=evolve(plan.verdict, filings=plan.verdict.filings or (Filing(),)))
        with tx.savepoint():
            added = self._filed(tx, account_id, plan, prepared, folder, now)
            if added is not None and added.duplicate:
                return added
            if added is None:
                tx.seen.note(account_id, CARRIED_OUT, prepared.digest, now + prepared.same_for)
            self._send(tx, account_id, plan, now)
            known = tx.seen.known(account_id, MET, [each.digest for each in plan.verdict.met], now)
            for each in plan.verdict.met:
                if each.again or each.digest not in known:
                    tx.seen.note(account_id, MET, each.digest, now + each.seconds)
        return Disposed() if added is None else added

    def _filed(
        self, tx: Transaction, account_id: int, plan: Plan, prepared: Prepared, folder: str, now: int
    ) -> AddedEmail | None:
        """One e-mail for each header, in all the folders it is to be in; the first of them."""
        by_version: dict[int, list[Filing]] = {}
        for filing in plan.verdict.filings:
            by_version.setdefault(filing.version, []).append(filing)
        first: AddedEmail | None = None
        for version, filings in by_version.items():
            message = prepared if version == 0 else _with_digest(plan.versions[version - 1], prepared, version)
            places = [self._placing.mailbox(tx, account_id, filing, folder, now) for filing in filings]
            flags = frozenset(keyword for filing in filings for keyword in keywords(filing.flags))
            added = self._messages.add(
                *(tx, account_id, message), mailboxes=frozenset(places), keywords=flags, now=now, delivered=True
            )
            first = first or added
        return first

    def _send(self, tx: Transaction, account_id: int, plan: Plan, now: int) -> None:
        outbox = self.outbox
        if outbox is None:
            return
        for letter in (*plan.redirects, *((plan.note,) if plan.note is not None else ())):
            outbox.add(tx, letter, now)
        response = plan.response
        if plan.answer is None or response is None or tx.seen.known(account_id, ANSWERED, (response.key,), now):
            return
        if tx.counters.increment(f"vacation:{account_id}", now + _DAY, now=now) > MOST_RESPONSES:
            return
        try:
            with tx.savepoint():
                tx.seen.note(account_id, ANSWERED, response.key, now + response.seconds)
                outbox.add(tx, plan.answer, now)
        except StalwartError:
            return  # the queue has no room, which it tells: the message itself comes first, and the next is answered

    def sent(self, plan: Plan) -> int:
        """How many letters a plan has; the queue is told of them when they are durable."""
        letters = len(plan.letters)
        if letters and self.outbox is not None:
            self.outbox.wake()
        return letters


async def _ready(outbox: Outbox, content: bytes | Stored, files: list[Stored]) -> bytes | Stored:
    """Content that the queue can take; what of it is in files is added to ``files``."""
    if isinstance(content, Stored):
        files.append(content)
    ready = await outbox.prepare(content)
    if isinstance(ready, Stored) and ready is not content:
        files.append(ready)
    return ready


def _redirect(each: Redirected, content: bytes | Stored, account_id: int, situation: Situation) -> Letter:
    """RFC 5228 4.2 leaves the return path to us: one that may be forged goes no further, or the next server would
    bounce to it.
    """
    sender = situation.sender if situation.reports_failure else ""
    return Letter(
        content=content,
        return_path=sender,
        recipients=tuple(LetterRecipient(address) for address in each.addresses),
        source="unauthenticated",
        account_id=account_id,
        smtputf8=not all(text.isascii() for text in (sender, *each.addresses, each.front.decode())),
        body="7BIT" if each.is_ascii else "8BITMIME",
        dmarc_pass=situation.dmarc_pass,
        reports_failure=situation.reports_failure,
    )


def _with_digest(version: Prepared, prepared: Prepared, number: int) -> Prepared:
    """A message under another header: the same one as long as what came is the same."""
    digest = blake2b(prepared.digest + bytes((number,)), digest_size=_DIGEST).digest()
    return evolve(version, digest=digest, same_for=prepared.same_for)
