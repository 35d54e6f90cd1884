"""The files in etc/cluster are read by the programs that they are for, with the environment that is beside them."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.store.postgresql.address import address_of
from stalwart.store.postgresql.engine import IDLE_LIMIT
from stalwart.store.threads.store import PING_TIMEOUT
from tests.cluster.cluster import HAPROXY
from tests.cluster.database import TEMPLATE
from tests.cluster.programs import found, libraries, missing
from tests.live.daemon import new_folder

FOLDER = Path(HAPROXY).parent


def environment() -> dict[str, str]:
    """What ``cluster.env`` says."""
    lines = (FOLDER / "cluster.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


class PatienceTests(SynchronousTestCase):
    def test_who_waits_for_a_node_that_hangs_is_not_left_by_the_balancer(self) -> None:
        (checks,) = re.findall(r"^ +default-server check .*$", HAPROXY.read_text(), re.M)
        pause, fall = (int(re.findall(rf"{name} (\d+)", checks)[0]) for name in ("inter", "fall"))
        lost = IDLE_LIMIT / 1000 / (pause + PING_TIMEOUT) + 1
        self.assertLess(lost, fall - 1)


class ExampleTests(SynchronousTestCase):
    skip = missing()

    def test_haproxy(self) -> None:
        socket = {"HAPROXY_SOCKET": str(new_folder() / "admin")}
        done = subprocess.run(
            [str(found("haproxy")), "-c", "-f", str(HAPROXY)],
            env={**os.environ, **environment(), **libraries(), **socket},
            capture_output=True,
            timeout=30,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotIn(b"WARNING", done.stderr)

    def test_patroni(self) -> None:
        made = {"PATRONI_POSTGRESQL_BIN_DIR": "/nowhere"}
        done = subprocess.run(
            [str(found("patroni")), "--validate-config", str(TEMPLATE)],
            env={**os.environ, **environment(), **made},
            capture_output=True,
            timeout=30,
        )
        said = done.stdout + done.stderr
        self.assertNotIn(b"Traceback", said)
        wrong = {line.split(b" ")[0] for line in said.splitlines() if b" " in line}
        self.assertLessEqual({each for each in wrong if each.startswith((b"bootstrap", b"scope"))}, set(), said)

    def test_data_store(self) -> None:
        password = {"STALWART_DATABASE_PASSWORD": "hush"}
        self.patch(os, "environ", {**os.environ, **password})
        address = address_of(json.loads((FOLDER / "datastore.json").read_text()))
        self.assertIn("host='10.0.0.11,10.0.0.12'", address)
        self.assertIn("connect_timeout='3'", address)
