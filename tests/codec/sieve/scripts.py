"""Scripts run on messages, and what came out in few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from stalwart.codec.mime.scanner import scan
from stalwart.codec.sieve.actions import Filing, Verdict
from stalwart.codec.sieve.compiling import compiled
from stalwart.codec.sieve.message import Envelope, Message
from stalwart.codec.sieve.running import run
from stalwart.codec.sieve.world import Folder, World, folders_of

ALL = (
    'require ["body", "comparator-i;ascii-numeric", "copy", "date", "duplicate", "editheader", "encoded-character",'
    ' "ereject", "envelope", "environment", "fileinto", "imap4flags", "index", "mailbox", "mailboxid", "reject",'
    ' "relational", "special-use", "subaddress", "vacation", "vacation-seconds", "variables"];\n'
)
MAIL = (
    "Return-Path: <coyote@desert.example>\r\n"
    "Received: from a by b; Tue, 2 Apr 2002 10:00:00 +0200\r\n"
    "Received: from c by a; Mon, 1 Apr 2002 22:30:00 -0800\r\n"
    "Date: Tue, 1 Apr 1997 09:06:31 -0800 (PST)\r\n"
    "From: Wile E. <coyote@desert.example>\r\n"
    "To: roadrunner+birds@acme.example, Bob <bob@other.example>\r\n"
    "Subject: =?utf-8?q?I_have_a_pr=C3=A4sent?=\r\n for you\r\n"
    "X-Priority: 3\r\n"
    "X-Empty:\r\n"
    "Message-ID: <1@desert.example>\r\n"
    "MIME-Version: 1.0\r\n"
    'Content-Type: multipart/alternative; boundary="b"\r\n'
    "\r\n"
    "--b\r\n\r\nLook, I'm sorry about the whole anvil thing\r\n"
    "--b\r\nContent-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    "PHAgdGl0bGU9InNlY3JldCI+VGhlIDxiPmFudjwvYj5pbDwvcD4=\r\n"
    "--b--\r\n"
)
FOLDERS = folders_of(
    [
        Folder("a", "Inbox", "inbox"),
        Folder("b", "Junk Mail", "junk"),
        Folder("c", "Lists"),
        Folder("d", "Lists/Python"),
    ]
)
WORLD = World(
    now=datetime(2024, 2, 29, 13, 5, 9, tzinfo=UTC),
    folders=FOLDERS,
    environment={"name": "stalwart", "phase": "during"},
)


def message(
    text: str = MAIL, sender: str = "coyote@desert.example", recipient: str = "r+birds@acme.example"
) -> Message:
    """A message as scripts see it."""
    data = text.encode("utf-8", "surrogateescape")
    return Message(data, scan(data), Envelope(sender, recipient))


def verdict(script: str, on: Message | None = None, world: World = WORLD, require: str = ALL) -> Verdict:
    """What becomes of a message."""
    return run(compiled((require + script).encode()), on or message(), world)


def told(script: str, on: Message | None = None, **options: Any) -> str:
    """The same in few words."""
    found = verdict(script, on, **options)
    words = [_filing(each) for each in found.filings]
    words += [f"to {each.address}{_version(each.version)}" for each in found.redirections]
    if found.refusal is not None:
        words.append(f"{'ereject' if found.refusal.at_once else 'reject'} {found.refusal.reason}")
    if found.answer is not None:
        words.append(f"answer {found.answer.reason}")
    if found.problem is not None:
        words.append(f"problem in line {found.problem.line}")
    return "; ".join(words) or "discard"


def _filing(filing: Filing) -> str:
    place = filing.mailbox or "keep"
    place += f" as {filing.special_use}" if filing.special_use else ""
    place += f" id {filing.mailbox_id}" if filing.mailbox_id else ""
    place += " made" if filing.create else ""
    place += f" [{' '.join(filing.flags)}]" if filing.flags else ""
    return place + _version(filing.version)


def _version(number: int) -> str:
    return f" v{number}" if number else ""


def rows(table: Mapping[str, tuple[Any, ...]]) -> Callable[[type], type]:
    """A test for each row, which ``check`` of the class carries out."""

    def decorate(case: type) -> type:
        for name, row in table.items():
            setattr(case, f"test_{name}", lambda self, row=row: self.check(*row))
        return case

    return decorate
