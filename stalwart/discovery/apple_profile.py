"""Configuration profiles of Apple's devices: for any address without its password, or for whoever is signed in with it.

As with autoconfiguration nobody is looked up. A password is in the answer to the request that has it and nowhere else.
"""

from __future__ import annotations

from stalwart.codec.apple_profile import MEDIA_TYPE
from stalwart.codec.content_disposition import attachment
from stalwart.codec.typed_address import typed_address
from stalwart.errors import Invalid
from stalwart.mail.announcements import Announcements
from stalwart.web.answers import NO_STORE, Answer
from stalwart.web.exchange import Exchange
from stalwart.web.json_body import decode_json
from stalwart.web.routes import route

_PATH = "/mail/apple.mobileconfig"
_LONGEST_PASSWORD = 1024
_MOST = 4096
_NO_ADDRESS = "The parameter emailaddress has to be an address."
_NO_PASSWORD = 'The body has to be {"password": "..."} without control characters.'


@route("GET", _PATH, needs=None, spec="webui 5.4")
def of_an_address(exchange: Exchange, *, announcements: Announcements) -> Answer:
    """Apple's configuration profile of an address (`emailaddress`); the device asks for the password."""
    address = typed_address(exchange.query.get("emailaddress", ""))
    if address is None:
        raise Invalid(_NO_ADDRESS)
    return _answer(announcements.apple_profile(address.text))


@route("POST", _PATH, needs="authenticated", body_limit=_MOST, spec="webui 5.4")
async def of_whoever_asks(exchange: Exchange, *, announcements: Announcements) -> Answer:
    """The same of whoever is signed in, with a password in it: `{"password": "..."}`."""
    access = exchange.access
    assert access is not None  # the route says so
    given = decode_json(await exchange.body())
    password = given.get("password") if isinstance(given, dict) else None
    if not isinstance(password, str) or not 0 < len(password) <= _LONGEST_PASSWORD:
        raise Invalid(_NO_PASSWORD)
    try:
        return _answer(announcements.apple_profile(access.login, password))
    except ValueError:
        raise Invalid(_NO_PASSWORD) from None


def _answer(profile: bytes) -> Answer:
    return Answer(200, profile, MEDIA_TYPE, (NO_STORE, ("Content-Disposition", attachment("account.mobileconfig"))))
