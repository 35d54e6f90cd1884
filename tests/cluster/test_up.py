"""What ``make cluster`` says to the person who has typed it."""

from __future__ import annotations

import contextlib
import io
import socket
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.cluster.cluster import NODES, Ports
from tests.cluster.up import in_use, revive


class Program:
    """A process that can end."""

    def __init__(self, name: str, *, runs: bool = True) -> None:
        self.name = name
        self.runs = runs
        self.pid = 7

    def start(self) -> None:
        self.runs = True
        self.pid += 1


class UpTests(SynchronousTestCase):
    def test_ports_of_others_are_named(self) -> None:
        ports = Ports.free()
        self.assertEqual(in_use(ports), [])
        with socket.create_server((NODES[1], ports.smtp)):
            self.assertEqual(in_use(ports), [f"{NODES[1]}:{ports.smtp}"])

    def test_what_has_ended_is_started_again_with_its_new_number(self) -> None:
        cluster: Any = Program("cluster")
        cluster.databases = Program("databases")
        cluster.databases.etcd, cluster.databases.members = Program("etcd"), ()
        cluster.balancer, cluster.nodes = Program("haproxy"), [Program("node1"), Program("node2", runs=False)]
        cluster.bucket = Program("bucket", runs=False)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            revive(cluster)
            revive(cluster)
        wanted = [f"{name} had ended; it is started again (pid 8)" for name in ("node2", "s3proxy")]
        self.assertEqual(said.getvalue().splitlines(), wanted)
