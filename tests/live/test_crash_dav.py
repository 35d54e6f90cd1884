"""A daemon that is killed while it moves ten thousand files has moved all of them or none."""

from __future__ import annotations

import shutil
import signal
import socket
import time

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import PATIENCE, Daemon, basic, new_folder
from tests.live.people import Administrator

FILES, FOLDERS = 100, 100
MOMENTS = (0.0, 0.015, 0.03, 0.06)


class MoveTests(SynchronousTestCase):
    """``tree`` has a hundred folders with a hundred files each."""

    def setUp(self) -> None:
        self.data = new_folder()
        self.addCleanup(shutil.rmtree, self.data, True)
        self.start()
        login, password = Administrator(self.daemon).new_user("mover")
        self.authorization = basic(login, password)["Authorization"]
        self.home = f"/dav/file/{login.replace('@', '%40')}"
        self.ask(("MKCOL", "tree"), ("MKCOL", "tree/d0"))
        self.ask(*(("PUT", f"tree/d0/f{n}") for n in range(FILES)))
        self.ask(*(("COPY", "tree/d0", f"tree/d{n}") for n in range(1, FOLDERS)))

    def start(self) -> None:
        self.daemon = Daemon.with_data(self.data)
        self.addCleanup(self.daemon.close)

    def request(self, method: str, path: str, to: str = "", *, last: bool = False) -> bytes:
        fields = [f"{method} {self.home}/{path} HTTP/1.1", "Host: localhost", f"Authorization: {self.authorization}"]
        fields += [f"Destination: {self.home}/{to}"] if to else []
        fields += ["Depth: 0"] if method == "PROPFIND" else []
        fields += ["Connection: close"] if last else []
        body = "x" if method == "PUT" else ""
        return "\r\n".join([*fields, f"Content-Length: {len(body)}", "", body]).encode()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.daemon.port), PATIENCE)

    def ask(self, *requests: tuple[str, ...]) -> list[int]:
        """The statuses of answers, all asked on one connection."""
        with self.connect() as wire:
            wire.sendall(b"".join(self.request(*given) for given in requests[:-1]))
            wire.sendall(self.request(*requests[-1], last=True))
            answers = b"".join(iter(lambda: wire.recv(65536), b""))
        return [int(part[:3]) for part in answers.split(b"HTTP/1.1 ")[1:] if part[:3].isdigit() and part[3:4] == b" "]

    def is_whole(self, name: str) -> bool:
        """Whether all is there; fails if a part is."""
        asked = [("PROPFIND", path) for path in (name, f"{name}/d0", f"{name}/d{FOLDERS - 1}/f{FILES - 1}")]
        found = {self.ask(each)[0] for each in asked}
        self.assertIn(found, ({207}, {404}))
        return found == {207}

    def test_all_or_nothing_is_moved(self) -> None:
        places = ("tree", "moved")
        for moment in MOMENTS:
            source, to = places if self.is_whole(places[0]) else places[::-1]
            self.assertFalse(self.is_whole(to))
            with self.connect() as wire:
                wire.sendall(self.request("MOVE", source, to, last=True))
                time.sleep(moment)
                self.daemon.signal(signal.SIGKILL)
                told = b"".join(iter(lambda: self._received(wire), b""))
            self.daemon.wait()
            self.start()
            moved = self.is_whole(to)
            self.assertNotEqual(moved, self.is_whole(source))
            if b" 201 " in told:
                self.assertTrue(moved)

    @staticmethod
    def _received(wire: socket.socket) -> bytes:
        try:
            return wire.recv(65536)
        except ConnectionError:
            return b""
