"""Two daemons, their database, a bucket and a message bus, each on a machine of its own of one ``Network``."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from stalwart.store.config_file import write_store_config
from tests.cluster.network import Machine, Network
from tests.cluster.part import Part
from tests.cluster.programs import ROOT
from tests.interop.bus_servers import PASSWORD, BusServer
from tests.interop.s3proxy import BUCKET, KEY, SECRET, S3Proxy
from tests.live.daemon import ADMIN, TWISTD, basic
from tests.live.people import USING, Administrator
from tests.postgresql import Server

HTTP = 8080
LEADS, LEADS_NO_MORE = "(cluster.leads)", "(cluster.leads-no-more)"
PATIENCE = 90.0


class Node(Part):
    """A daemon on ``machine``."""

    port = HTTP

    def __init__(
        self, name: str, machine: Machine, folder: Path, config: dict[str, Any], words: tuple[str, ...]
    ) -> None:
        self.machine = machine
        self.host = machine.address
        own = folder / name
        own.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_store_config(own / "config.json", config)
        endpoint = f"tcp:{HTTP}:interface={machine.address}"
        environment = {
            "PYTHONPATH": str(ROOT),
            "STALWART_RECOVERY_ADMIN": ":".join(ADMIN),
            "STALWART_HOSTNAME": f"{name}.test",
            "STALWART_VAULT_KEY_FILE": str(folder / "vault.key"),
        }
        super().__init__(
            name, own, [*words, "stalwart", "--config", str(own / "config.json"), "--http", endpoint], environment
        )

    @property
    def url(self) -> str:
        """Its base."""
        return f"http://{self.host}:{self.port}"

    def start(self) -> None:
        self._said = len(self.log)
        with self.machine.inside():
            super().start()

    def wait_until_ready(self) -> None:
        """Until it listens."""
        self.until(lambda: "listening http" in self.log[self._said :], "its listener")

    def asked(
        self, method: str, path: str, body: bytes | None = None, login: tuple[str, str] = ADMIN
    ) -> tuple[int, bytes, float]:
        """Status, body and the seconds that it took, for somebody on the same machine."""
        with self.machine.inside():
            client = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)
            client.connect()
        began = time.monotonic()
        try:
            client.request(method, path, body, {**basic(*login), "Content-Type": "application/json"})
            answer = client.getresponse()
            return answer.status, answer.read(), time.monotonic() - began
        finally:
            client.close()

    def call(self, name: str, arguments: dict[str, Any]) -> tuple[int, bytes, float]:
        """See ``asked``: a JMAP method of the administrator; 503 if that is refused so (RFC 8620 3.6.2)."""
        body = {"using": USING, "methodCalls": [[name, arguments, "0"]]}
        status, said, took = self.asked("POST", "/jmap/", json.dumps(body).encode())
        return 503 if b'"serverUnavailable"' in said else status, said, took

    def told(self, sign: str) -> list[float]:
        """When the log has said so since the start, in seconds of the clock."""
        times = re.findall(rf"^(\S+) .*{re.escape(sign)}", self.log[self._said :], re.MULTILINE)
        return [datetime.fromisoformat(each).timestamp() for each in times]

    @contextmanager
    def administrator(self) -> Iterator[Administrator]:
        """One on the same machine."""
        with self.machine.inside():
            yield Administrator(self)


class Apart:
    """All of it below ``folder``: nodes ``one`` and ``two``, of which each is a process of ``words``."""

    def __init__(self, folder: Path, bus: str, words: tuple[str, ...] = TWISTD, **config: Any) -> None:
        folder.chmod(0o755)
        self.network = Network("one", "two", "database", "bucket", "bus")
        with self.network["database"].inside():
            self.server = Server(listens=self.network["database"].address)
        with self.network["bucket"].inside():
            self.bucket = S3Proxy(folder / "bucket", host=self.network["bucket"].address)
        with self.network["bus"].inside():
            self.bus = BusServer(bus, self.network["bus"].address)
        store = {**self.server.config(), "host": self.network["database"].address, "authUsername": "stalwart", **config}
        self.nodes = [Node(name, self.network[name], folder, store, words) for name in ("one", "two")]
        one = self.nodes[0]
        one.start()
        one.wait_until_ready()
        with one.administrator() as admin:
            self._set_up(admin, bus)
        one.stop()
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait_until_ready()

    def _set_up(self, admin: Administrator, bus: str) -> None:
        endpoint = f"http://{self.bucket.host}:{self.bucket.port}"
        keys = {
            "accessKey": {"@type": "Value", "value": KEY},
            "secretKey": {"@type": "Value", "secret": SECRET},
        }
        region = {"@type": "Custom", "customEndpoint": endpoint, "customRegion": "here"}
        limits = {"timeout": 2000, "maxRetries": 1}
        admin.change("BlobStore", {"@type": "S3", "bucket": BUCKET, "region": region, **keys, **limits})
        if bus == "redis-server":
            admin.change("Coordinator", {"@type": "Redis", "url": self.bus.url})
        else:
            secret = {"@type": "Value", "secret": PASSWORD}
            addresses = {f"{self.bus.host}:{self.bus.port}": True}
            admin.change(
                "Coordinator", {"@type": "Nats", "addresses": addresses, "authUsername": "node", "authSecret": secret}
            )
        self.user = admin.new_user("alice")

    def close(self) -> None:
        """End all of it."""
        for node in self.nodes:
            node.kill()
        self.bus.close()
        self.bucket.close()
        self.server.close()
        self.network.close()
