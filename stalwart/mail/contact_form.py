"""Messages out of the contact form of a web site (http-service 7): who has written, what it says, who gets it.

The sender is believed as far as DNS can tell: its domain lies under a public suffix and takes mail. Nothing proves the
address, so no machine here answers it. The message goes the way of all mail for accounts here, and never to other
servers unless a script of theirs sends it on. What people write stands in the body; of the header they fill the name,
the address and the subject, which cannot end a line there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from attrs import frozen

from stalwart.codec.mime.composer import Outline, compose
from stalwart.codec.mime.header_forms import Form
from stalwart.codec.mime.header_writer import InvalidValue
from stalwart.codec.public_suffix import has_known_suffix
from stalwart.codec.smtp.paths import InvalidPath, Path, forward_path
from stalwart.codec.smtp.received import date, return_path
from stalwart.codec.typed_address import TypedAddress, typed_address
from stalwart.codec.web_form import Field, FormReader
from stalwart.config.network.http_form import HttpForm
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.errors import OverQuota, StalwartError, TooLarge
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.delivering import Delivering
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.recipients import Problem, Recipients, Resolved
from stalwart.net.dns import LookupFailed, Resolver
from stalwart.store import Store

T = TypeVar("T")

HONEY_POT: Final = "Honey pot field present"
NO_ADDRESS: Final = "Please enter a valid email address."
EMPTY: Final = "Empty form"
MANY: Final = 65_536
"""Octets of a form that are not worked on beside other things."""
LONGEST_SUBJECT: Final = 500
LONGEST_PERSON: Final = 200

_REFUSALS: Final = {
    Problem.ELSEWHERE: "Mailbox not found.",
    Problem.UNKNOWN: "Mailbox not found.",
    Problem.DISABLED: "Mailbox not found.",
    Problem.REMOTE: "Mailbox not found.",
    Problem.FULL: "Mailbox is full.",
    Problem.TOO_MANY: "Too many recipients.",
}
_INDENT: Final = "\r\n    "


class FormRefused(Exception):
    """The form is not taken; the message is for the person who has filled it in."""


class HoneyPot(Exception):
    """A field was filled in that people do not see."""


@frozen
class Sheet:
    """A form as it came: its fields in order, and who has sent it."""

    fields: Sequence[Field]
    client_ip: str
    client_port: int

    def first(self, name: str | None) -> str:
        """The first value of a field, without blanks around it; empty if there is none."""
        return next((value.strip() for key, value in self.fields if key == name), "") if name else ""


class ContactForm:
    """Takes forms. ``resolver`` gives the name service in force, ``clock`` tells the time."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        messages: Messages,
        delivering: Delivering,
        recipients: Recipients,
        quotas: Quotas,
        resolver: Callable[[], Resolver],
        clock: Any,
    ) -> None:
        self._store = store
        self._settings = settings
        self._messages = messages
        self._delivering = delivering
        self._recipients = recipients
        self._quotas = quotas
        self._resolver = resolver
        self._clock = clock

    async def fields(self, reader: FormReader, octets: int) -> list[Field]:
        """The fields of a body of so many octets, all of which ``reader`` has. Raises MalformedForm."""
        return await self._aside(reader.finish, octets)

    async def take(self, sheet: Sheet) -> None:
        """Deliver what ``sheet`` says; somebody has it when this returns.

        :raises HoneyPot: a program has filled it in.
        :raises FormRefused: nobody gets it, and why.
        """
        form = self._settings.of(HttpForm)
        if sheet.first(form.field_honey_pot):
            raise HoneyPot
        sender = await self._sender(sheet, form)
        if not any(value.strip() for _, value in sheet.fields):
            raise FormRefused(EMPTY)
        octets = sum(len(value) for _, value in sheet.fields)
        content = await self._aside(lambda: self._message(sheet, form, sender), octets)
        resolved, addresses, problem = await self._resolved(form, len(content))
        if not resolved:
            raise FormRefused(_REFUSALS[problem])
        try:
            path, _ = forward_path(f"<{sender.text}>")
            prepared = await self._messages.prepare(content, prefix=return_path(path))
        except InvalidPath:
            raise FormRefused(NO_ADDRESS) from None
        except TooLarge as too_large:
            raise FormRefused(too_large.detail) from None
        outcomes = await self._delivering.deliver(
            prepared, resolved, sender=path.text, recipients=addresses, reports_failure=False
        )
        problems = [each for each in outcomes.values() if isinstance(each, StalwartError)]
        if len(problems) == len(outcomes):
            if problems and not isinstance(problems[0], OverQuota):
                raise problems[0]
            raise FormRefused(_REFUSALS[Problem.FULL])

    async def _aside(self, work: Callable[[], T], octets: int) -> T:
        """Do ``work`` in a thread, if it is about many octets."""
        return work() if octets < MANY else await self._store.blob_work(lambda files: work())

    async def _sender(self, sheet: Sheet, form: HttpForm) -> TypedAddress:
        """Whoever the form says that it is from. Raises FormRefused."""
        default = form.default_from_address
        given = sheet.first(form.field_email).lower() or default
        address = typed_address(given)
        if address is None:
            raise FormRefused(NO_ADDRESS)
        if form.validate_domain and given != default:
            if not has_known_suffix(address.domain):
                raise FormRefused(NO_ADDRESS)
            if not await self._takes_mail(address.domain):
                shown = address.text.rpartition("@")[2]
                raise FormRefused(f'No MX records found for domain "{shown}". {NO_ADDRESS}')
        return address

    async def _takes_mail(self, domain: str) -> bool:
        try:
            answer = await self._resolver().lookup(domain, "MX")
        except LookupFailed:
            return False
        return any(record.exchange != "." for record in answer.records)  # RFC 7505 3

    def _message(self, sheet: Sheet, form: HttpForm, sender: TypedAddress) -> bytes:
        """The whole message. Raises FormRefused for an address that no header can hold."""
        moment = self._clock.seconds()
        host = self._settings.of(SystemSettings).default_hostname or "localhost"
        name = sheet.first(form.field_name)[:LONGEST_PERSON] or form.default_name
        subject = sheet.first(form.field_subject)[:LONGEST_SUBJECT] or form.default_subject
        fields = (
            ("From", Form.ADDRESSES, [{"name": name, "email": sender.text}]),
            ("To", Form.ADDRESSES, [{"name": None, "email": each} for each in sorted(form.deliver_to)]),
            ("Auto-Submitted", Form.RAW, " auto-generated"),  # RFC 3834 5
            ("Message-ID", Form.MESSAGE_IDS, [f"{secrets.token_hex(16)}@{host}"]),
            ("Date", Form.RAW, f" {date(moment)}"),
            ("Subject", Form.TEXT, subject),
        )
        body = Outline("text/plain", text=_text(sheet, moment))
        try:
            return b"".join(compose(fields, body, iter(())))
        except InvalidValue:
            raise FormRefused(NO_ADDRESS) from None

    async def _resolved(self, form: HttpForm, size: int) -> tuple[list[Resolved], list[str], Problem]:
        """Who gets it, at which addresses; else why nobody does."""
        found: list[Resolved] = []
        addresses: list[str] = []
        problem = Problem.UNKNOWN
        for address in sorted(form.deliver_to):
            resolved = await self._recipients.resolve(
                _path(address), has_room=lambda tx, id: self._quotas.check(tx, id, size, 1)
            )
            if resolved.problem is None:
                found.append(resolved)
                addresses.append(address)
            else:
                problem = resolved.problem
        return found, addresses, problem


def _path(address: str) -> Path:
    """An address of the settings."""
    try:
        return forward_path(f"<{address}>")[0]
    except InvalidPath:
        local, _, domain = address.rpartition("@")
        return Path(local, domain)


def _text(sheet: Sheet, moment: float) -> str:
    """A line for each field; further lines of a value are set off, so that none looks like a field."""
    lines = []
    for name, value in sheet.fields:
        if value.strip():
            told = value.strip().replace("\r\n", "\n").replace("\r", "\n").replace("\n", _INDENT)
            lines.append(f"{' '.join(name.split())}: {told}")
    where = f"[{sheet.client_ip}]" if ":" in sheet.client_ip else sheet.client_ip
    lines += [f"Date: {date(moment)}", f"IP: {where}:{sheet.client_port}"]
    return "".join(f"{line}\r\n" for line in lines)
