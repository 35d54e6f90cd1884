"""Email/set: keywords and mailboxes change, e-mails come and go, all in one transaction (RFC 8621 4.6)."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.email.set import set_emails
from tests.jmap.email.writing import GROUP_ID, WritingCase, message


class UpdateTests(WritingCase):
    """Only keywords and mailboxIds change."""

    def test_keywords_are_kept_in_lower_case(self) -> None:
        id = self.email()
        self.assertIsNone(self.update(id, **{"keywords/$SEEN": True, "keywords/Work": True}))
        self.assertEqual(self.shown(id, "keywords")["keywords"], {"$seen": True, "work": True})
        self.assertIsNone(self.update(id, **{"keywords/$seen": None}))
        self.assertEqual(self.shown(id, "keywords")["keywords"], {"work": True})

    def test_a_keyword_with_a_slash_is_escaped(self) -> None:
        id = self.email()
        self.assertIsNone(self.update(id, **{"keywords/a~1b~0": True}))
        self.assertEqual(self.shown(id, "keywords")["keywords"], {"a/b~": True})

    def test_all_keywords_are_replaced(self) -> None:
        id = self.email(keywords=("old",))
        self.assertIsNone(self.update(id, keywords={"New": True, "not": False}))
        self.assertEqual(self.shown(id, "keywords")["keywords"], {"new": True})
        self.assertIsNone(self.update(id, keywords=None))
        self.assertEqual(self.shown(id, "keywords")["keywords"], {})

    def test_it_moves_by_pointer_and_as_a_whole(self) -> None:
        id = self.email()
        self.assertIsNone(self.update(id, **{f"mailboxIds/{self.archive}": True, f"mailboxIds/{self.inbox}": None}))
        self.assertEqual(self.shown(id, "mailboxIds")["mailboxIds"], {self.archive: True})
        self.assertIsNone(self.update(id, mailboxIds={self.inbox: True, self.archive: True}))
        self.assertEqual(self.shown(id, "mailboxIds")["mailboxIds"], {self.inbox: True, self.archive: True})

    def test_creation_ids_of_mailboxes_stand_for_them(self) -> None:
        id = self.email()
        self.request.created_ids["m1"] = self.archive
        self.assertIsNone(self.update(id, **{"mailboxIds/#m1": True}))
        self.assertIsNone(self.update(id, mailboxIds={"#m1": True}))
        self.assertEqual(self.shown(id, "mailboxIds")["mailboxIds"], {self.archive: True})

    def test_the_last_mailbox_stays(self) -> None:
        id = self.email()
        for patch in ({f"mailboxIds/{self.inbox}": None}, {"mailboxIds": {}}, {"mailboxIds": None}):
            problem = self.update(id, **patch)
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["mailboxIds"]))

    def test_mailboxes_must_exist(self) -> None:
        id = self.email()
        for name in ("zzz", "ZZZ", "#none", self.team + "x", "3333333333333"):
            for patch in ({f"mailboxIds/{name}": True}, {"mailboxIds": {name: True}}):
                self.assertEqual(self.update(id, **patch)["type"], "invalidProperties", patch)

    def test_what_a_pointer_cannot_mean_is_refused(self) -> None:
        id = self.email()
        for patch, kind in (
            ({"keywords": {}, "keywords/a": True}, "invalidPatch"),
            ({"keywords/a/b": True}, "invalidPatch"),
            ({"keywords/~2": True}, "invalidPatch"),
            ({"keywords/a": True, "keywords/A": None}, "invalidPatch"),
            ({"keywords/a b": True}, "invalidProperties"),
            ({"keywords/": True}, "invalidProperties"),
            ({"keywords/" + "x" * 256: True}, "invalidProperties"),
            ({"keywords/a": 1}, "invalidProperties"),
            ({"keywords": {"a": "yes"}}, "invalidProperties"),
            ({"keywords": []}, "invalidProperties"),
            ({"mailboxIds/x": "yes"}, "invalidProperties"),
            ({"subject": "other"}, "invalidProperties"),
            ({"nothing": None}, "invalidProperties"),
            ({"from/0/name": "x"}, "invalidPatch"),
            ({"bodyValues/1": {"value": "x"}}, "invalidProperties"),
        ):
            self.assertEqual(self.update(id, **patch)["type"], kind, patch)
        self.assertEqual(self.shown(id, "keywords")["keywords"], {})

    def test_too_many_keywords_are_refused_and_may_become_fewer(self) -> None:
        id = self.email(keywords=tuple(f"k{number}" for number in range(101)))
        self.assertEqual(self.update(id, **{"keywords/one-more": True})["type"], "tooManyKeywords")
        self.assertIsNone(self.update(id, **{"keywords/k0": None}))
        whole = {f"n{number}": True for number in range(101)}
        self.assertEqual(self.update(id, keywords=whole)["type"], "tooManyKeywords")

    def test_what_cannot_change_may_be_repeated(self) -> None:
        id = self.email()
        known = self.shown(id, "blobId", "threadId", "size", "receivedAt", "subject", "from", "hasAttachment")
        self.assertIsNone(self.update(id, **known, **{"keywords/x": True}))
        problem = self.update(id, **known | {"size": 1, "subject": "?"})
        self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["size", "subject"]))

    def test_nothing_changes_where_nothing_differs(self) -> None:
        id = self.email(keywords=("a",))
        answer = self.call("set", update={id: {"keywords/a": True}})
        self.assertEqual(answer["oldState"], answer["newState"])
        self.assertEqual(answer["updated"], {id: None})

    def test_unknown_ids_are_not_found(self) -> None:
        for id in ("zz", "ZZ", "", "3333333333333", "#unknown"):
            self.assertEqual(self.update(id, **{"keywords/a": True})["type"], "notFound")


class WholeSetTests(WritingCase):
    """What holds for all changes of a call together."""

    def test_every_member_is_there(self) -> None:
        answer = self.call("set")
        self.assertEqual(
            [*answer],
            [
                *("accountId", "oldState", "newState", "created", "updated", "destroyed"),
                *("notCreated", "notUpdated", "notDestroyed"),
            ],
        )

    def test_states_tell_of_the_change(self) -> None:
        id = self.email()
        before = self.call("get", ids=[])["state"]
        answer = self.call("set", update={id: {"keywords/a": True}}, ifInState=before)
        self.assertEqual(answer["oldState"], before)
        self.assertEqual(answer["newState"], self.call("get", ids=[])["state"])
        self.assertNotEqual(answer["newState"], before)
        self.assertEqual(self.error("set", update={id: {"keywords/b": True}}, ifInState=before), "stateMismatch")
        self.assertEqual(self.error("set", create={"k": {}}, ifInState=before), "stateMismatch")

    def test_what_is_destroyed_is_not_updated(self) -> None:
        one, other = self.email(), self.email()
        answer = self.call("set", update={one: {"keywords/a": True}}, destroy=[one, other, one, "zz", "#none"])
        self.assertEqual(answer["notUpdated"][one]["type"], "willDestroy")
        self.assertEqual(answer["destroyed"], [one, other])
        self.assertEqual(
            {key: each["type"] for key, each in answer["notDestroyed"].items()}, {"zz": "notFound", "#none": "notFound"}
        )
        self.assertEqual(self.call("get", ids=[one, other])["notFound"], [one, other])

    def test_what_was_created_can_be_updated_and_destroyed(self) -> None:
        place = {"mailboxIds": {self.inbox: True}, "subject": "x"}
        answer = self.call("set", create={"a": place, "b": place}, update={"#a": {"keywords/y": True}}, destroy=["#b"])
        one, other = (answer["created"][key]["id"] for key in "ab")
        self.assertEqual((answer["updated"], answer["destroyed"]), ({one: None}, [other]))
        self.assertEqual(self.shown(one, "keywords")["keywords"], {"y": True})
        self.assertEqual(self.request.created_ids, {"a": one, "b": other})

    def test_a_creation_id_and_an_id_may_be_alike(self) -> None:
        id = self.email()
        answer = self.call("set", create={id: {"mailboxIds": {}}}, update={id: {"keywords/y": True}})
        self.assertEqual(answer["updated"], {id: None})
        self.assertEqual(answer["notCreated"][id]["type"], "invalidProperties")

    def test_permissions_are_asked_for_by_kind_of_change(self) -> None:
        self.assertIsNone(set_emails.needs)
        id = self.email()
        for verb, change in (
            ("Create", {"create": {"k": {}}}),
            ("Update", {"update": {id: {}}}),
            ("Destroy", {"destroy": [id]}),
        ):
            self.without(verb)
            self.assertEqual(self.error("set", **change), "forbidden")
            self.call("set")

    def test_heavy_arguments_are_read_elsewhere(self) -> None:
        id = self.email()
        marks: dict[str, Any] = {f"keywords/{'k' * 200}{number}": None for number in range(500)}
        create = {"n": {"mailboxIds": {self.inbox: True}, "subject": "x"}, "bad": {"subject": "no place"}}
        answer = self.call("set", create=create, update={id: {**marks, "keywords/a": True}, "zz": {"a": 1}})
        self.assertEqual((*answer["created"], *answer["notCreated"]), ("n", "bad"))
        self.assertEqual((*answer["updated"], *answer["notUpdated"]), (id, "zz"))

    def test_too_many_changes_are_refused(self) -> None:
        self.assertEqual(self.error("set", destroy=["zz"] * 100_000), "requestTooLarge")

    def test_accounts_are_those_of_the_client(self) -> None:
        self.assertEqual(self.error("set", accountId="d"), "accountNotFound")
        answer = self.call("set", accountId=GROUP_ID, create={"k": {"mailboxIds": {self.team: True}, "subject": "x"}})
        self.assertEqual(self.shown(answer["created"]["k"]["id"], "subject", account=GROUP_ID)["subject"], "x")


class CreateTests(WritingCase):
    """Whole e-mails (drafts, parts and blobs have tests of their own)."""

    def test_what_the_server_set_is_told(self) -> None:
        told = self.create(subject="Hi", bodyValues={"1": {"value": "text"}}, textBody=[{"partId": "1"}])
        id = told["id"]
        self.assertEqual(told, {"id": id} | self.shown(id, *(name for name in told if name != "id")))
        self.assertTrue({"blobId", "threadId", "size", "keywords", "receivedAt", "messageId", "sentAt"} <= told.keys())
        self.assertNotIn("subject", told)
        self.assertNotIn("mailboxIds", told)
        self.assertTrue(told["messageId"][0].endswith("@mail.example.test"))
        self.assertEqual(told["sentAt"], told["receivedAt"])

    def test_attachments_are_used_uploads(self) -> None:
        attached, spare = self.upload(b"An attachment"), self.upload(b"A spare one")
        self.refusal(attachments=[{"blobId": attached}], mailboxIds={"zzz": True})
        self.assertEqual(self.waiting(), 2)
        for _ in range(2):  # a draft that is saved again has the same attachment
            self.call("set", destroy=[self.create(attachments=[{"blobId": attached}])["id"]])
        self.assertEqual(self.waiting(), 1)
        self.create(attachments=[{"blobId": spare}])
        self.assertEqual(self.waiting(), 0)

    def test_what_the_client_set_is_kept(self) -> None:
        told = self.create(
            subject="Hi",
            keywords={"$Draft": True},
            receivedAt="2020-02-29T12:00:00Z",
            messageId=["a@b"],
            sentAt="2020-01-01T01:00:00+01:00",
        )
        found = self.shown(told["id"], "keywords", "receivedAt", "messageId", "sentAt", "mailboxIds")
        self.assertEqual(
            found,
            {
                "id": told["id"],
                "keywords": {"$draft": True},
                "receivedAt": "2020-02-29T12:00:00Z",
                "messageId": ["a@b"],
                "sentAt": "2020-01-01T01:00:00+01:00",
                "mailboxIds": {self.inbox: True},
            },
        )

    def test_a_mailbox_that_does_not_exist_is_refused(self) -> None:
        problem = self.refusal(mailboxIds={"zzz": True}, subject="x")
        self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", ["mailboxIds"]))

    def test_a_full_account_takes_nothing(self) -> None:
        self.configure(maxMessages=1)
        self.email()
        self.assertEqual(self.refusal(subject="x")["type"], "overQuota")

    def test_a_message_that_is_too_large_is_refused(self) -> None:
        self.configure(maxMessageSize=1000)
        long = {"bodyValues": {"1": {"value": "x" * 2000}}, "textBody": [{"partId": "1"}]}
        self.assertEqual(self.refusal(**long)["type"], "tooLarge")

    def test_it_joins_the_thread_that_it_answers(self) -> None:
        id = self.email(message(Message_ID="<one@example.test>"))
        told = self.create(subject="Re: Hello", inReplyTo=["one@example.test"])
        self.assertEqual(told["threadId"], self.shown(id, "threadId")["threadId"])
