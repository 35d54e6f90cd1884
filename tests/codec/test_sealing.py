"""Tests ``stalwart.codec.sealing``."""

from __future__ import annotations

from attrs import define
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.sealing import LONGEST, Sealer


@define
class Master:
    text: str = "a key"


class SealerTests(SynchronousTestCase):
    @given(st.binary(max_size=200), st.binary(max_size=50))
    def test_what_is_sealed_is_opened_again(self, payload: bytes, aad: bytes) -> None:
        sealer = Sealer(Master())
        for text in (sealer.seal("a", payload, aad), sealer.seal_fixed("a", payload, aad)):
            self.assertEqual(sealer.open("a", text, aad), payload)
            self.assertIsNone(sealer.open("b", text, aad))
            self.assertIsNone(sealer.open("a", text, aad + b"x"))

    @given(st.data())
    def test_a_changed_text_is_not_opened(self, data: st.DataObject) -> None:
        sealer = Sealer(Master())
        text = sealer.seal("a", b"payload")
        place = data.draw(st.integers(0, len(text) - 1))
        letter = data.draw(st.sampled_from("ABCxyz019-_=+/ \n.é"))
        changed = text[:place] + letter + text[place + 1 :]
        if changed != text:
            self.assertIsNone(sealer.open("a", changed))
        for damaged in (text[:place], text + letter, letter + text):
            self.assertIsNone(sealer.open("a", damaged))

    def test_the_same_payload_has_another_text_each_time_unless_it_is_fixed(self) -> None:
        sealer = Sealer(Master())
        self.assertNotEqual(sealer.seal("a", b"x"), sealer.seal("a", b"x"))
        self.assertEqual(sealer.seal_fixed("a", b"x"), sealer.seal_fixed("a", b"x"))
        self.assertNotEqual(sealer.seal_fixed("a", b"x"), sealer.seal_fixed("a", b"y"))

    def test_another_key_makes_former_texts_void(self) -> None:
        master = Master()
        sealer = Sealer(master)
        text = sealer.seal("a", b"x")
        master.text = "another"
        self.assertIsNone(sealer.open("a", text))
        master.text = "a key"
        self.assertEqual(sealer.open("a", text), b"x")

    def test_what_is_too_long_or_empty_is_not_looked_at(self) -> None:
        sealer = Sealer(Master())
        self.assertIsNone(sealer.open("a", "A" * (LONGEST + 1)))
        self.assertIsNone(sealer.open("a", ""))
        self.assertIsNone(sealer.open("a", "AAAA"))
