"""Public suffixes: what is below one, what is one, and what is below none."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.public_suffix import has_known_suffix, registrable_domain


class PublicSuffixTests(SynchronousTestCase):
    def test_the_organizational_domain(self) -> None:
        for name, own in {
            "example.com": "example.com",
            "mail.EXAMPLE.com.": "example.com",
            "a.b.example.co.uk": "example.co.uk",
            "co.uk": None,
            "com": None,
            "a.example.test": "example.test",
            "xn--bcher-kva.xn--p1ai": "xn--bcher-kva.xn--p1ai",
            "": None,
            "a..com": None,
        }.items():
            self.assertEqual(registrable_domain(name), own, name)

    def test_suffixes_that_are_known(self) -> None:
        for name, known in {
            "example.com": True,
            "example.co.uk": True,
            "co.uk": False,
            "com": False,
            "example.test": False,
            "localhost": False,
            "example.invalid": False,
            "192.0.2.1": False,
            "": False,
        }.items():
            self.assertEqual(has_known_suffix(name), known, name)
