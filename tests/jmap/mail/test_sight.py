"""Mailboxes that are shared one by one: what their guests see and may do (RFC 8621 2, myRights)."""

from __future__ import annotations

import json
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.rights import Rights
from stalwart.codec.ids import decode_id, encode_id
from stalwart.directory.places import MemoryPlaces
from stalwart.errors import NotFound
from stalwart.jmap.blobs import download, upload
from stalwart.jmap.blobs.running import RunningUploads
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.mail.sight import Sight
from stalwart.jmap.sharing.blobs import sees_any
from stalwart.mail.messages.arriving import Messages
from stalwart.mail.messages.quota import Quotas
from stalwart.schema import collect
from stalwart.store.mail_rows import Condition
from stalwart.web.routes import Route
from tests.jmap.email.mail_shelf import FakeTextSearch
from tests.jmap.sharing.both_faces import BothFacesCase

READ = Rights.READ | Rights.READ_ITEMS
_ALL = ("mayReadItems", "mayAddItems", "mayRemoveItems", "maySetSeen", "maySetKeywords", "mayCreateChild", "mayRename")


class SightTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.sight = Sight(
            {1: READ, 2: READ | Rights.ADD_ITEMS | Rights.REMOVE_ITEMS | Rights.SET_SEEN, 3: Rights.ADD_ITEMS}
        )

    def test_whoever_belongs_sees_everything(self) -> None:
        whole = Sight()
        self.assertTrue(whole.is_whole and whole.may(77, Rights.all()))
        self.assertEqual(whole.readable((1, 2)), {1, 2})
        after = ({5}, {"x"})
        self.assertIs(whole.check_revision(({1}, set()), after), after)
        self.assertEqual(whole.known((7, 8)), {7, 8})

    def test_what_is_readable_and_what_is_known(self) -> None:
        self.assertEqual(self.sight.readable((1, 2, 3, 4)), {1, 2})
        self.assertEqual(self.sight.known((1, 2, 3, 4)), {1, 2, 3})

    def revised(self, before: Any, after: Any) -> Any:
        try:
            return self.sight.check_revision(before, after)
        except SetRefused as problem:
            return problem.type
        except NotFound:
            return "notFound"

    def test_revisions(self) -> None:
        for before, after, outcome in (
            (({2}, set()), ({2}, {"$seen"}), ({2}, {"$seen"})),
            (({2}, set()), ({2}, {"$flagged"}), "forbidden"),
            (({2, 9}, set()), ({2}, {"$seen"}), "forbidden"),  # it is in a mailbox that he does not see
            (({9}, set()), ({9}, {"$seen"}), "notFound"),
            (({2, 9}, set()), ({3}, set()), ({3, 9}, set())),
            (({1}, set()), ({2}, set()), "forbidden"),
            (({2}, set()), ({1}, set()), "forbidden"),
            (({2}, set()), ({2, 3}, set()), ({2, 3}, set())),
            (({1}, {"x"}), ({1}, {"x"}), ({1}, {"x"})),
        ):
            self.assertEqual(self.revised(before, after), outcome, (before, after))


class SharedMailCase(BothFacesCase):
    """bob is a guest in the mailbox ``work`` of alice, and not in ``private``; carol is none."""

    def setUp(self) -> None:
        super().setUp()
        self.work = self.made("Mailbox", name="Work")
        self.private = self.made("Mailbox", name="Private")
        self.count = 0
        self.share("mayReadItems")

    def more_services(self) -> dict[str, Any]:
        quotas = Quotas(self.settings, self.clock)
        messages = Messages(self.store, self.settings, quotas, self.clock, self.telemetry)
        return {"messages": messages, "text_search": FakeTextSearch(self.store)}

    def routes(self) -> list[Route]:
        return [*super().routes(), *collect(download, Route), *collect(upload, Route)]

    def services(self) -> dict[str, Any]:
        more = {"store": self.store, "settings": self.settings, "clock": self.clock, "telemetry": self.telemetry}
        return {**super().services(), **more, "uploads": RunningUploads(MemoryPlaces())}

    def share(self, *rights: str, box: str | None = None, user: str = "bob") -> None:
        patch = {f"shareWith/{encode_id(self.number(user))}": dict.fromkeys(rights, True) or None}
        self.changed("Mailbox", box or self.work, patch)

    def mail(self, *boxes: str, user: str = "alice", **more: Any) -> str:
        """A new e-mail of alice."""
        self.count += 1
        draft = {
            "mailboxIds": dict.fromkeys(boxes, True),
            "subject": f"Number {self.count}",
            "bodyValues": {"1": {"value": f"text {self.count}"}},
            "textBody": [{"partId": "1", "type": "text/plain"}],
            **more,
        }
        answer = self.jmap("Email/set", user, self.alice, create={"k": draft})
        self.assertIsNone(answer["notCreated"], answer)
        return str(answer["created"]["k"]["id"])


