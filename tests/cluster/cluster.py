"""The three-node example of docs/operations.md on one machine: two daemons behind HAProxy, a database on two machines,
a bucket. Every machine has an address of its own on the loopback interface, and all that is kept is in one folder.
"""

from __future__ import annotations

import contextlib
import signal
import socket
from pathlib import Path
from typing import Any

from attrs import frozen

from stalwart.store.config_file import write_store_config
from tests.cluster.database import PASSWORD, Databases
from tests.cluster.gate import Gate
from tests.cluster.part import Part
from tests.cluster.programs import ROOT, found, libraries
from tests.interop.s3proxy import BUCKET, KEY, SECRET, S3Proxy
from tests.interop.test_jmap_clients import free_port
from tests.live.daemon import ADMIN, LISTENING, TWISTD
from tests.live.people import Administrator

PUBLIC, BALANCER = "127.0.0.1", "127.0.20.5"
NODES = ("127.0.20.21", "127.0.20.22")
DATABASES = ("127.0.20.11", "127.0.20.12")
WAYS = (("127.0.20.31", "127.0.20.32"), ("127.0.20.41", "127.0.20.42"))
"""Where the gates are by which each daemon reaches the databases."""
DOORS = ("http", "smtp", "lmtp", "submission")
HAPROXY = ROOT / "etc" / "cluster" / "haproxy.cfg"


@frozen
class Ports:
    """Those of the doors, which are the same on each machine, and those of what is behind."""

    http: int = 8080
    smtp: int = 8025
    lmtp: int = 8024
    submission: int = 8587
    databases: tuple[int, int, int, int] = (15432, 18008, 12379, 12380)
    bucket: int = 19000
    bucket_gate: int = 19001

    @classmethod
    def free(cls) -> Ports:
        """Those that nobody listens on."""
        a, b, c, d, one, two, three, four, bucket, gate = (free_port() for _ in range(10))
        return cls(a, b, c, d, (one, two, three, four), bucket, gate)

    def door(self, name: str) -> int:
        """By its name."""
        return int(getattr(self, name))


class Node(Part):
    """A daemon at ``address``."""

    def __init__(self, number: int, folder: Path, config: dict[str, Any], ports: Ports, **environment: str) -> None:
        self.host = NODES[number]
        self.port = ports.http
        self.url = f"http://{self.host}:{self.port}"
        own = folder / f"node{number + 1}"
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_store_config(own / "config.json", config)
        words = [*TWISTD, "stalwart", "--config", str(own / "config.json")]
        for name in DOORS:
            words += [f"--{name}", f"tcp:{ports.door(name)}:interface={self.host}"]
        settings = {
            "PYTHONPATH": str(ROOT),
            "STALWART_RECOVERY_ADMIN": ":".join(ADMIN),
            "STALWART_PUBLIC_URL": f"http://{PUBLIC}:{ports.http}",
            "STALWART_HOSTNAME": "mail.example.org",
            "STALWART_DATABASE_PASSWORD": PASSWORD,
            "STALWART_DRAIN": "3",
            "STALWART_VAULT_KEY_FILE": str(folder / "vault.key"),
        }
        super().__init__(f"node{number + 1}", own, words, settings | environment)

    def start(self) -> None:
        self._said = len(self.log)
        super().start()

    def wait_until_ready(self) -> None:
        """Until it serves."""
        self.until(lambda: LISTENING_ANYWHERE in self.log[self._said :], "its listener")


LISTENING_ANYWHERE = LISTENING.pattern.partition(" 127")[0]


class Balancer(Part):
    """HAProxy with the configuration of ``etc/cluster``."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        own = folder / "haproxy"
        self._socket = own / "admin"
        environment = {"PUBLIC": PUBLIC, "BALANCER": BALANCER, "NODE1": NODES[0], "NODE2": NODES[1]}
        environment |= {f"{name.upper()}_PORT": str(ports.door(name)) for name in DOORS}
        environment |= libraries() | {"HAPROXY_SOCKET": str(self._socket)}
        super().__init__("haproxy", own, [str(found("haproxy")), "-W", "-db", "-f", str(HAPROXY)], environment)

    def ask(self, question: str) -> str:
        """A command of its administration."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(5.0)
            line.connect(str(self._socket))
            line.sendall(f"{question}\n".encode())
            said = b""
            while piece := line.recv(65536):
                said += piece
        return said.decode()

    def serving(self) -> set[str]:
        """The daemons that get requests: ``one``, ``two``."""
        with contextlib.suppress(OSError):
            rows = [row.split(",") for row in self.ask("show stat").splitlines()]
            up = {row[1] for row in rows if row[0] == "web" and row[17:18] and row[17].startswith("UP")}
            return up - {"BACKEND"}
        return set()


