"""What is shown of a message, wherever it lies."""

from __future__ import annotations

from typing import Any

import msgspec

from stalwart.codec.mime import scanner
from stalwart.errors import TooLarge
from stalwart.jmap.allowance import Allowance
from stalwart.jmap.email import view
from stalwart.jmap.email.content import Held
from stalwart.jmap.email.view import EmailView
from stalwart.jmap.email.wanted import read_wanted
from tests.codec.mime.corpus import HTML, TEXT, attached, lines, multipart, part
from tests.jmap.email.mail_shelf import MailShelfCase, message

LIMITS: dict[str, Any] = {"fetchAllBodyValues": True}


def shown(data: bytes, *names: str, offset: int = 0, missing: tuple[str, ...] = (), **rest: Any) -> dict[str, Any]:
    """The properties ``names`` of a message."""
    return EmailView(scanner.scan(data), Held(data), "Bx", offset).properties(read_wanted(names, rest), missing)


class EmailViewTests(MailShelfCase):
    """RFC 8621 4.1."""

    def test_blob_ids_are_sections(self) -> None:
        data = multipart("mixed", TEXT, attached("text/csv", "a.csv"), head=lines("Subject: x"))
        for offset in (0, 1000):
            root = shown(data, "bodyStructure", offset=offset)["bodyStructure"]
            self.assertIsNone(root["blobId"])
            for each, content, encoding in zip(root["subParts"], (b"plain words", b"ZGF0YQ=="), "nb", strict=True):
                name, begin, length, letter = each["blobId"].split("-")
                self.assertEqual((name, letter), ("Bx", encoding))
                self.assertTrue(data[int(begin) - offset :][: int(length)].startswith(content))

    def test_a_message_of_one_part(self) -> None:
        data = message(
            body="words", Content_Disposition="inline; filename=a.txt", Content_ID="<c@d>", Content_Language="de, en"
        )
        (body,) = shown(data, "textBody", "htmlBody")["textBody"]
        expected = {"partId": "0", "size": 5, "name": "a.txt", "type": "text/plain", "charset": "us-ascii"}
        expected |= {"disposition": "inline", "cid": "c@d", "language": ("de", "en"), "location": None}
        self.assertEqual(body, expected | {"blobId": body["blobId"]})

    def test_the_parts_of_a_multipart_are_always_shown(self) -> None:
        data = multipart("alternative", TEXT, HTML, head=lines("Subject: x"))
        root = shown(data, "bodyStructure", bodyProperties=["type"])["bodyStructure"]
        self.assertEqual(
            root, {"type": "multipart/alternative", "subParts": [{"type": "text/plain"}, {"type": "text/html"}]}
        )

    def test_an_attached_message_is_one_part(self) -> None:
        inner = message("Inner")
        data = multipart("mixed", TEXT, part("message/rfc822", inner), head=lines("Subject: x"))
        (attachment,) = shown(data, "attachments")["attachments"]
        self.assertEqual((attachment["type"], attachment["size"]), ("message/rfc822", len(inner)))

    def test_values_of_alternatives(self) -> None:
        data = multipart("mixed", HTML, head=lines("Subject: x"))
        values = shown(data, "bodyValues", fetchTextBodyValues=True)["bodyValues"]
        self.assertEqual([each["value"] for each in values.values()], ["<p>html words</p>"])

    def test_no_values_of_what_is_no_text(self) -> None:
        data = multipart("mixed", attached("image/png", "a.png"), head=lines("Subject: x"))
        found = shown(data, "bodyValues", "textBody", **LIMITS)
        self.assertEqual(found["bodyValues"], {})

    def test_line_ends_become_newlines(self) -> None:
        values = shown(message(body="a\r\nb\rc"), "bodyValues", **LIMITS)["bodyValues"]
        self.assertEqual(values["0"]["value"], "a\nbc")

    def test_properties_that_rows_lack(self) -> None:
        data = multipart("mixed", TEXT, attached("text/csv", "a.csv"), head=lines("Subject: x", "To: a@b"))
        found = shown(data, missing=("subject", "to", "cc", "preview", "hasAttachment"))
        expected = {"subject": "x", "to": [{"name": None, "email": "a@b"}], "cc": None}
        self.assertEqual(found, expected | {"preview": "plain words", "hasAttachment": True})

    def test_what_is_shown_is_counted_while_it_is_made(self) -> None:
        data = multipart("mixed", TEXT, TEXT, head=lines("Subject: x", "X-Long: " + "a" * 500))
        everything: dict[str, Any] = {"bodyProperties": ["headers", "header:Content-Type", "type"]}
        for names, rest in (
            (("header:x-long", "header:X-long", "header:X-LONG"), {}),
            (("headers", "header:x-long"), {}),
            (("bodyStructure", "textBody"), everything),
            (("bodyValues",), LIMITS),
        ):
            wanted = read_wanted(names, rest)
            made = EmailView(scanner.scan(data), Held(data), "Bx").properties(wanted)
            whole = len(msgspec.json.encode(made))
            for room in (whole // 8, 10):
                less = EmailView(scanner.scan(data), Held(data), "Bx", allowance=Allowance(to_show=room))
                self.assertRaises(TooLarge, less.properties, wanted)
            enough = EmailView(scanner.scan(data), Held(data), "Bx", allowance=Allowance(to_show=2 * whole))
            self.assertEqual(enough.properties(wanted), made)

    def test_text_is_counted_as_it_is_written(self) -> None:
        self.patch(view, "_UNMEASURED", 999)
        data = message(body="\x01" * 1000)
        shown = EmailView(scanner.scan(data), Held(data), "Bx", allowance=Allowance(to_show=5999))
        self.assertRaises(TooLarge, shown.properties, read_wanted(["bodyValues"], LIMITS))
