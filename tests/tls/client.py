"""A TLS client in memory, for a server protocol whose transport keeps what is written."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

from OpenSSL import SSL


class TlsClient:
    """Speaks with ``protocol``, whose answers are in ``wire.value()``; verifies nothing.

    ``name`` is sent as SNI, ``protocols`` by ALPN; ``version`` is the only one spoken; ``ciphers`` are
    those of TLS 1.2 and ``groups`` those of the key exchange, as OpenSSL writes them; ``former`` is a client like this
    one, whose session it tries to resume, with all else as there. ``settle`` has the server write what it collects.
    """

    def __init__(
        self,
        protocol: Any,
        wire: Any,
        *,
        name: str | bytes | None = None,
        protocols: Sequence[bytes] = (),
        version: int | None = None,
        former: TlsClient | None = None,
        ciphers: bytes | None = None,
        groups: bytes | None = None,
        settle: Callable[[], object] = lambda: None,
    ) -> None:
        self._protocol = protocol
        self._wire = wire
        self._settle = settle
        if former is None:
            context = _context(version, ciphers, groups, protocols)
        else:
            context = former.connection.get_context()
        self.connection = SSL.Connection(context, None)
        if name is not None:
            self.connection.set_tlsext_host_name(name if isinstance(name, bytes) else name.encode())
        session = former.connection.get_session() if former is not None else None
        if session is not None:
            self.connection.set_session(session)
        self.connection.set_connect_state()

    def shake(self) -> None:
        """Shake hands. Raises SSL.Error if the server refuses."""
        for _ in range(10):
            try:
                self.connection.do_handshake()
            except SSL.WantReadError:
                self._exchange()
            else:
                self._exchange()
                return
        raise AssertionError("the server does not answer")

    def ask(self, data: bytes) -> bytes:
        """Send ``data``; what came back so far."""
        self.connection.send(data)
        self._exchange()
        return self.read()

    def read(self) -> bytes:
        """What the server has sent since."""
        self._exchange()
        found = b""
        while True:
            try:
                found += self.connection.recv(65536)
            except (SSL.WantReadError, SSL.ZeroReturnError):
                return found

    def _exchange(self) -> None:
        with contextlib.suppress(SSL.WantReadError):  # nothing to send
            self._protocol.dataReceived(self.connection.bio_read(1 << 20))
        self._settle()
        answer = self._wire.value()
        if answer:
            self._wire.clear()
            self.connection.bio_write(answer)


def _context(
    version: int | None, ciphers: bytes | None, groups: bytes | None, protocols: Sequence[bytes]
) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    if version is not None:
        context.set_min_proto_version(version)
        context.set_max_proto_version(version)
    if ciphers is not None:
        context.set_cipher_list(ciphers)
    if groups is not None:
        library: Any = SSL
        raw: Any = context
        assert library._lib.SSL_CTX_set1_curves_list(raw._context, groups) == 1
    if protocols:
        context.set_alpn_protos(list(protocols))
    return context
