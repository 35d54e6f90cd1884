"""What a start does not import, because few servers need it: the modules, and what needs them.

Each is imported in the function that does, in a thread of the store where that is possible; none takes more than some
30 ms. A process that gives up its rights may not be able to read modules afterwards: it imports its own ones before.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Final

PARTS: Final[Mapping[str, str]] = {
    "stalwart.app.observing.otlp_delivery": "the first collector",
    "stalwart.app.observing.otlp_reports": "the first collector",
    "stalwart.codec.jscontact.reading": "the first contact that is read with JMAP",
    "stalwart.codec.jscontact.writing": "the first contact that is written with JMAP",
    "stalwart.codec.sieve.running": "the first script",
    "stalwart.directory.external.ldap": "the first directory elsewhere that speaks LDAP",
    "stalwart.mail.authentication.dmarc": "the first message from elsewhere",
    "stalwart.mail.authentication.evidence": "the first message from elsewhere",
    "stalwart.mail.authentication.reverse_name": "the first message from elsewhere",
    "stalwart.mail.authentication.spf": "the first message from elsewhere",
    "stalwart.mail.delivery.walk": "the first message that leaves",
    "stalwart.net.otlp": "the first collector",
    "stalwart.net.otlp_grpc": "the first collector",
    "stalwart.smtp.inbound": "the first connection that brings mail",
    "stalwart.smtp.server": "the first connection that brings mail",
    "stalwart.telemetry.otlp.records": "the first collector",
    "stalwart.tls.issuing": "the first domain with automatic certificates",
    "stalwart.tls.responders": "the first domain with automatic certificates",
    "stalwart.web.http2.connection": "the first client that speaks HTTP/2",
}
"""Modules of ours."""

LIBRARIES: Final[Mapping[str, str]] = {
    "grpc": "the first collector that speaks gRPC",
    "josepy": "the first key of an account with an authority",
    "ldaptor": "the first directory elsewhere that speaks LDAP",
    "nats": "words of nodes over NATS",
    "opentelemetry": "the first collector",
    "prometheus_client": "the first reading of /metrics",
    "redis": "words of nodes over Redis",
    "treq": "the first request that the server makes itself",
    "txacme": "the first domain with automatic certificates",
    "webauthn": "the first passkey",
}
"""Those of others."""


def import_parts() -> None:
    """Import what is left, while it can be read."""
    for name in PARTS:
        import_module(name)
