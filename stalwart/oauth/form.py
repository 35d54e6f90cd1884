"""Forms of the OAuth endpoints, and the client that has sent one (RFC 6749 2.3 and 3.2, auth-api 5 and 6).

Parameters without a value count as left out; one that comes twice is refused (RFC 6749 3.1), except ``resource``
(RFC 8707 2). A multipart form is read too, as the reference does.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from stalwart.directory.directory import Directory
from stalwart.errors import TooMany
from stalwart.provider.clients import Clients
from stalwart.provider.errors import OAuthError
from stalwart.provider.grants import Client
from stalwart.web.exchange import Exchange

BODY = 16_384
MANY = "resource"
MOST_FIELDS = 64
BASIC = 'Basic realm="Stalwart Server"'
_LONGEST_ID = 2048
_BOUNDARY = re.compile(
    r"boundary=(?:\"([!#-\[\]-~ ]{1,70})\"|([!#-+\-.0-:=?A-Z^-z|~]{1,70}))", re.IGNORECASE | re.ASCII
)
_NAME = re.compile(r"content-disposition:[^\r\n]*?;\s*name=\"([^\"\r\n]{1,100})\"", re.IGNORECASE)


async def read_form(exchange: Exchange, *, limit: int = BODY) -> dict[str, str]:
    """The parameters of the body, resources left out. Raises OAuthError invalid_request."""
    return {name: values[0] for name, values in (await read_lists(exchange, limit=limit)).items() if name != MANY}


async def read_lists(exchange: Exchange, *, limit: int = BODY) -> dict[str, list[str]]:
    """The parameters of the body, each with its values: one, or several resources. Raises as ``read_form``."""
    kind = exchange.header("content-type") or ""
    body = await exchange.body(limit)
    pairs = _multipart(kind, body) if kind.lower().startswith("multipart/form-data") else _urlencoded(kind, body)
    form: dict[str, list[str]] = {}
    for name, value in pairs:
        if value:
            form.setdefault(name, []).append(value)
    for name, values in form.items():
        if len(values) > 1 and name != MANY:
            raise OAuthError("invalid_request", f"The parameter {_ascii(name)} comes more than once.")
    return form


def needed(form: Mapping[str, str], name: str) -> str:
    """A parameter that must be there. Raises OAuthError invalid_request."""
    value = form.get(name)
    if value is None:
        raise OAuthError("invalid_request", f"The parameter {name} is missing.")
    return value


async def client_of(exchange: Exchange, form: Mapping[str, str], clients: Clients, directory: Directory) -> Client:
    """The client that sends ``form``, proved by its secret if it has one (RFC 6749 2.3.1).

    A wrong secret counts as a failed login. Raises OAuthError invalid_client with status 401, invalid_request; TooMany.
    """
    id, secret, by_header = form.get("client_id"), form.get("client_secret"), False
    basic = _basic(exchange.header("authorization"))
    if basic is not None:
        if secret is not None or id not in (None, basic[0]):
            raise OAuthError("invalid_request", "The client authenticates in two ways; one is enough.")
        (id, secret), by_header = basic, True
    if id is None:
        raise OAuthError("invalid_request", "The parameter client_id is missing.")
    client = await clients.find(id) if len(id) <= _LONGEST_ID else None
    try:
        if client is None:
            raise OAuthError("invalid_client", "This client is not registered.", status=401)
        if client.is_confidential or secret:
            await clients.authenticate(client, secret or None)
    except OAuthError as refused:
        if client is not None and secret:
            counted = await directory.count_failure("wrong client secret", exchange.client_ip)
            if isinstance(counted, TooMany):
                raise counted from None
        challenge = BASIC if by_header or refused.status == 401 else None
        raise OAuthError(refused.code, refused.description, status=refused.status, challenge=challenge) from None
    return client


def _urlencoded(kind: str, body: bytes) -> list[tuple[str, str]]:
    if kind.partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "The body must be application/x-www-form-urlencoded.")
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError:
        raise OAuthError("invalid_request", "The form cannot be read.") from None


def _multipart(kind: str, body: bytes) -> list[tuple[str, str]]:
    """The fields of RFC 7578 that are plain text; a part is not looked into."""
    boundary = _BOUNDARY.search(kind)
    if boundary is None:
        raise OAuthError("invalid_request", "The form has no boundary.")
    parts = body.split(b"--" + (boundary[1] or boundary[2]).encode("ascii"))[1:]
    if len(parts) > MOST_FIELDS + 1 or not parts or not parts[-1].startswith(b"--"):
        raise OAuthError("invalid_request", "The form cannot be read.")
    pairs = []
    for part in parts[:-1]:
        head, blank, value = part.partition(b"\r\n\r\n")
        name = _NAME.search(head.decode("latin-1"))
        if not blank or name is None or not value.endswith(b"\r\n"):
            raise OAuthError("invalid_request", "The form cannot be read.")
        try:
            pairs.append((name[1], value[:-2].decode()))
        except UnicodeDecodeError:
            raise OAuthError("invalid_request", "The form cannot be read.") from None
    return pairs


def _basic(header: str | None) -> tuple[str, str] | None:
    """Client id and secret of RFC 6749 2.3.1: percent-encoded before they are put together."""
    scheme, _, value = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        text = b64decode(value.strip() + "=" * (-len(value.strip()) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        raise OAuthError("invalid_client", "The credentials cannot be read.", status=401, challenge=BASIC) from None
    id, colon, secret = text.partition(":")
    if not colon:
        raise OAuthError("invalid_client", "The credentials cannot be read.", status=401, challenge=BASIC)
    return unquote_plus(id), unquote_plus(secret)


def _ascii(name: str) -> str:
    return name[:40].encode("ascii", "replace").decode("ascii").replace('"', "'")
