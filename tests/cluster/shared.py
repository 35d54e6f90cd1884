"""The one cluster that tests of a process share, set up with somebody to write to and somewhere to send mail."""

from __future__ import annotations

import atexit
import os
import shutil
from functools import cache

from attrs import frozen

from tests.cluster.cluster import Cluster, Ports
from tests.live.daemon import new_folder
from tests.live.mail_sink import MailSink


@frozen
class World:
    """A cluster with gates, a user, and the server that gets all mail for elsewhere."""

    cluster: Cluster
    sink: MailSink
    login: str
    password: str

    def new_user(self, name: str) -> tuple[str, str]:
        """Login and password of one more."""
        admin = self.cluster.administrator()
        admin._domain = admin.call("x:Domain/query", {"filter": {"name": "example.org"}})["ids"][0]
        return admin.new_user(name)


@cache
def world() -> World:
    """It runs until the process ends; its databases have small disks where there is root."""
    folder = new_folder("stalwart-cluster-")
    folder.chmod(0o755)  # PostgreSQL is another user
    atexit.register(shutil.rmtree, folder, True)
    cluster = Cluster(folder, Ports.free(), gates=True, disk="900m" if os.geteuid() == 0 else None)
    atexit.register(cluster.stop)
    sink = MailSink()
    atexit.register(sink.close)
    cluster.start()
    admin = cluster.administrator()
    admin.create("MtaRoute", {"@type": "Relay", "name": "sink", "address": "127.0.0.1", "port": sink.port})
    here = {"0": {"if": "is_local_domain(rcpt_domain)", "then": "'local'"}}
    admin.change("MtaOutboundStrategy", {"route": {"match": here, "else": "'sink'"}})
    admin.change("Authentication", {"maxApiKeys": None})
    login, password = admin.new_user("alice")
    return World(cluster, sink, login, password)
