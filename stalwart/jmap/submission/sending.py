"""Who may send what to whom over JMAP (RFC 8621 7.5), and the messages of those who may, ready for the queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from stalwart.codec.smtp.paths import Path
from stalwart.config.settings import Settings
from stalwart.jmap.call import Request
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.submission.addresses import path_of
from stalwart.jmap.submission.departure import Departure, Source
from stalwart.jmap.submission.envelope import Envelope, invalid_recipients, made_envelope, read_envelope, too_many
from stalwart.jmap.submission.sending_rules import SEND, SendingRules
from stalwart.mail.authentication.signing import Signing
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.mail.queue.letter import OVERTAKES, Letter, LetterRecipient, priority_for
from stalwart.mail.queue.queue import MailQueue
from stalwart.mail.recipients import Problem, Recipients
from stalwart.store import Store, Transaction
from stalwart.store.blob_files import Stored

_NOBODY: Final = frozenset((Problem.UNKNOWN, Problem.DISABLED))
_ROLE: Final = "submission"


@frozen
class Ready:
    """A message with its envelope, to be put into the queue; ``signed_for`` is the domain that signs it."""

    envelope: Envelope
    content: bytes | Stored
    is_utf8_header: bool
    is_8bit: bool
    signed_for: str = ""
    message_id: str | None = None

    def letter(self, request: Request, account_id: int, submission_id: int | None, source: str) -> Letter:
        """What the queue gets, in the name of the account."""
        envelope, said = self.envelope, self.envelope.parameters
        sender_id = request.access.account_id
        paths = (envelope.sender, *(path for path, _ in envelope.recipients))
        return Letter(
            self.content,
            envelope.sender.text,
            tuple(LetterRecipient.of(path.text, of) for path, of in envelope.recipients),
            source,
            account_id=account_id,
            sent_by=sender_id if sender_id != account_id else None,
            submission_id=submission_id,
            env_id=said.envid,
            ret=said.ret,
            priority=priority_for(said.mt_priority, overtakes=request.access.may(OVERTAKES)),
            received_ip=request.client_ip,
            role=_ROLE,
            hold_until=envelope.hold_until,
            expires_at=envelope.expires_at,
            smtputf8=self.is_utf8_header or not all(path.is_ascii for path in paths),
            body="8BITMIME" if self.is_8bit or self.is_utf8_header else "7BIT",
            require_tls=said.requiretls,
            signed_for=self.signed_for or None,
        )


@frozen
class Sending:
    """What sending takes. The service ``jmap_sending``."""

    store: Store
    settings: Settings
    own_addresses: OwnAddresses
    recipients: Recipients
    rules: SendingRules
    signing: Signing
    queue: MailQueue

    def departure(self, now: int) -> Departure:
        """For one call."""
        return Departure(self.store, self.settings, self.signing, self.queue, now)

    def require_right(self, request: Request) -> None:
        """Raises ``SetRefused`` ``forbiddenToSend``."""
        if not request.access.may(SEND):
            raise SetRefused("forbiddenToSend", "You may not send mail.")

    async def ready(
        self, request: Request, account_id: int, source: Source, identity: str, given: object, departure: Departure
    ) -> Ready:
        """A message of the account; ``given`` is its envelope, None if it is to be made of the message and the address
        ``identity``.

        Raises ``SetRefused``, NotFound, Unavailable.
        """
        copy = await departure.copied(source)
        authors = copy.authors
        if authors.fields != 1 or not authors.is_clear:
            raise SetRefused("invalidEmail", "The message needs one field From, with valid addresses.", ("from",))
        now = departure.now
        envelope = made_envelope(identity, copy.head.recipients) if given is None else read_envelope(given, now)
        if envelope.sender.is_null:  # for reports, which are no e-mails of the account
            raise SetRefused("forbiddenFrom", "The sender of the envelope must be an address of the identity.")
        await self.check(request, account_id, envelope, authors.paths)
        emails = [path.text for path, _ in envelope.recipients]
        most = await self.rules.most_octets(request, envelope.sender.text, emails)
        if copy.size > most:
            raise SetRefused("tooLarge", f"A message can have at most {most} octets.", maxSize=most)
        author = path_of(copy.head.senders[0])
        domain = author.domain if author is not None else ""
        content = await departure.signed(copy.content, domain)
        return Ready(envelope, content, copy.is_utf8_header, copy.is_8bit, domain, copy.message_id)

    async def check(self, request: Request, account_id: int, envelope: Envelope, authors: Sequence[Path]) -> None:
        """Whether the account may send it: the sender of the envelope, the authors of the message, and whether there
        is everybody whose mail is here. Raises ``SetRefused``.
        """
        sender = envelope.sender
        emails = [path.text for path, _ in envelope.recipients]
        most = await self.rules.most_recipients(request, sender.text, emails)
        if len(emails) > most:
            raise too_many(most)
        if not await self.rules.may_send(request, sender.text, emails):
            raise SetRefused("forbiddenMailFrom", "Mail of this sender is not taken.")
        if await self.rules.must_own_sender(request, sender.text, emails):
            await self._require_own(account_id, sender, authors)
        wrong = [
            email
            for email, (path, _) in zip(envelope.emails, envelope.recipients, strict=True)
            if (await self.recipients.resolve(path)).problem in _NOBODY
        ]
        if wrong:
            raise invalid_recipients(wrong)
        if await self.rules.is_too_much(request, sender.text, emails):
            raise SetRefused("rateLimit", "That is too much mail in too short a time; send it later.")

    async def _require_own(self, account_id: int, sender: Path, authors: Sequence[Path]) -> None:
        asked, own = (sender, *authors), self.own_addresses

        def look(tx: Transaction) -> list[bool]:
            accounts = own.with_groups(tx, account_id)
            return [own.may_send_as(tx, accounts, path) for path in asked]

        found = await self.store.read(look)
        if not (sender.is_null or found[0]):
            raise SetRefused("forbiddenMailFrom", f"You may not send from {sender.text[:255]}.")
        if not all(found[1:]):
            raise SetRefused("forbiddenFrom", "The message is from an address that you may not send from.")
