"""Public suffixes: what is below one, what is one, and what is below none."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.public_suffix import has_known_suffix


class PublicSuffixTests(SynchronousTestCase):
    def test_suffixes_that_are_known(self) -> None:
        for name, known in {
            "example.com": True,
            "mail.EXAMPLE.com.": True,
            "example.co.uk": True,
            "xn--bcher-kva.xn--p1ai": True,
            "a..com": False,
            "co.uk": False,
            "com": False,
            "example.test": False,
            "localhost": False,
            "example.invalid": False,
            "192.0.2.1": False,
            "": False,
        }.items():
            self.assertEqual(has_known_suffix(name), known, name)
