"""Patches of e-mails: what they say, and what becomes of the sets that an e-mail has (RFC 8620 5.3)."""

from __future__ import annotations

from typing import Any
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from stalwart.jmap.email.patch import EmailPatch, read_email_patch
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.standard.patch import patched, path_of

_KEYWORDS = st.sets(st.sampled_from("abcd"), max_size=4)


class EmailPatchTests(TestCase):
    """``read_email_patch`` and ``EmailPatch.applied``."""

    def refusal(self, patch: dict[str, Any]) -> str:
        with self.assertRaises(SetRefused) as caught:
            read_email_patch(patch, {}).applied({1}, set())
        return caught.exception.type

    def test_members_and_whole_sets(self) -> None:
        self.assertEqual(
            read_email_patch({"keywords/$Seen": True, "keywords/x": None, "mailboxIds/#m": False}, {"m": "c"}),
            EmailPatch(marks={"$seen": True, "x": False}, moves={2: False}),
        )
        self.assertEqual(
            read_email_patch({"keywords": {"A": True}, "mailboxIds": {"b": True}, "size": 3}, {}),
            EmailPatch(frozenset(("a",)), frozenset((1,)), repeated={"size": 3}),
        )

    def test_an_empty_patch_changes_nothing(self) -> None:
        mailboxes, keywords = frozenset((1,)), frozenset(("a",))
        self.assertEqual(read_email_patch({}, {}).applied(mailboxes, keywords), (mailboxes, keywords))

    def test_pointers_that_mean_the_same_must_agree(self) -> None:
        self.assertEqual(read_email_patch({"keywords/A": True, "keywords/a": True}, {}).marks, {"a": True})
        self.assertEqual(self.refusal({"keywords/A": True, "keywords/a": None}), "invalidPatch")

    def test_what_is_refused(self) -> None:
        for patch, kind in (
            ({"keywords": {}, "keywords/a": True}, "invalidPatch"),
            ({"mailboxIds": {"b": True}, "mailboxIds/b": True}, "invalidPatch"),
            ({"mailboxIds/b/c": True}, "invalidPatch"),
            ({"keywords/~": True}, "invalidPatch"),
            ({"subject/x": "y"}, "invalidPatch"),
            ({"from/0/name": "y"}, "invalidPatch"),
            ({"/keywords/a": True}, "invalidPatch"),
            ({"mailboxIds/b": None}, "invalidProperties"),
            ({"mailboxIds": None}, "invalidProperties"),
            ({f"keywords/k{number}": True for number in range(101)}, "tooManyKeywords"),
            ({f"keywords/k{number}": None for number in range(10_001)}, "tooLarge"),
        ):
            self.assertEqual(self.refusal(patch), kind, patch)

    @given(_KEYWORDS, st.dictionaries(st.sampled_from("abcd"), st.sampled_from((True, None))))
    def test_it_is_what_a_patch_of_the_object_would_be(self, former: set[str], marks: dict[str, Any]) -> None:
        pointers = {f"keywords/{key}": value for key, value in marks.items()}
        _, keywords = read_email_patch(pointers, {}).applied({1}, former)
        whole = {"keywords": dict.fromkeys(former, True)}
        expected = patched(whole, {path_of(pointer): value for pointer, value in pointers.items()}, {})
        self.assertEqual(set(keywords), set(expected["keywords"]))
