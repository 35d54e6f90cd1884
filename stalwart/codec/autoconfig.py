"""Mozilla's autoconfiguration, version 1.1: where an address finds its mail, calendars and files (discovery 1).

Thunderbird, Evolution and others read it. Elements and their order are those of the reference; values are escaped.
"""

from __future__ import annotations

from collections.abc import Iterable

from stalwart.codec.client_services import ClientService
from stalwart.codec.xml_text import Element, document

ANY_ADDRESS = "%EMAILADDRESS%"
"""What clients replace with the address that they configure."""

_WEB = {
    "caldav": ("calendar", "/dav/cal"),
    "carddav": ("addressBook", "/dav/card"),
    "webdav": ("fileShare", "/dav/file"),
}


def autoconfig_document(services: Iterable[ClientService], address: str, domain: str) -> bytes:
    """The document for ``address``, which is also the login name; ``domain`` as A-labels, as Thunderbird wants it."""
    announced = tuple(services)
    about = (Element("domain", domain), Element("displayName", address), Element("displayShortName", domain))
    servers = tuple(server for service in announced for server in _mail_servers(service, address))
    elsewhere = tuple(_web_service(each, address) for each in announced if each.protocol in _WEB)
    return document(
        Element(
            "clientConfig",
            (
                Element("emailProvider", (*about, *servers), (("id", domain),)),
                *elsewhere,
                Element(
                    "clientConfigUpdate", attributes=(("url", f"https://autoconfig.{domain}/mail/config-v1.1.xml"),)
                ),
            ),
            (("version", "1.1"),),
        )
    )


def _mail_servers(service: ClientService, address: str) -> list[Element]:
    kind = "outgoingServer" if service.protocol == "smtp" else "incomingServer"
    return [
        Element(
            kind,
            (
                Element("hostname", service.host),
                Element("port", str(port.number)),
                Element("socketType", "SSL" if port.implicit_tls else "STARTTLS"),
                Element("username", address),
                Element("authentication", "password-cleartext"),
            ),
            (("type", service.protocol),),
        )
        for port in service.ports
    ]


def _web_service(service: ClientService, address: str) -> Element:
    name, path = _WEB[service.protocol]
    members = (
        Element("username", address),
        Element("authentication", "http-basic"),
        Element("serverURL", service.origin + path),
    )
    return Element(name, members, (("type", service.protocol),))
