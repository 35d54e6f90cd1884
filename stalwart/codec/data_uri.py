"""data: URIs (RFC 2397): what is in them, and how they are written."""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

_SCHEME: Final = "data:"
_TYPE: Final = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,127}/[A-Za-z0-9!#$&^_.+-]{1,127}\Z", re.ASCII)
_NOTHING: Final = re.compile(r"\s+")


class Data(NamedTuple):
    """``media_type`` is without its parameters; None if nothing is said that could be one."""

    octets: bytes
    media_type: str | None


def is_data(uri: str) -> bool:
    """Whether a URI is one of these."""
    return uri[: len(_SCHEME)].lower() == _SCHEME


def read_data(uri: str) -> Data | None:
    """What a URI holds; None if it is another one, or broken."""
    head, comma, body = uri[len(_SCHEME) :].partition(",")
    if not is_data(uri) or not comma:
        return None
    type, *parameters = head.split(";")
    said = type.strip().lower()
    media_type = said if _TYPE.match(said) else None
    if not any(each.strip().lower() == "base64" for each in parameters):
        return Data(unquote_to_bytes(body), media_type)
    if "%" in body:
        body = unquote_to_bytes(body).decode("ascii", "replace")
    body = _NOTHING.sub("", body).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return Data(binascii.a2b_base64(body + "=" * (-len(body) % 4), strict_mode=True), media_type)
    except ValueError:
        return None


def data_uri(octets: bytes, media_type: str) -> str:
    """The URI that holds these octets."""
    return f"{_SCHEME}{media_type};base64,{b64encode(octets).decode()}"
