"""EmailSubmission: sending, cancelling, what follows it, and asking for submissions (RFC 8621 7)."""

from __future__ import annotations

from typing import Any

from attrs import evolve
from msgspec.structs import replace

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config.collaboration.email import Email
from stalwart.config.mail.queue_quota import MtaQueueQuota
from stalwart.config.mail.session_stages import MtaStageAuth, MtaStageRcpt
from stalwart.config.mail.throttle import MtaInboundThrottle
from stalwart.errors import OverQuota
from stalwart.jmap.engine import Engine
from stalwart.jmap.methods import collected
from stalwart.jmap.standard.dates import utc_date
from stalwart.mail.queue.intake import Intake
from stalwart.mail.queue.queue import MailQueue
from stalwart.mail.queue.quotas import QueueQuotas
from stalwart.mail.queue.strategies import Strategies
from stalwart.mail.submissions import note_recipients, queued
from stalwart.store.blob_files import LARGE, Stored
from stalwart.store.object_types import QUEUE_ID
from stalwart.store.queue_rows import DELIVERED, FAILED, Answer, QueuedLetter
from tests.directory.world import NOW
from tests.jmap.submission.sending_case import WANTED, SendingCase, message

TO_BOB = "To: Bob <bob@example.test>"
FAR = "far@elsewhere.test"


class SubmissionCase(SendingCase):
    def setUp(self) -> None:
        super().setUp()
        self.mine = self.identity()

    def submit(self, email: str, envelope: Any = None, **given: Any) -> dict[str, Any]:
        """The answer to EmailSubmission/set that creates ``s``."""
        new = {"identityId": self.mine, "emailId": email, **given}
        if envelope is not None:
            new["envelope"] = envelope
        answer: dict[str, Any] = self.call("EmailSubmission/set", create={"s": new})
        return answer

    def sent(self, email: str, envelope: Any = None) -> dict[str, Any]:
        """What was created."""
        answer = self.submit(email, envelope)
        self.assertIsNone(answer["notCreated"])
        made: dict[str, Any] = answer["created"]["s"]
        return made

    def problem(self, email: str, envelope: Any = None, **given: Any) -> dict[str, Any]:
        answer = self.submit(email, envelope, **given)
        self.assertIsNone(answer["created"], answer)
        self.assertEqual(answer["oldState"], answer["newState"])
        problem: dict[str, Any] = answer["notCreated"]["s"]
        return problem

    def get(self, id: str, *properties: str) -> dict[str, Any]:
        arguments = {"properties": list(properties)} if properties else {}
        (found,) = self.call("EmailSubmission/get", ids=[id], **arguments)["list"]
        return dict(found)


def envelope(*recipients: str, sender: str = "alice@example.test", **parameters: Any) -> dict[str, Any]:
    return {
        "mailFrom": {"email": sender, "parameters": parameters or None},
        "rcptTo": [{"email": email, "parameters": None} for email in recipients],
    }


