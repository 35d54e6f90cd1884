"""Email/get: what rows have ready, what is read of messages, and what is refused."""

from __future__ import annotations

from base64 import encodebytes
from typing import Any

import msgspec

from stalwart.codec.ids import decode_id
from stalwart.jmap import allowance
from stalwart.jmap.allowance import Allowance
from stalwart.jmap.call import RequestLimits
from stalwart.jmap.email.data_type import EMAIL
from stalwart.jmap.result_references import References
from tests.codec.mime.corpus import HTML, TEXT, attached, lines, multipart
from tests.jmap.email.email_checker import check_email
from tests.jmap.email.mail_shelf import ALICE, HOUR, METHODS, NOW, MailShelfCase, message

LARGE = message("Large", body="words and words\r\n" * 10_000)


def mixed(subject: str = "Mixed") -> bytes:
    """Text and HTML, with a file."""
    body = multipart("alternative", TEXT, HTML, boundary="inner")
    file = attached("image/png", "pic.png", b"picture")
    head = lines("From: bob@example.test", f"Subject: {subject}", "X-One: 1", "X-One: 2")
    return multipart("mixed", body, file, head=head)


def spellings(name: str, count: int) -> list[str]:
    """The same name in different case."""
    letters = [place for place, letter in enumerate(name) if letter.isalpha()]
    return [
        "".join(
            each.upper() if place in letters and number >> letters.index(place) & 1 else each.lower()
            for place, each in enumerate(name)
        )
        for number in range(count)
    ]


