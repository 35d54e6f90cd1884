"""Messages with reports as several senders wrap them, around the files of ``corpus``."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def corpus(name: str) -> bytes:
    """A file of the corpus."""
    return (CORPUS / name).read_bytes()


def head(sender: str, subject: str, content: str) -> str:
    """The head of a message, with what belongs to its content."""
    fields = (
        f"From: {sender}",
        "To: postmaster@example.test",
        f"Subject: {subject}",
        f"Message-ID: <{subject}@x.test>",
    )
    return "\r\n".join((*fields, "MIME-Version: 1.0", content, "", ""))


def encoded(data: bytes) -> str:
    """base64, in lines."""
    return base64.encodebytes(data).decode().replace("\n", "\r\n")


def tls_multipart(data: bytes, type: str = "application/tlsrpt+gzip", name: str = "a!b!1!2!x.json.gz") -> bytes:
    """A report about TLS as RFC 8460 5.3 wants it."""
    body = (
        "--x\r\nContent-Type: text/plain\r\n\r\nThis is an aggregate TLS report.\r\n"
        f"--x\r\nContent-Type: {type}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"'
        f"\r\n\r\n{encoded(data)}--x--\r\n"
    )
    return (
        head("tls@large.test", "Report Domain", 'Content-Type: multipart/report; report-type="tlsrpt"; boundary=x')
        + body
    ).encode()


def whole_body(data: bytes, type: str, name: str) -> bytes:
    """A message that is nothing but its attachment, as large providers send DMARC reports."""
    content = f'Content-Type: {type}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"'
    return (
        head("dmarc@large.test", "Report domain: example.test", content + "\r\nContent-Transfer-Encoding: base64")
        + encoded(data)
    ).encode()


def zipped(data: bytes, name: str = "large.test!example.test!1!2.xml") -> bytes:
    """A ZIP archive with one file."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def letters() -> dict[str, bytes]:
    """All of them, by what they are."""
    return {
        "tls gzip": tls_multipart(gzip.compress(corpus("tls_large_provider.json"))),
        "tls json": tls_multipart(corpus("tls_office_cloud.json"), "application/tlsrpt+json", "a.json"),
        "tls attachment": tls_multipart(
            gzip.compress(corpus("tls_small_mta.json")), "application/octet-stream", "A.JSON.GZ"
        ),
        "dmarc zip": whole_body(zipped(corpus("dmarc_large_provider.xml")), "application/zip", "a.zip"),
        "dmarc gzip": whole_body(gzip.compress(corpus("dmarc_office_cloud.xml")), "application/gzip", "a.xml.gz"),
        "dmarc xml": whole_body(corpus("dmarc_name_spaces.xml"), "text/xml", "a.xml"),
    }
