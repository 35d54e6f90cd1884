"""Finds reports in a message: what its parts are called, and what is in them once they are unpacked.

Senders agree on little: a report is a part of a multipart/report, an attachment, or the whole body of the message, with
the type that it should have or another one (RFC 8460 5.3, RFC 7489 7.2.1.1). Pure, for a thread; what is looked at, and
what it may become, is bounded.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from stalwart.codec import dmarc_report, tls_report
from stalwart.codec.dmarc_report import AggregateReport
from stalwart.codec.mime import transfer
from stalwart.codec.mime.part import Part, walk
from stalwart.codec.report_archive import UnusableArchive, unpacked
from stalwart.codec.tls_report import TlsReport

LARGEST_MESSAGE: Final = 16 << 20
LARGEST_REPORT: Final = 8 << 20
"""Octets of a report that is unpacked."""
MOST_REPORTS: Final = 5
"""Parts of a message that are looked into."""

_TYPES: Final = frozenset(
    (
        *("application/tlsrpt+gzip", "application/tlsrpt+json", "application/json"),
        *("application/gzip", "application/x-gzip", "application/x-gunzip", "application/zip"),
        *("application/x-zip", "application/x-zip-compressed", "application/xml", "text/xml"),
    )
)
_NAMES: Final = (".xml", ".xml.gz", ".zip", ".json", ".json.gz", ".gz")


@frozen
class Found:
    """A report, or why there is none in a part that looks like one: ``problem`` and what kind it would have been."""

    report: TlsReport | AggregateReport | None = None
    kind: str = ""
    problem: str = ""


def recognised(data: bytes, root: Part) -> list[Found]:
    """What is in the message ``data``, whose parts are ``root``."""
    if len(data) > LARGEST_MESSAGE:
        return []
    found: list[Found] = []
    for part in _candidates(root):
        content = _content(data, part)
        if isinstance(content, Found):
            found.append(content)
        elif (read := _read(content)) is not None:
            found.append(read)
        if len(found) == MOST_REPORTS:
            break
    return found


def _candidates(root: Part) -> Iterator[Part]:
    for part in walk(root):
        if part.is_multipart:
            continue
        name = (part.filename or "").lower()
        if part.type in _TYPES or (name.endswith(_NAMES) and not part.type.startswith("message/")):
            yield part


def _content(data: bytes, part: Part) -> bytes | Found:
    """The octets of a part, unpacked."""
    if part.size > LARGEST_REPORT:
        return Found(kind="archive", problem=f"it has more than {LARGEST_REPORT} octets")
    packed = b"".join(transfer.pieces(data, part.body_begin, part.body_end, part.encoding))
    try:
        return unpacked(packed, LARGEST_REPORT)
    except UnusableArchive as problem:
        return Found(kind="archive", problem=str(problem))


def _read(content: bytes) -> Found | None:
    """The report that ``content`` is; None if it begins like none."""
    begin = content[:200].removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    try:
        if begin == b"{":
            return Found(tls_report.read_report(content))
        if begin == b"<" or content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return Found(dmarc_report.read_report(content))
    except tls_report.MalformedReport as problem:
        return Found(kind="tls", problem=str(problem))
    except dmarc_report.MalformedReport as problem:
        return Found(kind="dmarc", problem=str(problem))
    return None
