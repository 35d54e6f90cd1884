"""Fragments are written in order, without what is too long, and read member by member."""

from __future__ import annotations

import json

from msgspec import UNSET
from twisted.trial.unittest import SynchronousTestCase

from stalwart.mail.messages import fragment
from stalwart.mail.messages.fragment import FRAGMENT_NAMES, LONGEST_MEMBER, Fragment


class FragmentTests(SynchronousTestCase):
    def test_members_go_over_the_wire_under_their_names(self) -> None:
        self.assertEqual(Fragment.__struct_encode_fields__, FRAGMENT_NAMES)

    def test_each_member_is_json_as_it_stands_there(self) -> None:
        found = fragment.read(b'{"messageId":["a@b"],"from":null,"subject":"\\u00e9"}')
        self.assertEqual((bytes(found.message_id), bytes(found.from_)), (b'["a@b"]', b"null"))  # type: ignore[arg-type]
        self.assertEqual((bytes(found.subject), found.to), (b'"\\u00e9"', UNSET))  # type: ignore[arg-type]

    def test_all_members_are_written_in_order(self) -> None:
        members = {name: [name] for name in FRAGMENT_NAMES}
        self.assertEqual(list(json.loads(fragment.write(members)).items()), list(members.items()))

    def test_a_member_that_is_too_long_is_left_out(self) -> None:
        longest = "x" * (LONGEST_MEMBER - 2)
        written = fragment.write({"to": longest, "cc": longest + "x", "subject": "s", "preview": longest + "y"})
        self.assertEqual(json.loads(written), {"to": longest, "subject": "s"})