class SendingTests(SubmissionCase):
    def test_to_all_that_the_message_names(self) -> None:
        email = self.email(message(TO_BOB, f"Cc: {FAR}, bob@example.test", "Bcc: hidden@elsewhere.test"))
        made = self.sent(email)
        emails = ["bob@example.test", FAR, "hidden@elsewhere.test"]
        self.assertEqual(made["envelope"], envelope(*emails))
        self.assertEqual((made["sendAt"], made["undoStatus"]), (utc_date(NOW), "pending"))
        self.assertEqual(made["deliveryStatus"], dict.fromkeys(emails, queued()))
        self.assertEqual((made["dsnBlobIds"], made["mdnBlobIds"]), ([], []))
        letter = self.queue.last
        self.assertEqual([each.address for each in letter.recipients], emails)
        self.assertEqual((letter.return_path, letter.source), ("alice@example.test", "authenticated"))
        self.assertEqual(letter.account_id, self.alice)
        self.assertEqual(self.queue.told, [*self.queue.letters])
        content = letter.content
        assert isinstance(content, bytes)
        self.assertTrue(content.startswith(b"DKIM-Signature: d=example.test\r\nFrom: Alice"))
        self.assertNotIn(b"hidden", content)
        self.assertEqual(self.signing.domains, ["example.test"])
        shown = self.get(made["id"])
        self.assertEqual(shown, {**made, "identityId": self.mine, "emailId": email, "threadId": made["threadId"]})

    def test_the_stored_message_stays_as_it_is(self) -> None:
        email = self.email(message(TO_BOB, "Bcc: hidden@elsewhere.test"))
        self.sent(email)
        (shown,) = self.call("Email/get", ids=[email], properties=["bcc"])["list"]
        self.assertEqual(shown["bcc"], [{"name": None, "email": "hidden@elsewhere.test"}])

    def test_envelope_of_the_client(self) -> None:
        given = envelope(FAR, sender="Alice+x@example.test")
        given["rcptTo"][0]["parameters"] = {"NOTIFY": "NEVER", "ORCPT": "rfc822;first@elsewhere.test"}
        given["mailFrom"]["parameters"] = {"RET": "HDRS", "ENVID": "e 1", "MT-PRIORITY": "3", "REQUIRETLS": None}
        made = self.sent(self.email(message(TO_BOB)), given)
        self.assertNotIn("envelope", made)
        letter = self.queue.last
        self.assertEqual(letter.return_path, "Alice+x@example.test")
        (recipient,) = letter.recipients
        self.assertEqual(recipient.address, FAR)
        self.assertEqual((recipient.notify, recipient.orcpt), ({"NEVER"}, "rfc822;first@elsewhere.test"))
        self.assertEqual((letter.ret, letter.env_id, letter.priority, letter.require_tls), ("HDRS", "e 1", -3, True))
        self.assertEqual(self.get(made["id"], "envelope")["envelope"], given)

    def test_null_sender_is_refused(self) -> None:
        problem = self.problem(self.email(message(TO_BOB)), envelope(FAR, sender=""))
        self.assertEqual(problem["type"], "forbiddenFrom")

    def test_too_much_in_too_short_a_time(self) -> None:
        limit = {"description": "x", "key": {"sender": True}, "rate": {"count": 1, "period": 60_000}}
        self.settle(self.settings.create(MtaInboundThrottle, limit))
        email = self.email(message(TO_BOB))
        self.sent(email)
        self.assertEqual(self.problem(email)["type"], "rateLimit")
        self.assertEqual(len(self.queue.letters), 1)

    def test_later(self) -> None:
        made = self.sent(self.email(message(TO_BOB)), envelope(FAR, holdfor="3600"))
        self.assertEqual((made["sendAt"], self.queue.last.hold_until), (utc_date(NOW + 3600), NOW + 3600))
        self.assertEqual(self.queue.last.signed_for, "example.test")

    def test_date_and_message_id_are_added(self) -> None:
        self.sent(self.email(message(TO_BOB, "Date:", "Message-ID:")))
        content = self.queue.last.content
        assert isinstance(content, bytes)
        self.assertRegex(content, rb"\r\nDate: Fri, 15 Jan 2027 08:00:00 \+0000\r\nMessage-ID: <[0-9a-f]{32}@")

    def test_in_the_name_of_a_group(self) -> None:
        self.person("staff", "Group")
        email = self.email(message(TO_BOB, "From: staff@example.test"))
        self.assertEqual(self.problem(email)["type"], "forbiddenFrom")
        group = encode_id(self.ids["staff"])
        self.patch_account(self.alice, {"memberGroupIds": {group: True}})
        self.sent(email, envelope(FAR, sender="staff@example.test"))
        made = self.call("Identity/set", create={"g": {"email": "staff@example.test"}})["created"]["g"]["id"]
        self.patch_account(self.alice, {"memberGroupIds": {group: None}})
        self.assertEqual(self.call("Identity/get", ids=[made])["notFound"], [made])

    def test_beyond_ascii(self) -> None:
        email = self.email(message(TO_BOB, body="Grüße\n"))
        self.sent(email)
        self.assertEqual((self.queue.last.body, self.queue.last.smtputf8), ("8BITMIME", False))
        self.sent(self.email(message(TO_BOB, "Subject: Grüße")))
        self.assertEqual((self.queue.last.body, self.queue.last.smtputf8), ("8BITMIME", True))
        self.sent(email, envelope("zoë@elsewhere.test"))
        self.assertTrue(self.queue.last.smtputf8)

    def test_created_in_the_same_request(self) -> None:
        draft = {
            "mailboxIds": {self.inbox: True},
            "keywords": {"$draft": True},
            "from": [{"email": "alice@example.test"}],
            "to": [{"email": FAR}],
            "subject": "Hello",
            "bodyStructure": {"partId": "1", "type": "text/plain"},
            "bodyValues": {"1": {"value": "Text"}},
        }
        patch = {"keywords/$draft": None, "keywords/$sent": True}
        responses = self.calls(
            ("Email/set", {"create": {"e": draft}}),
            (
                "EmailSubmission/set",
                {
                    "create": {"s": {"identityId": self.mine, "emailId": "#e"}},
                    "onSuccessUpdateEmail": {"#s": patch},
                },
            ),
        )
        self.assertEqual([name for name, *_ in responses], ["Email/set", "EmailSubmission/set", "Email/set"])
        self.assertEqual(responses[2][2], "c1")
        email = responses[0][1]["created"]["e"]["id"]
        self.assertEqual(responses[2][1]["updated"], {email: None})
        (shown,) = self.call("Email/get", ids=[email], properties=["keywords"])["list"]
        self.assertEqual(shown["keywords"], {"$sent": True})