class Cluster:
    """Everything below ``folder``. With ``gates`` the daemons reach databases and bucket by these, each by a row of its
    own; ``disk`` is that of each database, ``environment`` is for the daemons.
    """

    host = PUBLIC

    def __init__(
        self, folder: Path, ports: Ports, *, gates: bool = False, disk: str | None = None, **environment: str
    ) -> None:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self.folder = folder
        self.ports = ports
        self.databases = Databases(folder, DATABASES, ports.databases, disk)
        self.bucket: S3Proxy | None = None
        self.balancer = Balancer(folder, ports)
        self.gates: list[list[Gate]] = []
        self.bucket_gate: Gate | None = None
        self._has_gates = gates
        self.nodes = [
            Node(number, folder, self.databases.config(WAYS[number] if gates else None), ports, **environment)
            for number in range(len(NODES))
        ]

    @property
    def port(self) -> int:
        """The port of HTTP."""
        return self.ports.http

    @property
    def url(self) -> str:
        """Where clients go."""
        return f"http://{PUBLIC}:{self.ports.http}"

    @property
    def log(self) -> str:
        """What the daemons have said."""
        return "\n".join(node.log for node in self.nodes)

    def start(self) -> None:
        """All of it, from the back; set up if it is not."""
        self.databases.start()
        self.bucket = S3Proxy(self.folder / "bucket", self.ports.bucket)
        if self._has_gates:
            self._open_gates()
        first, *others = self.nodes
        first.start()
        first.wait_until_ready()
        if self._set_up():
            first.stop()
            first.start()
        for node in others:
            node.start()
        for node in self.nodes:
            node.wait_until_ready()
        self.balancer.start()
        self.balancer.until(lambda: self.balancer.serving() == {"one", "two"}, "both daemons")

    def stop(self) -> None:
        """All of it in good order, from the front."""
        self.balancer.stop()
        for node in self.nodes:
            node.signal(signal.SIGTERM)  # both at once
        for node in self.nodes:
            node.stop()
        for gate in [each for row in self.gates for each in row] + [self.bucket_gate]:
            if gate is not None:
                gate.close()
        self.databases.stop()
        if self.bucket is not None:
            self.bucket.stop()

    def administrator(self) -> Administrator:
        """Who works through the front."""
        return Administrator(self)

    def _set_up(self) -> bool:
        """As docs/operations.md says: whom to believe about clients, and the bucket. False if that is done already."""
        admin = Administrator(self.nodes[0])
        (system,) = admin.call("x:SystemSettings/get", {"ids": None})["list"]
        if BALANCER in "".join(system["proxyTrustedNetworks"]):
            return False
        endpoint = self.ports.bucket_gate if self.bucket_gate is not None else self.ports.bucket
        region = {"@type": "Custom", "customEndpoint": f"http://127.0.0.1:{endpoint}", "customRegion": "here"}
        keys = {
            "accessKey": {"@type": "Value", "value": KEY},
            "secretKey": {"@type": "Value", "secret": SECRET},
        }
        admin.change("BlobStore", {"@type": "S3", "bucket": BUCKET, "region": region, **keys})
        admin.change("SystemSettings", {"proxyTrustedNetworks": {BALANCER: True}})
        return True

    def _open_gates(self) -> None:
        port, bucket = self.databases.port, (PUBLIC, self.ports.bucket)
        self.gates = [[Gate(way, port, (db, port)) for way, db in zip(row, DATABASES, strict=True)] for row in WAYS]
        self.bucket_gate = Gate(PUBLIC, self.ports.bucket_gate, bucket)