class RowTests(MailShelfCase):
    """Properties that are in the row."""

    def test_all_of_them(self) -> None:
        data = message("Grüße", Message_ID="<a@b>", Date="Mon, 1 Jan 2024 10:00:00 +0100", To="x@y.test")
        id = self.put(data, self.inbox, self.other, keywords=("$seen", "work"), received_at=NOW - HOUR)
        names = [
            name for name in EMAIL.default_names(()) if "Body" not in name and name not in ("bodyValues", "attachments")
        ]
        (email,) = self.get(id, properties=names)
        check_email(email, ["id", *names], ())
        self.assertEqual(email["id"], id)
        self.assertEqual(email["mailboxIds"], {self.inbox: True, self.other: True})
        self.assertEqual(email["keywords"], {"$seen": True, "work": True})
        self.assertEqual((email["size"], email["subject"]), (len(data), "Grüße"))
        self.assertEqual(email["from"], [{"name": "Bob", "email": "bob@example.test"}])
        self.assertEqual(email["messageId"], ["a@b"])
        self.assertEqual(email["sentAt"], "2024-01-01T10:00:00+01:00")
        self.assertEqual((email["hasAttachment"], email["preview"]), (False, "Some words."))

    def test_the_id_is_always_there_and_nothing_else_unless_asked_for(self) -> None:
        id = self.put(message())
        self.assertEqual(self.get(id, properties=[]), [{"id": id}])
        self.assertEqual(self.get(id, properties=["id"]), [{"id": id}])
        self.assertEqual(self.get(id, properties=["size", "size"]), [{"id": id, "size": len(message())}])

    def test_the_order_of_ids_and_what_is_not_there(self) -> None:
        first, second = self.put(message("1")), self.put(message("2"))
        answer = self.ask("Email/get", {"ids": [second, "zzz", first, "?", second], "properties": ["subject"]})
        self.assertEqual([each["id"] for each in answer["list"]], [second, first])
        self.assertEqual(answer["notFound"], ["zzz", "?"])
        self.assertEqual(answer["accountId"], ALICE)

    def test_ids_null_is_all_unless_they_are_too_many(self) -> None:
        ids = {self.put(message(f"{number}")) for number in range(3)}
        self.assertEqual({each["id"] for each in self.ask("Email/get", {"properties": []})["list"]}, ids)
        self.assertEqual(self.ask("Email/get", {"ids": []})["list"], [])
        self.limits = RequestLimits(max_objects_in_get=2)
        self.assertEqual(self.ask_refused("Email/get"), "requestTooLarge")
        self.assertEqual(self.ask_refused("Email/get", {"ids": ["a", "b", "c"]}), "requestTooLarge")

    def test_a_member_that_is_too_long_for_rows_is_read_from_the_message(self) -> None:
        people = ", ".join(f"person{number}@example.test" for number in range(1500))
        id, short = self.put(message(To=people)), self.put(message())
        emails = self.get(id, short, properties=["to", "subject", "receivedAt"])
        self.assertEqual(len(emails[0]["to"]), 1500)
        self.assertEqual((emails[0]["subject"], emails[1]["to"]), ("Hello", None))

    def test_one_that_is_too_long_in_a_message_in_a_file(self) -> None:
        subject = "word " * 8000
        id, short = self.put(message(subject, body="x" * 100_000)), self.put(message())
        for _ in range(2):
            emails = self.get(id, short, properties=["subject", "size"])
            self.assertEqual([each["subject"].strip() for each in emails], [subject.strip(), "Hello"])

    def test_rows_without_a_fragment_or_parts(self) -> None:
        id = self.put(mixed(), fragment=b"{}", parts=b"")
        (email,) = self.get(id)
        self.assertEqual((email["subject"], email["preview"], email["hasAttachment"]), ("Mixed", "plain words", True))
        self.assertEqual(len(email["attachments"]), 1)

    def test_the_state_is_that_of_the_type(self) -> None:
        self.assertEqual(self.ask("Email/get", {"ids": []})["state"], "n")
        self.put(message())
        state = self.ask("Email/get", {"ids": []})["state"]
        self.assertTrue(state.startswith("s"))
        changes = self.ask("Email/changes", {"sinceState": state})
        self.assertEqual((changes["newState"], changes["created"]), (state, []))

    def test_an_account_that_does_not_exist(self) -> None:
        self.write(lambda tx: tx.accounts.delete(9, NOW))
        self.assertEqual(self.ask_refused("Email/get", {"accountId": "j", "ids": []}), "accountNotFound")
        self.assertEqual(self.ask_refused("Email/get", {"accountId": "i", "ids": []}), "accountNotFound")

    def test_the_same_call_again(self) -> None:
        id = self.put(message())
        asked = {"ids": [id, "zzz"], "properties": ["keywords"]}
        first = self.ask("Email/get", asked)
        self.assertEqual(self.ask("Email/get", asked), first)
        self.write(lambda tx: tx.mail.update_email(7, decode_id(id), now=NOW, keywords={"$seen"}))
        self.assertEqual(self.ask("Email/get", asked)["list"], [{"id": id, "keywords": {"$seen": True}}])
        self.write(lambda tx: tx.mail.destroy_emails(7, [decode_id(id)], now=NOW))
        self.assertEqual(self.ask("Email/get", asked)["notFound"], [id, "zzz"])

    def test_later_calls_can_refer_to_it(self) -> None:
        ids = [self.put(message(f"{number}")) for number in range(3)]
        made = self._call("Email/get", {"ids": ids, "properties": ["threadId"]}, {})
        method = METHODS["Email/get"]
        answer = self.settle(method.handler(made, **self._services(method)))
        self.assertIsInstance(answer["list"], msgspec.Raw)
        references = References([("Email/get", answer, "0")], 10_000)
        reference = {"resultOf": "0", "name": "Email/get", "path": "/list/*/threadId"}
        threads = references.resolved({"#ids": reference})["ids"]
        self.assertEqual(threads, [each["threadId"] for each in msgspec.json.decode(answer["list"])])
        self.assertEqual(len(set(threads)), 3)