class LargeTests(SubmissionCase):
    """Messages that are in files."""

    def leaving(self, content: bytes) -> bytes:
        self.sent(self.email(content))
        stored = self.queue.last.content
        assert isinstance(stored, Stored)
        return self.successResultOf(self.store.blob_work(lambda files: files.read(stored.hash)))

    def test_as_it_is(self) -> None:
        content = message(TO_BOB, body="x" * 70 + "\r\n" + "y\r\n" * LARGE)
        self.assertEqual(self.leaving(content), b"DKIM-Signature: d=example.test\r\n" + content)

    def test_bcc_and_ends_of_lines(self) -> None:
        content = message(TO_BOB, "Bcc: hidden@elsewhere.test", body="y\n" * LARGE)
        expected = message(TO_BOB, body="y\r\n" * LARGE)
        self.assertEqual(self.leaving(content), b"DKIM-Signature: d=example.test\r\n" + expected)

    def test_without_signature_the_blob_itself_is_sent(self) -> None:
        async def nothing(content: Any, domain: str) -> bytes:
            return b""

        self.patch(self.signing, "signed", nothing)
        content = message(TO_BOB, body="y\r\n" * LARGE)
        self.assertEqual(self.leaving(content), content)

    def test_nothing_is_left_of_what_is_refused(self) -> None:
        email = self.email(message(TO_BOB, "Bcc: hidden@elsewhere.test", body="y\r\n" * LARGE))
        before = self.files()
        self.queue.refusal = OverQuota("The queue is full.")
        self.assertEqual(self.problem(email)["type"], "overQuota")
        self.assertEqual(self.files(), before)

    def files(self) -> list[bytes]:
        return self.successResultOf(
            self.store.blob_work(lambda files: [name for n in range(256) for name in files.names(f"{n:02x}")])
        )


