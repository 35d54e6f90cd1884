"""Uploads and downloads of a real daemon: durable before the answer, nothing half-written, constant memory."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import socket
import time
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import LOOPBACK, PATIENCE, Daemon, basic, new_folder

SIZE = 40_000_000
PART = os.urandom(1_000_000)


class UploadTests(SynchronousTestCase):
    """The demo account alice, who has an ordinary user's limits."""

    def setUp(self) -> None:
        self.data = new_folder() / "data"
        self.addCleanup(shutil.rmtree, self.data.parent, True)
        self.daemon = self.running()
        lines = (self.data / "demo-credentials.txt").read_text().splitlines()
        login, password = next(line.split(" ") for line in lines if line.startswith("alice@"))
        self.alice = basic(login, password)
        self.account = next(iter(self.daemon.json("/jmap/session", self.alice)["accounts"]))

    def running(self) -> Daemon:
        daemon = Daemon.with_data(self.data, "--demo", *LOOPBACK)
        self.addCleanup(daemon.close)
        return daemon

    def upload(self, parts: int) -> dict[str, Any]:
        """So many parts of a megabyte, one after the other."""
        client = http.client.HTTPConnection("127.0.0.1", self.daemon.port, timeout=PATIENCE)
        try:
            headers = self.alice | {"Content-Length": str(parts * len(PART)), "Content-Type": "text/plain"}
            client.request("POST", f"/jmap/upload/{self.account}/", (PART for _ in range(parts)), headers)
            answer = client.getresponse()
            body = answer.read()
            self.assertEqual(answer.status, 200, body)
            return dict(json.loads(body))
        finally:
            client.close()

    def peak(self) -> int:
        """The most memory that the daemon has had so far, in KiB."""
        found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{self.daemon.process.pid}/status").read_text())
        assert found is not None
        return int(found[1])

    def files(self) -> list[str]:
        """All files of blobs, unfinished ones included."""
        return [name for folder, _, names in os.walk(self.data) if ".blobs" in folder for name in names]

    def download(self, blob_id: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        return self.daemon.get(f"/jmap/download/{self.account}/{blob_id}/x", self.alice | headers)

    def test_what_was_answered_outlives_kill_9(self) -> None:
        small, large = self.upload(0), self.upload(2)
        self.daemon.signal(signal.SIGKILL)
        self.daemon.wait()
        self.daemon = self.running()
        self.assertEqual(self.download(small["blobId"])[2], b"")
        self.assertEqual(self.download(large["blobId"])[2], PART * 2)
        status, headers, body = self.download(large["blobId"], Range="bytes=999999-1000000")
        self.assertEqual((status, headers["content-range"]), (206, "bytes 999999-1000000/2000000"))
        self.assertEqual(body, PART[-1:] + PART[:1])

    def test_large_files_come_and_go_in_constant_memory(self) -> None:
        self.upload(1)
        before = self.peak()
        blob_id = self.upload(SIZE // len(PART))["blobId"]
        body = self.download(blob_id)[2]
        self.assertEqual((len(body), body == PART * 40), (SIZE, True))
        self.assertLess(
            self.peak() - before, 30_000, "of 40,000; a second thread may have looked at a password: 19,500"
        )

    def test_nothing_is_left_of_a_client_that_goes(self) -> None:
        with socket.create_connection(("127.0.0.1", self.daemon.port), timeout=PATIENCE) as client:
            head = [f"POST /jmap/upload/{self.account}/ HTTP/1.1", "Host: a", f"Content-Length: {SIZE}"]
            head += [f"{name}: {value}" for name, value in self.alice.items()]
            client.sendall("\r\n".join([*head, "", ""]).encode() + PART)
            self.await_files(1)
        self.await_files(0)

    def await_files(self, count: int) -> None:
        until = time.monotonic() + PATIENCE
        while len(self.files()) != count:
            self.assertLess(time.monotonic(), until, self.files())
            time.sleep(0.02)
