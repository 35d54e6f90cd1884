"""The types of RFC 9553."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.checking import check
from stalwart.codec.jscontact.schema import ENUMS, OBJECTS, TYPES, Many, Set, Text


class SchemaTests(SynchronousTestCase):
    def test_each_name_that_is_used_is_there(self) -> None:
        for each in OBJECTS.values():
            for member in each.members.values():
                form = member.form
                if isinstance(form, str):
                    self.assertLessEqual(set(form.split("|")), set(TYPES))
                elif isinstance(form, Many):
                    self.assertIn(form.type, TYPES)
                elif isinstance(form, Text | Set) and form.enum is not None:
                    self.assertIn(form.enum, ENUMS)
            self.assertLessEqual(set(each.one_of), set(each.members))

    def test_each_test_of_a_text_is_there(self) -> None:
        tests = {m.form.test for each in OBJECTS.values() for m in each.members.values() if isinstance(m.form, Text)}
        self.assertIn("uri", tests)
        for name, each in OBJECTS["Card"].members.items():
            if isinstance(each.form, Text):
                self.assertEqual([at for at, _ in check({"uid": "u", name: ""})], [name])
