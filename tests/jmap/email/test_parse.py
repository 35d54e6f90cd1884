"""Email/parse: uploads and attached messages."""

from __future__ import annotations

from base64 import encodebytes
from itertools import product

from stalwart.jmap import allowance
from stalwart.jmap.allowance import Allowance
from stalwart.jmap.email.data_type import EMAIL, METADATA
from tests.codec.mime.corpus import TEXT, attached, lines, multipart, part
from tests.jmap.blobs.shelf import access
from tests.jmap.email.email_checker import check_email
from tests.jmap.email.mail_shelf import MailShelfCase, message

INNER = multipart(
    "mixed", TEXT, attached("text/csv", "a.csv"), boundary="in", head=lines("Subject: Inner", "From: a@b", "X: y")
)


class ParseTests(MailShelfCase):
    """RFC 8621 4.9."""

    def test_an_upload_small_or_large(self) -> None:
        for data in (INNER, INNER + b"\r\n" * 40_000):
            id = self.uploaded(data)
            answer = self.ask("Email/parse", {"blobIds": [id], "fetchTextBodyValues": True})
            self.assertEqual((answer["notParsable"], answer["notFound"]), (None, None))
            email = answer["parsed"][id]
            names = [name for name in EMAIL.default_names(()) if name not in METADATA]
            check_email(email, names, list(email["textBody"][0]))
            self.assertEqual(
                (email["subject"], email["hasAttachment"], email["preview"]), ("Inner", True, "plain words")
            )
            self.assertEqual(email["bodyValues"]["1"]["value"], "plain words")
            self.check_parts(email["attachments"], [b"data"])

    def check_parts(self, parts: list[dict[str, str]], contents: list[bytes]) -> None:
        """The blob ids of parts lead to these contents."""
        from stalwart.jmap.blobs.getting import get

        found = self.call(get, {"ids": [each["blobId"] for each in parts], "properties": ["data:asText"]})["list"]
        self.assertEqual([each["data:asText"].encode() for each in found], contents)

    def test_metadata_is_null(self) -> None:
        id = self.uploaded(INNER)
        names = ["id", "blobId", "threadId", "mailboxIds", "keywords", "size", "receivedAt", "header:X:asText"]
        email = self.ask("Email/parse", {"blobIds": [id], "properties": names})["parsed"][id]
        nothing = dict.fromkeys(("id", "threadId", "mailboxIds", "keywords", "receivedAt"))
        self.assertEqual(email, nothing | {"blobId": id, "size": len(INNER), "header:X:asText": "y"})

    def attachment(self, *fields: str, body: bytes = INNER) -> str:
        """The blob id of a message within an e-mail."""
        id = self.put(multipart("mixed", TEXT, part("message/rfc822", body, *fields), head=lines("Subject: Outer")))
        (email,) = self.get(id, properties=["attachments"])
        blob_id: str = email["attachments"][0]["blobId"]
        return blob_id

    def test_an_attached_message(self) -> None:
        id = self.attachment()
        email = self.ask("Email/parse", {"blobIds": [id], "fetchAllBodyValues": True})["parsed"][id]
        self.assertEqual(email["subject"], "Inner")
        self.check_parts(email["textBody"] + email["attachments"], [b"plain words", b"data"])

    def test_an_attached_message_that_is_encoded(self) -> None:
        id = self.attachment("Content-Transfer-Encoding: base64", body=encodebytes(INNER))
        email = self.ask("Email/parse", {"blobIds": [id]})["parsed"][id]
        self.assertEqual(email["subject"], "Inner")
        self.check_parts(email["textBody"] + email["attachments"], [b"plain words", b"data"])

    def test_what_is_no_message_or_not_there(self) -> None:
        ids = [self.uploaded(b"\0\1 no message"), "Bnothing", self.uploaded(b""), self.uploaded(message())]
        others = self.uploaded(b"Subject: of bob\r\n\r\n", by=8)
        answer = self.ask("Email/parse", {"blobIds": [*ids, others, ids[0]], "properties": ["subject"]})
        self.assertEqual(answer["parsed"], {ids[3]: {"subject": "Hello"}})
        self.assertEqual((answer["notParsable"], answer["notFound"]), ([ids[0], ids[2]], ["Bnothing", others]))
        self.assertEqual(access().account_id, 7)

    def test_an_upload_of_the_same_request(self) -> None:
        id = self.uploaded(message())
        answer = self.ask("Email/parse", {"blobIds": ["#up"], "properties": ["subject"]}, created_ids={"up": id})
        self.assertEqual(answer["parsed"], {id: {"subject": "Hello"}})

    def test_a_request_gives_no_more_of_messages_than_it_may(self) -> None:
        self.patch(allowance, "SPARE", 2000)
        id = self.uploaded(message(X_Long="x" * 1000))
        names = ["header:" + "".join(letters) for letters in product("Xx", "-", "Ll", "Oo", "Nn", "Gg")]
        email = self.ask("Email/parse", {"blobIds": [id], "properties": names[:2]})["parsed"][id]
        self.assertEqual(email, dict.fromkeys(names[:2], " " + "x" * 1000))
        self.assertEqual(self.ask_refused("Email/parse", {"blobIds": [id], "properties": names}), "requestTooLarge")
        self.patch(allowance, "MOST_SHOWN", 2000)
        spent = Allowance()
        asked = {"blobIds": [id], "properties": names[:1]}
        self.ask("Email/parse", asked, allowance=spent)
        self.assertEqual(self.ask_refused("Email/parse", asked, allowance=spent), "requestTooLarge")

    def test_what_is_refused(self) -> None:
        for arguments, expected in (
            ({}, "invalidArguments"),
            ({"blobIds": "B"}, "invalidArguments"),
            ({"blobIds": [], "properties": ["nothing"]}, "invalidArguments"),
            ({"blobIds": [], "bodyProperties": ["nothing"]}, "invalidArguments"),
            ({"blobIds": ["#gone"]}, "invalidResultReference"),
            ({"blobIds": [f"B{number}" for number in range(11)]}, "requestTooLarge"),
        ):
            self.assertEqual(self.ask_refused("Email/parse", arguments), expected, f"{arguments}")
