"""Microsoft Autodiscover, version 1: what Outlook and others ask in XML, and what they are answered (discovery 2.1).

A request is read event by event, straight from expat: no tree is built, and a document type, and with it every entity,
is refused where it begins. The order that the reference asks for is kept: Autodiscover, Request, other elements,
EMailAddress; name spaces and the wanted answer schema are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.parsers import expat

from stalwart.codec.client_services import ClientService, MailPort
from stalwart.codec.xml_text import Element, document

REQUEST_LIMIT = 8192
DEPLOYMENT = "644560b8-a1ce-429c-8ace-23395843f701"
_ANSWER = "http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006"
_OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a"
_ABOVE = ("autodiscover", "request")
_ADDRESS = "emailaddress"


class MalformedRequest(Exception):
    """The bytes are no request for the settings of an address; the message says why."""


def requested_address(body: bytes) -> str:
    """The text of EMailAddress, trimmed; it has an ``@``, and that is all that is known of it.

    :raises MalformedRequest: not well-formed, a document type, other elements, no address, over the limit.
    """
    if len(body) > REQUEST_LIMIT:
        raise MalformedRequest("too long")
    reader = _Reader()
    try:
        reader.parser.Parse(body, True)
    except (expat.ExpatError, LookupError, ValueError) as problem:  # the latter two: encodings that are none
        raise MalformedRequest(f"not well-formed: {problem}") from None
    if reader.address is None:
        raise MalformedRequest("no address")
    return reader.address


class _Reader:
    """Follows one document; ``address`` is there once its element has ended."""

    def __init__(self) -> None:
        self.address: str | None = None
        self.parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._refuse
        parser.CommentHandler = parser.ProcessingInstructionHandler = self._refuse_before
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._depth = 0
        self._collected: list[str] | None = None

    def _refuse(self, *seen: object) -> None:
        raise MalformedRequest("a document type")

    def _refuse_before(self, *seen: object) -> None:
        if self.address is None:
            raise MalformedRequest("a comment or an instruction before the address")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        depth, self._depth = self._depth, self._depth + 1
        if self.address is not None:
            return
        if self._collected is not None:
            raise MalformedRequest("an element inside the address")
        if depth < len(_ABOVE):
            if name.lower() != _ABOVE[depth]:
                raise MalformedRequest(f"not {_ABOVE[depth]} at level {depth + 1}")
        elif depth == len(_ABOVE) and name.lower() == _ADDRESS:
            self._collected = []

    def _text(self, text: str) -> None:
        if self._collected is not None and self.address is None:
            self._collected.append(text)

    def _end(self, name: str) -> None:
        self._depth -= 1
        if self.address is not None:
            return
        if self._collected is not None:
            address = "".join(self._collected).strip()
            if "@" not in address:
                raise MalformedRequest("the address has no @")
            self.address = address


def autodiscover_document(services: Iterable[ClientService], address: str) -> bytes:
    """The settings for ``address``, which is also the login name: one block for each port."""
    user = (
        Element("DisplayName", address),
        Element("AutoDiscoverSMTPAddress", address),
        Element("DeploymentId", DEPLOYMENT),
    )
    blocks = (_block(service, port, address) for service in services for port in service.ports)
    account = (Element("AccountType", "email"), Element("Action", "settings"), *blocks)
    response = (Element("User", user), Element("Account", account))
    return document(
        Element("Autodiscover", (Element("Response", response, (("xmlns", _OUTLOOK),)),), (("xmlns", _ANSWER),))
    )


def _block(service: ClientService, port: MailPort, address: str) -> Element:
    members = [
        ("Type", service.protocol.upper()),
        ("Server", service.host),
        ("Port", str(port.number)),
        ("LoginName", address),
        ("AuthRequired", "on"),
        ("DirectoryPort", "0"),
        ("ReferralPort", "0"),
        ("SSL", "on" if port.implicit_tls else "off"),
        *((("Encryption", "TLS"),) if port.implicit_tls else ()),
        ("SPA", "off"),
    ]
    return Element("Protocol", tuple(Element(name, text) for name, text in members))