class MailboxTests(SharedMailCase):
    def boxes(self, user: str = "bob") -> dict[str, Any]:
        return self.listed("Mailbox", user, self.alice)

    def test_only_what_is_shared_is_there(self) -> None:
        self.assertEqual(list(self.boxes()), ["Work"])
        box = self.boxes()["Work"]
        held = [name for name, is_held in box["myRights"].items() if is_held]
        self.assertEqual((held, box["isSubscribed"], box["shareWith"]), (["mayReadItems"], False, None))
        self.assertEqual(self.jmap("Mailbox/get", "bob", self.alice, ids=[self.private])["list"], [])
        self.assertEqual(self.jmap("Mailbox/query", "bob", self.alice)["ids"], [self.work])
        self.assertEqual(self.refused("Mailbox/get", "carol", self.alice), "accountNotFound")

    def test_who_shares_sees_with_whom(self) -> None:
        shown = self.boxes("alice")["Work"]
        self.assertEqual(list(shown["shareWith"]), [encode_id(self.bob)])
        self.assertTrue(shown["myRights"]["mayShare"])
        self.assertIsNone(self.boxes("alice")["Private"]["shareWith"])
        box = self.jmap("Mailbox/get", ids=[self.work], using=["urn:ietf:params:jmap:mail"])["list"][0]
        self.assertNotIn("shareWith", box)
        self.assertNotIn("mayShare", box["myRights"])

    def test_what_is_above_and_cannot_be_seen_is_not_told(self) -> None:
        inner = self.made("Mailbox", name="Inner", parentId=self.private)
        self.share("mayReadItems", box=inner)
        self.assertIsNone(self.boxes()["Inner"]["parentId"])
        self.share("mayReadItems", box=self.private)
        self.assertEqual(self.boxes()["Inner"]["parentId"], self.private)

    def test_what_guests_may_change(self) -> None:
        self.changed("Mailbox", self.work, {"isSubscribed": True}, "bob", self.alice)
        self.assertTrue(self.boxes()["Work"]["isSubscribed"])
        for patch in ({"name": "x"}, {"sortOrder": 3}, {"role": "archive"}, {"parentId": self.private}):
            self.assertEqual(self.unchanged("Mailbox", self.work, patch, "bob", self.alice)["type"], "forbidden", patch)
        answer = self.jmap(
            "Mailbox/set", "bob", self.alice, create={"a": {"name": "A"}, "b": {"name": "B", "parentId": self.work}}
        )
        self.assertEqual([each["type"] for each in answer["notCreated"].values()], ["forbidden", "forbidden"])
        answer = self.jmap("Mailbox/set", "bob", self.alice, destroy=[self.work, self.private])
        self.assertEqual(
            {id: each["type"] for id, each in answer["notDestroyed"].items()},
            {self.work: "forbidden", self.private: "notFound"},
        )

    def test_with_rights_they_may(self) -> None:
        self.share(*_ALL, "mayDelete")
        self.changed("Mailbox", self.work, {"name": "Job"}, "bob", self.alice)
        inner = self.made("Mailbox", "bob", self.alice, name="Inner", parentId=self.work)
        self.assertEqual(self.boxes()["Inner"]["id"], inner)
        self.assertTrue(self.boxes()["Inner"]["myRights"]["mayAddItems"])
        self.assertEqual(self.unchanged("Mailbox", inner, {"parentId": None}, "bob", self.alice)["type"], "forbidden")
        answer = self.jmap("Mailbox/set", "bob", self.alice, destroy=[inner, self.work])
        self.assertEqual(sorted(answer["destroyed"]), sorted([inner, self.work]))

    def test_a_name_is_taken_by_what_is_not_seen_without_a_word_of_what_it_is(self) -> None:
        self.share(*_ALL)
        self.made("Mailbox", name="Hidden", parentId=self.work)
        seen = self.made("Mailbox", "bob", self.alice, name="Seen", parentId=self.work)
        for name, existing in (("hidden", None), ("Seen", seen)):
            given = {"name": name, "parentId": self.work}
            told = self.jmap("Mailbox/set", "bob", self.alice, create={"k": given})["notCreated"]["k"]
            self.assertEqual((told["type"], told.get("existingId")), ("alreadyExists", existing))

    def test_what_somebody_puts_in_without_reading_it(self) -> None:
        self.share("mayAddItems", box=self.private)
        self.mail(self.private)
        box = self.boxes()["Private"]
        self.assertEqual((box["totalEmails"], box["unreadEmails"]), (0, 0))
        self.assertEqual(self.jmap("Email/query", "bob", self.alice)["ids"], [])
        self.mail(self.private, user="bob")

    def test_nobody_gives_more_than_he_has(self) -> None:
        self.share("mayReadItems", "mayShare")
        patch = {f"shareWith/{encode_id(self.carol)}": {"mayReadItems": True, "mayDelete": True}}
        self.assertEqual(self.unchanged("Mailbox", self.work, patch, "bob", self.alice)["type"], "forbidden")
        self.changed("Mailbox", self.work, {f"shareWith/{encode_id(self.carol)}/mayReadItems": True}, "bob", self.alice)
        self.assertEqual(list(self.boxes("carol")), ["Work"])

    def test_changes(self) -> None:
        state = self.jmap("Mailbox/get", "bob", self.alice, ids=[])["state"]
        self.changed("Mailbox", self.private, {"name": "Secret"})
        changes = self.jmap("Mailbox/changes", "bob", self.alice, sinceState=state)
        self.assertEqual((changes["updated"], changes["created"]), ([], []))
        self.changed("Mailbox", self.work, {"name": "Job"})
        changes = self.jmap("Mailbox/changes", "bob", self.alice, sinceState=changes["newState"])
        self.assertEqual(changes["updated"], [self.work])
        self.share("mayReadItems", "maySetSeen")
        problem = self.refused("Mailbox/changes", "bob", self.alice, sinceState=changes["newState"])
        self.assertEqual(problem, "cannotCalculateChanges")

    def test_a_mailbox_that_goes_takes_the_account_along(self) -> None:
        self.jmap("Mailbox/set", destroy=[self.work])
        self.assertNotIn(encode_id(self.alice), self.session("bob")["accounts"])

    def test_the_session(self) -> None:
        told = self.session("bob")["accounts"][encode_id(self.alice)]
        self.assertTrue(told["isReadOnly"])
        capabilities = told["accountCapabilities"]
        self.assertEqual(capabilities["urn:ietf:params:jmap:mail:share"], {})
        self.assertFalse(capabilities["urn:ietf:params:jmap:mail"]["mayCreateTopLevelMailbox"])
        for urn in ("submission", "vacationresponse", "sieve", "quota", "calendars", "contacts"):
            self.assertNotIn(f"urn:ietf:params:jmap:{urn}", capabilities)


