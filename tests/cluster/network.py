"""Machines with a network of their own, in which what goes from one to another can be dropped without a word.

Each machine is a network namespace with one address; a router between them forwards. Nothing has a name outside of
this process, so nothing is left behind when it ends, however it does. Needs root.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from tests.interop import internet
from tests.interop.internet import CLONE_NEWNET, LIBC, entered

PROGRAMS = ("ip", "unshare", "nsenter")


def missing() -> str | None:
    """Why such a network cannot be had here; None if it can."""
    return internet.missing(own=PROGRAMS)


class Machine:
    """One with ``address``. What a thread starts or connects ``inside`` is there, and stays there."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._namespace = _new_namespace()

    @property
    def namespace(self) -> str:
        """A path for ``ip`` and ``nsenter``, as long as this process runs."""
        return f"/proc/{os.getpid()}/fd/{self._namespace}"

    @contextmanager
    def inside(self) -> Iterator[None]:
        """This thread belongs to the machine meanwhile, with what it makes: sockets, and processes."""
        with entered(self._namespace):
            yield

    def run(self, *words: str) -> None:
        """Run a command there."""
        subprocess.run(["nsenter", f"--net={self.namespace}", "--", *words], check=True, capture_output=True)

    def close(self) -> None:
        """Let go of it; it is gone when its processes are."""
        os.close(self._namespace)


class Network:
    """A machine for each of ``names``, all of which reach each other until they are cut off."""

    def __init__(self, *names: str) -> None:
        self._router = Machine("10.77.0.1")
        self.machines = {name: Machine(f"10.77.{number}.2") for number, name in enumerate(names, 1)}
        for number, machine in enumerate(self.machines.values(), 1):
            gateway, line = f"10.77.{number}.1", f"line{number}"
            own = ("dev", "eth0")
            self._router.run("ip", "link", "add", line, "type", "veth", "peer", "eth0", "netns", machine.namespace)
            self._router.run("ip", "address", "add", f"{gateway}/24", "dev", line)
            self._router.run("ip", "link", "set", line, "up")
            machine.run("ip", "link", "set", "lo", "up")
            machine.run("ip", "address", "add", f"{machine.address}/24", *own)
            machine.run("ip", "link", "set", "eth0", "up")
            machine.run("ip", "route", "add", "default", "via", gateway)
        self._router.run("sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")

    def __getitem__(self, name: str) -> Machine:
        return self.machines[name]

    def cut(self, one: str, other: str) -> None:
        """Drop what goes between these two, both ways, and tell nobody."""
        self._rule("add", one, other)

    def mend(self, one: str, other: str) -> None:
        """Let it through again: connections of before go on, as far as nobody has given them up."""
        self._rule("del", one, other)

    def close(self) -> None:
        """Let go of all of it."""
        for machine in (*self.machines.values(), self._router):
            machine.close()

    def _rule(self, verb: str, one: str, other: str) -> None:
        for origin, target in ((one, other), (other, one)):
            way = ("from", self[origin].address, "to", self[target].address)
            self._router.run("ip", "rule", verb, *way, "blackhole")


def _new_namespace() -> int:
    """A descriptor of a new network namespace."""
    with open("/proc/thread-self/ns/net") as home, entered(home.fileno()):
        if LIBC.unshare(CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "there is no new network")
        return os.open("/proc/thread-self/ns/net", os.O_RDONLY)
