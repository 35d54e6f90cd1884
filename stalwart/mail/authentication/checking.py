"""Checks who a message is from: SPF, DKIM, ARC, DMARC and the name of the client (settings C.8)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import frozen

from stalwart.codec.authentication_results import ArcVerdict, DkimVerdict, DmarcVerdict, NameVerdict, SpfVerdict
from stalwart.net.dns import Resolver
from stalwart.store import Store
from stalwart.store.blob_files import Stored
from stalwart.telemetry import Telemetry


@frozen
class Modes:
    """How each check is done: ``relaxed`` (noted), ``strict`` (failures are refused) or ``disable``: what the rules of
    x:SenderAuth say for a message. ``dkim_strict``: signatures that are weak do not count.
    """

    dkim: str = "relaxed"
    arc: str = "disable"
    spf_ehlo: str = "relaxed"
    spf_from: str = "relaxed"
    dmarc: str = "relaxed"
    iprev: str = "relaxed"
    dkim_strict: bool = True


@frozen
class Refusal:
    """The reply to give in place of taking the message."""

    code: int
    enhanced: str
    text: str


@frozen
class SenderChecked:
    """What is known of a client and of the sender that it names, before there is a message."""

    ip: str
    helo: str
    mail_from: str
    spf_ehlo: SpfVerdict | None = None
    spf_from: SpfVerdict | None = None
    iprev: NameVerdict | None = None

    def refusal(self, modes: Modes) -> Refusal | None:
        """Why MAIL is refused; None if nothing strict has failed."""
        return None


@frozen
class Checked:
    """What was found; None, or an empty tuple, is what was not looked at."""

    sender: SenderChecked
    dkim: tuple[DkimVerdict, ...] = ()
    arc: ArcVerdict | None = None
    dmarc: DmarcVerdict | None = None

    @property
    def dmarc_pass(self) -> bool:
        """Whether bounces may go to its sender: DMARC has not failed under a policy of quarantine or reject."""
        return True

    def authentication_results(self, authserv_id: str) -> bytes:
        """The field Authentication-Results with its line end (RFC 8601 2.2)."""
        return b""

    def received_spf(self, receiver: str) -> bytes:
        """The field Received-SPF with its line end (RFC 7208 9.1); empty if SPF was not looked at."""
        return b""

    def refusal(self, modes: Modes) -> Refusal | None:
        """Why the message is refused; None if nothing strict has failed."""
        return None


class Checking:
    """The service ``mail_checks``. ``resolver`` gives the name service in force."""

    def __init__(self, store: Store, resolver: Callable[[], Resolver], clock: Any, telemetry: Telemetry) -> None:
        self._store = store
        self._resolver = resolver
        self._clock = clock
        self._telemetry = telemetry

    async def check_sender(self, *, ip: str, helo: str, mail_from: str, modes: Modes) -> SenderChecked:
        """SPF and the name of the client, by what is known at MAIL. ``mail_from`` is "" for the null sender. Takes 20
        seconds at most, and does not fail.
        """
        return SenderChecked(ip, helo, mail_from)

    async def check(
        self,
        content: bytes | Stored,
        *,
        ip: str,
        helo: str,
        mail_from: str,
        modes: Modes,
        sender: SenderChecked | None = None,
    ) -> Checked:
        """Everything, by the whole message as it came (trace fields of ours before it do no harm). ``sender`` is what
        ``check_sender`` has found, if it was asked before. Takes 20 seconds at most, and does not fail.
        """
        return Checked(sender or SenderChecked(ip, helo, mail_from))

    async def close(self) -> None:
        """Break off what runs."""
