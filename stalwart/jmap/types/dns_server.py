"""``x:DnsServer``: keys and addresses are tried when they are written, so that what can never sign is refused and not
found out when a certificate is due (settings C.3, RFC 8945 6).

The vault seals keys and tokens. Whether the server answers and knows the key is not tried. Tenants may not have this
server talk to its own network.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Any

from stalwart.config.kept_text import Unreadable
from stalwart.config.settings import Settings
from stalwart.config.tls.dns_server import Cloudflare, Tsig
from stalwart.config.vault import Vault, sealed_members
from stalwart.errors import Invalid
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry.completed import CompletedHandler, Members
from stalwart.jmap.registry.handler import Asking, Change, handles
from stalwart.mail.delivery.addresses import is_public
from stalwart.schema import Declaration
from stalwart.store import Transaction
from stalwart.tls.dns_servers import DNS_KEY

SHORT_KEY = "The key {name} is shorter than what its algorithm {algorithm} gives; a longer one is safer (RFC 2104 3)."

_TOKEN = re.compile(r"[\x21-\x7e]{1,500}\Z")
_SECRET = {tag: context.partition(".")[2] for tag, context in DNS_KEY.items()}
_ADDRESS = re.compile(r"[\x21-\x7e]+@[\x21-\x7e]+\Z")


@handles("DnsServer")
class DnsServerHandler(CompletedHandler):
    """Refuses what can be of no use, and seals secrets."""

    def __init__(self, declaration: Declaration, *, settings: Settings, vault: Vault) -> None:
        super().__init__(declaration, settings=settings)
        self._vault = vault

    def supplied(self, tx: Transaction, asking: Asking, change: Change, former: Any, value: Any) -> Members:
        """The sealed secret. Raises Invalid, ``SetRefused``."""
        if isinstance(value, Tsig):
            if not isinstance(former, Tsig) or former.host != value.host:
                check_host(value, asking.access.tenant_id is not None)
            if not isinstance(former, Tsig) or _signing(former) != _signing(value):
                change.prepared = check_key(value, self._vault)
        elif not isinstance(former, Cloudflare) or _paying(former) != _paying(value):
            check_credentials(value, self._vault)
        return sealed_members(self._vault, self.type, value, (_SECRET[value.tag],))

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Say what is weak."""
        notices = await super().committed(asking, done)
        return [*notices, *(change.prepared for change in done if isinstance(change.prepared, str))]


def check_host(server: Tsig, for_tenant: bool) -> None:
    """Raises Invalid for an address where no name server can be, ``SetRefused`` for one that tenants may not use."""
    address = ip_address(str(server.host).partition("%")[0])
    if address.is_unspecified or address.is_multicast:
        raise Invalid("This is no address of a name server.", ("host",))
    if for_tenant and not is_public(str(server.host)):
        raise SetRefused(
            "forbidden", "Name servers in private networks are for administrators of the server.", ("host",)
        )


def check_key(server: Tsig, vault: Vault) -> str | None:
    """What is to be said of the key, if anything. Raises Invalid."""
    from stalwart.net.dns_tsig import UnusableKey, read_key  # with dnspython, which is loaded when it is needed

    try:
        key = read_key(server.key_name, vault.kept(DNS_KEY["Tsig"], server.key), server.tsig_algorithm)
    except UnusableKey as problem:
        raise Invalid(str(problem), (problem.part,)) from None
    except Unreadable as problem:
        raise Invalid(f"The key cannot be read: {problem}.", ("key",)) from None
    return SHORT_KEY.format(name=server.key_name, algorithm=key.algorithm) if key.is_short else None


def check_credentials(server: Cloudflare, vault: Vault) -> None:
    """Raises Invalid for what no HTTP header can carry."""
    if server.email is not None and not _ADDRESS.match(server.email):
        raise Invalid("This is no address of an account; null goes with an API token.", ("email",))
    try:
        secret = vault.kept(DNS_KEY["Cloudflare"], server.secret)
    except Unreadable as problem:
        raise Invalid(f"The secret cannot be read: {problem}.", ("secret",)) from None
    if not _TOKEN.match(secret):
        raise Invalid("This is neither an API token nor a global API key.", ("secret",))


def _signing(server: Tsig) -> tuple[Any, ...]:
    return (server.key_name, server.key, server.tsig_algorithm)


def _paying(server: Cloudflare) -> tuple[Any, ...]:
    return (server.email, server.secret)
