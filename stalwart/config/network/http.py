"""x:Http: limits, headers and access rules of the HTTP service (settings C.2; our own members: design 8)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from stalwart.codec.expression import Value, status_of
from stalwart.schema import (
    Boolean,
    Duration,
    Expression,
    ExpressionValue,
    Map,
    Nested,
    Rate,
    Set,
    Singleton,
    String,
    Violation,
    prop,
)

HTTP_VARIABLES = frozenset(
    (
        "listener",
        "remote_ip",
        "remote_port",
        "local_ip",
        "local_port",
        "protocol",
        "is_tls",
        "url",
        "path",
        "headers",
        "method",
    )
)

HTTP_ALIASES = MappingProxyType({"url_path": "path"})  # the name in Stalwart's prose


_TARGET = re.compile(r"/[!-~]*|https?://[!-~]+", re.ASCII)
_NOT_BELOW = ("//", "/\\", "/?", "/#")  # another host, or the root again
NO_TARGET = "Give a path below the root, such as /account, or a URL that begins with http: or https:."
NO_STATUS = "A result must be an HTTP status from 200 to 999; with any other nobody gets in."


def _no_status(result: Value | None) -> str | None:
    status = status_of(result)
    return NO_STATUS if status is None or status < 200 else None


class Http(Singleton):
    """The HTTP service: limits, headers, who may reach what."""

    rate_limit_authenticated: Rate | None = prop(
        Nested(Rate, nullable=True),
        {"count": 1000, "period": 60_000},
        "Requests of one account; null is no limit.",
    )
    rate_limit_anonymous: Rate | None = prop(
        Nested(Rate, nullable=True),
        {"count": 100, "period": 60_000},
        "Requests of one remote address without credentials; null is no limit.",
    )
    allowed_endpoints: ExpressionValue = prop(
        Expression(HTTP_VARIABLES, aliases=HTTP_ALIASES, objection=_no_status),
        {"else": "200"},
        "Access rule. Its result is an HTTP status: 200 goes on, any other is the answer.",
    )
    enable_hsts: bool = prop(Boolean(), False, "Send Strict-Transport-Security.", label="Strict transport security")
    use_permissive_cors: bool = prop(
        Boolean(), False, "Let scripts of any origin use the server.", label="Permissive CORS"
    )
    cors_allowed_origins: frozenset[str] = prop(
        Set(String("uri")),
        {},
        "Origins whose scripts may use the server when it is not open to all, such as `https://app.example.org`.",
        label="CORS allowed origins",
    )
    response_headers: Mapping[str, str] = prop(
        Map(String("headerName"), String("headerValue")), {}, "Headers added to each response."
    )
    use_x_forwarded: bool = prop(
        Boolean(),
        False,
        "Take the client address from Forwarded or X-Forwarded-For.",
        label="Use X-Forwarded-For",
    )
    forwarded_trusted_networks: frozenset[str] = prop(
        Set(String("ipNetwork")),
        {},
        "Proxies whose Forwarded and X-Forwarded-For count; empty is loopback only.",
    )
    redirect_root: str | None = prop(String(nullable=True), "/account", "Where `/` redirects to; null answers 404.")
    header_timeout: int = prop(Duration(), 30_000, "Time in which the head of a request must be complete.")
    body_timeout: int = prop(Duration(), 60_000, "Time without a byte after which a request body is given up.")
    idle_timeout: int = prop(Duration(), 60_000, "Time after which a connection without a request is closed.")
    http2: bool = prop(
        Boolean(), True, "Offer HTTP/2 where TLS is implicit; clients that do not know it get HTTP/1.1.", label="HTTP/2"
    )

    def check(self) -> Iterator[Violation]:
        """The root leads to somewhere else."""
        target = self.redirect_root
        if target is not None and (not _TARGET.fullmatch(target) or target == "/" or target.startswith(_NOT_BELOW)):
            yield Violation("invalidProperties", "redirectRoot", NO_TARGET)
