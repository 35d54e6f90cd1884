"""Datagrams for the journal, read back as the journal reads them."""

from __future__ import annotations

import re
from struct import unpack

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.journal_entry import LARGEST, PRIORITIES, field_name, journal_entry
from stalwart.codec.log_lines import LEVELS


def fields_of(datagram: bytes) -> list[tuple[str, str]]:
    """What the journal makes of it."""
    found: list[tuple[str, str]] = []
    while datagram:
        line, _, rest = datagram.partition(b"\n")
        name, is_short, value = line.partition(b"=")
        if not is_short:
            (size,) = unpack("<Q", rest[:8])
            value, end, rest = rest[8 : 8 + size], rest[8 + size : 9 + size], rest[9 + size :]
            assert end == b"\n"
        found.append((name.decode("ascii"), value.decode()))
        datagram = rest
    return found


class NameTests(SynchronousTestCase):
    def test_names(self) -> None:
        names = {
            "remoteIp": "REMOTE_IP",
            "spanId": "SPAN_ID",
            "login": "LOGIN",
            "message": "STALWART_MESSAGE",
            "priority": "STALWART_PRIORITY",
            "_pid": "STALWART__PID",
            "9lives": "STALWART_9LIVES",
            "a.b-c": "A_B_C",
            "": "STALWART_",
        }
        self.assertEqual({key: field_name(key) for key in names}, names)

    @given(st.text())
    def test_journal_takes_any(self, key: str) -> None:
        self.assertTrue(re.fullmatch("[A-Z][A-Z0-9_]{0,63}", field_name(key)), field_name(key))

    def test_each_level_has_a_priority(self) -> None:
        self.assertEqual(set(PRIORITIES), set(LEVELS))


class EntryTests(SynchronousTestCase):
    def test_bytes(self) -> None:
        expected = b"MESSAGE\n\x03\x00\x00\x00\x00\x00\x00\x00a\nb\nPRIORITY=6\n"
        self.assertEqual(journal_entry([("MESSAGE", "a\nb"), ("PRIORITY", "6")]), expected)

    @given(st.lists(st.tuples(st.sampled_from(("MESSAGE", "A_1")), st.text(st.characters(codec="utf-8")))))
    def test_what_is_written_is_read(self, fields: list[tuple[str, str]]) -> None:
        self.assertEqual(fields_of(journal_entry(fields)), fields)

    def test_half_a_surrogate_pair_is_replaced(self) -> None:
        self.assertEqual(fields_of(journal_entry([("A", "x\udc80")])), [("A", "x?")])

    def test_what_does_not_fit_is_left_out(self) -> None:
        entry = journal_entry([("MESSAGE", "a"), ("A", "x" * LARGEST), ("B", "b")])
        self.assertEqual(fields_of(entry), [("MESSAGE", "a"), ("B", "b")])

    def test_first_field_is_cut(self) -> None:
        for text in ("x" * LARGEST, "x\n" * LARGEST):
            entry = journal_entry([("MESSAGE", text), ("B", "b")])
            (_, found), second = fields_of(entry)
            self.assertEqual((len(entry) <= LARGEST, text.startswith(found), second), (True, True, ("B", "b")))
