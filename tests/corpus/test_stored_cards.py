"""The cards of the corpus in a server: put over CardDAV, read byte for byte, shown and changed over JMAP."""

from __future__ import annotations

import re
from typing import Any

from stalwart.codec.vcard.card import read_card
from stalwart.codec.vcard.conversion import converted
from tests.corpus import cards
from tests.corpus.changes import differing
from tests.corpus.seeing import seen_of_card
from tests.corpus.test_cards import lines
from tests.corpus.test_stored_calendars import AT_ONCE
from tests.corpus.writing import File
from tests.jmap.contacts.card_case import BOOK, CardCase

ADDED = {"UID", "FN", "REV", "LANGUAGE"}
"""What a card of version 4.0 gets with its first change."""


def sent(file: File, number: int) -> bytes:
    """What is put: with a UID of its own, as those of odd cards are alike."""
    octets = re.sub(rb"(?im)^UID:odd\b", b"UID:odd%d" % number, file.octets)
    return (
        octets if b"UID" in octets else re.sub(rb"(\r\n|\n|\r)END:", rb"\1UID:added%d\1END:" % number, octets, count=1)
    )


class StoredTests(CardCase):
    def put_all(self) -> dict[int, File]:
        """Each as a resource of its own."""
        files = dict(enumerate(cards.files()))
        for number, file in files.items():
            answer = self.ask("PUT", f"{BOOK}{number}.vcf", sent(file, number), content_type="text/vcard")
            self.assertEqual(answer.status, 201, (file.label, answer.body))
        return files

    def read_all(self, numbers: dict[int, File]) -> dict[int, bytes]:
        """What CardDAV has."""
        self.clock.advance(60)  # so many requests are allowed in a minute
        return {number: self.ask("GET", f"{BOOK}{number}.vcf").body for number in numbers}

    def shown_all(self) -> dict[str, dict[str, Any]]:
        """What JMAP has, by uid."""
        ids = self.found()
        parts = [ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE)]
        return {each["uid"]: each for part in parts for each in self.call("get", ids=part)["list"]}

    def test_each_is_kept_shown_and_changed_alone(self) -> None:
        files = self.put_all()
        before = self.read_all(files)
        for number, file in files.items():
            self.assertEqual(before[number], sent(file, number), file.label)
        shown = self.shown_all()
        for number, file in files.items():
            uid = read_card(before[number]).first("UID")
            assert uid is not None
            self.assertEqual(seen_of_card(shown[uid.text.strip()], file.shown), file.shown, file.label)
        given = [each["id"] for each in shown.values()]
        for at in range(0, len(given), AT_ONCE):
            patches = {id: {"nicknames": {"k": {"name": "By JMAP"}}} for id in given[at : at + AT_ONCE]}
            self.assertIsNone(self.call("set", update=patches)["notUpdated"])
        for number, octets in self.read_all(files).items():
            old, new = read_card(before[number]), read_card(octets)
            touched = differing(lines(converted(old, "4.0")), lines(converted(new, "4.0")))
            self.assertIn("NICKNAME", touched, files[number].label)
            self.assertLessEqual(touched, {"NICKNAME"} | ADDED, files[number].label)
