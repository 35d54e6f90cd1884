"""Our reception for servers of ``twisted.mail``: an ``IMessageDelivery`` and its factory, and an ``IDomain``.

What a message goes through is the same as with our own servers. All recipients of a message have one answer; an
``IDomain`` is asked for each recipient alone, so each gets a message of its own. Twisted's server answers 550 whatever
goes wrong at the end of a message: what is wrong only now is said by us instead of it, with 4yz, so that the client
keeps the message. Lines that come faster than they are kept have the connection wait.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from attrs import define, field, frozen
from twisted.internet.defer import Deferred, succeed
from twisted.mail.interfaces import IDomain, IMessageDelivery, IMessageDeliveryFactory, IMessageSMTP
from twisted.mail.smtp import SMTPServerError
from twisted.python.failure import Failure
from zope.interface import implementer

from stalwart.codec.smtp import replies
from stalwart.directory.access import Access
from stalwart.directory.cred import BearerChecker, MakeAvatar, PasswordChecker, StalwartRealm
from stalwart.directory.directory import Directory
from stalwart.smtp.envelope import Peer
from stalwart.smtp.role import MX, SUBMISSION
from stalwart.smtp.transaction import Receiving, Transaction, path_of, server_error, too_late

T = TypeVar("T")

_FOLD = re.compile(rb"\r?\n[ \t]")


@implementer(IMessageDeliveryFactory)
@frozen
class StalwartDeliveryFactory:
    """Makes a delivery for each message. ``login`` is who has signed in, None for mail of other servers; ``is_tls``
    says whether the server speaks TLS.
    """

    receiving: Receiving
    login: Access | None = None
    is_tls: bool = False

    def getMessageDelivery(self) -> StalwartDelivery:
        """Twisted calls this."""
        return StalwartDelivery(self.receiving, self.login, self.is_tls)


@implementer(IMessageDelivery)
class StalwartDelivery:
    """Takes one message after the other from a server of ``twisted.mail``."""

    def __init__(self, receiving: Receiving, login: Access | None = None, is_tls: bool = False) -> None:
        self._receiving = receiving
        self._login = login
        self._is_tls = is_tls
        self._carrier: _Carrier | None = None

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        """Nothing: the reception writes the trace fields."""
        return b""

    def validateFrom(self, helo: tuple[bytes | None, bytes], origin: Any) -> Deferred[Any]:
        """Begin a message; the origin if mail from there is taken. Fails with SMTPServerError, also if the client has
        not greeted: Twisted asks all the same.
        """
        return self._bounded(self._begin(helo, origin))

    def validateTo(self, user: Any) -> Deferred[Callable[[], Any]]:
        """What makes the message, if ``user`` may have it. Fails with SMTPServerError."""
        return self._bounded(self._add(user))

    async def _begin(self, helo: tuple[bytes | None, bytes], origin: Any) -> Any:
        self._carrier = None
        if helo[0] is None:
            raise server_error(replies.GREET_FIRST)
        self._carrier = _Carrier(await Transaction.begin(self._receiving, self._peer(helo), path_of(origin)))
        return origin

    async def _add(self, user: Any) -> Callable[[], Any]:
        carrier = self._carrier
        if carrier is None:
            raise server_error(replies.NO_SENDER)
        await carrier.transaction.add(path_of(user.dest, may_be_null=False))
        carrier.protocol = getattr(user, "protocol", None)
        return carrier.message

    def _peer(self, helo: tuple[bytes | None, bytes]) -> Peer:
        hello, ip = ((part or b"").decode("ascii", "replace") for part in helo)
        receiving = self._receiving
        return Peer(
            MX if self._login is None else SUBMISSION,
            receiving.limits,
            receiving.listener,
            ip,
            hello=hello,
            is_extended=True,
            is_tls=self._is_tls,
            login=self._login,
        )

    def _bounded(self, work: Coroutine[Any, Any, T]) -> Deferred[T]:
        receiving = self._receiving
        return Deferred.fromCoroutine(work).addTimeout(receiving.limits.checking, receiving.clock, too_late)


@define(eq=False)
class _Carrier:
    """Brings the lines of a message into its transaction. ``protocol`` is Twisted's, of which the client is."""

    transaction: Transaction
    protocol: Any = None
    _made: bool = False
    _is_first: bool = True
    _lines: list[bytes] = field(factory=list)
    _waiting: bool = False
    _settled: Deferred[None] | None = None

    def message(self) -> _Message:
        """One of the messages that Twisted wants for the recipients; the first one carries."""
        try:
            self.transaction.open()
        except SMTPServerError as problem:  # of which Twisted wants octets here, and texts elsewhere
            raise SMTPServerError(problem.code, problem.resp.encode()) from problem
        carries, self._made = not self._made, True
        return _Message(self, carries)

    def line(self, line: bytes) -> None:
        """Take a line; the first one may be a folded field of the server."""
        *begin, line = _FOLD.split(line) if self._is_first else (line,)
        self._is_first = False
        if any(b"\n" in each or b"\r" in each for each in (*begin, line)):
            self.transaction.refuse(replies.BARE_LINE_END)
        line = b"\r\n\t".join((*begin, line))
        if self.transaction.refusal is None:
            self._lines.append(line + b"\r\n")
            self._write()

    def _write(self) -> None:
        while self._lines and not self._waiting:
            octets = b"".join(self._lines)
            self._lines.clear()
            waiting = self.transaction.write(octets)
            if waiting is not None:
                self._waiting = True
                self._hold(True)
                waiting.addBoth(self._written)

    def _written(self, result: Any) -> None:
        self._waiting = False
        self._hold(False)
        self._write()
        settled = self._settled
        if settled is not None and not self._waiting:
            self._settled = None
            settled.callback(None)

    def _hold(self, wanted: bool) -> None:
        transport = getattr(self.protocol, "transport", None)
        if transport is not None:
            (transport.pauseProducing if wanted else transport.resumeProducing)()

    async def end(self) -> None:
        """All lines are there: hand the message over. Raises SMTPServerError."""
        if self._waiting:
            self._settled = Deferred()
            await self._settled
        await self.transaction.end()

    def is_told(self, problem: SMTPServerError) -> bool:
        """Tell the client what is wrong for now, if Twisted's server would say that it is so for good."""
        say = getattr(self.protocol, "sendCode", None)
        if problem.code >= 500 or say is None:
            return False
        say(problem.code, problem.resp.encode())
        return True


