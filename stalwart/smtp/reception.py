"""What takes the mail: whoever implements ``Reception`` is asked about clients, senders and recipients, and gets the
messages. The dialogue itself is in ``session``.

Whatever it raises becomes a reply (``faults``): an error of the family one that says what it is, anything else 451 and
an event. All waits are cancelled when the client is gone, except ``deliver``, which is left to its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from attrs import field, frozen
from attrs.validators import ge, le
from twisted.internet.defer import Deferred

from stalwart.codec.smtp.parameters import MailParameters, RcptParameters
from stalwart.codec.smtp.paths import Path
from stalwart.codec.smtp_reply import Reply
from stalwart.smtp.envelope import Envelope, Peer


@frozen
class Refusal:
    """No: ``code`` is 4yz (later perhaps) or 5yz; 421 and 521 end the connection. ``enhanced`` is of the same class."""

    code: int = field(validator=[ge(400), le(599)])
    enhanced: str
    text: str

    @property
    def reply(self) -> Reply:
        """What the client reads."""
        return Reply(self.code, self.enhanced, (self.text,))


class Refused(Exception):
    """Raised, for example by a spool, by whoever cannot answer with ``refusal``."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.text)
        self.refusal = refusal


class Spool(Protocol):
    """Where the octets of one message go."""

    def write(self, data: bytes) -> Deferred[None] | None:
        """Take some. With a Deferred the client is not read from until it fires; cancelling it must be possible."""

    async def commit(self) -> None:
        """There are no more."""

    def abort(self) -> None:
        """The message is not wanted any more; also after ``commit``, if it was not delivered."""


class Reception(Protocol):
    """Takes mail. Answers None for yes."""

    async def connect(self, peer: Peer) -> Refusal | None:
        """Whether ``peer`` is served; asked before the greeting."""

    async def hello(self, peer: Peer) -> Refusal | None:
        """Find what ``peer`` is offered (``Peer.offers``), which has said who it is, or has signed in since."""

    async def sender(self, envelope: Envelope, path: Path, parameters: MailParameters) -> Refusal | None:
        """Whether mail from ``path`` is taken; ``envelope`` is new."""

    async def recipient(self, envelope: Envelope, path: Path, parameters: RcptParameters) -> Refusal | None:
        """Whether mail for ``path`` is taken; if so it is added to the envelope afterwards."""

    async def ask(self, peer: Peer, verb: str, text: str) -> Reply:
        """The answer to VRFY or EXPN; only where ``Peer.offers`` has it."""

    def spool(self, envelope: Envelope) -> Spool:
        """Where the message goes; asked before the client may send it."""

    async def deliver(self, envelope: Envelope, spool: Spool) -> Sequence[Reply]:
        """Take responsibility for the committed message (RFC 5321 4.2.5): one reply, with LMTP one for each recipient.

        What was answered with 250 must survive anything that happens afterwards.
        """

    def settle(self, envelope: Envelope, *, is_told: bool) -> None:
        """Hear whether the client knows what ``deliver`` has answered; without that, it may come again with it. Asked
        while that still runs, too, when the client is gone; never after ``deliver`` has raised something.
        """
