"""The recipients of one attempt: who still waits, and what is said of those who do at the end."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import define, frozen

from stalwart.codec.smtp_reply import Reply
from stalwart.mail.delivery.shipment import RecipientOutcome, ShipmentRecipient, Told

_TELLING = ("mtaStsError", "daneError", "tlsError", "unexpectedResponse", "connectionError", "dnsError", "io")
"""Kinds of failure, the most telling first: what it is that must be put right."""


@frozen
class HostFailure:
    """Why a host got nothing. ``is_final``: it never will; ``unreachable``: whatever the message."""

    error_type: str
    reason: str
    status: str
    hostname: str | None = None
    reply: Reply | None = None
    command: str | None = None
    is_final: bool = False
    unreachable: bool = True


@define(eq=False)
class WaitingRecipient:
    """One recipient; ``outcome`` is the latest, ``over`` if it stands, ``told`` if that was told before the end."""

    recipient: ShipmentRecipient
    outcome: RecipientOutcome | None = None
    over: bool = False
    told: bool = False


class Waiting:
    """All recipients of a shipment, in their order."""

    def __init__(self, recipients: Sequence[ShipmentRecipient]) -> None:
        self._all = [WaitingRecipient(recipient) for recipient in recipients]
        self._failures: list[HostFailure] = []

    @property
    def left(self) -> list[WaitingRecipient]:
        """Those without an outcome that stands."""
        return [each for each in self._all if not each.over]

    @property
    def is_over(self) -> bool:
        """Whether nobody waits any more."""
        return all(each.over for each in self._all)

    def taken(self) -> list[Told]:
        """Those whom a host has taken the message for since this was asked last, and their places."""
        found: list[Told] = []
        for place, each in enumerate(self._all):
            if each.outcome is not None and each.outcome.kind == "delivered" and not each.told:
                each.told = True
                found.append((place, each.outcome))
        return found

    def host_failed(self, failure: HostFailure) -> None:
        """A host got nothing, because of ``failure``."""
        self._failures.append(failure)

    def outcomes(self) -> list[RecipientOutcome]:
        """What is to be said of everybody now. A recipient of whom a host has spoken keeps its words."""
        failure = self._worst()
        return [each.outcome or _outcome_of(each.recipient, failure) for each in self._all]

    def _worst(self) -> HostFailure:
        """The failure that is told: a passing one before those that are final, for then there is hope."""
        passing = [failure for failure in self._failures if not failure.is_final]
        candidates = passing or self._failures or [HostFailure("dnsError", "There is no host to try", "4.4.4")]
        return min(candidates, key=lambda failure: _rank(failure.error_type))


def _rank(error_type: str) -> int:
    return _TELLING.index(error_type) if error_type in _TELLING else len(_TELLING)


def _outcome_of(recipient: ShipmentRecipient, failure: HostFailure) -> RecipientOutcome:
    return RecipientOutcome(
        recipient.address,
        "permanent" if failure.is_final else "temporary",
        failure.status,
        hostname=failure.hostname,
        reply=failure.reply,
        error_type=failure.error_type,
        message=failure.reason,
        command=failure.command,
        unreachable=failure.unreachable,
    )