class RefusalTests(SubmissionCase):
    def refusal(self, content: bytes, given: Any = None) -> str:
        return str(self.problem(self.email(content), given)["type"])

    def test_what_does_not_exist(self) -> None:
        email = self.email(message(TO_BOB))
        for given, name in (
            ({"identityId": "zz"}, "identityId"),
            ({"emailId": "zz"}, "emailId"),
            ({"emailId": self.mine}, "emailId"),
            ({"identityId": email}, "identityId"),
            ({"sendAt": utc_date(NOW)}, "sendAt"),
            ({"undoStatus": "final"}, "undoStatus"),
        ):
            problem = self.problem(**{"email": email, **given})
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", [name]), given)
        self.assertFalse(self.queue.letters)

    def test_senders(self) -> None:
        email = self.email(message(TO_BOB))
        for sender in ("bob@example.test", FAR):
            self.assertEqual(self.problem(email, envelope(FAR, sender=sender))["type"], "forbiddenMailFrom")
        self.assertEqual(self.refusal(message(TO_BOB, f"From: {FAR}")), "forbiddenFrom")
        self.assertEqual(self.refusal(message(TO_BOB, "From: alice@example.test, bob@example.test")), "forbiddenFrom")
        self.assertEqual(self.refusal(message(TO_BOB, "Sender: bob@example.test")), "forbiddenFrom")
        for line in ("From:", "From: nobody", "From: alice@example.test\r\nFrom: alice@example.test"):
            self.assertEqual(self.refusal(message(TO_BOB, line)), "invalidEmail", line)
        self.settle(self.settings.change(MtaStageAuth, {"mustMatchSender": {"else": "false"}}))
        self.sent(email, envelope(FAR, sender=FAR))

    def test_recipients(self) -> None:
        email = self.email(message(TO_BOB))
        self.assertEqual(self.refusal(message("To: undisclosed-recipients:;")), "noRecipients")
        self.assertEqual(self.refusal(message()), "noRecipients")
        self.assertEqual(self.problem(email, envelope())["type"], "noRecipients")
        problem = self.problem(email, envelope("bob@example.test", "nobody@example.test", "x"))
        self.assertEqual((problem["type"], problem["invalidRecipients"]), ("invalidRecipients", ["x"]))
        problem = self.problem(email, envelope("bob@example.test", "Nobody@example.test"))
        self.assertEqual(problem["invalidRecipients"], ["Nobody@example.test"])
        self.settle(self.settings.change(MtaStageRcpt, {"maxRecipients": {"else": "2"}}))
        problem = self.problem(email, envelope(*(f"a{n}@elsewhere.test" for n in range(3))))
        self.assertEqual((problem["type"], problem["maxRecipients"]), ("tooManyRecipients", 2))

    def test_too_large(self) -> None:
        email = self.email(message(TO_BOB, body="x" * 3000))
        self.settle(self.settings.change(Email, {"maxMessageSize": 2000}))
        problem = self.problem(email)
        self.assertEqual((problem["type"], problem["maxSize"]), ("tooLarge", 2000))

    def test_who_may_not_send(self) -> None:
        access = self.request.access
        self.request.access = evolve(access, permissions=access.permissions - {"emailSend"})
        self.assertEqual(self.refusal(message(TO_BOB)), "forbiddenToSend")
        self.request.access = evolve(access, permissions=access.permissions - {"jmapEmailSubmissionCreate"})
        self.assertEqual(self.refused("EmailSubmission/set", create={"s": {}}), "forbidden")

    def test_nothing_is_sent_in_another_state(self) -> None:
        new = {"identityId": self.mine, "emailId": self.email(message(TO_BOB))}
        self.assertEqual(self.refused("EmailSubmission/set", ifInState="s1", create={"s": new}), "stateMismatch")
        self.assertFalse(self.queue.letters)

    def test_arguments_that_cannot_be_are_seen_before_anything_is_sent(self) -> None:
        new = {"identityId": self.mine, "emailId": self.email(message(TO_BOB))}
        for wrong in (
            {"onSuccessUpdateEmail": []},
            {"onSuccessDestroyEmail": "x"},
            {"onSuccessUpdateEmail": {"#s": 1}},
        ):
            self.assertEqual(self.refused("EmailSubmission/set", create={"s": new}, **wrong), "invalidArguments")
        self.assertFalse(self.queue.letters)

    def test_one_that_is_refused_does_not_stop_the_others(self) -> None:
        good, bad = self.email(message(TO_BOB)), self.email(message())
        new = {"a": {"identityId": self.mine, "emailId": bad}, "b": {"identityId": self.mine, "emailId": good}}
        answer = self.call("EmailSubmission/set", create=new)
        self.assertEqual(({*answer["created"]}, {*answer["notCreated"]}), ({"b"}, {"a"}))
        self.assertEqual(len(self.queue.letters), 1)


