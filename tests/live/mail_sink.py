"""A mail server of threads that takes everything, and remembers what: for tests of what a daemon sends.

Recipients that begin with ``refused`` do not exist, those that begin with ``later`` are told to come again once.
"""

from __future__ import annotations

import socketserver
import threading
import time
from collections.abc import Callable

from attrs import frozen


@frozen
class Taken:
    """A message for one recipient, and when it was accepted (``time.monotonic``)."""

    sender: str
    recipient: str
    octets: bytes
    at: float


class MailSink(socketserver.ThreadingTCPServer):
    """Listens on a free port of the loopback interface until ``close``."""

    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Session)
        self.port = int(self.server_address[1])
        self.taken: list[Taken] = []
        self.put_off: set[tuple[str, str]] = set()
        self.lock = threading.Lock()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End."""
        self.shutdown()
        self.server_close()
        self._thread.join(5)

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients of ours are killed."""


class _Session(socketserver.StreamRequestHandler):
    server: MailSink
    timeout = 60

    def setup(self) -> None:
        super().setup()
        self.sender, self.recipients = "", list[str]()

    def handle(self) -> None:
        self._say("220 sink.test ESMTP")
        while line := self.rfile.readline(4096):
            verb = line[:4].upper().rstrip()
            if verb == b"QUIT":
                self._say("221 2.0.0 Bye")
                return
            _COMMANDS.get(verb, _Session._unknown)(self, line.decode().strip())

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _unknown(self, line: str) -> None:
        self._say("502 5.5.1 Unknown")

    def _ehlo(self, line: str) -> None:
        self._say(
            "250-sink.test", "250-PIPELINING", "250-8BITMIME", "250-SMTPUTF8", "250-ENHANCEDSTATUSCODES", "250 SIZE"
        )

    def _rset(self, line: str) -> None:
        self.sender, self.recipients = "", []
        self._say("250 2.0.0 OK")

    def _mail(self, line: str) -> None:
        self.sender, self.recipients = _address(line), []
        self._say("250 2.1.0 OK")

    def _rcpt(self, line: str) -> None:
        address = _address(line)
        if address.startswith("refused"):
            self._say("550 5.1.1 There is nobody of that name")
            return
        if address.startswith("later"):
            with self.server.lock:
                is_first = (self.sender, address) not in self.server.put_off
                self.server.put_off.add((self.sender, address))
            if is_first:
                self._say("451 4.7.1 Come again")
                return
        self.recipients.append(address)
        self._say("250 2.1.5 OK")

    def _data(self, line: str) -> None:
        if not self.recipients:
            self._say("554 5.5.1 No recipients")
            return
        self._say("354 Go on")
        lines: list[bytes] = []
        while (octets := self.rfile.readline()) != b".\r\n":
            if not octets:
                return
            lines.append(octets[1:] if octets.startswith(b".") else octets)
        message, now = b"".join(lines), time.monotonic()
        with self.server.lock:
            self.server.taken += [Taken(self.sender, each, message, now) for each in self.recipients]
        self.recipients = []
        self._say("250 2.0.0 Taken")


_COMMANDS: dict[bytes, Callable[[_Session, str], None]] = {
    b"EHLO": _Session._ehlo,
    b"HELO": _Session._rset,
    b"RSET": _Session._rset,
    b"NOOP": _Session._rset,
    b"MAIL": _Session._mail,
    b"RCPT": _Session._rcpt,
    b"DATA": _Session._data,
}


def _address(line: str) -> str:
    return line.partition("<")[2].partition(">")[0]
