"""The account behind a request to an endpoint that also takes other credentials, or none (auth-api 2)."""

from __future__ import annotations

from stalwart.directory.access import Access
from stalwart.directory.directory import Directory
from stalwart.errors import Unauthenticated
from stalwart.web.access import authenticate, check_authenticate, credentials_of
from stalwart.web.exchange import Exchange


async def presented_access(exchange: Exchange, directory: Directory) -> Access:
    """What the Authorization header opens. Raises Unauthenticated, Forbidden, TooMany."""
    credentials = credentials_of(exchange)
    if credentials is None or credentials[0] not in ("basic", "bearer"):
        raise Unauthenticated
    scheme, value = credentials
    access = directory.cached(value, exchange.client_ip)
    if access is None:
        access = await authenticate(directory, scheme, value, exchange.client_ip)
    if access.dpop_thumbprint is not None:
        raise Unauthenticated  # bound to a key, of which there is no proof here
    check_authenticate(access)
    return access
