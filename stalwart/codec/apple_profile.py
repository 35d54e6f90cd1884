"""Configuration profiles of Apple's devices (``.mobileconfig``): mail, calendars and contacts of one address.

A property list with a payload for each service that is announced and that such devices speak. Everything that names a
payload follows from the origin and the address, so a profile that is installed again replaces the former one. It is not
signed: devices say so, and ask for the password unless it is given.
"""

from __future__ import annotations

import plistlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from stalwart.codec.client_services import ClientService

MEDIA_TYPE = "application/x-apple-aspen-config"
_INCOMING = {"imap": "EmailTypeIMAP", "pop3": "EmailTypePOP"}
_PORTS = {"https": 443, "http": 80}


def apple_profile(services: Iterable[ClientService], address: str, origin: str, password: str | None = None) -> bytes:
    """The profile for ``address``, which is also the login name; ``origin`` says which server it is of.

    :raises ValueError: a text has characters that no property list can hold.
    """
    announced = {each.protocol: each for each in services}
    payloads = [
        *_mail(announced, address, password),
        *_web(announced.get("caldav"), "CalDAV", "/dav/cal/", address, password),
        *_web(announced.get("carddav"), "CardDAV", "/dav/card/", address, password),
    ]
    host = urlsplit(origin).hostname or origin
    for payload in payloads:
        _name(payload, origin, address, host)
    profile: dict[str, Any] = {
        "PayloadType": "Configuration",
        "PayloadContent": payloads,
        "PayloadDescription": ", ".join(payload["PayloadDisplayName"] for payload in payloads),
        "PayloadOrganization": host,
    }
    _name(profile, origin, address, host)
    profile["PayloadDisplayName"] = address
    return plistlib.dumps(profile)


def _name(payload: dict[str, Any], origin: str, address: str, host: str) -> None:
    kind = payload["PayloadType"]
    payload["PayloadUUID"] = str(uuid5(NAMESPACE_URL, f"{origin} {address} {kind}")).upper()
    payload["PayloadIdentifier"] = f"{'.'.join(reversed(host.split('.')))}.{payload['PayloadUUID']}"
    payload["PayloadVersion"] = 1


def _mail(services: dict[str, ClientService], address: str, password: str | None) -> Iterable[dict[str, Any]]:
    """An account needs a place to read and one to send; without either there is none."""
    incoming = services.get("imap") or services.get("pop3")
    outgoing = services.get("smtp")
    if incoming is None or outgoing is None:
        return
    yield {
        "PayloadType": "com.apple.mail.managed",
        "PayloadDisplayName": "Mail",
        "EmailAccountDescription": address,
        "EmailAddress": address,
        "EmailAccountType": _INCOMING[incoming.protocol],
        **_server("Incoming", incoming, address, password),
        **_server("Outgoing", outgoing, address, password),
        "OutgoingPasswordSameAsIncomingPassword": True,
    }


def _server(side: str, service: ClientService, address: str, password: str | None) -> dict[str, Any]:
    port = service.ports[-1]
    found = {
        f"{side}MailServerAuthentication": "EmailAuthPassword",
        f"{side}MailServerHostName": service.host,
        f"{side}MailServerPortNumber": port.number,
        f"{side}MailServerUseSSL": port.implicit_tls,
        f"{side}MailServerUsername": address,
    }
    return found if password is None else {**found, f"{side}Password": password}


def _web(
    service: ClientService | None, name: str, path: str, address: str, password: str | None
) -> Iterable[dict[str, Any]]:
    if service is None:
        return
    place = urlsplit(service.origin)
    found = {
        "PayloadType": f"com.apple.{name.lower()}.account",
        "PayloadDisplayName": name,
        f"{name}AccountDescription": address,
        f"{name}HostName": place.hostname or service.host,
        f"{name}Port": place.port or _PORTS.get(place.scheme, 443),
        f"{name}PrincipalURL": path,
        f"{name}UseSSL": place.scheme != "http",
        f"{name}Username": address,
    }
    yield found if password is None else {**found, f"{name}Password": password}
