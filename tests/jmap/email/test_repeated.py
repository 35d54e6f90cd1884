"""Updates that repeat what cannot change (RFC 8620 5.3)."""

from __future__ import annotations

from typing import Any

from stalwart.errors import NotFound
from stalwart.jmap.email.repeated import different
from tests.jmap.email.writing import OWN, WritingCase, decode_id, message

TWO_PARTS = (
    b"From: jane@example.test\r\nSubject: Two\r\nX-Note: of mine\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nWords.\r\n"
    b"--b\r\nContent-Type: image/png; name=a.png\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--b--\r\n"
)


class RepeatedTests(WritingCase):
    def setUp(self) -> None:
        super().setUp()
        self.mine = self.email(TWO_PARTS)

    def got(self, **arguments: Any) -> dict[str, Any]:
        """The e-mail without what can change."""
        (found,) = self.call("get", ids=[self.mine], **arguments)["list"]
        return {name: value for name, value in found.items() if name not in ("keywords", "mailboxIds")}

    def different(self, repeated: dict[str, Any]) -> list[str]:
        return list(self.read(lambda tx: different(tx, OWN, decode_id(self.mine), repeated)))

    def test_a_whole_e_mail_is_sent_back(self) -> None:
        for arguments in (
            {},
            {"fetchAllBodyValues": True},
            {"properties": ["bodyStructure", "headers", "header:X-Note:asText", "header:Subject"]},
            {"properties": ["bodyStructure", "attachments"], "bodyProperties": ["partId", "size", "headers"]},
        ):
            (found,) = self.call("get", ids=[self.mine], **arguments)["list"]
            answer = self.call("set", update={self.mine: {**found, "keywords": {"seen-it": True}}})
            self.assertEqual((answer["updated"], answer["notUpdated"]), ({self.mine: None}, None), arguments)

    def test_what_says_something_else_is_named(self) -> None:
        found = self.got(properties=["textBody", "htmlBody", "bodyStructure", "subject"], fetchAllBodyValues=True)
        found["textBody"][1]["name"] = "b.png"
        found["bodyStructure"]["subParts"].pop()
        wrong = {
            "subject": "Three",
            "bodyValues": {"1": {"value": "Other words."}},
            "headers": [],
            "header:X-Note:asText": "of theirs",
            "header:X-Note:asNothing": "x",
            "nothing": None,
        }
        self.assertCountEqual(self.different(found | wrong), ["textBody", "bodyStructure", *wrong])

    def test_what_is_in_a_file_cannot_be_compared(self) -> None:
        self.mine = self.email(message(body="x" * 70_000))
        found = self.got(properties=["textBody", "subject"])
        self.assertEqual(self.different(found), ["textBody"])

    def test_an_e_mail_that_is_not_there(self) -> None:
        self.failureResultOf(self.store.read(lambda tx: different(tx, OWN, 99, {"subject": "x"})), NotFound)

    def test_more_than_is_ever_shown(self) -> None:
        many = {f"header:X-{number}": None for number in range(101)}
        self.assertCountEqual(self.different(many), list(many))
        self.assertEqual(self.different(dict.fromkeys(list(many)[:100])), [])
