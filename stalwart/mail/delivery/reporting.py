"""Where a domain wants its TLS reports (RFC 8460 3): the TXT record at ``_smtp._tls``."""

from __future__ import annotations

from stalwart.codec.tls_rpt import MalformedRecord, Rua, parse_record
from stalwart.net.dns import LookupFailed, Resolver


class ReportingUnusable(Exception):
    """There is a record that says nothing usable, or DNS does not answer."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


async def find_reporting(resolver: Resolver, domain: str) -> tuple[Rua, ...] | None:
    """The report addresses of ``domain``, ``None`` if it announces none.

    :raises ReportingUnusable: with the reason.
    """
    try:
        answer = await resolver.lookup(f"_smtp._tls.{domain}", "TXT")
    except LookupFailed as failure:
        if failure.kind in ("nxdomain", "nodata"):
            return None
        raise ReportingUnusable(failure.reason) from failure
    candidates = [text for text in answer.records if text.startswith("v=TLSRPTv1")]
    if len(candidates) > 1:  # RFC 8460 3: then there is none
        raise ReportingUnusable("There are several TLS reporting records.")
    for text in candidates:
        try:
            return parse_record(text)
        except MalformedRecord:
            continue
    raise ReportingUnusable("Invalid record")
