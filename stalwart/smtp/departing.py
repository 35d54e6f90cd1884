"""What of a message goes to the queue: letters to people on other servers, and to people here whose mail has to wait or
whose delivery is to be reported.

Mail to a list goes on in the name of whoever looks after the list (RFC 5321 3.9.2), so that its senders do not hear of
members that are gone; what comes with the null sender keeps it. Other forwarding keeps the sender (3.9.1).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from stalwart.mail.queue.letter import MOST_RECIPIENTS, Letter, LetterRecipient, priority_for
from stalwart.mail.recipients import Problem, Resolved
from stalwart.smtp.envelope import Envelope, Recipient
from stalwart.store.blob_files import Stored


@frozen
class Split:
    """The recipients of a message: ``at_once`` are given it now, ``queued`` get it by the queue as they are named."""

    at_once: tuple[tuple[Recipient, Resolved], ...]
    queued: tuple[Recipient, ...]

    @property
    def leaves(self) -> bool:
        """Whether something goes to the queue."""
        return bool(self.queued) or any(resolved.forwards for _, resolved in self.at_once)


def split(envelope: Envelope, resolved: Sequence[Resolved], *, is_held: bool) -> Split:
    """Who gets it how; ``resolved`` are the recipients of the envelope, in their order."""
    at_once, queued = [], []
    for recipient, found in zip(envelope.recipients, resolved, strict=True):
        is_reported = "SUCCESS" in (recipient.parameters.notify or ())
        if is_held or is_reported or found.problem is Problem.ELSEWHERE:
            queued.append(recipient)
        else:
            at_once.append((recipient, found))
    return Split(tuple(at_once), tuple(queued))


@frozen
class Origin:
    """What all letters of a message have in common."""

    envelope: Envelope
    content: bytes | Stored
    is_8bit: bool
    account_id: int | None
    hold_until: int | None
    default_domain: str
    dmarc_pass: bool = False
    reports_failure: bool = True
    signed_for: str | None = None
    overtakes: bool = False

    def letter(self, return_path: str, recipients: Iterable[LetterRecipient], *, by_list: bool = False) -> Letter:
        """A letter to ``recipients``; ``by_list``: it is the list's now, and what the sender asked for is answered."""
        peer, said = self.envelope.peer, self.envelope.parameters
        return Letter(
            self.content,
            return_path,
            tuple(recipients),
            "unauthenticated" if peer.login is None else "authenticated",
            account_id=self.account_id,
            env_id=None if by_list else said.envid,
            ret=None if by_list else said.ret,
            priority=priority_for(said.mt_priority, overtakes=self.overtakes),
            received_ip=peer.remote_ip,
            received_port=peer.local_port,
            role=peer.role.name,
            hold_until=self.hold_until,
            smtputf8=said.smtputf8,
            body="8BITMIME" if self.is_8bit else "7BIT",
            require_tls=said.requiretls,
            dmarc_pass=self.dmarc_pass,
            reports_failure=self.reports_failure,
            signed_for=self.signed_for,
        )


def letters(parts: Split, origin: Origin) -> tuple[Letter, ...]:
    """The letters of a message."""
    sender = origin.envelope.sender.text
    named = [_named(each, each.path.text, origin.default_domain) for each in parts.queued]
    of_lists: dict[str, dict[str, LetterRecipient]] = {}
    for recipient, resolved in parts.at_once:
        for forward in resolved.forwards:
            if forward.owner is None:
                named.append(_named(recipient, forward.address, origin.default_domain))
            else:
                owner = forward.owner if sender else ""
                of_lists.setdefault(owner, {})[forward.address] = LetterRecipient(forward.address)
    mine = tuple({each.address: each for each in reversed(named)}.values())[::-1]
    made = [origin.letter(sender, piece) for piece in _pieces(mine)]
    for owner, members in of_lists.items():
        made += [origin.letter(owner, piece, by_list=True) for piece in _pieces(tuple(members.values()))]
    return tuple(made)


def _named(recipient: Recipient, address: str, default_domain: str) -> LetterRecipient:
    return LetterRecipient.of(address if "@" in address else f"{address}@{default_domain}", recipient.parameters)


def _pieces(recipients: Sequence[LetterRecipient]) -> Iterable[Sequence[LetterRecipient]]:
    return (recipients[begin : begin + MOST_RECIPIENTS] for begin in range(0, len(recipients), MOST_RECIPIENTS))
