"""Zone files of the test network: a signed root, a signed zone, an unsigned one, one whose signatures do not
hold.

Knot signs; what is written here is plain text (RFC 1035 5). The root delegates ``bogus`` with a DS record of
a key that nobody has, so that validation fails there and nowhere else (RFC 4035 5.2).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from tests.interop.domains import (
    BLACK_HOLE,
    DOMAINS,
    HOSTS_OF_THEMSELVES,
    LAME_SERVER,
    NAME_SERVER,
    NO_POLICY_HOST,
    POLICY_HOST,
    REFUSING,
    RELAYED,
    MailDomain,
)

HEAD = "$TTL 300\n$ORIGIN {zone}\n@ SOA {server} hostmaster.test. 1 3600 600 86400 5\n@ NS {server}\n"
SIGNED = (".", "test.", "bogus.")
UNSIGNED = ("insecure.", "127.in-addr.arpa.", "5.2.0.0.0.0.d.f.ip6.arpa.")

TlsaTexts = Callable[[MailDomain], list[str]]

ODD_SHAPES = f"""\
; the first exchange refuses, the second takes the mail
multi MX 10 mx.refused
multi MX 20 mx.good
same MX 10 mx.good
same MX 10 mx.dual
refused MX 10 mx.refused
mx.refused A {REFUSING}
blackhole MX 10 mx.blackhole
mx.blackhole A {BLACK_HOLE}
; the first address refuses, the second takes the mail
mx.twoaddr A {REFUSING}
nullmx MX 0 .
dangling MX 10 mx.nowhere
nothing TXT "neither exchange nor address"
cnamed MX 10 mxalias
mxalias CNAME mx.good
alias CNAME good
loop CNAME loop2
loop2 CNAME loop
bogusmx MX 10 mx.bogus.
twosts TXT "v=spf1 mx -all"
_mta-sts.twosts TXT "v=STSv1; id=1"
_mta-sts.twosts TXT "v=STSv1; id=2"
_mta-sts.badrecords TXT "hello"
_smtp._tls.badrecords TXT "hello"
_smtp._tls.multi TXT "v=TLSRPTv1; " "rua=mailto:a@good.test," "https://report.good.test/v1"
; a delegation to a server that knows nothing
lame NS ns.lame
ns.lame A {LAME_SERVER}
"""

OF_GOOD = """\
good TXT "v=spf1 mx -all"
_dmarc.good TXT "v=DMARC1; p=reject; rua=mailto:dmarc@good.test"
default._domainkey.good TXT "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
"""


def zone_texts(tlsa: TlsaTexts, key: str) -> dict[str, str]:
    """Every zone but the root by its name; ``key`` is the public half of ``KEY_OF_RELAYED``."""
    return {
        "test.": _head("test.") + _records("test", tlsa) + ODD_SHAPES + OF_GOOD + _of_relayed(key) + _many(),
        "bogus.": _head("bogus.") + _records("bogus", tlsa),
        "insecure.": _head("insecure.") + _records("insecure", tlsa) + "tls MX 10 mx.good.test.\n",
        "127.in-addr.arpa.": _head("127.in-addr.arpa.", "a.root.") + _reverse(4),
        "5.2.0.0.0.0.d.f.ip6.arpa.": _head("5.2.0.0.0.0.d.f.ip6.arpa.", "a.root.") + _reverse(6),
    }


def root_text(secure: Iterable[str]) -> str:
    """The root; ``secure`` are the DS records of the zones whose signatures hold."""
    lines = [HEAD.format(zone=".", server="a.root."), f"a.root. A {NAME_SERVER}\n"]
    for zone in ("test.", "bogus.", "insecure."):
        lines.append(f"{zone} NS ns.{zone}\nns.{zone} A {NAME_SERVER}\n")
    lines.append("bogus. DS 12345 13 2 " + "ab" * 32 + "\n")
    lines.extend(f"{zone} NS a.root.\n" for zone in UNSIGNED if zone.endswith("arpa."))
    lines.extend(f"{record}\n" for record in secure)
    return "".join(lines)


def _head(zone: str, server: str | None = None) -> str:
    text = HEAD.format(zone=zone, server=server or f"ns.{zone}")
    return text if server else f"{text}ns A {NAME_SERVER}\n"


def _records(top: str, tlsa: TlsaTexts) -> str:
    rows = [row for row in DOMAINS if row.name == top or row.name.endswith(f".{top}")]
    return "".join(_of_domain(row, tlsa) for row in rows)


def _of_domain(row: MailDomain, tlsa: TlsaTexts) -> str:
    name, host = f"{row.name}.", f"{row.exchange}."
    if row.name in HOSTS_OF_THEMSELVES:
        return f"{name} A {row.address}\n"
    lines = [f"{name} MX 10 {host}"]
    if row.address:
        lines.append(f"{host} A {row.address}")
    if row.ipv6:
        lines.append(f"{host} AAAA {row.ipv6}")
    lines.extend(f"_25._tcp.{host} TLSA {text}" for text in tlsa(row))
    if row.mode:
        policy_host = NO_POLICY_HOST if row.policy == "down" else POLICY_HOST
        lines.append(f'_mta-sts.{name} TXT "v=STSv1; id=20260101T000000;"')
        lines.append(f"mta-sts.{name} A {policy_host}")
        lines.append(f'_smtp._tls.{name} TXT "v=TLSRPTv1; rua=mailto:tlsrpt@{row.name}"')
    return "\n".join(lines) + "\n"


def _of_relayed(key: str) -> str:
    """Mail of theirs comes from where they are or by their exchange, and is signed."""
    lines = []
    for name, address in RELAYED.items():
        short = name.removesuffix(".test")
        lines += [
            f'{short} TXT "v=spf1 ip4:{address} mx -all"',
            f'_dmarc.{short} TXT "v=DMARC1; p=reject; rua=mailto:postmaster@{name}"',
            f'test._domainkey.{short} TXT "v=DKIM1; k=ed25519; p={key}"',
            f"client.{short} A {address}",
        ]
    return "\n".join(lines) + "\n"


def _many() -> str:
    """An MX set that does not fit into a datagram: the question has to be asked again over TCP (RFC 7766 5)."""
    names = [f"manymx MX {100 + number} a-rather-long-name-of-an-exchange-{number:02}.manymx" for number in range(40)]
    return "\n".join(["manymx MX 1 mx.good", *names]) + "\n"


def _reverse(version: int) -> str:
    lines = []
    for row in DOMAINS:
        for text in (row.address, row.ipv6):
            if text and ipaddress.ip_address(text).version == version:
                lines.append(f"{ipaddress.ip_address(text).reverse_pointer}. PTR {row.exchange}.\n")
    return "".join(lines)
