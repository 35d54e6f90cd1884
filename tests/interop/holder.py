"""Runs inside the namespaces of the test network: ``python -m tests.interop.holder FOLDER [--tied]``.

Brings the loopback interface up, puts the resolver into place, starts Knot, unbound and Postfix, and serves
the hosts that misbehave and the policy host itself. ``FOLDER/ready`` appears when everything answers. It is
the first process of its PID namespace: when it ends, the kernel ends everything that it started. Tied, it
ends with its standard input.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from stalwart.cli.demo_certificates import (
    Authority,
    Identity,
    tlsa_anchor,
    tlsa_end_entity,
    tlsa_of_another_key,
)
from stalwart.cli.demo_names import Datagrams, Zone
from tests.interop.domains import (
    BLACK_HOLE,
    DOMAINS,
    HOSTILE,
    LAME_SERVER,
    POLICY_HOST,
    POSTFIX,
    RESOLVER,
    MailDomain,
    host_of,
)
from tests.interop.names import start_names, wait_for_names
from tests.interop.policy_host import policy_factory
from tests.interop.postfix import start_postfix, wait_for_greeting
from tests.live.hostile_smtp import BEHAVIOURS, Certificates, HostileSmtp

PATIENCE = 12.0
UNUSABLE = "1 1 1 " + "cd" * 32
ADDRESSES = ("fd00:25::5", "fd00:25::6")


class Holder:
    """Everything in the network; ``start`` once, inside its namespaces."""

    def __init__(self, folder: Path, reactor: Any) -> None:
        self._folder = folder
        self._reactor = reactor
        self._programs: list[subprocess.Popen[bytes]] = []
        self._certificates = Certificates(Authority("Test network"))
        self._private = Authority("Known by TLSA only")
        self._private_identities: dict[str, Identity] = {}
        self._log = open(folder / "smtp.jsonl", "a", buffering=1)  # noqa: SIM115  # lives as long as the process

    def start(self) -> None:
        """Return when everything answers.

        :raises TimeoutError: something does not; its log tells why.
        """
        until = time.monotonic() + PATIENCE
        self._network()
        (self._folder / "ca.pem").write_bytes(self._certificates.authority.pem)
        start_names(self._folder, self.tlsa, self._run, until)
        start_postfix(self._folder / "postfix", POSTFIX, self._chains(), self._run)
        self._listen()
        wait_for_names(until)
        for row in POSTFIX:
            wait_for_greeting(row.address or str(row.ipv6), until)
        (self._folder / "ready").touch()

    def stop(self) -> None:
        """End the programs in good order, as far as they will."""
        for program in self._programs:
            program.terminate()
        for program in self._programs:
            try:
                program.wait(2)
            except subprocess.TimeoutExpired:
                program.kill()
        self._log.close()

    def tlsa(self, row: MailDomain) -> list[str]:
        """The TLSA texts of the exchange of ``row``."""
        if row.tlsa is None:
            return []
        identity = self._identity(row)
        issuer = identity.chain[-1]
        return {
            "right": lambda: [tlsa_end_entity(identity)],
            "wrong": lambda: [tlsa_of_another_key()],
            "anchor": lambda: [tlsa_anchor(issuer)],
            "wronganchor": lambda: [tlsa_anchor(self._certificates.unknown.certificate)],
            "mixed": lambda: [tlsa_end_entity(identity), tlsa_anchor(issuer), UNUSABLE],
            "unusable": lambda: [UNUSABLE],
        }[row.tlsa]()

    def _identity(self, row: MailDomain) -> Identity:
        if row.manner_of_certificate == "anchored":
            host = host_of(row)
            if host not in self._private_identities:
                self._private_identities[host] = self._private.issue(host)
            return self._private_identities[host]
        return self._certificates.identity(row.manner_of_certificate, host_of(row))

    def _network(self) -> None:
        _command("ip", "link", "set", "lo", "up")
        _command("ip", "route", "add", f"{BLACK_HOLE}/32", "dev", "lo")  # leaves, comes back, belongs to nobody
        for address in ADDRESSES:
            _command("ip", "-6", "addr", "add", f"{address}/128", "dev", "lo", "nodad")
        for name, text in (("resolv.conf", f"nameserver {RESOLVER}\n"), ("hosts", "127.0.0.1 localhost\n")):
            (self._folder / name).write_text(text)
            _command("mount", "--bind", str(self._folder / name), f"/etc/{name}")

    def _chains(self) -> dict[str, Path]:
        chains = {}
        for row in POSTFIX:
            if row.manner_of_certificate != "none":
                chains[row.name] = self._folder / f"{row.name}.pem"
                chains[row.name].write_bytes(self._identity(row).pem)
                chains[row.name].chmod(0o600)
        return chains

    def _listen(self) -> None:
        for row in HOSTILE:
            server = HostileSmtp(
                host_of(row),
                BEHAVIOURS[row.server],
                self._identity(row),
                self._reactor,
                observe=self._observe,
            )
            self._reactor.listenTCP(25, server, interface=row.address, backlog=512)
        self._reactor.listenUDP(53, Datagrams(Zone(("nothing.invalid",), {})), interface=LAME_SERVER)
        policies = policy_factory(self._certificates, self._reactor)
        self._reactor.listenTCP(443, policies, interface=POLICY_HOST, backlog=512)

    def _observe(self, host: str, event: str) -> None:
        self._log.write(json.dumps({"at": time.time(), "host": host, "event": event}) + "\n")

    def _run(self, name: str, *command: str) -> None:
        with open(self._folder / f"{name}.log", "ab") as log:
            program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._programs.append(program)


def _command(*words: str) -> None:
    subprocess.run(words, check=True, stdin=subprocess.DEVNULL)


def _end_with_input(reactor: Any) -> None:
    """Stop the reactor when whoever started this process is gone."""
    while os.read(0, 1024):
        continue
    reactor.callFromThread(reactor.stop)


def main(folder: Path, tied: bool) -> None:
    """Hold the network until SIGTERM."""
    from twisted.internet import reactor

    os.chdir(folder)
    holder = Holder(folder, reactor)
    if tied:
        threading.Thread(target=_end_with_input, args=(reactor,), daemon=True).start()
    try:
        holder.start()
        reactor.run()  # type: ignore[attr-defined]
    finally:
        holder.stop()


assert len({row.address for row in DOMAINS if row.address}) == len([row for row in DOMAINS if row.address])

if __name__ == "__main__":
    main(Path(sys.argv[1]), "--tied" in sys.argv)