@implementer(IMessageSMTP)
@frozen(eq=False)
class _Message:
    """What Twisted gives the lines to, once for each recipient."""

    carrier: _Carrier
    carries: bool

    def lineReceived(self, line: bytes) -> None:
        """Twisted calls this."""
        if self.carries:
            self.carrier.line(line)

    def eomReceived(self) -> Deferred[None]:
        """Twisted calls this: it is complete. Who is told otherwise what is wrong hears nothing of this."""
        if not self.carries:
            return succeed(None)
        carrier, receiving = self.carrier, self.carrier.transaction.receiving
        answered: Deferred[None] = Deferred()

        def failed(failure: Failure) -> None:
            problem = failure.value
            if not isinstance(problem, SMTPServerError) or not carrier.is_told(problem):
                answered.errback(failure)

        ending = Deferred.fromCoroutine(carrier.end())
        ending.addTimeout(receiving.limits.delivering, receiving.clock, too_late)
        ending.addCallbacks(answered.callback, failed)
        return answered

    def connectionLost(self) -> None:
        """Twisted calls this: it will not be complete."""
        if self.carries:
            self.carrier.transaction.abandon()


@implementer(IDomain)
class StalwartDomain:
    """A domain whose people are accounts here, for ``twisted.mail.mail.MailService.addDomain``.

    ``avatars`` are made for protocols such as POP3 (``directory.cred``).
    """

    def __init__(
        self, receiving: Receiving, directory: Directory, avatars: Mapping[Any, MakeAvatar] | None = None
    ) -> None:
        self._receiving = receiving
        self._directory = directory
        self._realm = StalwartRealm(avatars)

    def exists(self, user: Any) -> Deferred[Callable[[], Any]]:
        """What makes a message for ``user``; fails with SMTPServerError if nobody gets it."""
        delivery = StalwartDelivery(self._receiving)
        begun = delivery.validateFrom(user.helo, user.orig)
        return begun.addCallback(lambda _: delivery.validateTo(user))

    def addUser(self, user: bytes, password: bytes) -> None:
        """Accounts are made elsewhere."""
        raise NotImplementedError("accounts are made over JMAP or with stalwart-cli")

    def getCredentialsCheckers(self) -> list[Any]:
        """Who proves what."""
        return [PasswordChecker(self._directory), BearerChecker(self._directory)]

    def requestAvatar(self, avatarId: Any, mind: Any, *interfaces: Any) -> Any:
        """See ``IRealm``."""
        return self._realm.requestAvatar(avatarId, mind, *interfaces)


def delivery_avatars(receiving: Receiving, *, is_tls: bool = True) -> dict[Any, MakeAvatar]:
    """Avatars for ``directory.cred.make_portal``: whoever signs in to an ESMTP server of Twisted sends mail here."""
    return {
        IMessageDeliveryFactory: lambda access: StalwartDeliveryFactory(receiving, access, is_tls),
        IMessageDelivery: lambda access: StalwartDelivery(receiving, access, is_tls),
    }
