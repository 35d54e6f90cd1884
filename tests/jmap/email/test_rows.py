"""Rows as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.email.rows import ROW_NAMES, RowWriter
from stalwart.mail.messages.fragment import FRAGMENT_NAMES, write
from stalwart.store.mail_rows import EmailRow

HASH = bytes(range(32))
MEMBERS: dict[str, Any] = dict.fromkeys(FRAGMENT_NAMES) | {
    "subject": 'a "quoted" ü %s %',
    "from": [{"name": None, "email": "a@b"}],
    "hasAttachment": True,
    "preview": "",
}


def row(**changed: Any) -> EmailRow:
    """A row."""
    made = EmailRow(33, 32, HASH, 1000, 0, 1, '{"b":true}', '{"$seen":true}', write(MEMBERS), None)
    return msgspec.structs.replace(made, **changed)


EXPECTED = MEMBERS | {
    "id": "bb",
    "threadId": "ba",
    "blobId": str(BlobId(HASH)),
    "mailboxIds": {"b": True},
    "keywords": {"$seen": True},
    "size": 1000,
    "receivedAt": "1970-01-01T00:00:00Z",
}


class RowWriterTests(SynchronousTestCase):
    """What is written is JSON with exactly what was asked for."""

    @given(st.lists(st.sampled_from(sorted(ROW_NAMES))))
    @settings(max_examples=200)
    def test_any_properties(self, names: list[str]) -> None:
        line = RowWriter(names).line(row())
        assert line is not None
        self.assertEqual(msgspec.json.decode(line), {name: EXPECTED[name] for name in ("id", *names)})
        self.assertTrue(line.startswith(b'{"id":"bb"'))

    @given(st.dictionaries(st.sampled_from(FRAGMENT_NAMES), st.none()), st.lists(st.sampled_from(sorted(ROW_NAMES))))
    @settings(max_examples=200)
    def test_what_is_missing_is_named(self, members: dict[str, Any], names: list[str]) -> None:
        writer, given = RowWriter(names), row(fragment=write(members))
        line, missing = writer.partly(given)
        self.assertEqual(set(missing), {name for name in names if name in FRAGMENT_NAMES} - set(members))
        self.assertEqual(set(msgspec.json.decode(line)), {"id", *names} - set(missing))
        self.assertEqual(writer.line(given) is None, bool(missing))
