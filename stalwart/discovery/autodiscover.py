"""Microsoft Autodiscover: version 1 in XML, version 2 in JSON (discovery 2).

The folder is known in the three spellings that clients use, documents in any case. Whether an account exists is never
told. What cannot be read is 400, what is too long 413; the error documents of Microsoft are left out.
"""

from __future__ import annotations

from urllib.parse import unquote

from stalwart.codec.autodiscover import REQUEST_LIMIT, MalformedRequest, requested_address
from stalwart.codec.typed_address import typed_address
from stalwart.discovery.autoconfig import XML
from stalwart.errors import Invalid, MethodNotAllowed, NotFound
from stalwart.mail.announcements import Announcements
from stalwart.web.answers import Answer, json_answer, no_content
from stalwart.web.exchange import Exchange
from stalwart.web.routes import ANY_METHOD, route

_FOLDER = "/<any(autodiscover, Autodiscover, AutoDiscover):folder>"
_VERSION_1, _VERSION_2 = "autodiscover.xml", "autodiscover.json"
_METHODS = ("OPTIONS", "POST")
_UNREADABLE = "Failed to parse autodiscover request"
_NO_DOMAIN = "Missing domain in email address"
_POST_ONLY = "Autodiscover is asked with POST and an XML document that names the address."


@route(ANY_METHOD, f"{_FOLDER}/<document>", needs=None, body_limit=REQUEST_LIMIT, spec="discovery 2")
async def autodiscover(exchange: Exchange, *, announcements: Announcements) -> Answer:
    """Microsoft Autodiscover: `autodiscover.xml` (POST) and `autodiscover.json` (any method)."""
    document = exchange.path_value("document").lower()
    if document == _VERSION_1:
        return await _version_1(exchange, announcements)
    if document == _VERSION_2:
        return _version_2(exchange, announcements, ())
    raise NotFound


@route(ANY_METHOD, f"{_FOLDER}/<document>/<path:rest>", needs=None, body_limit=REQUEST_LIMIT, spec="discovery 2.2")
def autodiscover_for(exchange: Exchange, *, announcements: Announcements) -> Answer:
    """`autodiscover.json` with the address in its path."""
    if exchange.path_value("document").lower() != _VERSION_2:
        raise NotFound
    segments = exchange.raw_path_value("rest").split("/")
    return _version_2(exchange, announcements, tuple(unquote(segment) for segment in segments))


async def _version_1(exchange: Exchange, announcements: Announcements) -> Answer:
    if exchange.method == "OPTIONS":
        return no_content((("Allow", ", ".join(_METHODS)),))
    if exchange.method != "POST":
        raise MethodNotAllowed(_METHODS, _POST_ONLY)
    try:
        address = typed_address(requested_address(await exchange.body()))
    except MalformedRequest:
        raise Invalid(_UNREADABLE) from None
    if address is None:
        raise Invalid(_UNREADABLE)
    return Answer(200, announcements.autodiscover(address), XML)


def _version_2(exchange: Exchange, announcements: Announcements, segments: tuple[str, ...]) -> Answer:
    address = next((segment for segment in segments if "@" in segment), exchange.query.get("Email", ""))
    if not address.rpartition("@")[2] or "@" not in address:
        raise Invalid(_NO_DOMAIN)
    protocol = exchange.query.get("Protocol", "")
    if protocol.lower() == "autodiscoverv1":
        return json_answer({"Protocol": "AutodiscoverV1", "Url": announcements.autodiscover_url})
    shown = "".join(filter(str.isalnum, protocol))
    message = f"The given protocol value '{shown}' is invalid. Supported values are 'AutodiscoverV1'"
    return json_answer({"ErrorCode": "InvalidProtocol", "ErrorMessage": message}, 400)
