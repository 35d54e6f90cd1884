"""Messages as they come, and what an independent reader, that of Python, finds in them."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage
from typing import Any

HEAD = (
    "From: =?utf-8?Q?Zo=C3=AB_M=C3=BCller?= <zoe@sender.test>\r\n"
    'To: "Dr. X, Y" <{to}>, =?iso-8859-1?Q?J=FCrgen?= <j@sender.test>\r\n'
    "Subject: =?utf-8?B?R3LDvMOfZSDwn6eA?= and\r\n a second line\r\n"
    "Date: Mon, 05 Jan 2026 10:00:00 +0100\r\nMessage-ID: <{id}@sender.test>\r\n"
    "X-Odd:  two  spaces \r\n"
)
PLAIN = HEAD + "\r\nA line.\r\n..dots\r\n.\x20\r\n" + "long " * 150 + "\r\n\r\n"
LATIN = HEAD + (
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n\r\nGr=FC=DFe =\r\naus =C4=\r\n\r\n"
)
EIGHT = HEAD + (
    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\nGrüße 🧀\r\n"
)
MIXED = HEAD + (
    'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="=b"\r\n\r\npreamble\r\n'
    '--=b\r\nContent-Type: multipart/alternative; boundary="=c"\r\n\r\n'
    "--=c\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nR3LDvMOfZQo=\r\n"
    "--=c\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Hello</p>\r\n--=c--\r\n"
    "--=b\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
    "Content-Disposition: attachment; filename*=utf-8''Gr%C3%BC%C3%9Fe.bin\r\n\r\nAAECAwT/\r\n"
    "--=b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\nFrom: a@b.test\r\n\r\ninner text\r\n"
    "--=b--\r\nepilogue\r\n"
)
ALL = {"plain": PLAIN, "latin": LATIN, "eight bits": EIGHT, "mixed": MIXED}


def octets(text: str, to: str, id: str) -> bytes:
    """A message to somebody."""
    return text.replace("{to}", to).replace("{id}", id).encode()


def read(message: bytes) -> dict[str, Any]:
    """What Python's own reader finds, in the words of JMAP."""
    found = email.message_from_bytes(message, policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    texts, attached = [], []
    for part in found.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822" or part.is_attachment():
            content = part.get_content()
            attached.append((kind, part.get_filename(), content if isinstance(content, bytes) else None))
        elif kind == "text/plain" and not _is_inside(found, part):
            texts.append(part.get_content().replace("\r\n", "\n"))
    return {
        "subject": found["Subject"],
        "from": [(each.display_name, each.addr_spec) for each in found["From"].addresses],
        "to": [(each.display_name, each.addr_spec) for each in found["To"].addresses],
        "messageId": found["Message-ID"].strip("<>"),
        "texts": texts,
        "attached": attached,
    }


def _is_inside(message: EmailMessage, wanted: Any) -> bool:
    """Whether a part is one of a message in this message."""
    inner = [part for part in message.walk() if part.get_content_type() == "message/rfc822"]
    return any(wanted is part for each in inner for part in each.walk())
