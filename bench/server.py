"""The servers under test as processes of their own: the daemon on a fresh folder, and a bare twisted.web site.

``python -m bench.server bare`` serves one constant Resource: what HTTP costs at least. ``python -m bench.server
silent OPTIONS`` is twistd with the daemon and one more route, a stream that says nothing; ``python -m bench.server
crowd OPTIONS`` is the daemon, but one account may read hundreds of live streams. ``python -m bench.server unlimited
FOLDER`` lifts the rate limit of anonymous requests in a stored configuration.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.measure import ROOT

LISTENING = re.compile(r"listening http 127\.0\.0\.1:(\d+)")
TWISTD = ("-c", "from twisted.scripts.twistd import run; run()", "-n", "--pidfile=")
HTTP = ("--http", "tcp:0:interface=127.0.0.1:backlog=1024")
LOGIN = "admin:secret"
PATIENCE = 30.0


class Server:
    """A running process that has printed ``listening http ADDRESS:PORT``."""

    def __init__(self, *arguments: str, data: Path | None = None, **environment: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="bench-"))
        self.data = data or self._folder / "data"
        self.log = self._folder / "log"
        words = [one.format(data=self.data) for one in arguments]
        variables = {**os.environ, "PYTHONPATH": str(ROOT), "STALWART_RECOVERY_ADMIN": LOGIN, **environment}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *words], env=variables, cwd=self._folder, stdout=log, stderr=log
            )
        self.port = int(self.said(LISTENING)[1])

    @property
    def pid(self) -> int:
        """Of the server."""
        return self.process.pid

    def stop(self, keep: bool = False) -> Path:
        """SIGTERM, then remove what it wrote; the data folder, which stays if it is to be kept."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(PATIENCE)
        for folder in {self._folder, self.data.parent}:
            if not keep or folder != self.data.parent:
                shutil.rmtree(folder, ignore_errors=True)
        return self.data

    def said(self, pattern: re.Pattern[str]) -> re.Match[str]:
        """The first match in its log; raises RuntimeError if none comes."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            found = pattern.search(self.log.read_text(errors="replace"))
            if found:
                return found
            time.sleep(0.01)
        self.process.kill()
        raise RuntimeError(f"no server: {self.log.read_text(errors='replace')[-3000:]}")


def daemon(data: Path | None = None) -> Server:
    """``twistd stalwart`` on an embedded store."""
    return Server(*TWISTD, "stalwart", "--data", "{data}", *HTTP, data=data)


def unlimited_daemon() -> Server:
    """The same with the rate limit of anonymous requests lifted in its settings, restarted."""
    return daemon(_unlimited_data())


def crowd_daemon() -> Server:
    """The same, and an account may read hundreds of live streams."""
    return Server("-m", "bench.server", "crowd", "--data", "{data}", *HTTP, data=_unlimited_data())


def _unlimited_data() -> Path:
    data = daemon().stop(keep=True)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-m", "bench.server", "unlimited", str(data)], env=environment, check=True)
    return data


def serve_bare() -> None:
    """One Resource that answers a constant, access log off."""
    from twisted.internet import reactor
    from twisted.web.resource import Resource
    from twisted.web.server import Site

    class Constant(Resource):
        isLeaf = True

        def render_GET(self, request: Any) -> bytes:
            request.setHeader(b"Content-Type", b"application/problem+json")
            return b'{"type":"about:blank","status":200,"title":"OK","detail":"OK"}'

    site: Any = Site(Constant())
    site.log = lambda _request: None
    port = reactor.listenTCP(0, site, interface="127.0.0.1", backlog=1024)  # type: ignore[attr-defined]
    print(f"listening http 127.0.0.1:{port.getHost().port}", flush=True)
    reactor.run()  # type: ignore[attr-defined]


def serve_silent(arguments: list[str]) -> None:
    """The daemon, with a stream of its own kit that says nothing."""
    import resource

    from twisted.internet.defer import Deferred
    from twisted.scripts.twistd import run

    from stalwart.app import faces, house
    from stalwart.web.answers import EventStream
    from stalwart.web.routes import route

    @route("GET", "/bench/silent", needs=None, limit="none", spec="delivery-diagnostics 2")
    def silent(exchange: Any) -> EventStream:
        """Says nothing until the client leaves."""

        async def wait(send: Any) -> None:
            await Deferred()

        return EventStream(wait)

    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    house.routes = lambda: (*faces.routes(), silent)
    sys.argv = ["twistd", "-n", "--pidfile=", "stalwart", *arguments]
    run()


def serve_crowd(arguments: list[str]) -> None:
    """The daemon with room for many readers of one account."""
    from twisted.scripts.twistd import run

    from stalwart.api import live_streams

    live_streams.MOST = 1000
    sys.argv = ["twistd", "-n", "--pidfile=", "stalwart", *arguments]
    run()


def lift_limits(data: Path) -> None:
    """Store ``x:Http`` without a limit for anonymous requests."""
    from twisted.internet import task

    from stalwart.config.network.http import Http
    from stalwart.config.settings import Settings
    from stalwart.store import open_store
    from stalwart.store.config_file import embedded_store_config
    from stalwart.telemetry import Telemetry

    async def change(reactor: Any) -> None:
        telemetry = Telemetry()
        store = open_store(embedded_store_config(data), reactor, telemetry)
        await store.start()
        settings = Settings(store, telemetry, reactor)
        await settings.load()
        await settings.change(Http, {"rateLimitAnonymous": None})
        settings.close()
        await store.close()

    task.react(change)


if __name__ == "__main__":
    if sys.argv[1] == "bare":
        serve_bare()
    elif sys.argv[1] == "silent":
        serve_silent(sys.argv[2:])
    elif sys.argv[1] == "crowd":
        serve_crowd(sys.argv[2:])
    else:
        lift_limits(Path(sys.argv[2]))
