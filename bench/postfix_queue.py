"""Postfix as the peer of our queue: the same messages wait in it, then leave to the same sinks.

A master of its own in a folder of its own, taken down at the end. Its queue manager is stopped while messages come in,
so that what is measured is how fast they leave. Needs root and Debian's package.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Skipped
from tests.interop.postfix import MASTER, SERVICES, _make_folders

PATIENCE = 60.0
SOURCE = "/usr/sbin/smtp-source"

MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file_prefixes = {folder}
maillog_file = {folder}/log
myhostname = mx.example.test
mydestination =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
relay_domains = {domains}
relay_transport = relay
transport_maps = inline:{{{transports}}}
alias_maps =
smtp_tls_security_level = none
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
smtpd_client_connection_rate_limit = 0
smtpd_relay_restrictions = permit_mynetworks, reject
default_process_limit = 100
in_flow_delay = 0s
"""


def seconds_to_leave(folder: Path, domains: Sequence[str], ports: Sequence[int], count: int, size: int) -> float:
    """How long ``count`` messages take that wait for ``domains``, each behind a port of the loopback interface."""
    if os.geteuid() != 0 or not Path(MASTER).exists() or not Path(SOURCE).exists():
        raise Skipped("Postfix is not installed, or this is not root")
    listen = _free_port()
    _configure(folder, domains, ports, listen)
    master = subprocess.Popen([MASTER, "-c", str(folder), "-d"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for_port(listen)
        manager = _child(master.pid, "qmgr")
        os.kill(manager, signal.SIGSTOP)
        _fill(domains, listen, count, size)
        began = time.perf_counter()
        os.kill(manager, signal.SIGCONT)
        _wait_until_empty(folder / "queue", began)
        return time.perf_counter() - began
    finally:
        master.terminate()
        master.wait()


def _configure(folder: Path, domains: Sequence[str], ports: Sequence[int], listen: int) -> None:
    folder.chmod(0o755)
    _make_folders(folder)
    transports = ", ".join(f"{name}=smtp:[127.0.0.1]:{port}" for name, port in zip(domains, ports, strict=True))
    named = {"folder": folder, "domains": ", ".join(domains), "transports": transports}
    (folder / "main.cf").write_text(MAIN.format(**named))
    relay = "relay unix - - n - - smtp\n"
    (folder / "master.cf").write_text(f"127.0.0.1:{listen} inet n - n - - smtpd\n{relay}" + SERVICES)


def _fill(domains: Sequence[str], listen: int, count: int, size: int) -> None:
    each = count // len(domains)
    sources = []
    for domain in domains:
        words = [SOURCE, "-s", "8", "-m", str(each), "-l", str(size), "-f", "a@example.test", "-t", f"r@{domain}"]
        sources.append(subprocess.Popen([*words, f"127.0.0.1:{listen}"]))
    try:
        if any(source.wait(PATIENCE) for source in sources):
            raise Skipped("Postfix does not take the messages")
    except subprocess.TimeoutExpired:
        raise Skipped("Postfix takes too long to take the messages") from None
    finally:
        for source in sources:
            source.kill()
            source.wait()


def _wait_until_empty(queue: Path, began: float) -> None:
    names = ("active", "incoming", "deferred")
    while any(files for name in names for _, _, files in os.walk(queue / name)):
        if time.perf_counter() - began > PATIENCE:
            raise Skipped("the queue of Postfix does not become empty")
        time.sleep(0.02)


def _child(parent: int, name: str) -> int:
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split():
            if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                return int(pid)
        time.sleep(0.05)
    raise Skipped(f"Postfix does not start its {name}")


def _wait_for_port(port: int) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as client:
                if client.recv(512).startswith(b"220"):
                    return
        except OSError:
            time.sleep(0.05)
    raise Skipped("Postfix does not greet")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
