"""The MTA-STS policy host of the test network: one address, every domain, several manners (RFC 8461 3.2,
3.3).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from OpenSSL import SSL
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from stalwart.cli.demo_certificates import ServerTls
from tests.interop.domains import DOMAINS, MailDomain
from tests.live.hostile_smtp import Certificates

PATH = b"/.well-known/mta-sts.txt"
LARGE = b"# filler of a policy that is far too large\r\n" * 25_000
CERTIFICATES = {"selfsigned": "self", "expired": "expired"}


def policy_text(row: MailDomain) -> str:
    """What the policy host says for a domain, before its manners spoil it."""
    pattern = "*.elsewhere.test" if row.policy == "othermx" else row.exchange
    mode = "perhaps" if row.policy == "syntax" else row.mode
    return f"version: STSv1\r\nmode: {mode}\r\nmx: {pattern}\r\nmax_age: 604800\r\n"


class PolicyHost(Resource):
    """Answers by the name that the client asks for."""

    isLeaf = True

    def __init__(self, rows: Mapping[str, MailDomain]) -> None:
        super().__init__()
        self._rows = rows

    def render_GET(self, request: Any) -> bytes | int:
        """A policy, an error, or nothing at all."""
        row = self._rows.get(request.getRequestHostname().decode("ascii", "replace"))
        request.setHeader(b"Content-Type", b"text/plain")
        if row is None or request.path != PATH or row.policy == "404":
            request.setResponseCode(404)
            return b"There is nothing here.\r\n"
        if row.policy == "silent":
            return NOT_DONE_YET
        if row.policy == "redirect":
            request.setResponseCode(301)
            request.setHeader(b"Location", b"https://mta-sts.good.test" + PATH)
            return b""
        if row.policy == "html":
            request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
        text = policy_text(row).encode("ascii")
        return text + LARGE if row.policy == "huge" else text


def policy_factory(certificates: Certificates, reactor: Any) -> TLSMemoryBIOFactory:
    """What listens on port 443; the certificate follows the server name of the client."""
    rows = {f"mta-sts.{row.name}": row for row in DOMAINS if row.mode and row.policy != "down"}
    contexts = {
        host.encode("ascii"): certificates.identity(CERTIFICATES.get(row.policy, "good"), host).server_context()
        for host, row in rows.items()
    }
    fallback = certificates.identity("self", "policy.invalid").server_context()

    def choose(connection: SSL.Connection) -> None:
        context = contexts.get(connection.get_servername() or b"")
        if context is not None:
            connection.set_context(context)

    fallback.set_tlsext_servername_callback(choose)
    site: Any = Site(PolicyHost(rows), timeout=60, reactor=reactor)
    site.log = lambda _request: None
    return TLSMemoryBIOFactory(ServerTls(fallback), False, site)
