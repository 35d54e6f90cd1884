"""x:Cache: how much memory each kind of cached data may take (settings C.11)."""

from __future__ import annotations

from stalwart.schema import Duration, Singleton, Size, prop

_MIB = 1_048_576
_BUDGET = Size(min=2048)


class Cache(Singleton, enforced=False):
    """Memory for cached data, in bytes."""

    access_tokens: int = prop(_BUDGET, 10 * _MIB, "Credentials that were verified.")
    http_auth: int = prop(_BUDGET, _MIB, "Authorization headers that were verified.", label="HTTP authentication")
    accounts: int = prop(_BUDGET, 20 * _MIB, "Accounts.")
    roles: int = prop(_BUDGET, _MIB, "Roles.")
    tenants: int = prop(_BUDGET, _MIB, "Tenants.")
    domains: int = prop(_BUDGET, _MIB, "Domains.")
    email_addresses: int = prop(_BUDGET, _MIB, "Which account an address belongs to.")
    messages: int = prop(_BUDGET, 50 * _MIB, "Folders and messages of accounts.")
    contacts: int = prop(_BUDGET, 10 * _MIB, "Address books of accounts.")
    events: int = prop(_BUDGET, 10 * _MIB, "Calendars of accounts.")
    scheduling: int = prop(_BUDGET, _MIB, "Scheduling inboxes of accounts.")
    files: int = prop(_BUDGET, 10 * _MIB, "Files of accounts.")
    dns_txt: int = prop(_BUDGET, 5 * _MIB, "TXT records.", label="DNS TXT")
    dns_mx: int = prop(_BUDGET, 5 * _MIB, "MX records.", label="DNS MX")
    dns_ptr: int = prop(_BUDGET, _MIB, "PTR records.", label="DNS PTR")
    dns_ipv4: int = prop(_BUDGET, 5 * _MIB, "A records.", label="DNS IPv4")
    dns_ipv6: int = prop(_BUDGET, 5 * _MIB, "AAAA records.", label="DNS IPv6")
    dns_tlsa: int = prop(_BUDGET, _MIB, "TLSA records.", label="DNS TLSA")
    dns_mta_sts: int = prop(_BUDGET, _MIB, "MTA-STS policies.", label="MTA-STS")
    dns_rbl: int = prop(_BUDGET, 5 * _MIB, "Answers of DNS block lists (RFC 5782).", label="DNS block lists")
    negative_ttl: int = prop(
        Duration(), 3_600_000, "How long it is remembered that something is not there.", label="Negative TTL"
    )
