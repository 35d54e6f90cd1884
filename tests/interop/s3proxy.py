"""s3proxy, a server with the S3 interface, over a folder of its own on a loopback port; it wants signatures."""

from __future__ import annotations

import atexit
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
from botocore.config import Config

from stalwart.store.s3.bucket import Place
from tests.interop.test_jmap_clients import free_port
from tests.live.daemon import end

JARS = Path(__file__).parents[2] / ".cache" / "s3proxy" / "jars"
BUCKET, KEY, SECRET = "mail", "access", "hush"
_PATIENCE = 60.0
_PROPERTIES = """\
s3proxy.authorization=aws-v2-or-v4
s3proxy.identity={key}
s3proxy.credential={secret}
s3proxy.endpoint=http://{host}:{port}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir={folder}/data
jclouds.identity=none
jclouds.credential=none
"""
_LOG = '<configuration><root level="OFF"/></configuration>'


def missing() -> str | None:
    """What has to be installed, as a sentence; None if nothing."""
    if not JARS.is_dir():
        return "s3proxy is missing: run tests/interop/clients/prepare where Maven is installed"
    return None if shutil.which("java") else "java is missing"


class S3Proxy:
    """A running server with a bucket, empty unless the folder has one; ``stop`` and ``start`` take it away and bring it
    back.
    """

    def __init__(self, folder: Path, port: int | None = None, host: str = "127.0.0.1") -> None:
        self.host = host
        self.port = port or free_port()
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)  # whoever reads it has the keys
        (folder / "data" / BUCKET).mkdir(parents=True, exist_ok=True)  # a bucket is a folder there
        (folder / "log.xml").write_text(_LOG)
        text = _PROPERTIES.format(key=KEY, secret=SECRET, host=host, port=self.port, folder=folder.absolute())
        (folder / "properties").write_text(text)
        self.start()

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it does."""
        return self._process.poll() is None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        quiet = f"-Dlogback.configurationFile={self._folder / 'log.xml'}"
        words = ["java", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", quiet, "-cp", f"{JARS}/*"]
        words += ["org.gaul.s3proxy.Main", "--properties", str(self._folder / "properties")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        last = time.monotonic() + _PATIENCE
        while time.monotonic() < last and self._process.poll() is None:
            try:
                socket.create_connection((self.host, self.port), 1.0).close()
                return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"s3proxy does not answer: {(self._folder / 'log').read_text()[-2000:]}")

    def stop(self) -> None:
        """End it, as a crash would."""
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        """Have it answer nothing, as behind a network that swallows everything, until ``resume``."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it answer again."""
        self._process.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it for good, with what it kept."""
        end(self._process)
        shutil.rmtree(self._folder, ignore_errors=True)

    def place(self, **members: object) -> Place:
        """The bucket for a store."""
        wanted = {"access_key": KEY, "secret_key": SECRET, "timeout": 10.0, "retries": 1, **members}
        return Place(BUCKET, "here", f"http://{self.host}:{self.port}", **wanted)  # type: ignore[arg-type]

    def client(self) -> Any:
        """A client of its own."""
        return botocore.session.Session().create_client(
            "s3",
            region_name="here",
            endpoint_url=f"http://{self.host}:{self.port}",
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
        )


@cache
def server() -> S3Proxy:
    """The one that tests of this process share; each takes a prefix of its own."""
    made = S3Proxy(Path(tempfile.mkdtemp(prefix="s3-")))
    atexit.register(made.close)
    return made
