"""Our queue as smart host for programs that send with ``twisted.mail.smtp.sendmail``, without a connection.

``SmartHost.sendmail`` takes what that takes and gives what that gives; the message goes the way of one that was
submitted: sender and authors must be the account's own, what is lacking is added, it is signed, and it is in the queue
or in mailboxes, durably, when the Deferred fires. (Over the network ``sendmail`` itself does: port 587 is a smart host
as well.)
"""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from typing import Any

from attrs import frozen
from twisted.internet.defer import Deferred
from twisted.mail.smtp import Address, AddressError, SMTPDeliveryError, SMTPServerError

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.paths import Path
from stalwart.directory.access import Access
from stalwart.directory.directory import Directory
from stalwart.errors import StalwartError
from stalwart.smtp.envelope import Peer
from stalwart.smtp.role import SUBMISSION
from stalwart.smtp.transaction import INVALID_ADDRESS, Receiving, Transaction, path_of, server_error

AT_A_TIME = 65_536
"""Octets that are handed over at a time."""
_HERE = "127.0.0.1"

Result = tuple[int, list[tuple[bytes, int, bytes]]]
"""How many recipients were taken, and the answer to each."""


@frozen
class SmartHost:
    """Sends for those who sign in with ``sendmail``, else for ``login``, the access of an account."""

    receiving: Receiving
    directory: Directory
    login: Access | None = None

    def sendmail(
        self,
        smtphost: object,
        from_addr: bytes | str,
        to_addrs: Iterable[bytes | str] | bytes | str,
        msg: Any,
        senderDomainName: bytes | str | None = None,
        port: int = 0,
        reactor: object = None,
        username: bytes | str | None = None,
        password: bytes | str | None = None,
        requireAuthentication: bool = False,
        requireTransportSecurity: bool = False,
    ) -> Deferred[Result]:
        """As ``twisted.mail.smtp.sendmail``, of which host, port and reactor mean nothing here.

        Fails with SMTPDeliveryError if nobody gets it.
        """
        several = [to_addrs] if isinstance(to_addrs, bytes | str) else list(to_addrs)
        proof = None if password is None else (_text(username or b""), _text(password))
        said = _octets(senderDomainName or b"localhost")
        sending = Deferred.fromCoroutine(
            self._sent(proof, said, _octets(from_addr), [_octets(to) for to in several], msg)
        )
        return sending.addTimeout(self.receiving.limits.delivering, self.receiving.clock, _too_late)

    async def _sent(
        self, proof: tuple[str, str] | None, said: bytes, sender: bytes, recipients: list[bytes], msg: Any
    ) -> Result:
        peer = Peer(
            SUBMISSION,
            self.receiving.limits,
            self.receiving.listener,
            _HERE,
            hello=said.decode("ascii", "replace"),
            is_extended=True,
            is_tls=True,
            login=await self._proved(proof),
        )
        try:
            transaction = await Transaction.begin(self.receiving, peer, _path(sender))
        except SMTPServerError as problem:
            raise _failed(problem, [(to, *_answer(problem)) for to in recipients]) from problem
        answers = [(to, *await _added(transaction, to)) for to in recipients]
        taken = sum(code < 400 for _, code, _ in answers)
        if not taken:
            raise SMTPDeliveryError(answers[0][1] if answers else 554, b"No recipients accepted", b"", answers)
        try:
            transaction.open()
            await _hand_over(transaction, msg)
            await transaction.end()
        except SMTPServerError as problem:
            raise _failed(problem, answers) from problem
        finally:
            transaction.abandon()
        return taken, answers

    async def _proved(self, proof: tuple[str, str] | None) -> Access:
        if proof is None:
            if self.login is None:
                raise SMTPDeliveryError(530, b"5.7.0 Authentication required", b"", [])
            return self.login
        try:
            return await self.directory.authenticate_basic(*proof, _HERE)
        except StalwartError as problem:
            raise SMTPDeliveryError(535, b"5.7.8 Wrong name or password", b"", []) from problem


async def _added(transaction: Transaction, address: bytes) -> tuple[int, bytes]:
    try:
        await transaction.add(_path(address, may_be_null=False))
    except SMTPServerError as problem:
        return _answer(problem)
    return 250, b"2.1.5 Recipient OK"


async def _hand_over(transaction: Transaction, content: Any) -> None:
    """Give what a file, octets or an ``email.message.Message`` holds; lines end with LF or CRLF."""
    source = content if hasattr(content, "read") else BytesIO(_octets(content))
    rest = b""
    while piece := source.read(AT_A_TIME):
        *lines, rest = (rest + _octets(piece)).split(b"\n")
        await _written(transaction, b"".join(line.removesuffix(b"\r") + b"\r\n" for line in lines))
    if rest:
        await _written(transaction, rest.removesuffix(b"\r") + b"\r\n")
    if hasattr(source, "close"):
        source.close()


async def _written(transaction: Transaction, octets: bytes) -> None:
    if b"\r" in octets.replace(b"\r\n", b""):
        transaction.refuse(replies.BARE_LINE_END)
    waiting = transaction.write(octets) if octets else None
    if waiting is not None:
        await waiting


def _path(address: bytes, *, may_be_null: bool = True) -> Path:
    try:
        return path_of(Address(address), may_be_null=may_be_null)
    except AddressError as problem:
        raise server_error(INVALID_ADDRESS) from problem


def _too_late(result: Any, timeout: float) -> Any:
    raise SMTPDeliveryError(451, b"4.3.0 That took too long; please try again later", b"", [])


def _failed(problem: SMTPServerError, answers: list[tuple[bytes, int, bytes]]) -> SMTPDeliveryError:
    return SMTPDeliveryError(*_answer(problem), b"", answers)


def _answer(problem: SMTPServerError) -> tuple[int, bytes]:
    return problem.code, _octets(problem.resp)


def _octets(text: Any) -> bytes:
    return text.encode() if isinstance(text, str) else bytes(text)


def _text(octets: bytes | str) -> str:
    return octets if isinstance(octets, str) else octets.decode("utf-8", "replace")