class ContentTests(MailShelfCase):
    """Properties that are read of messages."""

    def both(self, data: bytes) -> list[str]:
        """The message small, and in a file."""
        return [self.put(data), self.put(data + b"\r\n" * 40_000)]

    def test_header_properties(self) -> None:
        names = [
            "header:X-One",
            "header:x-one:asText",
            "header:X-ONE:all",
            "header:Subject:asText",
            "header:Gone",
            "headers",
        ]
        for id in self.both(mixed()):
            (email,) = self.get(id, properties=names)
            check_email(email, ["id", *names], ())
            self.assertEqual(email["header:X-One"], " 2")
            self.assertEqual(email["header:x-one:asText"], "2")
            self.assertEqual(email["header:X-ONE:all"], [" 1", " 2"])
            self.assertIsNone(email["header:Gone"])
            self.assertEqual([each["name"] for each in email["headers"]][:4], ["From", "Subject", "X-One", "X-One"])

    def test_what_is_shown_by_default(self) -> None:
        for id in self.both(mixed()):
            (email,) = self.get(id)
            check_email(email, ["id", *EMAIL.default_names(())], list(email["textBody"][0]))
            self.assertEqual([each["type"] for each in email["textBody"]], ["text/plain"])
            self.assertEqual([each["type"] for each in email["htmlBody"]], ["text/html"])
            self.assertEqual([each["name"] for each in email["attachments"]], ["pic.png"])
            self.assertEqual(email["attachments"][0]["size"], 7)
            self.assertEqual(email["bodyValues"], {})

    def test_body_values(self) -> None:
        for id in self.both(mixed()):
            for flags, expected in (
                (["fetchTextBodyValues"], {"2": "plain words"}),
                (["fetchHTMLBodyValues"], {"3": "<p>html words</p>"}),
                (["fetchTextBodyValues", "fetchHTMLBodyValues"], {"2": "plain words", "3": "<p>html words</p>"}),
                (["fetchAllBodyValues"], {"2": "plain words", "3": "<p>html words</p>"}),
            ):
                asked = dict.fromkeys(flags, True)
                (email,) = self.get(id, properties=["bodyValues"], **asked)
                self.assertEqual({key: each["value"] for key, each in email["bodyValues"].items()}, expected)

    def test_all_values_are_those_of_every_text_part(self) -> None:
        csv = attached("text/csv", "list.csv", b"a,b")
        id = self.put(multipart("mixed", TEXT, csv, head=lines("Subject: x")))
        (email,) = self.get(id, properties=["bodyValues", "attachments"], fetchAllBodyValues=True)
        self.assertEqual([each["value"] for each in email["bodyValues"].values()], ["plain words", "a,b"])
        self.assertIn(email["attachments"][0]["partId"], email["bodyValues"])

    def test_values_are_cut_where_they_have_to_be(self) -> None:
        id = self.put(message(body="äöü" * 10, Content_Type="text/plain; charset=utf-8"))
        (email,) = self.get(id, properties=["bodyValues"], fetchTextBodyValues=True, maxBodyValueBytes=5)
        self.assertEqual(email["bodyValues"]["0"], {"value": "äö", "isEncodingProblem": False, "isTruncated": True})
        (email,) = self.get(id, properties=["bodyValues"], fetchTextBodyValues=True, maxBodyValueBytes=0)
        self.assertEqual(email["bodyValues"]["0"]["value"], "äöü" * 10)

    def test_a_large_one(self) -> None:
        id = self.put(LARGE)
        (email,) = self.get(id, properties=["bodyValues", "subject"], fetchTextBodyValues=True)
        self.assertEqual(len(email["bodyValues"]["0"]["value"]), 160_000)
        self.assertEqual(email["subject"], "Large")

    def test_the_structure(self) -> None:
        names = ["partId", "type", "subParts", "headers", "header:Content-Type:asText"]
        for id in self.both(mixed()):
            (email,) = self.get(id, properties=["bodyStructure"], bodyProperties=names)
            root = email["bodyStructure"]
            self.assertEqual([root["partId"], root["type"]], [None, "multipart/mixed"])
            inner, file = root["subParts"]
            self.assertEqual([each["partId"] for each in inner["subParts"]], ["2", "3"])
            self.assertEqual((file["type"], file["subParts"]), ("image/png", None))
            self.assertEqual(file["header:Content-Type:asText"], "image/png")
            self.assertEqual(file["headers"][0], {"name": "Content-Type", "value": " image/png"})

    def test_more_than_a_batch(self) -> None:
        ids = [self.put(mixed(f"{number}")) for number in range(60)]
        emails = self.get(*ids, properties=["subject", "header:X-One"])
        self.assertEqual([each["subject"] for each in emails], [f"{number}" for number in range(60)])

    def test_more_than_one_call_gives(self) -> None:
        self.patch(allowance, "MOST_SHOWN", 200_000)
        ids = [self.put(LARGE), self.put(LARGE + b"more")]
        asked: dict[str, Any] = {"properties": ["bodyValues"], "fetchTextBodyValues": True}
        self.assertEqual(self.ask_refused("Email/get", {"ids": ids} | asked), "requestTooLarge")
        self.assertEqual(len(self.get(ids[0], **asked)), 1)
        self.patch(allowance, "MOST_SHOWN", 10)
        self.assertEqual(len(self.get(ids[1], **asked)), 1, "one alone is always given")

    def test_more_than_one_call_reads(self) -> None:
        self.patch(allowance, "MOST_READ", 200_000)
        ids = [self.put(LARGE), self.put(LARGE + b"more")]
        self.assertEqual(len(self.get(*ids, properties=["header:Subject"])), 2, "only headers are read")
        asked = {"ids": ids, "properties": ["bodyValues"], "fetchTextBodyValues": True, "maxBodyValueBytes": 10}
        self.assertEqual(self.ask_refused("Email/get", asked), "requestTooLarge")

    def test_all_calls_of_a_request_share_what_it_gives(self) -> None:
        self.patch(allowance, "MOST_SHOWN", 200_000)
        self.patch(allowance, "MOST_READ", 400_000)
        id, small = self.put(LARGE), self.put(message())
        for asked in (
            {"properties": ["bodyValues"], "fetchTextBodyValues": True},
            {"properties": ["bodyValues"], "fetchTextBodyValues": True, "maxBodyValueBytes": 100_000},
        ):
            spent = Allowance()
            self.ask("Email/get", {"ids": [id], **asked}, allowance=spent)
            if "maxBodyValueBytes" in asked:
                self.ask("Email/get", {"ids": [small], **asked}, allowance=spent)
            self.assertEqual(self.ask_refused("Email/get", {"ids": [id], **asked}, allowance=spent), "requestTooLarge")

    def test_what_rows_have_is_counted_too(self) -> None:
        self.patch(allowance, "MOST_SHOWN", 500)
        id = self.put(message("word " * 50))
        spent = Allowance()
        asked = {"ids": [id], "properties": ["subject"]}
        self.ask("Email/get", asked, allowance=spent)
        self.assertEqual(self.ask_refused("Email/get", asked, allowance=spent), "requestTooLarge", "known by heart")
        self.assertEqual(self.ask_refused("Email/get", asked | {"ids": None}, allowance=spent), "requestTooLarge")

    def test_one_message_is_not_multiplied(self) -> None:
        value = "x" * 50_000
        names = [f"header:{name}" for name in spellings("X-Large", 60)]
        self.patch(allowance, "SPARE", 200_000)
        for body in ("", "x" * 100_000):
            id = self.put(message(X_Large=value, body=body))
            (email,) = self.get(id, properties=names[:3])
            self.assertEqual(email, {"id": id} | dict.fromkeys(names[:3], f" {value}"))
            self.assertEqual(self.ask_refused("Email/get", {"ids": [id], "properties": names}), "requestTooLarge")
            asked = {"ids": [id], "properties": ["bodyStructure", "textBody", "htmlBody"], "bodyProperties": names}
            self.assertEqual(self.ask_refused("Email/get", asked), "requestTooLarge")

    def test_content_that_has_gone(self) -> None:
        id = self.put(LARGE)
        (row,) = self.read(lambda tx: tx.mail.list_rows(7, [decode_id(id)])).values()
        self.successResultOf(self.store.blob_work(lambda files: files.remove(row.blob, 1e12)))
        self.assertEqual(self.ask_refused("Email/get", {"ids": [id], "properties": ["headers"]}), "serverFail")
        self.assertEqual(self.get(id, properties=["subject"])[0]["subject"], "Large")

    def test_text_that_is_no_text(self) -> None:
        body = encodebytes(b"\xff\xfe").decode()
        id = self.put(message(body=body, Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="base64"))
        (email,) = self.get(id, properties=["bodyValues"], fetchTextBodyValues=True)
        self.assertTrue(email["bodyValues"]["0"]["isEncodingProblem"])


class RefusedTests(MailShelfCase):
    """Arguments that make no sense."""

    def test_what_is_refused(self) -> None:
        for number, arguments in enumerate(
            (
                {"properties": ["nothing"]},
                {"properties": ["header:"]},
                {"properties": ["header:From:asDate"]},
                {"properties": ["header:X:all:asText"]},
                {"properties": ["Subject"]},
                {"properties": "subject"},
                {"properties": [1]},
                {"bodyProperties": ["nothing"]},
                {"bodyProperties": ["value"]},
                {"bodyProperties": ["header:Date:asURLs"]},
                {"maxBodyValueBytes": -1},
                {"maxBodyValueBytes": "1"},
                {"fetchTextBodyValues": "yes"},
                {"ids": "a"},
                {"ids": ["#gone"]},
                {"properties": [f"header:X-{number}" for number in range(101)]},
                {"bodyProperties": [f"header:X-{number}" for number in range(101)]},
                {"properties": ["header:" + "x" * 65_536]},
            )
        ):
            refused = self.ask_refused("Email/get", {"ids": []} | arguments)
            expected = "invalidResultReference" if arguments == {"ids": ["#gone"]} else "invalidArguments"
            self.assertEqual(refused, expected, f"{number}: {arguments}"[:200])
