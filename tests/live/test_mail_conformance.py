"""JMAP Mail at a real daemon: what the public conformance suite (jmapio/jmap-test-suite) asks, in our own words.

The suite is published as source alone and cannot be installed; its cases of RFC 8620 and RFC 8621 are gone through
here by area, on an account filled like the suite's.
"""

from __future__ import annotations

import atexit
import shutil
from functools import cache
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from tests.live.daemon import Daemon, new_folder
from tests.live.people import Administrator
from tests.live.seeded_account import MAIL, SeededAccount, instant

NEWEST = [{"property": "receivedAt", "isAscending": False}]
UNKNOWN = "nonexistent-xyz"


@cache
def running() -> Daemon:
    """The daemon that all tests share; it ends with the run."""
    data = new_folder()
    atexit.register(shutil.rmtree, data, True)
    daemon = Daemon.with_data(data)
    atexit.register(daemon.close)
    return daemon


@cache
def seeded() -> SeededAccount:
    """The account that all tests share."""
    daemon = running()
    administrator = Administrator(daemon)
    administrator.new_user("first")
    domain = administrator.call("x:Domain/query", {})["ids"][0]
    group = administrator.create("Account", {"@type": "Group", "name": "team", "domainId": domain})["id"]
    user = SeededAccount(daemon, administrator, memberGroupIds={group: True})
    user.seed()
    return user