class CancelTests(SubmissionCase):
    def cancel(self, id: str, status: str = "canceled") -> dict[str, Any]:
        answer: dict[str, Any] = self.call("EmailSubmission/set", update={id: {"undoStatus": status}})
        return answer

    def test_taken_back(self) -> None:
        made = self.sent(self.email(message(TO_BOB)), envelope(FAR, HOLDFOR="60"))
        answer = self.cancel(made["id"])
        self.assertEqual(answer["updated"][made["id"]]["deliveryStatus"][FAR]["delivered"], "no")
        self.assertFalse(self.queue.letters)
        shown = self.get(made["id"])
        self.assertEqual((shown["undoStatus"], shown["deliveryStatus"][FAR]["delivered"]), ("canceled", "no"))
        self.assertEqual(self.cancel(made["id"], "pending")["notUpdated"][made["id"]]["type"], "invalidProperties")
        self.assertEqual(self.cancel(made["id"])["updated"], {made["id"]: None})

    def test_too_late(self) -> None:
        made = self.sent(self.email(message(TO_BOB)))
        self.queue.is_busy = True
        self.assertEqual(self.cancel(made["id"])["notUpdated"][made["id"]]["type"], "cannotUnsend")
        self.assertEqual(self.get(made["id"])["undoStatus"], "pending")
        self.queue.letters.clear()
        self.assertEqual(self.get(made["id"])["undoStatus"], "final")
        self.assertEqual(self.cancel(made["id"])["notUpdated"][made["id"]]["type"], "cannotUnsend")

    def test_other_changes(self) -> None:
        made = self.sent(self.email(message(TO_BOB)))
        for patch in ({"undoStatus": "final"}, {"emailId": "b"}, {"sendAt": utc_date(NOW + 5)}, {"envelope": None}):
            problem = self.call("EmailSubmission/set", update={made["id"]: patch})["notUpdated"][made["id"]]
            self.assertEqual((problem["type"], problem["properties"]), ("invalidProperties", [*patch]))

    def test_destroying_the_record_stops_nothing(self) -> None:
        made = self.sent(self.email(message(TO_BOB)))
        self.assertEqual(self.call("EmailSubmission/set", destroy=[made["id"]])["destroyed"], [made["id"]])
        self.assertEqual(len(self.queue.letters), 1)


class AfterwardsTests(SubmissionCase):
    """onSuccessUpdateEmail, onSuccessDestroyEmail."""

    def test_only_for_those_that_have_succeeded(self) -> None:
        good, bad = self.email(message(TO_BOB)), self.email(message())
        new = {"a": {"identityId": self.mine, "emailId": bad}, "b": {"identityId": self.mine, "emailId": good}}
        patch = {"keywords/$sent": True}
        update = {"#a": patch, "#b": patch, "#c": patch, good: patch}
        responses = self.calls(("EmailSubmission/set", {"create": new, "onSuccessUpdateEmail": update}))
        self.assertEqual(responses[1][1]["updated"], {good: None})
        self.assertEqual(len(responses), 2)

    def test_nothing_follows_failure(self) -> None:
        email = self.email(message(), keywords=("$draft",))
        new = {"a": {"identityId": self.mine, "emailId": email}}
        patch = {"keywords/$draft": None, "keywords/$sent": True}
        asked = {"create": new, "onSuccessUpdateEmail": {"#a": patch}, "onSuccessDestroyEmail": ["#a"]}
        responses = self.calls(("EmailSubmission/set", asked))
        self.assertEqual([name for name, _, _ in responses], ["EmailSubmission/set"])
        self.assertEqual(responses[0][1]["notCreated"]["a"]["type"], "noRecipients")
        (shown,) = self.call("Email/get", ids=[email], properties=["keywords"])["list"]
        self.assertEqual((shown["keywords"], self.queue.letters), ({"$draft": True}, {}))

    def test_by_id_when_it_is_cancelled_or_destroyed(self) -> None:
        first, second = self.email(message(TO_BOB)), self.email(message(TO_BOB))
        one, other = self.sent(first)["id"], self.sent(second)["id"]
        responses = self.calls(
            (
                "EmailSubmission/set",
                {
                    "update": {one: {"undoStatus": "canceled"}},
                    "destroy": [other],
                    "onSuccessUpdateEmail": {one: {"keywords/$draft": True}},
                    "onSuccessDestroyEmail": [other],
                },
            )
        )
        self.assertEqual(responses[1][0], "Email/set")
        self.assertEqual((responses[1][1]["updated"], responses[1][1]["destroyed"]), ({first: None}, [second]))

    def test_it_may_fail_by_itself(self) -> None:
        access = self.request.access
        self.request.access = evolve(access, permissions=access.permissions - {"jmapEmailDestroy"})
        new = {"s": {"identityId": self.mine, "emailId": self.email(message(TO_BOB))}}
        responses = self.calls(("EmailSubmission/set", {"create": new, "onSuccessDestroyEmail": ["#s"]}))
        self.assertEqual(
            [(name, call) for name, _, call in responses], [("EmailSubmission/set", "c0"), ("error", "c0")]
        )
        self.assertEqual(responses[1][1]["type"], "forbidden")


