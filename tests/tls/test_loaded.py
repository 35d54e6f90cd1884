"""Pairs on connections, and what is kept of them."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL, crypto
from twisted.trial.unittest import SynchronousTestCase

from stalwart.tls.loaded import MOST_CERTIFICATES, MOST_KEYS, LoadedPairs
from stalwart.tls.pairs import Pair
from tests.tls.handshakes import pair


class LoadedTests(SynchronousTestCase):
    def connection(self) -> SSL.Connection:
        return SSL.Connection(SSL.Context(SSL.TLS_SERVER_METHOD), None)

    def shown(self, connection: SSL.Connection) -> bytes:
        from cryptography.hazmat.primitives.serialization import Encoding

        found: Any = connection.get_certificate(as_cryptography=True)
        return bytes(found.public_bytes(Encoding.DER))

    def test_the_connection_has_the_certificate(self) -> None:
        loaded = LoadedPairs()
        for kind in ("p256", "rsa2048"):
            served = pair("a.test", kind=kind)
            connection = self.connection()
            loaded.use(connection, served)
            self.assertEqual(self.shown(connection), served.chain[0])

    def test_another_pair_takes_the_place_of_the_former(self) -> None:
        loaded, connection = LoadedPairs(), self.connection()
        for which in range(3):
            served = pair("a.test", which=which)
            loaded.use(connection, served)
            self.assertEqual(self.shown(connection), served.chain[0])

    def test_the_ones_used_last_are_kept(self) -> None:
        loaded = LoadedPairs(most_keys=3, most_certificates=2)
        pairs = [pair(f"n{n}.test", which=n) for n in range(4)]
        for served in pairs:
            loaded.use(self.connection(), served)
        self.assertEqual(loaded.counts, (3, 2))
        for served in (*pairs, *pairs[:1] * 5):
            connection = self.connection()
            loaded.use(connection, served)
            self.assertEqual(self.shown(connection), served.chain[0])
        self.assertEqual(loaded.counts, (3, 2))
        self.assertGreaterEqual(MOST_KEYS, MOST_CERTIFICATES)

    def test_a_pair_is_parsed_once(self) -> None:
        from stalwart.tls import loaded as module

        calls: list[int] = []

        def counted(kind: int, data: bytes) -> Any:
            calls.append(kind)
            return crypto.load_privatekey(kind, data)

        self.patch(module, "load_privatekey", counted)
        loaded = LoadedPairs()
        for _ in range(3):
            loaded.use(self.connection(), pair("a.test"))
        self.assertEqual(len(calls), 1)

    def test_what_openssl_refuses_raises_and_leaves_no_error_behind(self) -> None:
        good, other = pair("a.test"), pair("b.test", which=1)
        loaded = LoadedPairs()
        for chain, key in ((good.chain, other.key), (good.chain, b"no key"), ((b"nothing",), good.key)):
            bad = Pair(chain, key, good.names, 0, 1)
            self.assertRaises((SSL.Error, crypto.Error), loaded.use, self.connection(), bad)
            library: Any = SSL
            self.assertEqual(library._lib.ERR_peek_error(), 0)
