"""Tokens of locks and of synchronisation."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.tokens import SyncToken, lock_token, parse_lock_token, parse_sync_token


class TokenTests(SynchronousTestCase):
    def test_locks(self) -> None:
        token = lock_token(0x9A3F6D2CFDE3140B)
        self.assertEqual(token, "urn:stalwart:davlock:9a3f6d2cfde3140b")
        for written in (token, f"<{token}>", f" < {token} > ", token.upper()):
            self.assertEqual(parse_lock_token(written), 0x9A3F6D2CFDE3140B)
        for written in (
            "",
            "<>",
            "urn:stalwart:davlock:",
            "urn:uuid:1",
            f"{token}0",
            "urn:stalwart:davlock:g",
            f"<{token}",
        ):
            self.assertIsNone(parse_lock_token(written))

    def test_synchronisation(self) -> None:
        for token, written in ((SyncToken(14), "e"), (SyncToken(0), "0"), (SyncToken(255, 1), "ff:1")):
            self.assertEqual(str(token), f"urn:stalwart:davsync:{written}")
            self.assertEqual(parse_sync_token(str(token)), token)
        for written in (
            "",
            "urn:stalwart:davsync:",
            "urn:stalwart:davsync:0e",
            "urn:stalwart:davsync:e:",
            "http://x/1",
        ):
            self.assertIsNone(parse_sync_token(written))