class AskingTests(SubmissionCase):
    def test_query(self) -> None:
        emails = [self.email(message(TO_BOB, f"Subject: {n}")) for n in range(3)]
        ids = []
        for n, email in enumerate(emails):
            ids.append(self.sent(email, envelope(FAR, HOLDFOR=str(100 - n)))["id"])
        self.queue.letters.popitem()
        for arguments, found in (
            ({}, ids),
            ({"sort": [{"property": "sentAt"}]}, ids[::-1]),
            ({"sort": [{"property": "sendAt", "isAscending": False}]}, ids),
            ({"sort": [{"property": "emailId"}, {"property": "threadId"}]}, ids),
            ({"filter": {"undoStatus": "pending"}}, ids[:2]),
            ({"filter": {"undoStatus": "final"}}, ids[2:]),
            ({"filter": {"emailIds": emails[1:]}}, ids[1:]),
            ({"filter": {"identityIds": [self.mine], "threadIds": ["zz"]}}, []),
            ({"filter": {"before": utc_date(NOW + 99)}}, ids[2:]),
            ({"filter": {"after": utc_date(NOW + 99)}}, ids[:2]),
        ):
            self.assertEqual(self.call("EmailSubmission/query", **arguments)["ids"], found, arguments)
        self.assertEqual(self.refused("EmailSubmission/query", sort=[{"property": "subject"}]), "unsupportedSort")

    def test_changes(self) -> None:
        state = self.call("EmailSubmission/get", ids=[])["state"]
        query = self.call("EmailSubmission/query")
        self.assertTrue(query["canCalculateChanges"])
        made = self.sent(self.email(message(TO_BOB)))
        changes = self.call("EmailSubmission/changes", sinceState=state)
        self.assertEqual(changes["created"], [made["id"]])
        told = self.call("EmailSubmission/queryChanges", sinceQueryState=query["queryState"])
        self.assertEqual(told["added"], [{"id": made["id"], "index": 0}])

    def test_the_oldest_make_room(self) -> None:
        self.settle(self.settings.change(Email, {"maxSubmissions": 2}))
        email = self.email(message(TO_BOB))
        first = self.sent(email)["id"]
        self.queue.letters.clear()
        second, third = self.sent(email)["id"], self.sent(email)["id"]
        self.assertEqual([each["id"] for each in self.call("EmailSubmission/get")["list"]], [second, third])
        self.assertEqual(self.call("EmailSubmission/get", ids=[first])["notFound"], [first])
        self.assertEqual(self.problem(email)["type"], "overQuota")


