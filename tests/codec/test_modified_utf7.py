"""Tests ``stalwart.codec.modified_utf7``."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.modified_utf7 import decode_name


class NameTests(SynchronousTestCase):
    def test_names(self) -> None:
        for written, name in (
            ("INBOX", "INBOX"),
            ("Entw&APw-rfe", "Entwürfe"),
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),  # RFC 3501 5.1.3
            ("R&-D", "R&D"),
            ("&2D3eAA-", "😀"),
            ("&broken", "&broken"),
            ("&!!!-", "&!!!-"),
            ("&2D0-", "&2D0-"),
        ):
            self.assertEqual(decode_name(written), name)

    @given(st.text())
    def test_everything_is_some_name(self, text: str) -> None:
        decode_name(text).encode()
