"""Replies as a server writes them: codes, enhanced codes (RFC 3463, RFC 2034), several lines (RFC 5321 4.2).

Enhanced codes stand in replies of the classes 2, 4 and 5, but not in the greeting and the answer to EHLO (RFC 2034 4).
Texts come from anywhere: what could end a line is replaced, lines stay within 512 octets (RFC 5321 4.5.3.1.5).
"""

from __future__ import annotations

import re
from functools import lru_cache
from textwrap import wrap

from stalwart.codec.smtp_reply import Reply

LONGEST_TEXT = 480
_MOST_LINES = 20  # of one text
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def reply(code: int, enhanced: str | None, *lines: str) -> Reply:
    """A reply with one text or several."""
    return Reply(code, enhanced, lines)


@lru_cache(maxsize=256)
def encode(answer: Reply) -> bytes:
    """The bytes of ``answer``; what is not ASCII becomes ``?``: not every client may be sent it (RFC 6531 3.7.4)."""
    lines = [part for line in answer.lines or ("",) for part in _parts(line)]
    prefix = f"{answer.enhanced} " if answer.enhanced else ""
    last = len(lines) - 1
    text = "".join(
        f"{answer.code}{' ' if number == last else '-'}{prefix}{line}\r\n" for number, line in enumerate(lines)
    )
    return text.encode("ascii", "replace")


def _parts(line: str) -> list[str]:
    line = _CONTROL.sub(" ", line).strip()
    return [line] if len(line) <= LONGEST_TEXT else wrap(line, LONGEST_TEXT)[:_MOST_LINES]


OK = reply(250, "2.0.0", "OK")
SENDER_OK = reply(250, "2.1.0", "Sender OK")
RECIPIENT_OK = reply(250, "2.1.5", "Recipient OK")
START_MESSAGE = reply(354, None, "Send the message; end it with <CRLF>.<CRLF>")
ACCEPTED = reply(250, "2.0.0", "Message accepted")
BYE = reply(221, "2.0.0", "Bye")
CANNOT_VERIFY = reply(252, "2.1.5", "Cannot verify; send mail, and it will be delivered or refused")
START_TLS = reply(220, "2.0.0", "Ready to start TLS")

UNKNOWN_COMMAND = reply(500, "5.5.1", "Unknown command")
NOT_IMPLEMENTED = reply(502, "5.5.1", "Command not implemented")
LINE_TOO_LONG = reply(500, "5.5.2", "Command line too long")
LINE_END = reply(500, "5.5.2", "Lines end with <CR><LF>, and hold neither of them elsewhere")
CONTROL_CHARACTERS = reply(500, "5.5.2", "Control characters in the command")
NOT_UTF8 = reply(500, "5.5.2", "The command is not UTF-8")
NO_ARGUMENTS = reply(501, "5.5.4", "The command takes no arguments")
WRONG_PROTOCOL = reply(421, "4.7.0", "This is a mail server")
GREET_FIRST = reply(503, "5.5.1", "Say EHLO first")
LHLO_FIRST = reply(503, "5.5.1", "Say LHLO first")
USE_LHLO = reply(500, "5.5.1", "This is LMTP: say LHLO")
USE_EHLO = reply(500, "5.5.1", "This is SMTP: say EHLO")
NOT_FULL_NAME = reply(550, "5.5.4", "Say your fully qualified domain name, or your address in brackets")
SENDER_TWICE = reply(503, "5.5.1", "There is a sender already; RSET begins anew")
NO_SENDER = reply(503, "5.5.1", "Say MAIL first")
NO_RECIPIENT = reply(503, "5.5.1", "Say RCPT first")
NO_VALID_RECIPIENT = reply(554, "5.5.1", "There is no valid recipient")
IN_CHUNKS = reply(503, "5.5.1", "The message was begun with BDAT; go on with BDAT, or RSET")
NEEDS_UTF8_FROM = reply(550, "5.6.7", "This sender needs SMTPUTF8")
NEEDS_UTF8_TO = reply(553, "5.6.7", "This recipient needs SMTPUTF8")
TOO_LARGE = reply(552, "5.3.4", "Message larger than the server takes")
TOO_MANY_RECIPIENTS = reply(452, "4.5.3", "Too many recipients; send the others in another transaction")
BARE_LINE_END = reply(550, "5.6.0", "Message refused: it holds a <CR> or <LF> that is not part of a <CRLF>")
NEEDS_TLS = reply(530, "5.7.0", "Say STARTTLS first")
NEEDS_LOGIN = reply(530, "5.7.0", "Authentication required")
TOO_MANY_IDLE = reply(450, "4.7.0", "Too many commands that lead to nothing")
TLS_ALREADY = reply(503, "5.5.1", "TLS is in use already")
TLS_PIPELINED = reply(554, "5.5.1", "Nothing may follow STARTTLS before its answer")
TOO_EARLY = reply(554, "5.5.0", "Wait for the greeting before you speak")
OUT_OF_ORDER = reply(451, "4.3.0", "Fault in the server; please try again later")
UNAVAILABLE = reply(451, "4.3.0", "Temporarily unavailable; please try again later")
TOOK_TOO_LONG = reply(451, "4.3.0", "That took too long; please try again later")
TIMED_OUT = reply(421, "4.4.2", "Nothing was heard for too long")
LASTED_TOO_LONG = reply(421, "4.3.2", "The session lasts too long; please begin another one")
TOO_MUCH = reply(421, "4.3.2", "Too much was sent in this session; please begin another one")
TOO_MANY_MESSAGES = reply(421, "4.3.2", "Enough messages for one session; please begin another one")
TOO_MANY_ERRORS = reply(421, "4.7.0", "Too many errors")
TOO_MANY_FAILED_RECIPIENTS = reply(421, "4.7.0", "Too many refused recipients")
TOO_MANY_FROM_YOU = reply(421, "4.7.0", "Too many connections from your address")
TOO_MANY_CONNECTIONS = reply(421, "4.3.2", "Too many connections; please try again later")
NOT_YET = reply(421, "4.3.2", "not yet")
CLOSING = reply(421, "4.3.2", "The server is about to stop; please try again later")
