"""A client of SMTP and LMTP on a plain socket, for tests that want to see each answer."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from tests.live.daemon import PATIENCE

Answer = tuple[int, str]


class MailClient:
    """A connection to a port on this host. Whatever goes wrong with it is an OSError."""

    def __init__(self, port: int, *, hello: str | None = "LHLO client.test", patience: float = PATIENCE) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self._file: Any = self.socket.makefile("rb")
        self.greeting = self.answer()
        self.offers = "" if hello is None else self.say(hello)[1]

    def answer(self) -> Answer:
        """The next reply: its code, and all its text."""
        text = ""
        while True:
            line = self._file.readline().decode()
            if not line.endswith("\r\n"):
                raise ConnectionError(f"the server has closed the connection: {text!r}")
            text += line[4:]
            if line[3] == " ":
                return int(line[:3]), text.rstrip()

    def say(self, line: str) -> Answer:
        """A command and its reply."""
        self.socket.sendall(f"{line}\r\n".encode())
        return self.answer()

    def start_tls(self) -> Answer:
        """Go on over TLS; the answer to EHLO."""
        said = self.say("STARTTLS")
        if said[0] != 220:
            raise ConnectionError(said)
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)
        self._file = self.socket.makefile("rb")
        return self.say("EHLO client.test")

    def deliver(self, sender: str, recipients: list[str], message: bytes, *, lmtp: bool = True) -> list[Answer]:
        """A whole transaction: the replies to the message, or the first that refuses something before it."""
        for line in (f"MAIL FROM:<{sender}>", *(f"RCPT TO:<{each}>" for each in recipients)):
            said = self.say(line)
            if said[0] != 250:
                self.say("RSET")
                return [said]
        said = self.say("DATA")
        if said[0] != 354:
            return [said]
        self.socket.sendall(message.replace(b"\r\n.", b"\r\n..") + b".\r\n")
        return [self.answer() for _ in (recipients if lmtp else [""])]

    def close(self) -> None:
        """Leave without a word."""
        self._file.close()
        self.socket.close()