class EmailTests(SharedMailCase):
    def setUp(self) -> None:
        super().setUp()
        self.seen = self.mail(self.work, messageId=["one@x"])
        self.both = self.mail(self.work, self.private)
        self.hidden = self.mail(self.private, inReplyTo=["one@x"], subject="Re: Number 1")

    def got(self, *ids: str, **arguments: Any) -> dict[str, Any]:
        answer = self.jmap("Email/get", "bob", self.alice, ids=list(ids), **arguments)
        return {each["id"]: each for each in answer["list"]}

    def test_only_what_is_in_a_mailbox_that_he_reads(self) -> None:
        found = self.got(self.seen, self.both, self.hidden)
        self.assertEqual(list(found), [self.seen, self.both])
        self.assertEqual(found[self.both]["mailboxIds"], {self.work: True})
        self.assertIn("bodyValues", found[self.seen])
        found = self.got(self.both, self.hidden, properties=["subject", "mailboxIds"])  # out of rows alone
        self.assertEqual([each["mailboxIds"] for each in found.values()], [{self.work: True}])
        everything = self.jmap("Email/get", "bob", self.alice, ids=None, properties=["id"])["list"]
        self.assertEqual({each["id"] for each in everything}, {self.seen, self.both})

    def queried(self, filter: Any = None, **arguments: Any) -> set[str]:
        return set(self.jmap("Email/query", "bob", self.alice, filter=filter, **arguments)["ids"])

    def test_searches_find_no_more(self) -> None:
        both = {self.seen, self.both}
        for filter, found in (
            (None, both),
            ({"inMailbox": self.work}, both),
            ({"inMailbox": self.private}, set()),
            ({"inMailbox": self.work, "notKeyword": "$seen"}, both),
            ({"operator": "NOT", "conditions": [{"inMailbox": self.private}]}, both),
            ({"operator": "OR", "conditions": [{"inMailbox": self.private}, {"hasKeyword": "$seen"}]}, set()),
            ({"minSize": 1}, both),
        ):
            self.assertEqual(self.queried(filter), found, filter)
        answer = self.jmap("Email/query", "bob", self.alice, calculateTotal=True, collapseThreads=True)
        self.assertEqual((answer["total"], answer["canCalculateChanges"]), (2, False))
        problem = self.refused("Email/queryChanges", "bob", self.alice, sinceQueryState=answer["queryState"])
        self.assertEqual(problem, "cannotCalculateChanges")

    def test_searches_of_text_find_no_more(self) -> None:
        search = self.service._engine._methods["Email/query"].call.keywords["text_search"]
        search.found["text", "number"] = frozenset(map(decode_id, (self.seen, self.hidden)))
        self.assertEqual(self.queried({"text": "number"}), {self.seen})

    def test_threads_show_what_is_seen(self) -> None:
        (mine,) = self.got(self.seen).values()
        threads = self.jmap("Thread/get", ids=[mine["threadId"]])["list"]
        self.assertEqual(set(threads[0]["emailIds"]), {self.seen, self.hidden})
        threads = self.jmap("Thread/get", "bob", self.alice, ids=[mine["threadId"]])["list"]
        self.assertEqual(threads[0]["emailIds"], [self.seen])
        alone = self.mail(self.private)
        thread = self.jmap("Email/get", ids=[alone], properties=["threadId"])["list"][0]["threadId"]
        self.assertEqual(self.jmap("Thread/get", "bob", self.alice, ids=[thread])["notFound"], [thread])

    def test_snippets(self) -> None:
        answer = self.jmap("SearchSnippet/get", "bob", self.alice, filter=None, emailIds=[self.seen, self.hidden])
        self.assertEqual(
            ([each["emailId"] for each in answer["list"]], answer["notFound"]), ([self.seen], [self.hidden])
        )

    def test_changes(self) -> None:
        state = self.jmap("Email/get", "bob", self.alice, ids=[])["state"]
        thread_state = self.jmap("Thread/get", "bob", self.alice, ids=[])["state"]
        hidden, new = self.mail(self.private), self.mail(self.work)
        changes = self.jmap("Email/changes", "bob", self.alice, sinceState=state)
        self.assertEqual((changes["created"], changes["updated"], changes["destroyed"]), ([new], [], []))
        threads = self.jmap("Thread/changes", "bob", self.alice, sinceState=thread_state)
        self.assertEqual(len(threads["created"]), 1)
        self.assertEqual(self.jmap("Email/get", "bob", self.alice, ids=[])["state"], changes["newState"])
        self.changed("Email", new, {"mailboxIds": {self.private: True}})
        self.changed("Email", hidden, {"keywords/$seen": True})
        changes = self.jmap("Email/changes", "bob", self.alice, sinceState=changes["newState"])
        self.assertEqual((changes["updated"], changes["destroyed"]), ([], [new]))
        threads = self.jmap("Thread/changes", "bob", self.alice, sinceState=threads["newState"])
        self.assertEqual((threads["updated"], threads["created"]), ([], []))
        self.changed("Email", new, {f"mailboxIds/{self.work}": True})
        changes = self.jmap("Email/changes", "bob", self.alice, sinceState=changes["newState"])
        self.assertEqual((changes["created"], changes["updated"], changes["destroyed"]), ([new], [], []))
        self.changed("Email", new, {f"mailboxIds/{self.private}": None, "keywords/$seen": True})
        changes = self.jmap("Email/changes", "bob", self.alice, sinceState=changes["newState"])
        self.assertEqual((changes["created"], changes["updated"], changes["destroyed"]), ([], [new], []))
        self.share("mayReadItems", "maySetSeen")
        problem = self.refused("Email/changes", "bob", self.alice, sinceState=changes["newState"])
        self.assertEqual(problem, "cannotCalculateChanges")
        state = self.jmap("Email/get", "bob", self.alice, ids=[])["state"]
        self.assertEqual(self.jmap("Email/changes", "bob", self.alice, sinceState=state)["updated"], [])

    def refusal(self, id: str, patch: dict[str, Any]) -> str | None:
        answer = self.jmap("Email/set", "bob", self.alice, update={id: patch})
        return None if answer["notUpdated"] is None else str(answer["notUpdated"][id]["type"])

    def test_marking(self) -> None:
        self.assertEqual(self.refusal(self.seen, {"keywords/$seen": True}), "forbidden")
        self.share("mayReadItems", "maySetSeen")
        self.assertIsNone(self.refusal(self.seen, {"keywords/$seen": True}))
        self.assertEqual(self.refusal(self.seen, {"keywords/$flagged": True}), "forbidden")
        self.assertEqual(self.refusal(self.both, {"keywords/$seen": True}), "forbidden")
        self.assertEqual(self.refusal(self.hidden, {"keywords/$seen": True}), "notFound")
        self.assertEqual(self.refusal(self.hidden, {"subject": "Re: Number 1"}), "notFound")
        self.share("mayReadItems", "maySetKeywords")
        self.assertIsNone(self.refusal(self.seen, {"keywords/$flagged": True}))
        self.assertEqual(self.refusal(self.seen, {"keywords/$seen": None}), "forbidden")

    def test_moving(self) -> None:
        other = self.made("Mailbox", name="Other")
        self.share("mayReadItems", "mayRemoveItems")
        self.assertEqual(self.refusal(self.seen, {f"mailboxIds/{other}": True}), "forbidden")
        self.assertEqual(self.refusal(self.seen, {"mailboxIds": {self.private: True}}), "forbidden")
        self.share("mayReadItems", "mayAddItems", box=other)
        self.assertIsNone(self.refusal(self.both, {"mailboxIds": {other: True}}))
        shown = self.jmap("Email/get", ids=[self.both], properties=["mailboxIds"])["list"][0]
        self.assertEqual(set(shown["mailboxIds"]), {other, self.private})
        self.assertEqual(self.refusal(self.both, {"mailboxIds": {self.work: True}}), "forbidden")

    def test_destroying(self) -> None:
        def destroy(*ids: str) -> dict[str, str]:
            answer = self.jmap("Email/set", "bob", self.alice, destroy=list(ids))
            return {id: each["type"] for id, each in (answer["notDestroyed"] or {}).items()}

        ids = (self.seen, self.both, self.hidden)
        self.assertEqual(destroy(*ids), {self.seen: "forbidden", self.both: "forbidden", self.hidden: "notFound"})
        self.share("mayReadItems", "mayRemoveItems")
        self.assertEqual(destroy(*ids), {self.both: "forbidden", self.hidden: "notFound"})

    def test_putting_something_in(self) -> None:
        draft = {"mailboxIds": {self.work: True}, "subject": "Hello"}
        create = lambda: self.jmap("Email/set", "bob", self.alice, create={"k": draft})  # noqa: E731
        self.assertEqual(create()["notCreated"]["k"]["type"], "forbidden")
        self.share("mayReadItems", "mayAddItems")
        id = create()["created"]["k"]["id"]
        self.assertEqual(list(self.got(id)), [id])
        draft["mailboxIds"] = {self.private: True}
        self.assertEqual(create()["notCreated"]["k"]["type"], "invalidProperties")

    def test_copying_out_and_in(self) -> None:
        mine = self.jmap("Mailbox/get", "bob")["list"][0]["id"]
        given = {"fromAccountId": encode_id(self.alice)}
        create = {
            "a": {"id": self.seen, "mailboxIds": {mine: True}},
            "b": {"id": self.hidden, "mailboxIds": {mine: True}},
        }
        answer = self.jmap("Email/copy", "bob", self.bob, create=create, **given)
        self.assertEqual((list(answer["created"]), answer["notCreated"]["b"]["type"]), (["a"], "notFound"))
        back = {"fromAccountId": encode_id(self.bob)}
        create = {"a": {"id": answer["created"]["a"]["id"], "mailboxIds": {self.work: True}}}
        answer = self.jmap("Email/copy", "bob", self.alice, create=create, **back)
        self.assertEqual(answer["notCreated"]["a"]["type"], "forbidden")
        self.share("mayReadItems", "mayAddItems")
        answer = self.jmap("Email/copy", "bob", self.alice, create=create, **back)
        self.assertEqual(list(answer["created"]), ["a"])

    def test_what_else_is_in_the_account_is_nobodys_business(self) -> None:
        for name in ("Identity/get", "EmailSubmission/get", "VacationResponse/get", "SieveScript/get", "Quota/get"):
            responses = self.responses(name, {"accountId": encode_id(self.alice)}, "bob")["methodResponses"]
            self.assertIn(responses[0][1]["type"], ("accountNotSupportedByMethod", "unknownMethod"), name)


