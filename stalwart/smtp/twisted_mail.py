"""Serves what was written for Twisted's own SMTP server, an ``IMessageDelivery`` or its factory, by ours.

Such a delivery gains SIZE, 8BITMIME, PIPELINING, CHUNKING, limits and LMTP without a change. Its addresses are ASCII
bytes, so SMTPUTF8 is not announced (``without_utf8``). ``User.protocol`` is None.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import define, evolve
from twisted.internet.defer import maybeDeferred
from twisted.mail.interfaces import IMessageDeliveryFactory
from twisted.mail.smtp import Address, SMTPServerError, User

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.parameters import MailParameters, RcptParameters
from stalwart.codec.smtp.paths import Path
from stalwart.codec.smtp_reply import Reply, readable
from stalwart.smtp.envelope import Envelope, Peer
from stalwart.smtp.reception import Refusal, Refused
from stalwart.smtp.role import Role

_NEEDS_UTF8 = Refusal(550, "5.6.7", "Only ASCII addresses are served")


def without_utf8(role: Role) -> Role:
    """``role`` for such a delivery."""
    return evolve(role, announces=tuple(word for word in role.announces if word != "SMTPUTF8"))


@define
class _Transaction:
    """``factories`` make a message each, one for each recipient."""

    delivery: Any
    hello: tuple[bytes, bytes]
    origin: Any
    users: list[User]
    factories: list[Callable[[], Any]]


class TwistedReception:
    """The ``Reception`` of ``delivery``. ``hostname`` completes addresses without a domain."""

    def __init__(self, delivery: Any, hostname: str) -> None:
        self._delivery = delivery
        self._hostname = hostname.encode()

    async def connect(self, peer: Peer) -> Refusal | None:
        """Twisted's interfaces are not asked."""
        return None

    async def hello(self, peer: Peer) -> Refusal | None:
        """What the role offers."""
        return None

    async def ask(self, peer: Peer, verb: str, text: str) -> Reply:
        """Nobody is told who is here."""
        return replies.CANNOT_VERIFY

    async def sender(self, envelope: Envelope, path: Path, parameters: MailParameters) -> Refusal | None:
        """Ask ``validateFrom``."""
        if not path.is_ascii:
            return _NEEDS_UTF8
        delivery = self._delivery
        if IMessageDeliveryFactory.providedBy(delivery):
            delivery = delivery.getMessageDelivery()
        peer = envelope.peer
        hello = (peer.hello or "").encode(), peer.remote_ip.encode()
        try:
            origin = await maybeDeferred(delivery.validateFrom, hello, self._address(path))
        except SMTPServerError as error:
            return _refusal(error)
        envelope.state = _Transaction(delivery, hello, origin, [], [])
        return None

    async def recipient(self, envelope: Envelope, path: Path, parameters: RcptParameters) -> Refusal | None:
        """Ask ``validateTo``."""
        if not path.is_ascii:
            return _NEEDS_UTF8
        transaction: _Transaction = envelope.state
        user = User(self._address(path), transaction.hello, None, transaction.origin)
        try:
            factory = await maybeDeferred(transaction.delivery.validateTo, user)
        except SMTPServerError as error:
            return _refusal(error)
        transaction.users.append(user)
        transaction.factories.append(factory)
        return None

    def spool(self, envelope: Envelope) -> TwistedSpool:
        """A message for each recipient, begun with what ``receivedHeader`` gives."""
        transaction: _Transaction = envelope.state
        spool = TwistedSpool()
        try:
            for user, factory in zip(transaction.users, transaction.factories, strict=True):
                message = factory()
                spool.messages.append(message)
                field = transaction.delivery.receivedHeader(transaction.hello, transaction.origin, [user])
                if field:
                    spool.has_fields = True
                    message.lineReceived(field)
        except Exception as error:
            spool.abort()
            if isinstance(error, SMTPServerError):
                raise Refused(_refusal(error)) from error
            raise
        return spool

    async def deliver(self, envelope: Envelope, spool: TwistedSpool) -> Sequence[Reply]:
        """What ``eomReceived`` says; with SMTP the first refusal counts for all."""
        found, spool.messages = [maybeDeferred(message.eomReceived) for message in spool.messages], []
        answers, fault = [], None
        for each in found:
            try:
                await each
            except SMTPServerError as error:
                answers.append(_refusal(error).reply)
            except Exception as error:
                answers.append(replies.OUT_OF_ORDER)
                fault = error
            else:
                answers.append(replies.ACCEPTED)
        if envelope.peer.role.is_lmtp:
            return answers
        if fault is not None:
            raise fault
        return [next((answer for answer in answers if not answer.positive), replies.ACCEPTED)]

    def settle(self, envelope: Envelope, *, is_told: bool) -> None:
        """Twisted has no word for it."""

    def _address(self, path: Path) -> Any:
        return Address(str(path).encode(), self._hostname)


class TwistedSpool:
    """Cuts octets into the lines that ``IMessageSMTP`` takes."""

    def __init__(self) -> None:
        self.messages: list[Any] = []
        self.has_fields = False
        self._begun = False
        self._line: list[bytes] = []  # pieces of a line whose end is to come

    def write(self, data: bytes) -> None:
        """Take some; a line end is never cut in two."""
        try:
            *lines, rest = data.split(b"\r\n")
            if lines and self._line:
                lines[0] = b"".join((*self._line, lines[0]))
                self._line.clear()
            if rest:
                self._line.append(rest)
            for line in lines:
                self._take(line)
        except SMTPServerError as error:
            raise Refused(_refusal(error)) from error

    async def commit(self) -> None:
        """Give the last line if nothing ends it."""
        if self._line:
            self._take(b"".join(self._line))
            self._line.clear()

    def abort(self) -> None:
        """Tell the messages that they are incomplete."""
        messages, self.messages = self.messages, []
        for message in messages:
            message.connectionLost()

    def _take(self, line: bytes) -> None:
        if not self._begun:
            self._begun = True
            if self.has_fields and line and b":" not in line:
                self._take(b"")  # it begins with its body
        for message in self.messages:
            message.lineReceived(line)


def _refusal(error: SMTPServerError) -> Refusal:
    code = int(error.code)
    if not 400 <= code <= 599:
        code = 550
    text = readable(error.resp) if isinstance(error.resp, bytes) else str(error.resp)
    return Refusal(code, f"{code // 100}.0.0", text)
