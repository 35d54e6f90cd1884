"""Words for errors."""

from __future__ import annotations

from OpenSSL import SSL
from twisted.internet.error import ConnectError, NoRouteError
from twisted.trial.unittest import SynchronousTestCase

from stalwart.net.reasons import connect_reason, tls_reason


class Reasons(SynchronousTestCase):
    def test_words_of_openssl(self) -> None:
        problem = SSL.Error(
            [("SSL routines", "", "wrong version number"), ("SSL routines", "f", "wrong version number")]
        )
        self.assertEqual(tls_reason(problem), "TLS error: wrong version number")

    def test_openssl_without_words(self) -> None:
        self.assertEqual(tls_reason(SSL.Error([])), "TLS error: handshake failed")

    def test_other_errors_of_tls(self) -> None:
        self.assertEqual(tls_reason(ValueError("no such name")), "TLS error: no such name")

    def test_number_of_the_system(self) -> None:
        self.assertEqual(connect_reason(NoRouteError(113, "x")), "I/O error: No route to host (os error 113)")

    def test_no_number(self) -> None:
        self.assertTrue(connect_reason(ConnectError()).startswith("I/O error: "))
