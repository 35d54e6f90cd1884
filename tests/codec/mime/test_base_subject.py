"""Base subjects (RFC 5256 2.1) and keys of threads."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.mime.base_subject import base_subject, thread_key

PIECES = st.lists(st.sampled_from(["re", ":", " ", "[", "]", "fwd", "(fwd)", "a", "[x]", "[fwd:", "AW: ", "：", "[2]"]))


class SubjectTests(SynchronousTestCase):
    def test_decoration_is_removed(self) -> None:
        for subject, base in {
            "Hello": "Hello",
            "Re: Hello": "Hello",
            "RE : re:Hello": "Hello",
            "Re[2]: Hello": "Hello",
            "Re^3: Hello": "Hello",
            "Re(4): Hello": "Hello",
            "Fwd: FW: Hello": "Hello",
            "AW: WG: Hallo": "Hallo",
            "SV: VS: Hei": "Hei",
            "Antw: Doorst: Hoi": "Hoi",
            "RIF: R: I: Ciao": "Ciao",
            "RV: ENC: RES: Hola": "Hola",
            "TR: Réf: Salut": "Salut",
            "Odp: PD: Cześć": "Cześć",
            "YNT: İLT: Selam": "Selam",
            "Отв: Привет": "Привет",
            "Trả lời: Chào": "Chào",
            "回复：转发: 你好": "你好",
            "返信: 転送: こんにちは": "こんにちは",
            "답장: 안녕": "안녕",
            "[list] Re: [list] Hello": "Hello",
            "Re: [list] [tag] Hello": "Hello",
            "[only]": "[only]",
            "Re: [only]": "[only]",
            "Hello (fwd)": "Hello",
            "Hello (Fwd) (fwd)": "Hello",
            "[Fwd: Hello]": "Hello",
            "[fwd: Re: Hello (fwd)]": "Hello",
            "Re: ": "",
            "": "",
            "  a \t b  ": "a b",
            "Regarding: x": "Regarding: x",
            "Reply": "Reply",
            "I think": "I think",
        }.items():
            self.assertEqual(base_subject(subject), base, subject)

    def test_keys_are_equal_where_subjects_are(self) -> None:
        self.assertEqual(thread_key("Re: Straße"), thread_key("[x] STRASSE"))
        self.assertEqual([thread_key(None), thread_key("Re:")], ["!", "!"])

    @settings(max_examples=300)
    @given(PIECES)
    def test_base_of_a_base_is_itself(self, pieces: list[str]) -> None:
        base = base_subject("".join(pieces))
        self.assertEqual(base_subject(base), base)

    @given(st.text())
    def test_any_text_has_a_key(self, text: str) -> None:
        self.assertTrue(thread_key(text))
