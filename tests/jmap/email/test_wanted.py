"""Reading what is asked for."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.email.data_type import DEFAULT_PART_PROPERTIES
from stalwart.jmap.email.wanted import MOST_HEADERS, MOST_OCTETS, Wanted, read_wanted
from stalwart.jmap.errors import MethodError


def wanted(*names: str, **rest: Any) -> Wanted:
    """What is wanted."""
    return read_wanted(names, rest)


class WantedTests(SynchronousTestCase):
    """Which work it takes."""

    def test_what_rows_have(self) -> None:
        self.assertTrue(wanted("blobId", "subject", fetchAllBodyValues=True).is_ready)
        for name in ("headers", "header:X", "textBody", "bodyValues", "bodyStructure"):
            self.assertFalse(wanted("subject", name).is_ready, name)

    def test_when_messages_are_read(self) -> None:
        for names, rest, expected in (
            (["textBody", "attachments"], {}, False),
            (["bodyValues"], {}, False),
            (["bodyValues"], {"fetchHTMLBodyValues": True}, True),
            (["textBody"], {"fetchHTMLBodyValues": True}, False),
            (["textBody"], {"bodyProperties": ["headers"]}, True),
            (["subject"], {"bodyProperties": ["header:X"]}, False),
            (["header:X"], {}, True),
            (["headers"], {}, True),
        ):
            self.assertEqual(wanted(*names, **rest).needs_content, expected, f"{names} {rest}")

    def test_the_same_arguments_give_the_same_value(self) -> None:
        self.assertIs(wanted("subject"), wanted("subject"))
        self.assertIsNot(wanted("subject"), wanted("subject", maxBodyValueBytes=1))

    def test_body_properties(self) -> None:
        self.assertEqual(wanted("textBody").part.names, DEFAULT_PART_PROPERTIES)
        part = wanted("textBody", bodyProperties=["type", "headers", "type", "header:X", "subParts"]).part
        self.assertEqual((part.names, part.all_headers, list(part.headers)), (("type", "subParts"), True, ["header:X"]))
        self.assertEqual(wanted("textBody", bodyProperties=[]).part.names, ())

    def test_how_much_may_be_wanted(self) -> None:
        fields = [f"header:X-{number}" for number in range(MOST_HEADERS)]
        self.assertEqual(len(wanted("subject", *fields, *fields).headers), MOST_HEADERS)
        self.assertEqual(len(wanted("textBody", bodyProperties=["type", *fields]).part.headers), MOST_HEADERS)
        for names in ([*fields, "header:More"], ["header:" + "x" * MOST_OCTETS]):
            for problem in (
                self.assertRaises(MethodError, wanted, *names),
                self.assertRaises(MethodError, wanted, "textBody", bodyProperties=names),
            ):
                self.assertEqual(problem.type, "invalidArguments")
                self.assertLess(len(problem.description or ""), 200)

    def test_what_is_no_property_of_a_body_part(self) -> None:
        for name in ("subject", "value", "header:", "header:Date:asURLs", ""):
            problem = self.assertRaises(MethodError, wanted, "textBody", bodyProperties=[name])
            self.assertEqual(problem.type, "invalidArguments")