class BlobTests(SharedMailCase):
    def blob(self, id: str) -> str:
        return str(self.jmap("Email/get", ids=[id], properties=["blobId"])["list"][0]["blobId"])

    def download(self, blob: str, user: str) -> int:
        return self.ask("GET", f"/jmap/download/{encode_id(self.alice)}/{blob}/x", b"", user=user).status

    def test_messages_that_are_seen_can_be_downloaded(self) -> None:
        seen, hidden = self.blob(self.mail(self.work)), self.blob(self.mail(self.private))
        self.assertEqual([self.download(seen, user) for user in ("alice", "bob", "carol")], [200, 200, 404])
        self.assertEqual([self.download(hidden, user) for user in ("alice", "bob", "carol")], [200, 404, 404])
        part = f"{hidden}-0-5-n"
        self.assertEqual([self.download(part, user) for user in ("alice", "bob")], [200, 404])

    def test_blobs_are_looked_up_within_what_is_seen(self) -> None:
        email = self.mail(self.work, self.private)
        blob, hidden = self.blob(email), self.blob(self.mail(self.private))
        arguments = {"ids": [blob, hidden], "typeNames": ["Email", "Mailbox"]}
        answer = self.jmap("Blob/lookup", "bob", self.alice, **arguments)
        self.assertEqual(answer["notFound"], [hidden])
        self.assertEqual(answer["list"][0]["matchedIds"], {"Email": [email], "Mailbox": [self.work]})

    def test_parsing(self) -> None:
        seen, hidden = self.blob(self.mail(self.work)), self.blob(self.mail(self.private))
        answer = self.jmap("Email/parse", "bob", self.alice, blobIds=[seen, hidden], properties=["subject"])
        self.assertEqual((list(answer["parsed"]), answer["notFound"]), ([seen], [hidden]))

    def test_only_who_may_change_something_uploads(self) -> None:
        path = f"/jmap/upload/{encode_id(self.alice)}"
        statuses = [self.ask("POST", path, b"octets", user=user).status for user in ("alice", "bob", "carol")]
        self.assertEqual(statuses, [200, 403, 404])
        self.share("mayReadItems", "mayAddItems")
        answer = self.expect(200, "POST", path, b"From: x@y\r\n\r\nz", user="bob")
        blob = json.loads(answer.body)["blobId"]
        self.assertEqual([self.download(blob, user) for user in ("bob", "alice")], [200, 404])
        emails = {"k": {"blobId": blob, "mailboxIds": {self.work: True}}}
        self.assertEqual(list(self.jmap("Email/import", "bob", self.alice, emails=emails)["created"]), ["k"])
        emails["k"]["mailboxIds"] = {self.private: True}
        answer = self.jmap("Email/import", "bob", self.alice, emails=emails)
        self.assertEqual(answer["notCreated"]["k"]["type"], "invalidProperties")

    def test_what_is_no_object_is_seen_by_nobody(self) -> None:
        access = self.sign_in("bob@example.test")
        look = self.store.read(lambda tx: sees_any(tx, access, self.alice, (77_777, decode_id(self.work))))
        self.assertFalse(self.successResultOf(look))

    def test_a_filter_is_narrowed(self) -> None:
        access = self.sign_in("bob@example.test")

        def narrow(tx: Any) -> Any:
            return Sight.of(tx, access, self.alice).narrowed(tx, self.alice, None)

        found = self.successResultOf(self.store.read(narrow))
        assert isinstance(found, Condition)
        self.assertIn(decode_id(self.private), found.value)
        self.assertNotIn(decode_id(self.work), found.value)
