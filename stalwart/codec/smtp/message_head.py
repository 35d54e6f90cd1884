"""The head of a message as it came, as far as a server that takes it must know: what to put before it, and loops.

A message needs no header field for SMTP, only for those who read it later (RFC 5322 3.6): one that begins with its body
gets the empty line that it lacks. Some fields are taken out: Return-Path, since only the last server may write it
(RFC 5321 4.4), Authentication-Results in our own name (RFC 8601 5), of mail that leaves Bcc (RFC 5322 3.6.3), and the
``From `` line of a mailbox file, which is no field. Nothing else is touched.
"""

from __future__ import annotations

import re

from attrs import frozen

_END = b"\r\n\r\n"
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_MAILBOX_LINE = re.compile(rb"From [^\r\n]*\r\n(?=[!-9;-~]+[ \t]*:)")
_RECEIVED = re.compile(rb"(?im)^received[ \t]*:")
_MESSAGE_ID = re.compile(rb"(?im)^message-id[ \t]*:[ \t\r\n]*<")
_DATE = re.compile(rb"(?im)^date[ \t]*:")
_IN_COMMENT = re.compile(rb"[^()\\]+|\\.|[()]|\\", re.DOTALL)
_SERVER = re.compile(rb'"((?:[^"\\]|\\.)*+)"|([!#$%&\'*+.^_`{|}~0-9A-Za-z\x80-\xff-]+)', re.DOTALL)


@frozen
class MessageHead:
    """``octets`` are the message, or the piece of it that was given, as it is to be kept.

    ``received`` counts its Received fields; the others say what is in the head. ``size`` are its octets.
    """

    octets: bytes
    received: int
    has_fields: bool
    has_message_id: bool
    has_date: bool = False
    size: int = 0


def read_head(octets: bytes, *, authserv_id: str = "", without_bcc: bool = False) -> MessageHead:
    """What the begin of a message says. A head that is cut off is read as far as it goes.

    Authentication-Results of ``authserv_id`` are taken out, and Bcc with ``without_bcc``.
    """
    mailbox_line = _MAILBOX_LINE.match(octets)
    if mailbox_line is not None:
        octets = octets[mailbox_line.end() :]
    if _FIELD.match(octets) is None:
        begun = octets if octets.startswith(b"\r\n") else b"\r\n" + octets
        return MessageHead(begun, 0, False, False)
    end = octets.find(_END)
    head = octets if end < 0 else octets[: end + 2]
    kept = _without(head, authserv_id.lower().encode(), without_bcc)
    if len(kept) != len(head):
        octets = kept + octets[len(head) :]
        if not _FIELD.match(kept):  # what comes first now need not be a field
            return read_head(octets, authserv_id=authserv_id, without_bcc=without_bcc)
    received = len(_RECEIVED.findall(kept)) if b"received" in kept.lower() else 0
    return MessageHead(
        octets, received, True, _MESSAGE_ID.search(kept) is not None, _DATE.search(kept) is not None, len(kept)
    )


def is_whole(octets: bytes) -> bool:
    """Whether the head of a message that begins with ``octets`` ends in them, or it has none."""
    return _END in octets or (len(octets) > 2 and _FIELD.match(octets) is None and _MAILBOX_LINE.match(octets) is None)


def _without(head: bytes, authserv_id: bytes, without_bcc: bool) -> bytes:
    lower = head.lower()
    if b"return-path" in lower:
        head = _RETURN_PATH.sub(b"", head)
    if without_bcc and b"bcc" in lower:
        head = _BCC.sub(b"", head)
    if authserv_id and b"authentication-results" in lower:
        head = _RESULTS.sub(lambda field: b"" if _is_of(field[1], authserv_id) else field[0], head)
    return head


def _is_of(value: bytes, authserv_id: bytes) -> bool:
    """Whether a field Authentication-Results is in that name (RFC 8601 2.2); one that nobody can read is.

    What follows the name does not matter: who reads the field may be less strict than its grammar.
    """
    match = _SERVER.match(value, _after_comments(value))
    if match is None:
        return True
    said = match[2] if match[1] is None else re.sub(rb"\\(.)", rb"\1", match[1], flags=re.DOTALL)
    return said.lower().rstrip(b".") == authserv_id.rstrip(b".")


def _after_comments(value: bytes) -> int:
    """Where the first word begins; the end of ``value`` if there is none."""
    depth = position = 0
    while position < len(value):
        if depth == 0 and value[position : position + 1].isspace():
            position += 1
            continue
        if depth == 0 and value[position : position + 1] != b"(":
            return position
        found = _IN_COMMENT.match(value, position)
        assert found is not None  # it matches every octet
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        position = found.end()
    return position


def _field(name: bytes) -> re.Pattern[bytes]:
    return re.compile(rb"(?im)^" + name + rb"[ \t]*:([^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*)")


_RETURN_PATH: re.Pattern[bytes] = _field(rb"return-path")
_BCC: re.Pattern[bytes] = _field(rb"(?:resent-)?bcc")
_RESULTS: re.Pattern[bytes] = _field(rb"authentication-results")
