"""Mail hosts on loopback for the tests of the page, and a daemon that knows no other world; needs no privileges.

``python -m tests.interop.page_world DATA`` serves the hosts, prepares the store in DATA so that the daemon asks their
name server, prints one JSON line, then one line for each thing that a host sees, until its input ends.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from attrs import frozen
from twisted.internet import stdio
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Protocol, connectionDone
from twisted.internet.task import react
from twisted.python.failure import Failure

from stalwart.app.demo import DOMAIN, read_credentials
from stalwart.cli.demo_certificates import Authority, tlsa_end_entity, tlsa_of_another_key
from stalwart.cli.demo_names import Datagrams, Streams, Zone
from stalwart.config.defaults import ensure_defaults
from stalwart.config.monitoring.diagnosis import Diagnosis
from stalwart.config.network.dns_resolver import DnsResolver
from stalwart.config.settings import Settings
from stalwart.store import open_store
from stalwart.store.config_file import embedded_store_config
from stalwart.telemetry import Telemetry
from tests.live.hostile_smtp import PLAIN, Behaviour, Certificates, HostileSmtp

ROOT = Path(__file__).resolve().parents[2]
ORIGIN = "page.test"
MARKUP = "<img src=x onerror=alert(1)><b>bold</b> & co"
PATIENCE = 60.0
LISTENING = re.compile(r"listening http 127\.0\.0\.1:(\d+)")
LISTENING_SMTP = re.compile(r"listening smtp 127\.0\.0\.1:(\d+)")


@frozen
class PageHost:
    """A mail host and its domain below ``page.test``; ``tlsa``: ``right`` or ``wrong``."""

    behaviour: Behaviour
    tlsa: str | None = None
    records: tuple[tuple[str, str, str], ...] = ()


HOSTS = {
    "good": PageHost(Behaviour("a proper host"), "right"),
    "selfsigned": PageHost(
        Behaviour("markup in its greeting", {"greeting": f"220 {MARKUP}\r\n".encode()}, certificate="self")
    ),
    "danebad": PageHost(Behaviour("its key is not the published one"), "wrong"),
    "plain": PageHost(Behaviour("no STARTTLS", offers=PLAIN), records=(("_mta-sts.plain", "TXT", '"v=STSv1; id=1"'),)),
    "slow": PageHost(Behaviour("greets after a while", greeting_delay=1.0)),
    "silent": PageHost(Behaviour("says nothing", hangs="greeting")),
    "hushed": PageHost(Behaviour("says nothing either", hangs="greeting")),
}


def zone(port: int, certificates: Certificates, addresses: dict[str, str]) -> Zone:
    """What the name server knows; ``two`` is a domain with the hosts of two others."""
    records: dict[tuple[str, str], list[str]] = {
        (f"two.{ORIGIN}", "MX"): [f"10 mx.good.{ORIGIN}.", f"20 mx.selfsigned.{ORIGIN}."]
    }
    for name, host in HOSTS.items():
        exchange = f"mx.{name}.{ORIGIN}"
        records[f"{name}.{ORIGIN}", "MX"] = [f"10 {exchange}."]
        records[exchange, "A"] = [addresses[name]]
        right = tlsa_end_entity(certificates.identity(host.behaviour.certificate, exchange))
        if host.tlsa is not None:
            records[f"_{port}._tcp.{exchange}", "TLSA"] = [right if host.tlsa == "right" else tlsa_of_another_key()]
        for label, kind, text in host.records:
            records[f"{label}.{ORIGIN}", kind] = [text]
    return Zone((ORIGIN,), records)


async def serve(reactor: Any, data: Path) -> None:
    """See above."""
    certificates = Certificates(Authority("Authority of the page's world"))
    data.parent.joinpath("authority.pem").write_bytes(certificates.authority.pem)
    addresses = {name: f"127.0.0.{number}" for number, name in enumerate(HOSTS, 1)}
    port = 0
    for name, host in HOSTS.items():
        exchange = f"mx.{name}.{ORIGIN}"
        identity = certificates.identity(host.behaviour.certificate, exchange)
        server = HostileSmtp(exchange, host.behaviour, identity, reactor, observe=_tell)
        port = reactor.listenTCP(port, server, interface=addresses[name]).getHost().port
    known = zone(port, certificates, addresses)
    names = reactor.listenTCP(0, Streams(known), interface="127.0.0.1").getHost().port
    reactor.listenUDP(names, Datagrams(known), interface="127.0.0.1")
    await _prepare(reactor, data, names, port)
    left: Deferred[None] = Deferred()
    stdio.StandardIO(_Input(left))
    _tell("world", "ready")
    await left


async def _prepare(reactor: Any, data: Path, names: int, port: int) -> None:
    telemetry = Telemetry(reactor)
    store = open_store(embedded_store_config(data), reactor, telemetry)
    await store.start()
    settings = Settings(store, telemetry, reactor)
    now = reactor.seconds()
    await store.write(
        lambda tx: ensure_defaults(tx, hostname="client.test", default_domain=DOMAIN, listeners=(), now=now)
    )
    await settings.load()
    asked = {"@type": "Custom", "servers": {"0": {"address": "127.0.0.1", "port": names}}}
    await settings.change(DnsResolver, asked)
    await settings.change(Diagnosis, _diagnosis(port))
    settings.close()
    await store.close()


def _diagnosis(port: int) -> dict[str, Any]:
    return {"allowPrivateTargets": True, "port": port, "trustedResolvers": {"127.0.0.1": True}}


class _Input(Protocol):
    """Fires ``left`` when the other side is gone."""

    def __init__(self, left: Deferred[None]) -> None:
        self._left = left

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The end."""
        self._left.callback(None)


