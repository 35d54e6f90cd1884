"""PostgreSQL on two machines: etcd knows which is the primary, Patroni makes one so, each on an address of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from pathlib import Path
from typing import Any

import psycopg

from tests.cluster.part import Part, answered
from tests.cluster.programs import ROOT, found, libraries
from tests.postgresql import programs

SUPERUSER, PASSWORD = "postgres", "cluster"
ROLE, DATABASE = "stalwart", "stalwart"
TEMPLATE = ROOT / "etc" / "cluster" / "patroni.yml"


_ON_A_DISK = "mkdir -p {folder}; mount -t tmpfs -o size={size} none {folder}; install -d -m 700 -o postgres {data}"


def _all_programs() -> Path:
    """The folder that has not only some of them linked."""
    folder = programs()
    assert folder is not None
    return (folder / "initdb").resolve().parent


class Member:
    """A machine with a database on ``address``: Patroni, and the server that it runs."""

    def __init__(
        self, name: str, folder: Path, address: str, port: int, rest: int, etcd: str, disk: str | None = None
    ) -> None:
        self.name = name
        self.address = address
        self.port = port
        self.rest = f"http://{address}:{rest}"
        self.data = (folder if disk is None else folder / "disk") / "data"
        self._has_disk = disk is not None
        self._ballast = self.data / "ballast"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (folder / "patroni.yml").write_text(TEMPLATE.read_text())
        (folder / "patroni.yml").chmod(0o644)
        environment = {
            "PATRONI_NAME": name,
            "PATRONI_ETCD3_HOSTS": etcd,
            "PATRONI_RESTAPI_LISTEN": f"{address}:{rest}",
            "PATRONI_RESTAPI_CONNECT_ADDRESS": f"{address}:{rest}",
            "PATRONI_POSTGRESQL_LISTEN": f"{address}:{port}",
            "PATRONI_POSTGRESQL_CONNECT_ADDRESS": f"{address}:{port}",
            "PATRONI_POSTGRESQL_DATA_DIR": str(self.data),
            "PATRONI_POSTGRESQL_BIN_DIR": str(_all_programs()),
            "PATRONI_POSTGRESQL_PGPASS": str(folder / "pgpass"),
        }
        for part, user in (("SUPERUSER", SUPERUSER), ("REPLICATION", "replicator"), ("REWIND", "rewind")):
            environment |= {f"PATRONI_{part}_USERNAME": user, f"PATRONI_{part}_PASSWORD": PASSWORD}
        words = [str(found("patroni")), str(folder / "patroni.yml")]
        before = _ON_A_DISK.format(size=disk, folder=folder / "disk", data=self.data) if disk is not None else ""
        self.patroni = Part(name, folder, words, environment, "postgres", before)

    @property
    def postmaster(self) -> int | None:
        """The process of the server, None if there is none."""
        try:
            return int(self._seen(self.data / "postmaster.pid").read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None

    def state(self) -> dict[str, Any]:
        """What Patroni says of the member."""
        return dict(json.loads(answered(f"{self.rest}/patroni") or b"{}"))

    def is_primary(self) -> bool:
        """Whether it is the one that is written to."""
        return answered(f"{self.rest}/primary") is not None

    def is_synchronous(self) -> bool:
        """Whether it is a standby that has whatever was acknowledged."""
        return answered(f"{self.rest}/synchronous") is not None

    def kill(self, *, machine: bool = False) -> None:
        """The server dies without a word; with ``machine`` Patroni does too, and stays so until ``patroni.start``."""
        pid = self.postmaster
        if machine:
            self.patroni.kill()
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def fill(self) -> None:
        """Leave no room on the disk, which it has to have; ``clear`` takes that back."""
        with contextlib.suppress(OSError), self._seen(self._ballast).open("wb", buffering=0) as file:
            while file.write(bytes(1 << 20)):
                continue

    def clear(self) -> None:
        """There is room again."""
        self._seen(self._ballast).unlink(missing_ok=True)

    def _seen(self, path: Path) -> Path:
        """A path of its own disk, which nobody else sees."""
        if not self._has_disk:
            return path
        return Path(f"/proc/{self.patroni.pid}/root") / path.relative_to("/")

    def stop(self) -> None:
        """End both in good order."""
        self.patroni.stop()


class Databases:
    """etcd and two members below ``folder``, on these addresses; ``ports`` are PostgreSQL's, Patroni's, two of etcd.
    With ``disk``, a size, each member has one of its own, in memory and gone with it; that needs root.
    """

    def __init__(
        self, folder: Path, addresses: tuple[str, str], ports: tuple[int, int, int, int], disk: str | None = None
    ) -> None:
        port, rest, etcd, peers = ports
        own = f"http://127.0.0.1:{etcd}"
        words = [
            str(found("etcd")),
            *("--data-dir", str(folder / "etcd" / "data"), "--log-level", "warn", "--name", "etcd1"),
            *("--listen-client-urls", own, "--advertise-client-urls", own),
            *(
                "--listen-peer-urls",
                f"http://127.0.0.1:{peers}",
                "--initial-advertise-peer-urls",
                f"http://127.0.0.1:{peers}",
            ),
            *("--initial-cluster", f"etcd1=http://127.0.0.1:{peers}"),
        ]
        self.etcd = Part("etcd", folder / "etcd", words, libraries())
        self._etcd_url = own
        self.port = port
        self.addresses = addresses
        self.members = [
            Member(f"db{number}", folder / f"db{number}", address, port, rest, f"127.0.0.1:{etcd}", disk)
            for number, address in enumerate(addresses, 1)
        ]

    def start(self) -> None:
        """Until one is the primary and the other follows it, with the database of the daemons."""
        self.etcd.start()
        self.etcd.until(lambda: answered(f"{self._etcd_url}/health"), "its health")
        for member in self.members:
            member.patroni.start()
        primary = self.wait_for_primary()
        self._make_database(primary)
        self.wait_for_standby()

    def stop(self) -> None:
        """All of it, the standby first: so the primary need not hand over."""
        for member in sorted(self.members, key=Member.is_primary):
            member.stop()
        self.etcd.stop()

    def primary(self) -> Member | None:
        """The one that is written to, if there is one just now."""
        return next((member for member in self.members if member.is_primary()), None)

    def standby(self) -> Member | None:
        """The other, if it has all that is acknowledged."""
        return next((member for member in self.members if member.is_synchronous()), None)

    def wait_for_primary(self) -> Member:
        """The one that is written to, as soon as there is one."""
        found = self.etcd.until(self.primary, "a primary", 120.0)
        assert isinstance(found, Member)
        return found

    def wait_for_standby(self) -> Member:
        """The one that can take over, as soon as there is one."""
        found = self.etcd.until(self.standby, "a synchronous standby", 120.0)
        assert isinstance(found, Member)
        return found

    def config(self, addresses: tuple[str, ...] | None = None) -> dict[str, Any]:
        """The DataStore object of a daemon."""
        return {
            "@type": "PostgreSql",
            "host": ",".join(addresses or self.addresses),
            "port": self.port,
            "database": DATABASE,
            "authUsername": ROLE,
            "authSecret": {"@type": "EnvironmentVariable", "variableName": "STALWART_DATABASE_PASSWORD"},
        }

    def _make_database(self, primary: Member) -> None:
        address = f"host={primary.address} port={self.port} user={SUPERUSER} password={PASSWORD} dbname=postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone() is None:
                connection.execute(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'".encode())
                connection.execute(
                    f"CREATE DATABASE {DATABASE} OWNER {ROLE} TEMPLATE template0 ENCODING 'UTF8'".encode()
                )
