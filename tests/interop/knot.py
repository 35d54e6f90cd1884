"""Knot as the primary of zones that take dynamic updates (RFC 2136): one process on a loopback port, in a folder.

Each key may do what ``Key.may`` says; a zone of another name server is delegated.
"""

from __future__ import annotations

import base64
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rdatatype
from attrs import Factory, frozen

from tests.interop.test_jmap_clients import free_port
from tests.live.daemon import end

_PATIENCE = 15.0

_SERVER = """\
server:
    listen: 127.0.0.1@{port}
    rundir: "{folder}"
log:
  - target: stderr
    any: info
database:
    storage: "{folder}/db"
key:
"""
_KEY = '  - id: "{name}"\n    algorithm: {algorithm}\n    secret: {secret}\n'
_ACL = '  - id: acl-{number}\n    key: "{name}"\n    action: [{actions}]\n'
_ZONE = '  - domain: "{zone}"\n    file: "{folder}/{zone}.zone"\n    zonefile-sync: -1\n    acl: [{lists}]\n'
_CONTENT = """\
$TTL 300
$ORIGIN {zone}
@ SOA ns hostmaster 1 3600 600 86400 5
@ NS ns
ns A 127.0.0.1
"""


@frozen
class Key:
    """A shared key; ``may`` are Knot's actions, none for nothing. ``types``: what it may update, all if empty."""

    name: str
    algorithm: str = "hmac-sha256"
    may: Sequence[str] = ("update",)
    types: Sequence[str] = ()
    secret: str = Factory(lambda: base64.b64encode(secrets.token_bytes(64)).decode())


def missing() -> str | None:
    """What has to be installed, None if nothing."""
    return None if _program() else "knotd missing: install the Debian package knot"


class Knot:
    """Serves ``zones``: further lines by name. ``port`` takes UDP and TCP."""

    def __init__(self, folder: Path, keys: Sequence[Key], zones: dict[str, str]) -> None:
        self.port = _free_port()
        self._folder = folder
        self._zones = zones
        (folder / "db").mkdir(parents=True)
        text = _SERVER.format(port=self.port, folder=folder)
        text += "".join(_KEY.format(name=key.name, algorithm=key.algorithm, secret=key.secret) for key in keys)
        text += "acl:\n"
        allowed = [(f"acl-{number}", key) for number, key in enumerate(keys) if key.may]
        for number, key in enumerate(keys):
            if key.may:
                text += _ACL.format(number=number, name=key.name, actions=", ".join(key.may))
                text += f"    update-type: [{', '.join(key.types)}]\n" if key.types else ""
        text += "zone:\n"
        for zone, lines in zones.items():
            text += _ZONE.format(zone=zone, folder=folder, lists=", ".join(name for name, _ in allowed))
            (folder / f"{zone}.zone").write_text(_CONTENT.format(zone=f"{zone}.") + lines)
        (folder / "knot.conf").write_text(text)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers for all zones."""
        with (self._folder / "log").open("ab") as log:
            command = [str(_program()), "-c", str(self._folder / "knot.conf")]
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self._process.poll() is None:
            if all(self._serves(zone) for zone in self._zones):
                return
            time.sleep(0.02)
        self.stop()
        raise TimeoutError(self.log[-3000:])

    def stop(self) -> None:
        """Stop it and wait until it is gone."""
        process, self._process = self._process, None
        if process is not None:
            end(process, _PATIENCE)

    @property
    def log(self) -> str:
        """What it says."""
        return (self._folder / "log").read_text(errors="replace")

    def texts(self, name: str, type: str = "TXT") -> set[str]:
        """The records that it serves to everybody, as it writes them."""
        query = dns.message.make_query(name, type)
        answer = dns.query.tcp(query, "127.0.0.1", timeout=_PATIENCE, port=self.port)
        wanted = dns.rdatatype.from_text(type)
        return {record.to_text() for rrset in answer.answer if rrset.rdtype == wanted for record in rrset}

    def _serves(self, zone: str) -> bool:
        query = dns.message.make_query(zone, "SOA")
        try:
            return bool(dns.query.udp(query, "127.0.0.1", timeout=0.5, port=self.port).answer)
        except (dns.exception.DNSException, OSError):
            return False


def _program() -> str | None:
    return shutil.which("knotd") or shutil.which("knotd", path="/usr/sbin")


def _free_port() -> int:
    """A port that is free for TCP and UDP."""
    while True:
        port = free_port()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
