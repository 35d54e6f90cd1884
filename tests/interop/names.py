"""The name service of the test network: Knot signs and serves the zones, unbound validates them from their
own root.

Two resolvers: one that validates and sets AD, as resolv.conf names it, and one that does not validate.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query

from stalwart.mail.dkim_keys import new_key, public_text
from tests.interop.domains import NAME_SERVER, NOT_VALIDATING, RESOLVER
from tests.interop.zones import SIGNED, UNSIGNED, TlsaTexts, root_text, zone_texts

KEY_OF_RELAYED = "relayed.pem"
"""The key that mail of ``RELAYED`` domains is signed with, by the selector ``test``."""

Start = Callable[..., None]
"""``start(name, *command)``: a program that runs until the network goes down."""

KNOT = """\
server:
    listen: {listen}@53
    rundir: "{folder}/run"
    user: root:root
log:
  - target: stderr
    any: info
database:
    storage: "{folder}/keys"
policy:
  - id: own
    algorithm: ecdsap256sha256
    single-type-signing: on
    manual: on
    rrsig-lifetime: 14d
zone:
"""
ZONE = """\
  - domain: {zone}
    file: "{folder}/zones/{file}"
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
"""

UNBOUND = """\
server:
    interface: {listen}
    port: 53
    access-control: 127.0.0.0/8 allow
    do-ip6: no
    do-daemonize: no
    username: ""
    chroot: ""
    directory: "{folder}/run"
    pidfile: ""
    use-syslog: no
    verbosity: 1
    num-threads: 1
    do-not-query-localhost: no
    infra-host-ttl: 5
    cache-max-negative-ttl: 5
    root-hints: "{folder}/root.hints"
    local-zone: "test." nodefault
    local-zone: "127.in-addr.arpa." nodefault
    local-zone: "d.f.ip6.arpa." nodefault
    outgoing-range: 256
    rrset-roundrobin: no
"""
VALIDATING = '    module-config: "validator iterator"\n    trust-anchor-file: "{folder}/root.key"\n'
ONLY_ITERATING = '    module-config: "iterator"\n'
NO_CONTROL = "remote-control:\n    control-enable: no\n"


def start_names(folder: Path, tlsa: TlsaTexts, start: Start, until: float) -> None:
    """Write, sign and serve the zones, and start the resolvers; ``folder/root.ds`` is the anchor for others.

    :raises TimeoutError: Knot does not answer by ``until`` (``time.monotonic``).
    """
    for name in ("zones", "keys", "run"):
        (folder / name).mkdir(exist_ok=True)
    knot = folder / "knot.conf"
    knot.write_text(_knot_text(folder))
    for zone in SIGNED:
        _keymgr(knot, zone, "generate", "algorithm=ECDSAP256SHA256", "ksk=yes", "zsk=yes")
    key = new_key("Dkim1Ed25519Sha256")
    (folder / KEY_OF_RELAYED).write_text(key)
    for zone, text in zone_texts(tlsa, public_text(key)).items():
        (folder / "zones" / _file(zone)).write_text(text)
    (folder / "zones" / _file(".")).write_text(root_text(_digests(knot, "test.")))
    (folder / "root.key").write_text(_keymgr(knot, ".", "dnskey"))
    (folder / "root.ds").write_text("".join(_digests(knot, ".")))
    (folder / "root.hints").write_text(f". NS a.root.\na.root. A {NAME_SERVER}\n")
    start("knot", "knotd", "-c", str(knot))
    for zone in SIGNED:  # unbound remembers for seconds that a server was silent
        _wait(lambda zone=zone: _ask(NAME_SERVER, zone, "DNSKEY") is not None, until, "Knot")  # type: ignore[misc]
    for listen, module in ((RESOLVER, VALIDATING), (NOT_VALIDATING, ONLY_ITERATING)):
        path = folder / f"unbound-{listen}.conf"
        path.write_text((UNBOUND + module + NO_CONTROL).format(listen=listen, folder=folder))
        start(f"unbound-{listen}", "unbound", "-d", "-c", str(path))


def wait_for_names(until: float) -> None:
    """Return when both resolvers answer and the first one validates; ``until`` is by ``time.monotonic``.

    :raises TimeoutError: they do not.
    """
    _wait(lambda: _ask(RESOLVER, "good.test", "MX") is True, until, "the validating resolver")
    _wait(lambda: _ask(NOT_VALIDATING, "good.test", "MX") is False, until, "the other resolver")


def _wait(works: Callable[[], bool], until: float, what: str) -> None:
    while not works():
        if time.monotonic() > until:
            raise TimeoutError(f"{what} gives no answer")
        time.sleep(0.05)


def _ask(server: str, name: str, kind: str) -> bool | None:
    """Whether the answer is validated; ``None`` without records in it."""
    query = dns.message.make_query(name, kind, want_dnssec=True)
    try:
        answer = dns.query.udp(query, server, timeout=0.5)
    except (dns.exception.DNSException, OSError):
        return None
    return bool(answer.flags & dns.flags.AD) if answer.answer else None


def _knot_text(folder: Path) -> str:
    text = KNOT.format(listen=NAME_SERVER, folder=folder)
    for zone in (*SIGNED, *UNSIGNED):
        text += ZONE.format(zone=f'"{zone}"', file=_file(zone), folder=folder)
        if zone in SIGNED:
            text += "    dnssec-signing: on\n    dnssec-policy: own\n"
    return text


def _digests(knot: Path, zone: str) -> list[str]:
    """The DS records of a zone with SHA-256 (RFC 4509), one a line."""
    return [line for line in _keymgr(knot, zone, "ds").splitlines(keepends=True) if line.split()[4] == "2"]


def _keymgr(knot: Path, *arguments: str) -> str:
    done = subprocess.run(["keymgr", "-c", str(knot), *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def _file(zone: str) -> str:
    return zone.rstrip(".") or "root"
