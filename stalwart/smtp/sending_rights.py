"""Whether somebody who has signed in may send a message: in whose name, and when it is to leave (RFC 6409 6.1).

The envelope's sender and every author must be addresses of the account, or of a group that it belongs to. The null
sender is for reports, whose authors are looked at all the same.
"""

from __future__ import annotations

from typing import Any

from attrs import evolve

from stalwart.codec.smtp.authors import Authors
from stalwart.codec.smtp.paths import InvalidPath, Path, forward_path
from stalwart.directory.access import Access
from stalwart.directory.standing import Standing
from stalwart.mail.own_addresses import OwnAddresses
from stalwart.smtp.envelope import Envelope, Peer
from stalwart.smtp.reception import Refusal
from stalwart.store import Store
from stalwart.telemetry import Telemetry
from stalwart.telemetry.refusal_events import SMTP_SENDER_NOT_OWN

MAY_NOT_SEND = Refusal(550, "5.7.1", "This account, or this application, may not send mail")
SIGN_IN_AGAIN = Refusal(421, "4.7.0", "The sign-in has ended; please sign in again")
NOT_YOUR_SENDER = Refusal(550, "5.7.1", "You may send only from addresses of your account")
NOT_YOUR_NAME = Refusal(550, "5.7.1", "From and Sender may hold only addresses of your account")
NO_AUTHOR = Refusal(550, "5.6.0", "The message needs one field From, with an address in it")
HELD_TOO_LONG = "The message may be held for at most {} seconds"


class SendingRights:
    """Answers for those who have signed in. ``clock`` tells the time, ``standing`` whether a sign-in is good still."""

    def __init__(self, store: Store, own: OwnAddresses, standing: Standing, telemetry: Telemetry, clock: Any) -> None:
        self._store = store
        self._own = own
        self._standing = standing
        self._telemetry = telemetry
        self._clock = clock

    async def begin(self, peer: Peer) -> None:
        """Note what the sign-in of ``peer`` rests on, when it has just been proved. Raises Unauthenticated."""
        if peer.grant is None:
            peer.grant = await self._standing.grant(peer.login)

    async def is_own(self, access: Access, address: str) -> bool:
        """Whether ``address`` is one of the account, or of its groups."""
        try:
            path, rest = forward_path(f"<{address}>")
        except InvalidPath:
            return False
        return not rest and await self._are_own(access, (path,))

    async def sender_refusal(self, peer: Peer, path: Path, *, must_match: bool) -> Refusal | None:
        """Why mail from ``path`` is not taken."""
        ends_at = peer.login.expires_at
        access = await self._standing.access(peer.grant)
        if access is None or (ends_at is not None and ends_at <= self._clock.seconds()):
            return SIGN_IN_AGAIN
        peer.login = evolve(access, expires_at=ends_at)
        if not access.may("emailSend"):
            return MAY_NOT_SEND
        if must_match and not path.is_null and not await self._are_own(access, (path,)):
            self._tell(peer, path.text)
            return NOT_YOUR_SENDER
        return None

    async def author_refusal(self, peer: Peer, sender: Path, authors: Authors) -> Refusal | None:
        """Why a message with these authors is not taken; ``sender`` has been found right."""
        if authors.fields != 1 or not authors.is_clear:
            return NO_AUTHOR
        others = tuple(path for path in authors.paths if path != sender)
        if others and not await self._are_own(peer.login, others):
            self._tell(peer, ", ".join(path.text for path in others[:5]))
            return NOT_YOUR_NAME
        return None

    def release(self, envelope: Envelope) -> int | Refusal | None:
        """When a message is to leave (RFC 4865), in seconds since 1970; None for at once."""
        said, offers, now = envelope.parameters, envelope.peer.offers, int(self._clock.seconds())
        until = said.holduntil if said.holdfor is None else now + said.holdfor
        if until is None or until <= now:
            return None
        longest = offers.longest_hold if offers is not None else 0
        if until - now > longest:
            return Refusal(501, "5.5.4", HELD_TOO_LONG.format(longest))
        return until

    async def _are_own(self, access: Access, paths: tuple[Path, ...]) -> bool:
        mine = frozenset((access.account_id, *access.group_ids))
        return await self._store.read(lambda tx: all(self._own.may_send_as(tx, mine, path) for path in paths))

    def _tell(self, peer: Peer, address: str) -> None:
        keys = {"from": address}
        self._telemetry.emit(
            SMTP_SENDER_NOT_OWN, spanId=peer.span, remoteIp=peer.remote_ip, accountName=peer.login_name, **keys
        )