def _tell(host: str, event: str) -> None:
    # A host that is being torn down may have nobody to tell any more.
    try:
        os.write(1, json.dumps([host, event, time.time()]).encode() + b"\n")
    except BrokenPipeError:
        return


class PageWorld:
    """The hosts and the daemon with ``options``; ``accounts`` are the demo's logins with their passwords, ``smtp_port``
    is where it takes mail if that is among the options, ``folder`` is for what goes with them.
    """

    def __init__(self, *options: str) -> None:
        self._options = options
        self.folder = Path(tempfile.mkdtemp(prefix="test-page-"))
        self._log = self.folder / "log"
        self._events: list[tuple[str, str, float]] = []
        self._hosts: subprocess.Popen[bytes] | None = None
        self.daemon: Any = None
        try:
            self._hosts = self._start_hosts()
            self.until("world", "ready")
            self.daemon = self._start_daemon()
            self.port = self._listening()
        except BaseException:
            self.close()
            raise
        self.url = f"http://127.0.0.1:{self.port}"
        smtp = LISTENING_SMTP.search(self.log())
        self.smtp_port = int(smtp[1]) if smtp else None
        self.accounts = dict(read_credentials(self.folder / "data"))

    def until(self, host: str, event: str, since: float = 0.0, patience: float = PATIENCE) -> float:
        """When a host saw something after ``since``, as seconds since the epoch.

        :raises TimeoutError: it does not.
        """
        until = time.monotonic() + patience
        while time.monotonic() < until:
            for seen, what, at in tuple(self._events):
                if (seen, what) == (host, event) and at >= since:
                    return at
            time.sleep(0.01)
        raise TimeoutError(f"{host}: no {event} in {self._events[-20:]}")

    def log(self) -> str:
        """What the daemon has logged."""
        return self._log.read_text(errors="replace")

    def close(self) -> None:
        """End both and remove their folder."""
        for process in (self.daemon, self._hosts):
            if process is not None:
                process.kill()
                process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start_hosts(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.interop.page_world", str(self.folder / "data")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        threading.Thread(target=self._listen, args=(process.stdout,), daemon=True).start()
        return process

    def _listen(self, output: Any) -> None:
        for line in output:
            self._events.append(tuple(json.loads(line)))

    def _start_daemon(self) -> subprocess.Popen[bytes]:
        twistd = [sys.executable, "-c", "from twisted.scripts.twistd import run; run()", "-n", "--pidfile="]
        options = ["stalwart", "--data", str(self.folder / "data"), "--demo", "--http", "tcp:0:interface=127.0.0.1"]
        options += self._options
        environment = {"SSL_CERT_FILE": str(self.folder / "authority.pem"), "PYTHONPATH": str(ROOT)}
        with open(self._log, "wb") as log:
            return subprocess.Popen(
                [*twistd, *options],
                env={**os.environ, **environment},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def _listening(self) -> int:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.daemon is not None and self.daemon.poll() is None:
            # the invitation is printed once the daemon is up
            found = LISTENING.search(self.log())
            if found and "Stalwart is running" in self.log():
                return int(found[1])
            time.sleep(0.03)
        raise TimeoutError(f"the daemon does not listen:\n{self.log()[-4000:]}")


if __name__ == "__main__":
    react(lambda reactor: Deferred.fromCoroutine(serve(reactor, Path(sys.argv[1]))))
