"""What is to become of a message by a script: values, for whoever stores and sends."""

from __future__ import annotations

from attrs import field, frozen

from stalwart.codec.sieve.syntax import SieveError


@frozen
class Filing:
    """Into a folder: by id, by special use, or by name, which is made if ``create`` says so; none of them is the Inbox.

    ``version`` is the header that it has then: 0 as it came, else one of ``Verdict.heads``.
    """

    mailbox: str = ""
    special_use: str = ""
    mailbox_id: str = ""
    create: bool = False
    flags: tuple[str, ...] = ()
    version: int = 0

    @property
    def is_inbox(self) -> bool:
        """Whether nothing else is meant than the Inbox."""
        return not self.special_use and not self.mailbox_id and self.mailbox.lower() in ("", "inbox")


@frozen
class Redirection:
    """On to another address (RFC 5228 4.2)."""

    address: str
    version: int = 0


@frozen
class Refusal:
    """Back with a reason (RFC 5429); ``at_once``: rather in the dialogue than by a message (ereject)."""

    reason: str
    at_once: bool = False


@frozen
class Answer:
    """A vacation response (RFC 5230). ``seconds`` is for how long one sender gets no second one; None is the usual.

    ``html`` is the same for those who show it.
    """

    reason: str
    subject: str | None = None
    sender: str | None = None
    addresses: tuple[str, ...] = ()
    is_mime: bool = False
    handle: str | None = None
    seconds: int | None = None
    html: str | None = None


@frozen
class Met:
    """An id of the ``duplicate`` test (RFC 7352) and for how long it is remembered; ``again``: from now on anew."""

    digest: bytes
    seconds: int
    again: bool = False


@frozen
class Verdict:
    """All of it; ``problem`` is what the script broke off with: the message is kept then, and nothing else happens."""

    filings: tuple[Filing, ...] = ()
    redirections: tuple[Redirection, ...] = ()
    refusal: Refusal | None = None
    answer: Answer | None = None
    heads: tuple[bytes, ...] = ()
    met: tuple[Met, ...] = ()
    problem: SieveError | None = None
    steps: int = field(default=0, eq=False)


KEPT = Verdict((Filing(),))
"""What becomes of a message without a script."""
