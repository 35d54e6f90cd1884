"""Email/import: uploads and parts of messages become e-mails (RFC 8621 4.8)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from stalwart.jmap.blobs.ids import BlobId, Section, parse_blob_id
from stalwart.jmap.email.importing import import_emails
from tests.jmap.email.writing import GROUP, GROUP_ID, OTHER, WritingCase, message


class ImportTests(WritingCase):
    """One or several EmailImport objects."""

    def imported(self, blob_id: Any, **given: Any) -> dict[str, Any]:
        """The answer for one."""
        entry = {"blobId": blob_id, "mailboxIds": {self.inbox: True}} | given
        return self.call("import", emails={"k": entry})

    def refusal(self, blob_id: Any = "Bx", **given: Any) -> dict[str, Any]:
        answer = self.imported(blob_id, **given)
        self.assertIsNone(answer["created"])
        return dict(answer["notCreated"]["k"])

    def test_an_upload_becomes_an_e_mail(self) -> None:
        blob = self.upload(message("Imported"))
        answer = self.imported(blob, keywords={"$Seen": True})
        self.assertEqual([*answer], ["accountId", "oldState", "newState", "created", "notCreated"])
        made = answer["created"]["k"]
        self.assertEqual([*made], ["id", "blobId", "threadId", "size"])
        found = self.shown(made["id"], "subject", "keywords", "mailboxIds", "receivedAt", "blobId", "size", "threadId")
        self.assertEqual((found["subject"], found["keywords"]), ("Imported", {"$seen": True}))
        self.assertEqual((found["mailboxIds"], found["receivedAt"]), ({self.inbox: True}, "2027-01-15T08:00:00Z"))
        self.assertEqual((found["blobId"], found["size"]), (blob, made["size"]))
        self.assertEqual(self.request.created_ids["k"], made["id"])
        self.assertEqual(answer["newState"], self.call("get", ids=[])["state"])

    def test_the_newest_received_field_says_when(self) -> None:
        trace = "from a by b; Sat, 29 Feb 2020 12:00:00 +0100"
        blob = self.upload(message(Received=trace))
        id = self.imported(blob)["created"]["k"]["id"]
        self.assertEqual(self.shown(id, "receivedAt")["receivedAt"], "2020-02-29T11:00:00Z")
        id = self.imported(blob, receivedAt="2021-01-01T00:00:00Z")["created"]["k"]["id"]
        self.assertEqual(self.shown(id, "receivedAt")["receivedAt"], "2021-01-01T00:00:00Z")

    def test_an_attached_message_is_imported_decoded(self) -> None:
        inner = message("Inside", "ünten\r\n")
        encoded = b64encode(inner)
        for whole, encoding in ((inner, "n"), (encoded, "b")):
            outer = message() + b"--\r\n" + whole
            id = self.email(outer)
            blob = parse_blob_id(self.shown(id, "blobId")["blobId"])
            part = str(BlobId(blob.hash, Section(len(outer) - len(whole), len(whole), encoding)))  # type: ignore[arg-type]
            made = self.imported(part)["created"]["k"]
            self.assertEqual((self.shown(made["id"], "subject")["subject"], made["size"]), ("Inside", len(inner)))

    def test_a_large_message_stays_in_its_file(self) -> None:
        content = message("Large", "x" * 70 + "\r\n" + "y" * 100_000)
        made = self.imported(self.upload(content))["created"]["k"]
        self.assertEqual((made["size"], self.shown(made["id"], "subject")["subject"]), (len(content), "Large"))

    def test_creation_ids_of_blobs_and_mailboxes_stand_for_them(self) -> None:
        self.request.created_ids |= {"b": self.upload(message()), "m": self.archive}
        made = self.imported("#b", mailboxIds={"#m": True})["created"]["k"]
        self.assertEqual(self.shown(made["id"], "mailboxIds")["mailboxIds"], {self.archive: True})

    def test_what_is_no_message_is_refused(self) -> None:
        for content in (b"", b"\r\n\r\nnothing"):
            self.assertEqual(self.refusal(self.upload(content))["type"], "invalidEmail")

    def test_blobs_must_be_there_for_the_client(self) -> None:
        foreign = self.upload(message("Secret"), account_id=OTHER, by=OTHER)
        group = self.upload(message("Group's"), account_id=GROUP)
        for blob in ("Bx", "#none", foreign, group):
            problem = self.refusal(blob)
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["blobId"]))
            self.assertEqual(problem["notFound"], [blob])

    def test_wrong_members_are_named(self) -> None:
        blob = self.upload(message())
        for given, name in (
            ({"mailboxIds": {}}, "mailboxIds"),
            ({"mailboxIds": None}, "mailboxIds"),
            ({"mailboxIds": {"zzz": True}}, "mailboxIds"),
            ({"keywords": {"a b": True}}, "keywords/a b"),
            ({"keywords": 3}, "keywords"),
            ({"receivedAt": "yesterday"}, "receivedAt"),
            ({"blobId": 3}, "blobId"),
            ({"subject": "x"}, "subject"),
        ):
            problem = self.refusal(**{"blob_id": blob} | given) if "blobId" not in given else self.refusal(3)
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", [name]), given)

    def test_one_that_is_refused_does_not_stop_the_others(self) -> None:
        place = {"mailboxIds": {self.inbox: True}}
        good = {"blobId": self.upload(message()), **place}
        answer = self.call("import", emails={"a": good, "b": {"blobId": "Bx", **place}, "c": good})
        self.assertEqual(([*answer["created"]], [*answer["notCreated"]]), (["a", "c"], ["b"]))

    def test_a_full_account_takes_nothing(self) -> None:
        self.configure(maxMessages=1)
        self.email()
        self.assertEqual(self.refusal(self.upload(message()))["type"], "overQuota")

    def test_a_message_that_is_too_large_is_refused(self) -> None:
        self.configure(maxMessageSize=100)
        self.assertEqual(self.refusal(self.upload(message(body="x" * 200)))["type"], "tooLarge")

    def test_arguments_are_checked(self) -> None:
        self.assertEqual(self.error("import"), "invalidArguments")
        self.assertEqual(self.error("import", emails=[]), "invalidArguments")
        self.assertEqual(self.error("import", emails={"": {}}), "invalidArguments")
        self.assertEqual(self.error("import", emails={}, ifInState="s999"), "stateMismatch")
        self.assertEqual(self.error("import", emails={}, accountId="zz"), "accountNotFound")
        self.limit(max_objects_in_set=2)
        self.assertEqual(self.error("import", emails={key: {} for key in "abc"}), "requestTooLarge")
        self.assertEqual(import_emails.needs, "jmapEmailImport")

    def test_an_upload_that_was_imported_does_not_count_again(self) -> None:
        inner = message("Inside")
        whole, outer = self.upload(inner), message("Outside") + b"--\r\n" + inner
        hash = parse_blob_id(self.upload(outer)).hash
        part = str(BlobId(hash, Section(len(outer) - len(inner), len(inner), "n")))
        ids = [self.imported(blob)["created"]["k"]["id"] for blob in (whole, part)]
        self.call("set", destroy=ids)
        self.assertEqual(self.waiting(), 0)
        self.assertEqual(self.imported(whole)["created"]["k"]["size"], len(inner), "it is there until it expires")

    def test_a_group_takes_its_own_uploads(self) -> None:
        blob = self.upload(message("Group's"), account_id=GROUP)
        answer = self.call(
            "import", accountId=GROUP_ID, emails={"k": {"blobId": blob, "mailboxIds": {self.team: True}}}
        )
        self.assertIsNone(answer["notCreated"])
