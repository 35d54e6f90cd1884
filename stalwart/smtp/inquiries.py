"""VRFY and EXPN (RFC 5321 3.5): who an address is, and where the mail of a list goes, for those who may ask."""

from __future__ import annotations

from stalwart.codec.smtp import replies
from stalwart.codec.smtp.paths import InvalidPath, Path, forward_path
from stalwart.codec.smtp.replies import reply
from stalwart.codec.smtp_reply import Reply
from stalwart.mail.recipients import Problem, Recipients
from stalwart.smtp.envelope import Peer

MOST_LINES = 1000
"""Members of a list that are told."""
UNKNOWN = reply(550, "5.1.1", "There is nobody of that name here")
NO_LIST = reply(550, "5.1.1", "There is no mailing list of that name here")
TOO_LONG = reply(550, "5.2.4", "The list has too many members to tell them")
MALFORMED = reply(501, "5.1.3", "An address is expected")


class Inquiries:
    """Answers from ``recipients``."""

    def __init__(self, recipients: Recipients) -> None:
        self._recipients = recipients

    async def answer(self, peer: Peer, verb: str, text: str) -> Reply:
        """The answer to ``verb``; ``text`` is an address, in brackets or not."""
        path = _path(text)
        if path is None:
            return MALFORMED
        if verb == "VRFY":
            return await self._verified(path)
        members = await self._recipients.members(path, getattr(peer.login, "tenant_id", None))
        if not members:
            return NO_LIST
        if len(members) > MOST_LINES:
            return TOO_LONG
        return reply(250, "2.1.5", *(f"<{member}>" for member in members))

    async def _verified(self, path: Path) -> Reply:
        resolved = await self._recipients.resolve(path)
        if resolved.problem in (None, Problem.FULL, Problem.REMOTE):
            return reply(250, "2.1.5", str(path))
        return replies.CANNOT_VERIFY if resolved.problem is Problem.ELSEWHERE else UNKNOWN


def _path(text: str) -> Path | None:
    """Of an address, or of a name alone, which is one of the default domain."""
    bracketed = text if text.startswith("<") else f"<{text}>"
    try:
        path, rest = forward_path(bracketed)
    except InvalidPath:
        if "@" in bracketed:
            return None
        try:
            found, rest = forward_path(f"{bracketed[:-1]}@localhost>")
        except InvalidPath:
            return None
        path = Path(found.local)
    return None if rest else path
