"""The place that an x:DnsServer describes, with the secret that the vault opens: for proofs, and for records."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from stalwart.config.kept_text import Unreadable
from stalwart.config.vault import Vault
from stalwart.directory.hashing import Hashing
from stalwart.net.dns_publisher import DnsPublisher, DnsUpdateRefused

DNS_KEY = {"Tsig": "DnsServer.key", "Cloudflare": "DnsServer.secret"}
"""What the secrets of DNS servers are called in the vault, by variant."""


class Outside(Protocol):
    """See ``mail.delivery.outgoing.Outgoing``."""

    @property
    def reactor(self) -> Any: ...
    @property
    def resolver(self) -> Any: ...
    @property
    def trust_store(self) -> Any: ...


async def opened_publisher(server: Any, vault: Vault, hashing: Hashing, outside: Outside) -> DnsPublisher:
    """Where records are published; dnspython is loaded with the first of them. Raises DnsUpdateRefused."""
    from stalwart.net.dns_update import publisher_for

    place = server.key if server.tag == "Tsig" else server.secret
    try:
        secret = await hashing.run(partial(vault.kept, DNS_KEY[server.tag], place))  # maybe in a file
    except Unreadable as problem:
        reason = f"The secret of the DNS server {server.description} cannot be had: {problem}."
        raise DnsUpdateRefused(reason) from problem
    return publisher_for(server, secret, outside)
