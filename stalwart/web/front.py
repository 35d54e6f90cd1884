"""The settings of the front, compiled once, so that a request only looks things up (http-service 2, 4, 9)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from attrs import frozen

from stalwart.codec.expression import ExpressionIO
from stalwart.codec.globs import GlobSet
from stalwart.codec.ip_networks import LOOPBACK, InvalidAddress, NetworkSet
from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.network.http import Http
from stalwart.config.network.security import Security
from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import RESOURCE_BAD_PARAMETERS
from stalwart.web.access_rule import AccessRule, access_rule
from stalwart.web.answers import CORS_TRIO
from stalwart.web.limits import Rate
from stalwart.web.response import AddedHeaders, added_headers

Mode = Literal["normal", "recovery", "bootstrap"]
HSTS = ("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_OURS = frozenset(("content-length", "transfer-encoding", "connection", "date", "trailer", "upgrade"))


@frozen
class Front:
    """One snapshot. ``rule`` None grants everything; times are seconds; a None rate or limit is off."""

    use_forwarded: bool
    forwarded_trusted: NetworkSet
    rule: AccessRule | None
    anonymous: Rate | None
    authenticated: Rate | None
    max_concurrent: int | None
    added: AddedHeaders
    permissive_cors: bool
    cors_origins: frozenset[str]
    header_timeout: float
    body_timeout: float
    idle_timeout: float
    scan_paths: GlobSet
    http2: bool


def read_front(settings: Any, mode: Mode, telemetry: Telemetry, io: ExpressionIO | None = None) -> Front:
    """Compile the present settings; outside normal mode limits and rules are off and CORS is permissive."""
    http = settings.of(Http)
    normal = mode == "normal"
    permissive = http.use_permissive_cors or not normal
    return Front(
        use_forwarded=http.use_x_forwarded,
        forwarded_trusted=_trusted(http.forwarded_trusted_networks, telemetry),
        rule=access_rule(http.allowed_endpoints, io) if normal else None,
        anonymous=http.rate_limit_anonymous if normal else None,
        authenticated=http.rate_limit_authenticated if normal else None,
        max_concurrent=settings.of(Jmap).max_concurrent_requests if normal else None,
        added=_added(http, permissive, telemetry),
        permissive_cors=permissive,
        cors_origins=frozenset(http.cors_allowed_origins),
        header_timeout=_seconds(http.header_timeout),
        body_timeout=_seconds(http.body_timeout),
        idle_timeout=_seconds(http.idle_timeout),
        scan_paths=GlobSet(settings.of(Security).scan_ban_paths if normal else ()),
        http2=http.http2,
    )


def _seconds(milliseconds: int) -> float:
    return max(milliseconds, 1000) / 1000


def _trusted(networks: Iterable[str], telemetry: Telemetry) -> NetworkSet:
    try:
        return NetworkSet(str(network) for network in networks) or LOOPBACK
    except InvalidAddress as error:
        telemetry.emit(RESOURCE_BAD_PARAMETERS, object="Http", property="forwardedTrustedNetworks", reason=str(error))
        return LOOPBACK


def _added(http: Http, permissive: bool, telemetry: Telemetry) -> AddedHeaders:
    """In the order of http-service 2.1; one invalid entry drops the whole list of the administrator."""
    headers = _administrators(http.response_headers)
    if headers is None:
        telemetry.emit(RESOURCE_BAD_PARAMETERS, object="Http", property="responseHeaders", reason="invalid header")
        headers = []
    if permissive:
        headers += CORS_TRIO
    if http.enable_hsts:
        headers.append(HSTS)
    return added_headers(headers)


def _administrators(configured: Mapping[str, str]) -> list[tuple[str, str]] | None:
    headers = [(name.strip(), value.strip()) for name, value in configured.items()]
    return headers if all(can_be_added(name, value) for name, value in headers) else None


def can_be_added(name: str, value: str) -> bool:
    """Whether an administrator may have this header on every answer."""
    name, value = name.strip(), value.strip()
    return bool(_NAME.fullmatch(name) and _VALUE.fullmatch(value)) and name.lower() not in _OURS
