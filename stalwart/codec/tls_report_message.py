"""The message that carries a TLS report (RFC 8460 5.3): a multipart/report with a sentence for people and the report as
gzipped JSON.

Time, ids and boundary come from the caller: nothing here is random and nothing knows the time.
"""

from __future__ import annotations

import base64
import re
from typing import Final

from attrs import frozen

from stalwart.codec.mime.header_forms import Form
from stalwart.codec.mime.header_writer import field

GZIP_TYPE: Final = "application/tlsrpt+gzip"
_LINE: Final = 57
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._@+-]")


@frozen
class Envelope:
    """What stands in the header: ``submitter`` is the domain that reports, about ``domain``, from ``begin`` to ``end``;
    ``date`` is a date of RFC 5322.
    """

    domain: str
    submitter: str
    from_name: str
    from_address: str
    to: tuple[str, ...]
    report_id: str
    begin: int
    end: int
    date: str
    boundary: str


def file_name(envelope: Envelope) -> str:
    """The name of the report as a file (RFC 8460 5.1)."""
    id = _UNSAFE.sub("-", envelope.report_id.partition("@")[0])[:64]
    return f"{envelope.submitter}!{envelope.domain}!{envelope.begin}!{envelope.end}!{id}.json.gz"


def report_message(envelope: Envelope, packed: bytes) -> bytes:
    """The whole message around ``packed``, the gzipped report. Raises ``header_writer.InvalidValue``."""
    domain, submitter, id = envelope.domain, envelope.submitter, envelope.report_id
    head = b"".join(
        (
            field("From", Form.ADDRESSES, [{"name": envelope.from_name or None, "email": envelope.from_address}]),
            field("To", Form.ADDRESSES, [{"name": None, "email": each} for each in envelope.to]),
            field("Date", Form.RAW, f" {envelope.date}"),
            field("Subject", Form.TEXT, f"Report Domain: {domain} Submitter: {submitter} Report-ID: <{id}>"),
            field("Message-ID", Form.MESSAGE_IDS, [id]),
            field("TLS-Report-Domain", Form.RAW, f" {domain}"),  # RFC 8460 5.3
            field("TLS-Report-Submitter", Form.RAW, f" {submitter}"),
            field("Auto-Submitted", Form.RAW, " auto-generated"),
        )
    )
    lines = (
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type="tlsrpt";',
        f'\tboundary="{envelope.boundary}"',
        "",
        f"--{envelope.boundary}",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        f"This is an aggregate report about TLS from {submitter}",
        f"to {domain}. The report itself is attached, as JSON (RFC 8460).",
        "",
        f"--{envelope.boundary}",
        f"Content-Type: {GZIP_TYPE}",
        "Content-Transfer-Encoding: base64",
        "Content-Disposition: attachment;",
        f'\tfilename="{file_name(envelope)}"',
        "",
        *_encoded(packed),
        f"--{envelope.boundary}--",
        "",
    )
    return head + "\r\n".join(lines).encode("ascii")


def _encoded(data: bytes) -> list[str]:
    return [base64.b64encode(data[at : at + _LINE]).decode("ascii") for at in range(0, len(data), _LINE)]
