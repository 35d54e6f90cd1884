"""What is used of txacme can be imported under the Python of today, and takes what authorities send."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.tls.txacme_parts import AcmeIssuingService, ICertificateStore, IResponder, challenge_of, response_of

TOKEN = "DGyRejmCefe7v4NfDGDKfA"
KINDS = ("http-01", "tls-alpn-01", "dns-01")


class PartsTests(SynchronousTestCase):
    def test_interfaces_are_those_of_txacme(self) -> None:
        self.assertEqual({each.__module__ for each in (ICertificateStore, IResponder)}, {"txacme.interfaces"})
        self.assertEqual(AcmeIssuingService.__module__, "txacme.service")

    def test_nobody_needs_it_before_the_first_domain_is_automatic(self) -> None:
        # in a process of its own, as other tests have imported it here
        code = "import stalwart.app.certificates, sys; print(*({'txacme', 'acme'} & set(sys.modules)))"
        found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
        self.assertEqual(found.stdout.split(), [])

    def test_each_kind_of_challenge(self) -> None:
        for kind in KINDS:
            challenge = challenge_of(kind, TOKEN)
            self.assertEqual((challenge.typ, challenge.encode("token")), (kind, TOKEN))
            response = response_of(challenge, f"{TOKEN}.thumb")
            self.assertEqual(response.key_authorization, f"{TOKEN}.thumb")
            self.assertEqual(response.typ, kind)

    def test_unknown_kinds_are_refused_with_a_sentence(self) -> None:
        for kind in ("tls-sni-01", "", "dns-persist-01", "x" * 5000):
            problem = self.assertRaises(ValueError, challenge_of, kind, TOKEN)
            self.assertLess(len(str(problem)), 100)

    def test_token_that_is_not_base64url_is_refused(self) -> None:
        for token in ("a", "ü", "a b"):
            problem: Any = self.assertRaises(ValueError, challenge_of, "http-01", token)
            self.assertIn("base64url", str(problem))

    @given(st.sampled_from(KINDS), st.text(max_size=100))
    def test_any_token_is_taken_or_refused(self, kind: str, token: str) -> None:
        try:
            challenge_of(kind, token)
        except ValueError:
            return
