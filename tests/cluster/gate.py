"""A gate on the way from one part of a cluster to another, which can swallow everything: to both sides the other is
silent, as behind a network that is gone, and worse, since what they send is still taken.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

_PIECE = 1 << 16


class Gate:
    """Listens on ``host`` and ``port`` for what is behind ``target``; each way of a connection is a thread."""

    def __init__(self, host: str, port: int, target: tuple[str, int]) -> None:
        self._target = target
        self._lock = threading.Lock()
        self._lines: set[socket.socket] = set()
        self._open = threading.Event()
        self._open.set()
        self._listener = socket.create_server((host, port), backlog=128)
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Pass nothing on from now on; connections stay open and new ones are taken."""
        self._open.clear()

    def mend(self) -> None:
        """Pass on again what comes, by new connections: those from before are closed."""
        self._break()
        self._open.set()

    def close(self) -> None:
        """Listen no more."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._break()
        self._open.set()

    def _break(self) -> None:
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it is closed
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with self._kept(line), contextlib.suppress(OSError):
            self._open.wait()
            with self._kept(socket.create_connection(self._target)) as behind:
                back = threading.Thread(target=self._pass_on, args=(behind, line), daemon=True)
                back.start()
                self._pass_on(line, behind)
                back.join()

    @contextlib.contextmanager
    def _kept(self, line: socket.socket) -> Iterator[socket.socket]:
        with self._lock:
            self._lines.add(line)
        try:
            yield line
        finally:
            with self._lock:
                self._lines.discard(line)
            line.close()

    def _pass_on(self, origin: socket.socket, target: socket.socket) -> None:
        try:
            target.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as both sides would without a gate
            while piece := origin.recv(_PIECE):
                self._open.wait()
                target.sendall(piece)
        except OSError:
            return
        finally:
            for line in (origin, target):
                with contextlib.suppress(OSError):
                    line.shutdown(socket.SHUT_RDWR)
