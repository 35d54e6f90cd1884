"""The head of a message as it came, as far as a server that takes it must know: what to put before it, and loops.

A message needs no header field for SMTP, only for those who read it later (RFC 5322 3.6): one that begins with its body
gets the empty line that it lacks. A Return-Path is taken out, since only the last server may write it (RFC 5321 4.4),
and so is the ``From `` line of a mailbox file, which is no field. Nothing else is touched.
"""

from __future__ import annotations

import re

from attrs import frozen

_END = b"\r\n\r\n"
_FIELD = re.compile(rb"[!-9;-~]+[ \t]*:")
_MAILBOX_LINE = re.compile(rb"From [^\r\n]*\r\n(?=[!-9;-~]+[ \t]*:)")
_RETURN_PATH = re.compile(rb"(?im)^return-path[ \t]*:[^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*")
_RECEIVED = re.compile(rb"(?im)^received[ \t]*:")
_MESSAGE_ID = re.compile(rb"(?im)^message-id[ \t]*:[ \t\r\n]*<")


@frozen
class MessageHead:
    """``octets`` are the message, or the piece of it that was given, as it is to be kept.

    ``received`` counts its Received fields; ``has_fields`` and ``has_message_id`` say what is in the head.
    """

    octets: bytes
    received: int
    has_fields: bool
    has_message_id: bool


def read_head(octets: bytes) -> MessageHead:
    """What the begin of a message says. A head that is cut off is read as far as it goes."""
    mailbox_line = _MAILBOX_LINE.match(octets)
    if mailbox_line is not None:
        octets = octets[mailbox_line.end() :]
    if _FIELD.match(octets) is None:
        begun = octets if octets.startswith(b"\r\n") else b"\r\n" + octets
        return MessageHead(begun, 0, False, False)
    end = octets.find(_END)
    head = octets if end < 0 else octets[: end + 2]
    lower = head.lower()
    if b"return-path" in lower:
        kept = _RETURN_PATH.sub(b"", head)
        if len(kept) != len(head):  # what comes first now need not be a field
            return read_head(kept + octets[len(head) :])
    received = len(_RECEIVED.findall(head)) if b"received" in lower else 0
    return MessageHead(octets, received, True, _MESSAGE_ID.search(head) is not None)
