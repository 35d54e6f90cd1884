"""Notifications ready to be sent (RFC 9007 2.1, RFC 8098 2, 3): for whom, by whom, and with what in them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

import msgspec
from attrs import field, frozen

from stalwart.codec import mdn as codec
from stalwart.codec.mime import headers
from stalwart.codec.mime.composer import Contents, compose
from stalwart.codec.mime.header_forms import CONVENIENCE, Form, HeaderProperty, values_of
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.codec.mime.leaving import HEAD
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.errors import NotFound
from stalwart.jmap.call import Request
from stalwart.jmap.drafts.composing import boundaries, kept
from stalwart.jmap.email.filing import Effort
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.mdn.mdn_object import PROPERTIES, notification_of
from stalwart.jmap.standard.asking import number_of
from stalwart.jmap.standard.dates import utc_date
from stalwart.jmap.standard.equality import differing
from stalwart.jmap.standard.proposals import new_object, with_ids
from stalwart.jmap.submission.addresses import path_of
from stalwart.jmap.submission.departure import Departure, Source
from stalwart.jmap.submission.envelope import made_envelope
from stalwart.jmap.submission.sending import Ready, Sending
from stalwart.store import Transaction
from stalwart.store.blob_files import BlobFiles, Stored

SENT: Final = "$mdnsent"
"""The keyword of e-mails that were answered with a notification (RFC 3503)."""

_MOST_REFERENCES: Final = 20
_HEADER: Final[Mapping[str, HeaderProperty]] = {
    **{name: CONVENIENCE[name] for name in ("subject", "messageId", "references")},
    "wanted": HeaderProperty("wanted", "disposition-notification-to", Form.ADDRESSES, all=False),
    "recipient": HeaderProperty("recipient", "original-recipient", Form.TEXT, all=False),
}
_TEXT: Final = (
    'This is what became of your message to {email} with the subject "{subject}": it was {type}.\n\n'
    "That is no guarantee that it has been read or understood.\n"
)


@frozen
class _Email:
    """The e-mail that it is about: ``header`` has what is needed of its header."""

    number: int
    source: Source
    header: Mapping[str, Any]


@frozen
class Prepared:
    """A notification that can be sent; ``told`` is what the client is told of it."""

    email: int
    ready: Ready
    told: dict[str, Any]


def already_sent() -> SetRefused:
    """For an e-mail whose sender was told."""
    return SetRefused("mdnAlreadySent", "The sender of this e-mail has been told already.")


@frozen
class Preparing:
    """Makes the notifications of one call."""

    request: Request
    account_id: int
    identity: Mapping[str, Any]
    sending: Sending
    departure: Departure
    settings: Settings
    effort: Effort = field(factory=Effort)

    async def prepared(self, given: Mapping[str, Any]) -> Prepared:
        """Raises errors of the family."""
        read = new_object(with_ids(given, PROPERTIES, self.request), PROPERTIES)
        notification_of(read)  # what cannot be is refused first
        self.sending.require_right(self.request)
        email = await self._email(read["forEmailId"])
        recipients = [each["email"] for each in email.header["wanted"] or ()]
        if not recipients:
            raise NotFound("The e-mail does not ask for a notification.")
        address = self.identity["email"]
        await self._check_recipient(read["finalRecipient"])
        ids = email.header["messageId"] or [None]
        made = read | {
            "finalRecipient": read["finalRecipient"] or _typed(address),
            "originalRecipient": email.header["recipient"] or None,
            "originalMessageId": f"<{ids[0]}>" if ids[0] else None,
            "subject": read["subject"] or f"Disposition notification: {email.header['subject'] or ''}".rstrip(" :"),
        }
        made["textBody"] = read["textBody"] or _TEXT.format(
            email=address, subject=email.header["subject"] or "", type=read["disposition"]["type"]
        )
        envelope = made_envelope("", recipients)
        own = path_of(address)
        await self.sending.check(self.request, self.account_id, envelope, () if own is None else (own,))
        content = await self._composed(made, email, recipients)
        is_8bit = isinstance(content, Stored) or not content.isascii()
        domain = own.domain if own is not None else ""
        signed = await self.departure.signed(content, domain)
        is_utf8 = not codec.write(notification_of(made)).isascii()
        return Prepared(email.number, Ready(envelope, signed, is_utf8, is_8bit, domain), differing(made, given))

    async def _email(self, id: str) -> _Email:
        number = number_of(id)

        def look(tx: Transaction) -> tuple[Source, str]:
            row = None if number is None else tx.mail.list_rows(self.account_id, (number,)).get(number)
            blob = None if row is None else tx.blobs.find(row.blob)
            if row is None or blob is None:
                raise NotFound("There is no such e-mail.")
            held = tx.blobs.get(row.blob) if blob.store == "db" else None
            return Source(row.blob, blob.size, held), row.keywords

        source, keywords = await self.sending.store.read(look)
        if SENT in msgspec.json.decode(keywords):
            raise already_sent()
        assert number is not None  # or else it was not found
        header = await self.sending.store.blob_work(partial(_read_header, source))
        return _Email(number, source, header)

    async def _check_recipient(self, given: str | None) -> None:
        """Whoever it was for must be somebody of the account. Raises ``SetRefused`` ``forbiddenFrom``."""
        if given is None:
            return
        path = path_of(given.partition(";")[2].strip())
        own, account_id = self.sending.own_addresses, self.account_id
        if path is None or not await self.sending.store.read(
            lambda tx: own.may_send_as(tx, own.with_groups(tx, account_id), path)
        ):
            raise SetRefused("forbiddenFrom", "The final recipient is nobody of this account.", ("finalRecipient",))

    async def _composed(self, made: Mapping[str, Any], email: _Email, recipients: list[str]) -> bytes | Stored:
        with_original = made["includeOriginalMessage"]
        self.effort.spend(email.source.size if with_original else 1)
        host = self.settings.of(SystemSettings).default_hostname
        message_ids = email.header["messageId"] or []
        mode = made["disposition"]["sendingMode"]
        fields = [
            ("From", Form.ADDRESSES, [{"name": self.identity["name"], "email": self.identity["email"]}]),
            ("To", Form.ADDRESSES, [{"name": None, "email": each} for each in recipients]),
            ("Subject", Form.TEXT, made["subject"]),
            ("Date", Form.DATE, utc_date(self.departure.now)),
            ("Message-ID", Form.MESSAGE_IDS, [f"{secrets.token_hex(16)}@{host}"]),
        ]
        if message_ids:
            fields.append(("In-Reply-To", Form.MESSAGE_IDS, message_ids[:1]))
            references = [*(email.header["references"] or [])[-_MOST_REFERENCES:], *message_ids[:1]]
            fields.append(("References", Form.MESSAGE_IDS, references))
        if mode == "mdn-sent-automatically":
            fields.append(("Auto-Submitted", Form.RAW, " auto-replied"))  # RFC 3834 5
        most = await self.sending.rules.most_octets(self.request, "", recipients)
        work = partial(_written, fields, made, email.source if with_original else None, most)
        content = await self.sending.store.blob_work(work, writes=with_original)
        if isinstance(content, Stored):
            self.departure.files.append(content)
        return content


def _typed(address: str) -> str:
    return f"{'rfc822' if address.isascii() else 'utf-8'}; {address}"


def _read_header(source: Source, files: BlobFiles) -> dict[str, Any]:
    begin = source.held if source.held is not None else files.read(source.hash, 0, min(source.size, HEAD))
    end = headers.block(begin, 0, len(begin))[0]
    return values_of(begin, headers.fields(begin, 0, end), _HEADER)


def _written(
    fields: list[tuple[str, Form, Any]], made: Mapping[str, Any], original: Source | None, most: int, files: BlobFiles
) -> bytes | Stored:
    """The message; in a thread."""
    contents: Contents | None = None
    if original is not None:
        contents = partial(_pieces, original, files)
    body = codec.outline(made["textBody"], codec.write(notification_of(made)), contents)
    try:
        return kept(compose(fields, body, boundaries()), most, files)
    except InvalidValue as problem:
        raise SetRefused("invalidProperties", f"The notification cannot be written: {problem}.") from None


def _pieces(source: Source, files: BlobFiles) -> Iterator[bytes]:
    return iter((source.held,)) if source.held is not None else files.chunks(source.hash)
