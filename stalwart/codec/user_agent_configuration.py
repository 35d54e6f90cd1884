"""The configuration of a provider for user agents in JSON (draft-ietf-mailmaint-pacc-02), and the record that signs it.

The document depends on nothing but its arguments, to the byte: a TXT record holds its digest (discovery 3). Members
have a fixed order; what is absent is left out.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from stalwart.codec.client_services import ClientService

DEFAULT_PROVIDER = "Stalwart"
_ORDER = ("jmap", "imap", "pop3", "smtp", "caldav", "carddav", "webdav", "managesieve")
_PATHS = {
    "jmap": "/jmap/session",
    "caldav": "/dav/cal/",
    "carddav": "/dav/card/",
    "webdav": "/dav/file/",
}
_PICTURES = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
}


def configuration_document(services: Iterable[ClientService], issuer: str, texts: Mapping[str, str]) -> bytes:
    """The document; ``texts`` are those of x:SystemSettings.providerInfo by their names."""
    announced = {service.protocol: service for service in services}
    protocols = {name: _endpoint(announced[name]) for name in _ORDER if name in announced}
    authentication = {"oauth-public": {"issuer": issuer}, "password": True}
    return msgspec.json.encode({"protocols": protocols, "authentication": authentication, "info": _info(texts)})


def configuration_record(body: bytes) -> str:
    """The text of the TXT record ``_ua-auto-config`` for a document."""
    return f"v=UAAC1; a=sha256; d={base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}"


def _endpoint(service: ClientService) -> dict[str, str]:
    path = _PATHS.get(service.protocol)
    return {"host": service.host} if path is None else {"url": service.origin + path}


def _info(texts: Mapping[str, str]) -> dict[str, Any]:
    given = {name: text for name, text in texts.items() if text}
    provider: dict[str, Any] = {"name": given.get("providerName", DEFAULT_PROVIDER)}
    if "providerShortName" in given:
        provider["shortName"] = given["providerShortName"]
    if "logoUrl" in given:
        provider["logo"] = [_logo(given)]
    places: dict[str, Any] = {"documentation": given.get("userDocumentation")}
    places["developer"] = given.get("developerDocumentation")
    places["contact"] = [given["contactUri"]] if "contactUri" in given else None
    found = {name: value for name, value in places.items() if value}
    return {"provider": provider} | ({"help": found} if found else {})


def _logo(given: Mapping[str, str]) -> dict[str, Any]:
    url = given["logoUrl"]
    path = url.partition("#")[0].partition("?")[0].lower()
    kind = next((kind for ending, kind in _PICTURES.items() if path.endswith(ending)), "")
    logo: dict[str, Any] = {"url": url, "content-type": kind}
    for name, member in (("logoWidth", "width"), ("logoHeight", "height")):
        digits = given.get(name, "")
        if digits.isascii() and digits.isdigit() and len(digits) <= 6:
            logo[member] = int(digits)
    return logo
