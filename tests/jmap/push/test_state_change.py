"""What a push says, and how far whoever hears it knows then."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.push.state_change import KNOWN, PUSHED, Change, merged, read_vector, types_of, write_vector
from stalwart.store.object_types import EMAIL, EMAIL_DELIVERY, MAILBOX, THREAD

CHANGE = Change({1: {MAILBOX: 7, EMAIL: 8}, 2: {THREAD: 3}}, {1: 8, 2: 3})


class VectorTests(SynchronousTestCase):
    @given(st.dictionaries(st.integers(0, 2**63 - 1), st.integers(1, 10**18 - 1), max_size=20))
    def test_it_is_read_as_it_was_written(self, known: dict[int, int]) -> None:
        self.assertEqual(read_vector(write_vector(known)), known)

    def test_accounts_without_changes_are_left_out(self) -> None:
        self.assertEqual(write_vector({2: 0, 1: 5}), "1;b.5")

    @given(st.text())
    def test_any_text_is_read(self, text: str) -> None:
        read_vector(text)
        read_vector("1;" + text)

    def test_anything_else_says_nothing(self) -> None:
        for text in ("", "1;", "1;b", "1;b.", "1;b.-1", "1;b.1,", "1;B.1", "1;b.١", "2;b.1", "1;b.1 ", "1;b.1\n"):
            self.assertEqual(read_vector(text), {}, text)
        self.assertEqual(read_vector("1;" + "b.1," * 20_000 + "b.1"), {})


class ChangeTests(SynchronousTestCase):
    def test_the_object(self) -> None:
        changed = {"b": {"Mailbox": "s7", "Email": "s8"}, "c": {"Thread": "s3"}}
        self.assertEqual(json.loads(CHANGE.body()), {"@type": "StateChange", "changed": changed})

    def test_the_event(self) -> None:
        frame = Change({1: {EMAIL_DELIVERY: 7}}, {1: 7}).frame
        data = b'{"@type":"StateChange","changed":{"b":{"EmailDelivery":"s7"}}}'
        self.assertEqual(frame, b"event: state\nid: 1;b.7\ndata: " + data + b"\n\n")

    def test_the_message(self) -> None:
        self.assertEqual(json.loads(CHANGE.messages[0])["pushState"], "1;b.8,c.3")

    def test_each_form_is_made_once(self) -> None:
        self.assertIs(CHANGE.frame, CHANGE.frame)
        self.assertIs(CHANGE.messages, CHANGE.messages)

    def test_two_are_one_with_the_later_states(self) -> None:
        both = merged(CHANGE, Change({1: {EMAIL: 9}, 3: {EMAIL: 1}}, {1: 9, 3: 1}))
        self.assertEqual(both.states, {1: {MAILBOX: 7, EMAIL: 9}, 2: {THREAD: 3}, 3: {EMAIL: 1}})
        self.assertEqual(both.known, {1: 9, 2: 3, 3: 1})
        self.assertEqual(CHANGE.states[1], {MAILBOX: 7, EMAIL: 8})
        self.assertIs(merged(None, CHANGE), CHANGE)

    def test_what_is_left_for_fewer_accounts(self) -> None:
        some = CHANGE.within({2, 9})
        assert some is not None
        self.assertEqual((some.states, some.known), ({2: {THREAD: 3}}, {2: 3}))
        self.assertIsNone(CHANGE.within({9}))

    def test_types_by_name(self) -> None:
        self.assertEqual(types_of(("Email", "Core", "nothing")), {EMAIL})
        self.assertLessEqual(set(PUSHED.values()), KNOWN)
