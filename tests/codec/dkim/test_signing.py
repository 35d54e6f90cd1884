"""DKIM-Signature fields are made."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dkim.fields import divided
from stalwart.codec.dkim.signature import tags_of
from stalwart.codec.dkim.signing import sign, signed_names
from tests.codec.dkim.signed_mail import MESSAGE, NOW, results, signer, verify

PARTS = st.lists(st.sampled_from([b"a", b"b c", b" ", b"\t", b"\r\n", b"\n", b"\xff", b"."]), max_size=12)


def tags(fields: bytes) -> dict[str, str]:
    """What the first of the fields says."""
    return tags_of(divided([fields + b"\r\n"])[0][0])


class Signing(SynchronousTestCase):
    def test_both_kinds_verify_in_all_forms(self) -> None:
        for relaxed_head in (True, False):
            for relaxed_body in (True, False):
                forms = {"relaxed_head": relaxed_head, "relaxed_body": relaxed_body}
                fields = sign([MESSAGE], [signer("rsa1024", **forms), signer("ed25519", **forms)], NOW)
                self.assertEqual(results(verify(fields + MESSAGE)), ["pass", "pass"])

    @hypothesis_settings(max_examples=40)
    @given(PARTS, st.booleans())
    def test_any_body_verifies(self, parts: list[bytes], relaxed: bool) -> None:
        message = MESSAGE + b"".join(parts)
        fields = sign([message], [signer(relaxed_body=relaxed)], NOW)
        self.assertEqual(results(verify(fields + message)), ["pass"])

    def test_what_the_field_says(self) -> None:
        made = signer(identity="a@example.test", lasts=3600, report=True, third_party="example.org")
        found = tags(sign([MESSAGE], [made], NOW))
        wanted = {
            "a": "ed25519-sha256",
            "c": "relaxed/relaxed",
            "d": "example.test",
            "s": "ed25519",
            "t": str(NOW),
            "x": str(NOW + 3600),
            "i": "a@example.test",
            "r": "y",
            "atps": "example.org",
            "atpsh": "none",
        }
        self.assertEqual({name: found[name] for name in wanted}, wanted)

    def test_author_recipient_and_subject_cannot_be_added(self) -> None:
        fields = sign([MESSAGE], [signer()], NOW)
        for name in (b"From", b"To", b"Subject"):
            forged = name + b": somebody@else.test\r\n" + fields + MESSAGE
            self.assertEqual(results(verify(forged)), ["fail"])

    def test_names(self) -> None:
        present = Counter({b"from": 1, b"x-a": 2})
        self.assertEqual(
            signed_names(["X-A", "Date", "Received", "subject"], present),
            (b"from", b"from", b"subject", b"x-a", b"x-a"),
        )

    def test_message_without_a_body(self) -> None:
        fields = sign([b"From: a@example.test\r\n"], [signer()], NOW)
        self.assertEqual(results(verify(fields + b"From: a@example.test\r\n")), ["pass"])

    def test_nobody_signs(self) -> None:
        self.assertEqual(sign([MESSAGE], [], NOW), b"")