class MailConformanceTests(SynchronousTestCase):
    """One daemon and one account for all."""

    def setUp(self) -> None:
        self.user = seeded()

    def found(self, filter: Any, **more: Any) -> set[str]:
        """The names of the e-mails that a query finds."""
        ids = self.user.mail("Email/query", filter=filter, **more)["ids"]
        return {name for name, id in self.user.emails.items() if id in ids}

    def email(self, name: str, *properties: str, **more: Any) -> Any:
        """Properties of a seeded e-mail."""
        ids = [self.user.emails.get(name, name)]
        (found,) = self.user.mail("Email/get", ids=ids, properties=[*properties], **more)["list"]
        return found

    def test_the_session_has_what_clients_need(self) -> None:
        session = self.user.session
        mail = session["accounts"][self.user.account]["accountCapabilities"][MAIL]
        self.assertIn(MAIL, session["capabilities"])
        self.assertIsInstance(mail["maxSizeMailboxName"], int)
        self.assertIsInstance(mail["maxSizeAttachmentsPerEmail"], int)
        self.assertIn("receivedAt", mail["emailQuerySortOptions"])
        self.assertTrue(mail["mayCreateTopLevelMailbox"])
        self.assertEqual(len(session["accounts"]), 2)

    def test_method_errors(self) -> None:
        user = self.user
        self.assertEqual(user.fault("Fake/nonexistent"), "unknownMethod")
        self.assertEqual(user.fault("Mailbox/get", accountId=UNKNOWN), "accountNotFound")
        self.assertEqual(user.fault("Mailbox/get", ids="no list"), "invalidArguments")
        for type in ("Mailbox", "Email"):
            self.assertEqual(user.fault(f"{type}/set", ifInState="no-such-state", update={}), "stateMismatch")
        self.assertEqual(user.fault("Email/query", anchor=UNKNOWN), "anchorNotFound")
        ((name, error),) = user.request(("Mailbox/get", {}))
        self.assertEqual((name, error["type"]), ("error", "invalidArguments"))

    def test_references_to_results(self) -> None:
        account = self.user.account
        state, changes = self.user.request(
            ("Mailbox/get", {"accountId": account, "ids": []}),
            (
                "Mailbox/changes",
                {"accountId": account, "#sinceState": {"resultOf": "0", "name": "Mailbox/get", "path": "/state"}},
            ),
        )
        self.assertEqual(changes[1]["oldState"], state[1]["state"])
        wrong = {"resultOf": "0", "name": "Email/query", "path": "/ids"}
        self.assertEqual(self.user.fault("Email/get", **{"#ids": wrong}), "invalidResultReference")

    def test_unknown_ids_are_not_found(self) -> None:
        for type in ("Email", "Mailbox", "Thread"):
            self.assertEqual(self.user.mail(f"{type}/get", ids=[UNKNOWN])["notFound"], [UNKNOWN], type)
        for type in ("Email", "Mailbox"):
            answer = self.user.mail(f"{type}/set", update={UNKNOWN: {}}, destroy=[UNKNOWN + "2"])
            self.assertEqual(answer["notUpdated"][UNKNOWN]["type"], "notFound", type)
            self.assertEqual(answer["notDestroyed"][UNKNOWN + "2"]["type"], "notFound", type)
        self.assertEqual(self.user.mail("Email/parse", blobIds=[UNKNOWN])["notFound"], [UNKNOWN])
        snippets = self.user.mail("SearchSnippet/get", emailIds=[UNKNOWN], filter={"text": "test"})
        self.assertEqual(snippets["notFound"], [UNKNOWN])

    def test_filters_of_structure(self) -> None:
        box = self.user.boxes
        five, found = instant(5.5), self.found
        self.assertEqual(found({"inMailbox": box["folderA"]}), {"starter", "filed", "old"})
        self.assertIn("old", found({"inMailboxOtherThan": [box["inbox"]]}))
        self.assertNotIn("plain", found({"inMailboxOtherThan": [box["inbox"]]}))
        self.assertEqual(found({"before": instant(9.5)}), {"old", "plain"})
        self.assertTrue({"tagged", "large"} <= found({"after": five}) and "old" not in found({"after": five}))
        self.assertEqual(found({"minSize": 10_000}), {"large"})
        self.assertNotIn("large", found({"maxSize": 10_000}))
        self.assertEqual(found({"hasKeyword": "$flagged"}), {"attachment", "sort2"})
        self.assertEqual(found({"hasKeyword": "CUSTOM_label"}), {"tagged"})
        self.assertEqual(found({"notKeyword": "$seen"}), {"reply1", "reply2", "large", "sort3"})
        self.assertEqual(found({"hasAttachment": True}) & {"attachment", "plain", "html"}, {"attachment"})
        thread = {"starter", "reply1", "reply2"}
        self.assertEqual(found({"someInThreadHaveKeyword": "$answered"}), thread)
        self.assertEqual(found({"noneInThreadHaveKeyword": "$answered"}), self.user.emails.keys() - thread)
        both = {"inMailbox": box["inbox"], "hasKeyword": "$flagged"}
        self.assertEqual(found(both), {"attachment"})
        self.assertEqual(
            found({"operator": "AND", "conditions": [{name: both[name]} for name in both]}), {"attachment"}
        )
        self.assertEqual(
            found({"operator": "NOT", "conditions": [{"hasKeyword": "$seen"}]}), found({"notKeyword": "$seen"})
        )
        nested = {"operator": "OR", "conditions": [both, {"hasKeyword": "$answered"}]}
        self.assertEqual(found(nested), {"attachment", "reply2"})
        self.assertEqual(found({}), self.user.emails.keys())
        self.assertEqual(self.user.fault("Email/query", filter={"noSuchTest": 1}), "unsupportedFilter")
        self.assertEqual(self.user.fault("Email/query", sort=[{"property": "noSuch"}]), "unsupportedSort")

    def test_filters_of_text(self) -> None:
        found = self.found
        self.assertEqual(found({"text": "Project Alpha"}), {"starter", "reply1", "reply2"})
        self.assertEqual(found({"text": "xylophone"}), {"reply2"})
        self.assertEqual(found({"from": "alice@example.com"}), {"plain", "reply1"})
        self.assertEqual(found({"to": "alice@example.com"}), {"starter"})
        self.assertEqual(found({"cc": "charlie@example.net"}), {"attachment"})
        self.assertEqual(found({"subject": "Financial Report"}), {"attachment"})
        self.assertEqual(found({"body": "conference room"}), {"plain"})
        self.assertEqual(found({"header": ["X-Own"]}), {"list"})
        self.assertEqual(found({"header": ["X-Own", "value-123"]}), {"list"})

    def test_snippets(self) -> None:
        ids = [self.user.emails["reply2"], self.user.emails["plain"]]
        answer = self.user.mail("SearchSnippet/get", emailIds=ids, filter={"text": "xylophone"})
        self.assertIsNone(answer["notFound"])
        told = {each["emailId"]: each for each in answer["list"]}
        self.assertIn("<mark>xylophone</mark>", told[ids[0]]["preview"])
        self.assertEqual((told[ids[1]]["subject"], told[ids[1]]["preview"]), (None, None))

    def test_sorting(self) -> None:
        within = {"inMailbox": self.user.boxes["folderB"]}
        names = {id: name for name, id in self.user.emails.items()}
        for property, order in {
            "receivedAt": ["large", "sort1", "sort2", "sort3"],
            "size": ["sort3", "sort1", "sort2", "large"],
            "from": ["sort2", "large", "sort3", "sort1"],
            "subject": ["sort1", "sort2", "large", "sort3"],
            "sentAt": ["sort1", "large", "sort2", "sort3"],
        }.items():
            for ascending in (True, False):
                sort = [{"property": property, "isAscending": ascending}]
                ids = self.user.mail("Email/query", filter=within, sort=sort)["ids"]
                wanted = order if ascending else order[::-1]
                self.assertEqual([names[id] for id in ids], wanted, (property, ascending))
        sort = [{"property": "hasKeyword", "keyword": "$flagged", "isAscending": False}, *NEWEST]
        ids = self.user.mail("Email/query", filter=within, sort=sort)["ids"]
        self.assertEqual([names[id] for id in ids], ["sort2", "sort3", "sort1", "large"])

    def test_pages(self) -> None:
        def page(**more: Any) -> Any:
            return self.user.mail("Email/query", filter=None, sort=NEWEST, calculateTotal=True, **more)

        all = page()["ids"]
        total = page()["total"]
        self.assertEqual(len(all), total)
        self.assertEqual(page(position=2, limit=3)["ids"], all[2:5])
        self.assertEqual(page(position=-3)["ids"], all[-3:])
        self.assertEqual(page(position=-3)["position"], total - 3)
        self.assertEqual(page(position=99_999)["ids"], [])
        anchored = page(anchor=all[3], anchorOffset=-1, limit=3)
        self.assertEqual((anchored["ids"], anchored["position"]), (all[2:5], 2))

    def test_threads_are_collapsed(self) -> None:
        subject = {"subject": "Project Alpha Discussion"}
        self.assertEqual(self.found(subject, sort=NEWEST, collapseThreads=True), {"reply2"})
        answer = self.user.mail("Email/query", filter={}, collapseThreads=True, calculateTotal=True)
        self.assertEqual(answer["total"], len(answer["ids"]))
        self.assertEqual(len({self.email(name, "threadId")["threadId"] for name in ("starter", "reply1", "reply2")}), 1)

    def test_bodies(self) -> None:
        every = {"fetchAllBodyValues": True, "bodyProperties": ["partId", "type", "name", "cid", "charset", "blobId"]}
        html = self.email("html", "textBody", "htmlBody", "bodyValues", **every)
        self.assertEqual([part["type"] for part in html["textBody"] + html["htmlBody"]], ["text/plain", "text/html"])
        self.assertEqual(len(html["bodyValues"]), 2)
        (attached,) = self.email("attachment", "attachments", **every)["attachments"]
        self.assertEqual(attached["name"], "report.pdf")
        status, type, content = self.user.get(
            f"/jmap/download/{self.user.account}/{attached['blobId']}/a.pdf?accept=application%2Fpdf"
        )
        self.assertEqual((status, content[:8]), (200, b"%PDF-1.4"), type)
        large = self.email("large", "textBody", "bodyValues", fetchTextBodyValues=True, maxBodyValueBytes=100)
        ((value),) = large["bodyValues"].values()
        self.assertEqual((len(value["value"]), value["isTruncated"], value["isEncodingProblem"]), (100, True, False))
        korean = self.email("korean", "bodyValues", "subject", **every)
        self.assertEqual([each["value"] for each in korean["bodyValues"].values()], ["테스트 이메일입니다"])
        self.assertEqual(self.email("broken", "subject")["subject"], "Malformed")
        image = self.email("related", "bodyStructure", bodyProperties=["type", "cid", "subParts"])["bodyStructure"]
        self.assertEqual(image["subParts"][1]["cid"], "image001@test")

    def test_header_fields(self) -> None:
        told = self.email("list", "header:List-Unsubscribe:asURLs", "header:x-own:asText", "header:X-OWN")
        self.assertEqual(told["header:List-Unsubscribe:asURLs"], ["https://example.com/u"])
        self.assertEqual((told["header:x-own:asText"], told["header:X-OWN"]), ("value-123", " value-123"))
        self.assertIn(self.email("nameless", "subject")["subject"], ("", None))
        groups = self.email("plain", "header:From:asGroupedAddresses")["header:From:asGroupedAddresses"]
        self.assertEqual(groups[0]["addresses"], [{"name": "Alice Sender", "email": "alice@example.com"}])

    def test_changes_of_all_kinds(self) -> None:
        user = self.user
        before = {type: user.mail(f"{type}/get", ids=[])["state"] for type in ("Email", "Thread", "Mailbox")}
        for type, state in before.items():
            still = user.mail(f"{type}/changes", sinceState=state)
            self.assertEqual((still["created"], still["updated"], still["destroyed"]), ([], [], []), type)
        query = {"filter": {"inMailbox": user.boxes["inbox"]}, "sort": NEWEST}
        listed = user.mail("Email/query", **query)
        made = user.make(subject="Changes")
        since = {type: user.mail(f"{type}/changes", sinceState=state) for type, state in before.items()}
        self.assertEqual(since["Email"]["created"], [made["id"]])
        self.assertEqual(since["Thread"]["created"], [made["threadId"]])
        self.assertEqual(since["Mailbox"]["updated"], [user.boxes["inbox"]])
        added = user.mail("Email/queryChanges", sinceQueryState=listed["queryState"], **query)["added"]
        self.assertEqual(added, [{"id": made["id"], "index": 0}])
        listed = user.mail("Email/query", **query)
        gone = user.mail("Email/set", destroy=[made["id"]])
        self.assertEqual(gone["destroyed"], [made["id"]])
        removed = user.mail("Email/queryChanges", sinceQueryState=listed["queryState"], **query)["removed"]
        self.assertEqual(removed, [made["id"]])
        threads = user.mail("Thread/changes", sinceState=since["Thread"]["newState"])
        self.assertEqual(threads["destroyed"], [made["threadId"]])

    def test_creating_with_a_file_and_a_mailbox_of_the_same_request(self) -> None:
        user = self.user
        file = {"type": "application/pdf", "blobId": user.upload(b"%PDF")["blobId"], "name": "x.pdf"}
        structure = {"type": "multipart/mixed", "subParts": [{"type": "text/plain", "partId": "1"}, file]}
        boxed, sent = user.request(
            ("Mailbox/set", {"accountId": user.account, "create": {"box": {"name": "By reference"}}}),
            (
                "Email/set",
                {
                    "accountId": user.account,
                    "create": {"new": user.draft(mailboxIds={"#box": True}, bodyStructure=structure)},
                },
            ),
        )
        box, made = boxed[1]["created"]["box"]["id"], sent[1]["created"]["new"]
        told = self.email(made["id"], "mailboxIds", "hasAttachment", "size", "blobId", "threadId")
        self.assertEqual((told["mailboxIds"], told["hasAttachment"]), ({box: True}, True))
        for name in ("size", "blobId", "threadId"):
            self.assertEqual(made[name], told[name])
        refused = user.mail("Mailbox/set", destroy=[box])["notDestroyed"]
        self.assertEqual(refused[box]["type"], "mailboxHasEmail")
        self.assertEqual(user.mail("Mailbox/set", destroy=[box], onDestroyRemoveEmails=True)["destroyed"], [box])
        self.assertEqual(user.mail("Email/get", ids=[made["id"]], properties=["id"])["notFound"], [made["id"]])

    def test_import_and_parse_of_no_message(self) -> None:
        blob = self.user.upload(b"this is not an email at all")["blobId"]
        place = {"mailboxIds": {self.user.boxes["inbox"]: True}}
        answer = self.user.mail(
            "Email/import", emails={"bad": {"blobId": blob, **place}, "none": {"blobId": UNKNOWN, **place}}
        )
        types = {name: each["type"] for name, each in answer["notCreated"].items()}
        self.assertEqual(types, {"bad": "invalidEmail", "none": "invalidProperties"})
        self.assertIsNone(answer["created"])
        self.assertEqual(self.user.mail("Email/parse", blobIds=[blob])["notParsable"], [blob])

    def test_copying_between_accounts(self) -> None:
        user = self.user
        (other,) = user.session["accounts"].keys() - {user.account}
        same = {"id": "x", "mailboxIds": {user.boxes["inbox"]: True}}
        fault = user.fault("Email/copy", fromAccountId=user.account, create={"x": same})
        self.assertEqual(fault, "invalidArguments")
        self.assertEqual(user.fault("Blob/copy", fromAccountId=user.account, blobIds=["x"]), "invalidArguments")
        boxes = user.call("Mailbox/get", {"accountId": other, "ids": None})["list"]
        place = {"mailboxIds": {next(box["id"] for box in boxes if box["role"] == "inbox"): True}}
        create = {"good": {"id": user.emails["plain"], **place}, "bad": {"id": UNKNOWN, **place}}
        answer = user.call("Email/copy", {"fromAccountId": user.account, "accountId": other, "create": create})
        self.assertEqual(answer["notCreated"]["bad"]["type"], "notFound")
        (copied,) = user.call("Email/get", {"accountId": other, "ids": [answer["created"]["good"]["id"]]})["list"]
        self.assertEqual((copied["subject"], copied["keywords"]), ("Meeting tomorrow", {"$seen": True}))
        blobs = user.call("Blob/copy", {"fromAccountId": user.account, "accountId": other, "blobIds": [UNKNOWN]})
        self.assertEqual(blobs["notCopied"][UNKNOWN]["type"], "notFound")  # RFC 8620 6.3; the suite asks blobNotFound

    def test_mailboxes(self) -> None:
        user, box = self.user, self.user.boxes

        def boxes(filter: Any, **more: Any) -> list[str]:
            names = {id: name for name, id in box.items()}
            return [names[id] for id in user.mail("Mailbox/query", filter=filter, **more)["ids"] if id in names]

        self.assertEqual(set(boxes({"parentId": box["folderA"]})), {"child1", "child2"})
        self.assertNotIn("child1", boxes({"parentId": None}))
        self.assertEqual(boxes({"name": "Test Folder A"}), ["folderA"])
        self.assertEqual(boxes({"role": "inbox"}), ["inbox"])
        self.assertIn("folderB", boxes({"hasAnyRole": False}))
        made = user.mail("Mailbox/set", create={"n": {"name": "Order", "sortOrder": 10}})["created"]["n"]["id"]
        twice = user.mail("Mailbox/set", create={"n": {"name": "Order"}})["notCreated"]["n"]
        self.assertEqual(twice["type"], "alreadyExists")
        user.mail("Mailbox/set", update={made: {"sortOrder": 99, "parentId": box["folderB"]}})
        (told,) = user.mail("Mailbox/get", ids=[made])["list"]
        self.assertEqual((told["sortOrder"], told["parentId"]), (99, box["folderB"]))
        refused = user.mail("Mailbox/set", destroy=[box["folderB"]], onDestroyRemoveEmails=True)["notDestroyed"]
        self.assertEqual(refused[box["folderB"]]["type"], "mailboxHasChild")
        self.assertEqual(user.mail("Mailbox/set", destroy=[made])["destroyed"], [made])
        (inbox,) = user.mail("Mailbox/get", ids=[box["inbox"]])["list"]
        total = user.mail("Email/query", filter={"inMailbox": box["inbox"]}, calculateTotal=True)["total"]
        self.assertEqual(inbox["totalEmails"], total)
        self.assertEqual({type(each) for each in inbox["myRights"].values()}, {bool}, inbox)

    def test_a_push_address_without_tls_is_refused(self) -> None:
        bad = {"deviceClientId": "d", "url": "http://example.com/push"}
        answer = self.user.call("PushSubscription/set", {"create": {"bad": bad}})
        self.assertEqual(answer["notCreated"]["bad"]["type"], "invalidProperties")
