"""Where the server sends something: addresses that can be none are refused, and credentials stay with their host.

Who may write an address but cannot read the credentials that belong to it must not have them sent to himself.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from stalwart.codec.web_addresses import is_safe, is_web_address
from stalwart.errors import Invalid
from stalwart.jmap.registry.handler import Change
from stalwart.schema import MASK

NO_ADDRESS = "This is no https: or http: address of a host; credentials belong into httpAuth."
CLEAR = "Credentials are sent by https: only, but for the own machine."
ELSEWHERE = "Give the credentials again: those of before belong to another host."
AUTH = "httpAuth"
_SECRETS = ("secret", "bearerToken", "filePath", "variableName")


def check_destination(change: Change, former: Any, value: Any, member: str, above: str = "") -> None:
    """Refuse what ``value`` says of its address, the property ``member``, None being the usual one.

    ``former`` is what was there, None for a new object. ``above`` is the path of ``value`` in what the client changes,
    with the slash. Raises Invalid.
    """
    url, auth = _url(value, member), getattr(value, "http_auth", None)
    at, with_auth = ((above.rstrip("/"),) * 2) if above else (member, AUTH)
    if url is not None and not is_web_address(url):
        raise Invalid(NO_ADDRESS, (at,))
    if auth is None or auth.tag == "Unauthenticated":
        return
    if url is not None and not is_safe(url):
        raise Invalid(CLEAR, (at,))
    if getattr(former, "http_auth", None) is None or former.http_auth.tag == "Unauthenticated":
        return
    if _host(_url(former, member)) != _host(url) and not _is_given(change.data, f"{above}{AUTH}"):
        raise Invalid(ELSEWHERE, (with_auth,))


def _url(value: Any, member: str) -> str | None:
    found: str | None = getattr(value, member, None)
    return found


def _host(url: str | None) -> tuple[Any, ...]:
    if url is None or not is_web_address(url):
        return ()
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port


def _is_given(data: Mapping[str, Any], path: str) -> bool:
    """Whether the client has said what is secret at ``path``, anew and not as the mask that it was shown."""
    above, _, last = path.rpartition("/")
    if above and isinstance(data.get(above), Mapping):
        return _is_given(data[above], last)
    given = [
        value
        for name, value in data.items()
        if name == path or (name.startswith(f"{path}/") and name.rpartition("/")[2] in _SECRETS)
    ]
    return bool(given) and not any(_holds_mask(value) for value in given)


def _holds_mask(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(map(_holds_mask, value.values()))
    return bool(value == MASK)