class QueueTests(SubmissionCase):
    """With the queue that servers have, and what it tells."""

    def setUp(self) -> None:
        super().setUp()
        strategies = Strategies(self.settings, self.io, self.telemetry, self.store)
        intake = Intake(self.store, strategies, QueueQuotas(self.settings, self.io, lambda reached: None))
        self.real = MailQueue(self.store, intake, self.telemetry, self.clock)
        self.real.observe(note_recipients)
        sending = evolve(self.sending, queue=self.real)
        services = self.services | {"jmap_sending": sending}
        methods = [each for each in collected() if each.name.startswith(WANTED)]
        self.engine = Engine(methods, services, telemetry=self.telemetry, clock=self.clock)

    def letter(self, id: str) -> QueuedLetter:
        """What waits of a submission."""
        data = self.read(lambda tx: tx.objects.get(self.alice, decode_id(id))).data
        found = self.read(lambda tx: tx.queue.get(data[QUEUE_ID]))
        assert found is not None
        return found  # type: ignore[no-any-return]

    def test_both_or_nothing(self) -> None:
        made = self.sent(self.email(message(TO_BOB)), envelope(FAR, "bob@example.test", HOLDFOR="60"))
        letter = self.letter(made["id"])
        self.assertEqual((letter.account_id, encode_id(letter.submission_id or 0)), (self.alice, made["id"]))
        self.assertEqual([each.address for each in letter.recipients], [FAR, "bob@example.test"])
        self.assertEqual({each.due for each in letter.recipients}, {NOW + 60})
        self.assertTrue(self.read(lambda tx: tx.blobs.get(letter.blob)).startswith(b"DKIM-Signature: "))
        self.settle(self.settings.create(MtaQueueQuota, {"messages": 1, "key": {"sender": True}}))
        self.sent(self.email(message(TO_BOB)), envelope(FAR))
        self.assertEqual(self.problem(self.email(message(TO_BOB)), envelope(FAR))["type"], "overQuota")
        self.assertEqual(self.read(lambda tx: tx.queue.count()), 2)
        self.assertEqual(len(self.call("EmailSubmission/query")["ids"]), 2)

    def test_a_large_message_that_does_not_change_is_the_same_blob(self) -> None:
        async def nothing(content: Any, domain: str) -> bytes:
            return b""

        self.patch(self.signing, "signed", nothing)
        email = self.email(message(TO_BOB, body="y\r\n" * LARGE))
        letter = self.letter(self.sent(email)["id"])
        row = self.read(lambda tx: tx.mail.list_rows(self.alice, (decode_id(email),)))[decode_id(email)]
        self.assertEqual(letter.blob, row.blob)
        self.call("Email/set", destroy=[email])
        self.clock.advance(2 * 86_400)
        self.write(lambda tx: tx.blobs.sweep(NOW + 2 * 86_400))
        self.assertIsNotNone(self.read(lambda tx: tx.blobs.find(letter.blob)))

    def test_taken_back(self) -> None:
        made = self.sent(self.email(message(TO_BOB)))
        answer = self.call("EmailSubmission/set", update={made["id"]: {"undoStatus": "canceled"}})
        self.assertEqual([*answer["updated"]], [made["id"]])
        self.assertEqual(self.read(lambda tx: tx.queue.count()), 0)

    def test_what_becomes_of_it_is_told_and_kept(self) -> None:
        made = self.sent(self.email(message(TO_BOB)), envelope(FAR, "bob@example.test"))
        state = self.call("EmailSubmission/get", ids=[])["state"]
        letter = self.letter(made["id"])
        far, bob = letter.recipients
        answer = Answer(code=550, enhanced="5.1.1", text="Nobody", hostname="mx.elsewhere.test", error="rejected")
        changed = [replace(far, state=FAILED, answer=answer), replace(bob, state=DELIVERED)]
        self.write(lambda tx: self.real.tell(tx, letter, changed, NOW))
        self.write(lambda tx: tx.queue.remove(letter.id, NOW))
        changes = self.call("EmailSubmission/changes", sinceState=state)
        self.assertEqual(changes["updated"], [made["id"]])
        shown = self.get(made["id"])
        self.assertEqual(shown["undoStatus"], "final")
        self.assertEqual(shown["deliveryStatus"][FAR]["smtpReply"], "550 5.1.1 Nobody")
        delivered = {email: each["delivered"] for email, each in shown["deliveryStatus"].items()}
        self.assertEqual(delivered, {FAR: "no", "bob@example.test": "yes"})
