"""``make cluster``: the three-node example of docs/operations.md, until Ctrl-C. What it keeps stays in its folder."""

from __future__ import annotations

import errno
import signal
import socket
import sys
import time
from pathlib import Path

from tests.cluster.cluster import DATABASES, DOORS, NODES, PUBLIC, Cluster, Ports
from tests.cluster.part import Part
from tests.cluster.programs import missing
from tests.interop.s3proxy import S3Proxy
from tests.live.daemon import ADMIN
from tests.live.people import PASSWORD

DOMAIN, USERS = "example.org", ("alice", "bob")
_TOLD = """
The cluster is up (in {seconds:.0f} s), all of it below {folder}.

  open            {url}/   administrator {admin} / {secret}
  people          {people}   password {password}
  SMTP, LMTP      127.0.0.1:{smtp}, 127.0.0.1:{lmtp}   submission 127.0.0.1:{submission} (STARTTLS)
  daemons         {nodes}
  PostgreSQL      {databases}   the primary is {primary}
  logs            {folder}/*/log

Kill what you like: kill -9 {pids}
Ctrl-C stops all of it; the next make cluster goes on with what is there.
"""


def main(folder: Path) -> int:
    """Bring it up, say how to use it, wait for the end; the exit status."""
    if (sentence := missing()) is not None:
        print(f"make cluster: {sentence}", file=sys.stderr)
        return 1
    ports = Ports()
    if taken := in_use(ports):
        print(f"make cluster: other programs listen on {', '.join(taken)}; end them first", file=sys.stderr)
        return 1
    for each in (signal.SIGINT, signal.SIGTERM):  # the first is ignored by what a script has put aside
        signal.signal(each, signal.default_int_handler)
    began = time.monotonic()
    cluster = Cluster(folder.absolute(), ports)
    try:
        cluster.start()
        populate(cluster)
        print(told(cluster, time.monotonic() - began), flush=True)
        while True:
            time.sleep(1.0)
            revive(cluster)
    except KeyboardInterrupt:
        print("Stopping.", flush=True)
    finally:
        cluster.stop()
    return 0


def populate(cluster: Cluster) -> None:
    """People to log in as, unless they are there."""
    admin = cluster.administrator()
    if not admin.call("x:Domain/query", {"filter": {"name": DOMAIN}})["ids"]:
        for name in USERS:
            admin.new_user(name)


def told(cluster: Cluster, seconds: float) -> str:
    """What the person at the terminal is told."""
    primary = cluster.databases.primary()
    ports = cluster.ports
    nodes = "   ".join(f"{node.name} {node.host}:{ports.http} (pid {node.pid})" for node in cluster.nodes)
    return _TOLD.format(
        seconds=seconds,
        folder=cluster.folder,
        url=cluster.url,
        admin=ADMIN[0],
        secret=ADMIN[1],
        people=", ".join(f"{name}@{DOMAIN}" for name in USERS),
        password=PASSWORD,
        smtp=ports.smtp,
        lmtp=ports.lmtp,
        submission=ports.submission,
        nodes=nodes,
        databases=", ".join(f"{address}:{cluster.databases.port}" for address in DATABASES),
        primary=primary.name if primary is not None else "being chosen",
        pids=" ".join(str(node.pid) for node in cluster.nodes),
    )


def revive(cluster: Cluster) -> None:
    """What systemd does on a machine of its own: start again what has died."""
    parts: list[tuple[str, Part | S3Proxy]] = [(part.name, part) for part in parts_of(cluster)]
    if cluster.bucket is not None:
        parts.append(("s3proxy", cluster.bucket))
    for name, part in parts:
        if not part.runs:
            part.start()
            print(f"{name} had ended; it is started again (pid {part.pid})", flush=True)


def parts_of(cluster: Cluster) -> list[Part]:
    """Its processes, but for the bucket."""
    databases = cluster.databases
    return [cluster.balancer, *cluster.nodes, databases.etcd, *(member.patroni for member in databases.members)]


def in_use(ports: Ports) -> list[str]:
    """The addresses that the cluster needs and that another program has."""
    doors = [(host, ports.door(name)) for host in (PUBLIC, *NODES) for name in DOORS]
    database, patroni, etcd, peers = ports.databases
    doors += [(host, port) for host in DATABASES for port in (database, patroni)]
    doors += [("127.0.0.1", port) for port in (etcd, peers, ports.bucket)]
    return [f"{host}:{port}" for host, port in doors if not _can_be_had(host, port)]


def _can_be_had(host: str, port: int) -> bool:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind((host, port))
        except OSError as problem:
            return problem.errno != errno.EADDRINUSE
    return True


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "var/cluster")))
