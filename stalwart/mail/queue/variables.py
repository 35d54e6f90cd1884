"""What rules of the queue may ask about a recipient, and about a host that is tried (settings B.1)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from stalwart.mail.queue.letter import Letter, queue_priority
from stalwart.store.queue_rows import Answer, QueuedLetter, QueuedRecipient

ERRORS: Final = {
    "dnsError": "dns",
    "unexpectedResponse": "unexpected-reply",
    "connectionError": "connection",
    "tlsError": "tls",
    "daneError": "dane",
    "mtaStsError": "mta-sts",
    "rateLimited": "rate",
    "concurrencyLimited": "concurrency",
    "io": "io",
}
"""What rules call the errors of attempts."""

_NOTHING: Final = Answer()

VariableSource = Callable[[str], object]


@frozen
class Subject:
    """A recipient of a letter, as much of it as rules ask for; one that is not in the queue yet has no ``queue``.
    ``recipients`` are those who go the same way. Rules see the negative of ``priority``: MT-PRIORITY.
    """

    rcpt: str
    recipients: tuple[str, ...]
    sender: str
    source: str
    role: str
    priority: int
    size: int
    received_ip: str
    received_port: int
    created_at: int
    expires_at: int = 0
    retries: int = 0
    notices: int = 0
    queue: str = ""
    answer: Answer = _NOTHING

    @classmethod
    def of(cls, letter: QueuedLetter, recipient: QueuedRecipient, recipients: tuple[str, ...] = ()) -> Subject:
        """A recipient in the queue, among ``recipients``."""
        return cls(
            rcpt=recipient.address,
            recipients=recipients or (recipient.address,),
            sender=letter.return_path,
            source=source_of(letter),
            role=letter.role,
            priority=letter.priority,
            size=letter.size,
            received_ip=letter.received_ip,
            received_port=letter.received_port,
            created_at=letter.created_at,
            expires_at=recipient.expires_at,
            retries=recipient.attempts,
            notices=recipient.notices,
            queue=recipient.queue,
            answer=recipient.answer,
        )

    def variables(self, now: int, *, mx: str = "", remote_ip: str = "", local_ip: str = "") -> VariableSource:
        """The values at a time, with those of the host that is tried."""
        host = {"mx": mx, "remote_ip": remote_ip, "local_ip": local_ip}

        def variable(name: str) -> object:
            return host[name] if name in host else _VALUES[name](self, now) if name in _VALUES else ""

        return variable


def source_of(letter: Letter | QueuedLetter) -> str:
    """Where rules think it comes from: of other servers' mail, what DMARC vouches for has a name of its own."""
    return "dmarc_pass" if letter.source == "unauthenticated" and letter.dmarc_pass else letter.source


def domain_of(address: str) -> str:
    """The domain of an address, in lower case; empty where there is none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


_VALUES: Final[dict[str, Callable[[Subject, int], object]]] = {
    "rcpt": lambda subject, now: subject.rcpt,
    "rcpt_domain": lambda subject, now: domain_of(subject.rcpt),
    "recipients": lambda subject, now: list(subject.recipients),
    "sender": lambda subject, now: subject.sender,
    "sender_domain": lambda subject, now: domain_of(subject.sender),
    "source": lambda subject, now: subject.source,
    "role": lambda subject, now: subject.role,
    "priority": lambda subject, now: queue_priority(subject.priority),
    "size": lambda subject, now: subject.size,
    "retry_num": lambda subject, now: subject.retries,
    "notify_num": lambda subject, now: subject.notices,
    "expires_in": lambda subject, now: max(subject.expires_at - now, 0) if subject.expires_at else 0,
    "last_status": lambda subject, now: subject.answer.text or subject.answer.message,
    "last_error": lambda subject, now: ERRORS.get(subject.answer.error, "none"),
    "queue_name": lambda subject, now: subject.queue,
    "queue_age": lambda subject, now: max(now - subject.created_at, 0),
    "received_from_ip": lambda subject, now: subject.received_ip,
    "received_via_port": lambda subject, now: subject.received_port,
}
