"""Mail delivered to people with scripts: what is stored, what is sent, what is remembered.

Tests ``stalwart.mail.sieve.filtering``, ``stalwart.mail.sieve.dispatch`` and ``stalwart.mail.sieve.outgoing``.
"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, fail

from stalwart.codec.sieve import running
from stalwart.config.mail.sieve import SieveUserInterpreter
from stalwart.errors import Invalid, OverQuota, Unavailable
from stalwart.mail.messages import delivering
from stalwart.mail.sieve import filtering
from stalwart.mail.sieve.dispatch import MOST_RESPONSES, Disposed, Rejected
from stalwart.store.blob_files import Stored
from stalwart.store.mail_rows import AddedEmail
from tests.mail.sieve.case import MESSAGE, Outbox, SieveCase

DAY = 86_400
COPIED_TWICE = """
require ["editheader", "copy"];
redirect :copy "x@elsewhere.test"; addheader "X-A" "1"; redirect :copy "y@elsewhere.test";
"""


class StoringTests(SieveCase):
    """Folders and flags."""

    def test_without_a_script_nothing_is_different(self) -> None:
        self.deliver("alice")
        self.assertEqual((self.mail("alice"), self.events), (["Inbox"], []))

    def test_fileinto(self) -> None:
        self.script("alice", 'require ["fileinto","imap4flags"]; fileinto :flags "\\\\Seen foo" "Junk Mail";')
        self.deliver("alice", "bob")
        self.assertEqual((self.mail("alice"), self.mail("bob")), (["Junk Mail $seen foo"], ["Inbox"]))
        self.assertEqual(self.events, ["sieve.action-accept"])

    def test_two_folders_hold_one_email(self) -> None:
        self.script("alice", 'require ["fileinto","imap4flags"]; fileinto "Sent Items"; addflag "a"; keep;')
        self.deliver("alice")
        self.assertEqual(self.mail("alice"), ["Inbox Sent Items a"])

    def test_a_folder_that_there_is_not(self) -> None:
        self.script("alice", 'require "fileinto"; fileinto "Nowhere";')
        self.deliver("alice")
        self.assertEqual(self.mail("alice"), ["Inbox"])

    def test_a_folder_is_made(self) -> None:
        self.script("alice", 'require ["fileinto","mailbox"]; fileinto :create "Lists/Python";')
        self.deliver("alice")
        self.assertEqual(self.mail("alice"), ["Python"])

    def test_discard(self) -> None:
        self.script("alice", "discard;")
        self.assertEqual(self.deliver("alice"), [Disposed()])
        self.assertEqual((self.mail("alice"), self.events), ([], ["sieve.action-discard"]))

    def test_usual_folder(self) -> None:
        self.script("alice", "keep;")
        self.deliver("alice", folder="junk")
        self.assertEqual(self.mail("alice"), ["Junk Mail"])

    def test_the_detail_of_the_address(self) -> None:
        script = 'require ["fileinto","envelope","subaddress"]; if envelope :detail "to" "x" { fileinto "Sent Items"; }'
        self.script("alice", script)
        self.deliver("alice+x@example.test")
        self.assertEqual(self.mail("alice"), ["Sent Items"])

    def test_another_header(self) -> None:
        self.script("alice", 'require ["fileinto","editheader"]; addheader "X-A" "1"; fileinto "Sent Items"; discard;')
        self.deliver("alice", "bob")
        self.deliver("alice", "bob")
        (own,), (other,) = self.octets("alice"), self.octets("bob")
        self.assertTrue(own.startswith(b"X-A: 1\r\nReturn-Path:"))
        self.assertEqual(own.removeprefix(b"X-A: 1\r\n"), other)

    def test_both_headers(self) -> None:
        self.script("alice", 'require ["fileinto","editheader"]; keep; addheader "X-A" "1"; fileinto "Sent Items";')
        for _ in range(2):
            self.deliver("alice")
        self.assertEqual(self.mail("alice"), ["Inbox", "Sent Items"])

    def test_large_message_in_a_file(self) -> None:
        self.script(
            "alice",
            'require ["fileinto","body","editheader"]; addheader "X-A" "1";'
            ' if body :contains "needle" { fileinto "Sent Items"; }',
        )
        large = MESSAGE + b"x" * 70_000 + b"\r\nneedle\r\n"
        self.deliver("alice", content=large)
        self.assertEqual(self.mail("alice"), ["Sent Items"])
        self.assertTrue(self.store.blob_files.exists(self._blob("alice")))

    def test_a_message_that_is_stored_already(self) -> None:
        self.deliver("bob")
        (octets,) = self.octets("bob")
        self.script("alice", 'require ["fileinto","body"]; if body :contains "Text" { fileinto "Sent Items"; }')
        prepared = self.settle(self.messages.prepare_stored(self._blob("bob"), len(octets)))
        work = self.delivering.deliver(prepared, [self.resolve("alice@example.test")], sender="")
        self.settle(work)
        self.assertEqual(self.mail("alice"), ["Sent Items"])

    def _blob(self, name: str) -> bytes:
        id = self.ids[name]

        def look(tx: Any) -> bytes:
            (row,) = tx.mail.list_rows(id, tx.mail.page(id, limit=1).ids).values()
            return bytes(row.blob)

        return self.successResultOf(self.store.read(look))

    def test_no_room(self) -> None:
        self.person("carol", quotas={"maxDiskQuota": 10})
        self.script("carol", 'redirect "x@elsewhere.test"; keep;')
        (outcome,) = self.deliver("carol")
        self.assertIsInstance(outcome, OverQuota)
        self.assertEqual(self.outbox.letters, [])

    def test_members_of_a_list(self) -> None:
        self.script("bob", "discard;")
        self.mailing_list("all", "alice@example.test", "bob@example.test")
        self.deliver("all")
        self.assertEqual((self.mail("alice"), self.mail("bob")), (["Inbox"], []))


class FaultTests(SieveCase):
    """Scripts that do not work: the message is in the Inbox."""

    def check(self, script: str) -> None:
        self.script("alice", script)
        self.deliver("alice")
        self.assertEqual(self.mail("alice"), ["Inbox"])
        self.assertEqual(self.outbox.letters, [])

    def test_no_script_at_all(self) -> None:
        self.check("what is this")
        self.assertEqual(self.events, ["sieve.runtime-error", "sieve.action-accept"])
        self.assertEqual(self.told[0][1]["line"], 1)

    def test_an_extension_that_was_switched_off(self) -> None:
        self.set(SieveUserInterpreter, disableCapabilities={"fileinto": True})
        self.check('require "fileinto"; fileinto "Junk Mail";')

    def test_an_error_after_actions(self) -> None:
        self.check('require "reject";\nredirect "x@elsewhere.test";\nreject "No";\n')
        self.assertEqual((self.events, self.told[0][1]["line"]), (["sieve.runtime-error", "sieve.action-accept"], 3))

    def test_too_many_steps(self) -> None:
        self.set(SieveUserInterpreter, maxCpuCycles=100)
        self.check("discard;" + "if true {}" * 100)
        self.assertIn("sieve.runtime-error", self.events)

    def test_a_fault_of_ours(self) -> None:
        def broken(*_: Any) -> None:
            raise RuntimeError("x")

        self.patch(running._Running, "block", broken)
        self.check("discard;")
        self.assertEqual(self.events[0], "resource.error")

    def test_all_scripts_together_take_too_long(self) -> None:
        self.script("alice", "discard;")
        self.script("bob", "discard;")
        self.patch(filtering, "LONGEST", -1.0)
        self.deliver("alice", "bob")
        self.assertEqual((self.mail("alice"), self.mail("bob")), (["Inbox"], ["Inbox"]))

    def test_the_store_is_away(self) -> None:
        self.script("alice", "discard;")
        self.patch(self.store, "blob_work", lambda *_, **__: fail(OverQuota()))
        work = self.delivering.deliver(self.prepared, [self.resolve("alice@example.test")], sender="")
        self.failureResultOf(Deferred.fromCoroutine(work), OverQuota)

    def setUp(self) -> None:
        super().setUp()
        self.prepared = self.prepare()


class RedirectTests(SieveCase):
    """Messages that go on."""

    def test_redirect(self) -> None:
        self.script("alice", 'redirect "x@elsewhere.test"; redirect "y@elsewhere.test";')
        self.assertEqual(self.deliver("alice", dmarc_pass=True), [Disposed()])
        (letter,) = self.outbox.letters
        self.assertEqual([each.address for each in letter.recipients], ["x@elsewhere.test", "y@elsewhere.test"])
        self.assertEqual(letter.content, b"X-Sieve-Redirected-From: alice@example.test\r\n" + MESSAGE)
        self.assertEqual((letter.return_path, letter.source), ("a@sender.test", "unauthenticated"))
        self.assertEqual((letter.account_id, letter.dmarc_pass, letter.body), (self.ids["alice"], True, "7BIT"))
        self.assertEqual((self.mail("alice"), self.outbox.woken), ([], 1))
        self.assertEqual(self.events, ["sieve.action-discard", "sieve.send-message"])

    def test_a_sender_who_may_be_forged_is_not_named_to_others(self) -> None:
        self.script("alice", 'redirect "x@elsewhere.test";')
        self.deliver("alice", reports_failure=False)
        (letter,) = self.outbox.letters
        self.assertEqual((letter.return_path, letter.reports_failure, letter.smtputf8), ("", False, False))

    def test_the_same_message_again_goes_on_once(self) -> None:
        self.script("alice", 'redirect "x@elsewhere.test";')
        self.script("bob", 'redirect "x@elsewhere.test"; keep;')
        for _ in range(2):
            self.deliver("alice", "bob")
        self.assertEqual(len(self.outbox.letters), 2)

    def test_what_came_back_is_kept(self) -> None:
        self.script("alice", 'redirect "x@elsewhere.test";')
        self.deliver("alice", content=b"X-Sieve-Redirected-From: al@example.test\r\n" + MESSAGE)
        self.assertEqual((self.mail("alice"), self.outbox.letters), (["Inbox"], []))

    def test_to_oneself_is_to_keep_it(self) -> None:
        self.script(
            "alice", 'redirect "alice@example.test"; redirect "Alice+more@EXAMPLE.test"; redirect "al@example.test";'
        )
        self.deliver("alice")
        self.assertEqual((self.mail("alice"), self.outbox.letters), (["Inbox"], []))
        self.script("bob", 'redirect "bob+x@example.test"; redirect "x@elsewhere.test";')
        self.deliver("bob")
        (letter,) = self.outbox.letters
        self.assertEqual([each.address for each in letter.recipients], ["x@elsewhere.test"])
        self.assertEqual(self.mail("bob"), ["Inbox"])

    def test_traces_stay_whatever_the_settings_say(self) -> None:
        self.settle(self.settings.change(SieveUserInterpreter, {"protectedHeaders": {}}))
        self.script(
            "alice",
            'require "editheader"; deleteheader "X-Sieve-Redirected-From"; deleteheader "received";'
            ' redirect "x@elsewhere.test";',
        )
        trace = b"Received: by mx.test; Thu, 1 Jan 2026 00:00:00 +0000\r\nX-Sieve-Redirected-From: bob@example.test\r\n"
        self.deliver("alice", content=trace + MESSAGE)
        (letter,) = self.outbox.letters
        self.assertIn(trace, letter.content)

    def test_with_another_header(self) -> None:
        self.script(
            "alice",
            'require "editheader"; redirect "x@elsewhere.test"; deleteheader "subject"; redirect "y@elsewhere.test";',
        )
        self.deliver("alice", content=MESSAGE.replace(b"Text", b"T\xe4xt"))
        first, second = self.outbox.letters
        assert isinstance(first.content, bytes) and isinstance(second.content, bytes)
        self.assertEqual((b"Subject" in first.content, b"Subject" in second.content), (True, False))
        self.assertNotIn(b"Return-Path", first.content + second.content)
        self.assertEqual(first.body, "8BITMIME")

    def test_a_large_one_becomes_another_file(self) -> None:
        self.script("alice", 'redirect "x@elsewhere.test";')
        large = MESSAGE + b"x" * 70_000 + b"\r\n"
        self.deliver("alice", content=large)
        (letter,) = self.outbox.letters
        assert isinstance(letter.content, Stored)
        self.assertEqual(letter.content.size, len(b"X-Sieve-Redirected-From: alice@example.test\r\n" + large))

    def test_a_new_field_before_the_return_path(self) -> None:
        self.script("alice", 'require "editheader"; addheader "X-A" "1"; redirect "x@elsewhere.test";')
        self.deliver("alice")
        (letter,) = self.outbox.letters
        mark = b"X-Sieve-Redirected-From: alice@example.test\r\n"
        self.assertEqual(letter.content, mark + b"X-A: 1\r\n" + MESSAGE)

    def test_a_queue_without_room(self) -> None:
        self.script("alice", 'redirect "x@elsewhere.test"; keep;')
        self.outbox.error = OverQuota()
        (outcome,) = self.deliver("alice")
        self.assertIsInstance(outcome, OverQuota)
        self.assertEqual(self.mail("alice"), [])

    def test_files_go_when_a_later_script_cannot_be_asked(self) -> None:
        self.script("alice", COPIED_TWICE)
        self.script("bob", 'redirect "z@elsewhere.test";')
        planned = self.dispatch.planned

        async def fails(id: int, *given: Any) -> Any:
            if id == self.ids["bob"]:
                self.assertGreater(len(self.files()), 2)
                raise Unavailable
            return await planned(id, *given)

        self.patch(self.dispatch, "planned", fails)
        self.failureResultOf(self.given_large("alice", "bob"), Unavailable)
        self.assertEqual(self.files(), [])

    def test_files_go_when_a_later_letter_cannot_be_made(self) -> None:
        self.script("alice", COPIED_TWICE)
        for problem in (Unavailable(), Invalid()):
            asked: list[Any] = []

            async def prepare(_: Any, content: Any, problem: Any = problem, asked: Any = asked) -> Any:
                asked.append(content)
                if len(asked) > 1:
                    raise problem
                return content

            self.patch(Outbox, "prepare", prepare)
            given = self.given_large("alice")
            if isinstance(problem, Unavailable):
                self.failureResultOf(given, Unavailable)
            else:
                self.successResultOf(given)
            self.assertIsInstance(asked[0], Stored)
            self.assertNotIn(asked[0].hash, self.files())

    def given_large(self, *names: str) -> Any:
        """A large message on its way to people."""
        prepared = self.prepare(MESSAGE + b"x" * 70_000 + b"\r\n")
        resolved = [self.resolve(f"{name}@example.test") for name in names]
        return Deferred.fromCoroutine(self.delivering.deliver(prepared, resolved, sender="a@sender.test"))

    def files(self) -> list[bytes]:
        """The hashes of all files."""
        return [hash for folder in range(256) for hash in self.store.blob_files.names(f"{folder:02x}")]

    def test_who_may_not_send_keeps_it(self) -> None:
        self.person("carol", permissions={"@type": "Merge", "disabledPermissions": {"emailSend": True}})
        self.script("carol", 'require ["vacation", "copy"]; redirect "x@elsewhere.test"; vacation "Away";')
        self.deliver("carol", content=MESSAGE.replace(b"alice@", b"carol@"))
        self.assertEqual((self.mail("carol"), self.outbox.letters), (["Inbox"], []))

    def test_without_a_queue_it_is_kept(self) -> None:
        self.script("alice", 'redirect "x@elsewhere.test";')
        self.dispatch.outbox = None
        self.deliver("alice")
        self.assertEqual(self.mail("alice"), ["Inbox"])


class RejectTests(SieveCase):
    """Messages that go back."""

    def setUp(self) -> None:
        super().setUp()
        self.script("alice", 'require "reject"; reject "Please\\nnot.";'.replace("\\n", "\n"))

    def test_in_the_dialogue(self) -> None:
        for all_or_nobody in (True, False):
            (outcome,) = self.deliver("alice", all_or_nobody=all_or_nobody)
            assert isinstance(outcome, Rejected)
            self.assertEqual(outcome.detail, "Please not.")
        self.assertEqual((self.mail("alice"), self.outbox.letters), ([], []))
        self.assertEqual(self.events, ["sieve.action-reject"] * 2)

    def test_of_several_with_one_answer(self) -> None:
        for _ in range(2):
            outcomes = self.deliver("alice", "bob", all_or_nobody=True)
        self.assertIsInstance(outcomes[0], Disposed)
        self.assertIsInstance(outcomes[1], AddedEmail)
        (letter,) = self.outbox.letters
        self.assertEqual((letter.return_path, letter.recipients[0].address), ("", "a@sender.test"))
        assert isinstance(letter.content, bytes)
        self.assertTrue(letter.content.startswith(b"DKIM-Signature: d=example.test\r\n"))
        self.assertIn(b"automatic-action/MDN-sent-automatically; deleted", letter.content)

    def test_of_several_with_an_answer_for_each(self) -> None:
        outcomes = self.deliver("alice", "bob")
        self.assertIsInstance(outcomes[0], Rejected)
        self.assertEqual((self.mail("bob"), self.outbox.letters), (["Inbox"], []))

    def test_where_nobody_can_be_told_it_is_kept(self) -> None:
        self.deliver("alice", "bob", all_or_nobody=True, reports_failure=False)
        self.deliver("alice", "bob", all_or_nobody=True, sender="")
        self.deliver("alice", "bob", all_or_nobody=True, content=MESSAGE.replace(b"To: ", b"X-Was-To: "))
        self.assertEqual((self.mail("alice"), self.outbox.letters), (["Inbox"] * 3, []))

    def test_members_of_lists_do_not_refuse_for_all(self) -> None:
        self.mailing_list("all", "alice@example.test", "bob@example.test")
        outcomes = self.deliver("all")
        self.assertIsInstance(outcomes[0], Disposed)
        self.assertEqual(len(self.outbox.letters), 1)

    def test_words_that_a_reply_cannot_have(self) -> None:
        self.script("alice", 'require "reject"; reject "Nö";')
        self.assertEqual(self.deliver("alice"), [Disposed()])
        self.assertEqual(len(self.outbox.letters), 1)
        (outcome,) = self.deliver("alice", sender="")
        self.assertIsInstance(outcome, Rejected)


class VacationTests(SieveCase):
    """Responses, of scripts and of the account."""

    def setUp(self) -> None:
        super().setUp()
        self.number = 0

    def another(self, **options: Any) -> None:
        """One more message."""
        self.number += 1
        self.deliver("alice", content=MESSAGE.replace(b"<1@", f"<{self.number}@".encode()), **options)

    def test_script(self) -> None:
        self.script("alice", 'require "vacation"; vacation :days 2 "Away";')
        for _ in range(2):
            self.another()
        (letter,) = self.outbox.letters
        self.assertEqual((letter.return_path, letter.source), ("", "autogenerated"))
        self.assertEqual([each.address for each in letter.recipients], ["a@sender.test"])
        assert isinstance(letter.content, bytes)
        self.assertIn(b"Auto-Submitted: auto-replied (vacation)", letter.content)
        self.assertTrue(letter.content.startswith(b"DKIM-Signature: d=example.test\r\n"))
        self.another(sender="b@sender.test")
        self.assertEqual(len(self.outbox.letters), 2)
        self.clock.advance(2 * DAY)
        self.another()
        self.assertEqual(len(self.outbox.letters), 3)
        self.assertEqual(self.mail("alice"), ["Inbox"] * 4)

    def test_account(self) -> None:
        self.vacation("alice", subject="Gone", htmlBody="<b>Gone</b>")
        self.another()
        self.another()
        (letter,) = self.outbox.letters
        assert isinstance(letter.content, bytes)
        self.assertIn(b"Subject: Gone\r\n", letter.content)
        self.assertIn(b"<b>Gone</b>", letter.content)

    def test_both(self) -> None:
        self.script("alice", 'require "fileinto"; fileinto "Sent Items";')
        self.vacation("alice")
        self.another()
        self.assertEqual((self.mail("alice"), len(self.outbox.letters)), (["Sent Items"], 1))

    def test_the_script_comes_first(self) -> None:
        self.script("alice", 'require "vacation"; vacation "By the script";')
        self.vacation("alice")
        self.another()
        (letter,) = self.outbox.letters
        assert isinstance(letter.content, bytes)
        self.assertIn(b"By the script", letter.content)

    def test_no_answer_to_what_is_thrown_away(self) -> None:
        self.vacation("alice")
        for script in ("discard;", 'require "reject"; reject "x";', 'require "fileinto"; fileinto "junk";'):
            self.script("alice", script)
            self.another()
        self.another(folder="junk")
        self.assertEqual(self.outbox.letters, [])

    def test_nobody_is_answered_who_is_not_to_be(self) -> None:
        self.vacation("alice")
        for content in (
            MESSAGE.replace(b"Subject", b"List-Id: <x.y>\r\nSubject"),
            MESSAGE.replace(b"Subject", b"Precedence: bulk\r\nSubject"),
            MESSAGE.replace(b"Subject", b"Auto-Submitted: auto-replied\r\nSubject"),
            MESSAGE.replace(b"alice@", b"carol@"),
        ):
            self.deliver("alice", content=content, has_message_id=False)
        for sender in ("", "mailer-daemon@sender.test", "alice@example.test", "al@example.test"):
            self.another(sender=sender)
        self.another(reports_failure=False)
        self.assertEqual(self.outbox.letters, [])
        self.assertEqual(len(self.mail("alice")), 9)

    def test_addresses_with_details(self) -> None:
        self.vacation("alice")
        content = MESSAGE.replace(b"alice@", b"Alice+shop@").replace(b"bob@", b"x@")
        self.deliver("alice+shop@example.test", content=content)
        self.assertEqual(len(self.outbox.letters), 1)

    def test_lists_are_not_answered(self) -> None:
        self.vacation("alice")
        self.mailing_list("all", "alice@example.test")
        self.deliver("all", content=MESSAGE.replace(b"alice@", b"all@"))
        self.assertEqual(self.outbox.letters, [])

    def test_dates(self) -> None:
        begin = "2001-01-01T00:00:00Z"
        self.vacation("alice", fromDate=begin, toDate=begin)
        self.another()
        self.assertEqual(self.outbox.letters, [])

    def test_a_queue_without_room(self) -> None:
        self.vacation("alice")
        self.outbox.error = OverQuota()
        self.another()
        self.assertEqual(self.mail("alice"), ["Inbox"])
        self.outbox.error = None
        self.another()
        self.assertEqual(len(self.outbox.letters), 1, "who got no answer gets the next one")

    def test_not_more_than_so_many_a_day(self) -> None:
        self.vacation("alice")
        id, later = self.ids["alice"], int(self.clock.seconds()) + DAY
        self.settle(self._write(lambda tx: tx.counters.increment(f"vacation:{id}", later, MOST_RESPONSES - 1)))
        for name in "bcd":
            self.another(sender=f"{name}@sender.test")
        self.assertEqual(len(self.outbox.letters), 1)


class DuplicateTests(SieveCase):
    """RFC 7352."""

    def test_the_second_one_is_known(self) -> None:
        self.script("alice", 'require ["duplicate","fileinto"]; if duplicate :header "X-Id" { fileinto "Sent Items"; }')
        content = MESSAGE.replace(b"Subject", b"X-Id: 7\r\nSubject")
        for number in range(2):
            self.deliver("alice", content=content.replace(b"<1@", f"<{number}@".encode()))
        self.assertEqual(self.mail("alice"), ["Inbox", "Sent Items"])
        self.clock.advance(7 * DAY)
        self.deliver("alice", content=content.replace(b"<1@", b"<3@"))
        self.assertEqual(self.mail("alice")[-1], "Inbox")

    def test_the_same_delivery_again_is_no_duplicate(self) -> None:
        self.script("alice", 'require ["duplicate","fileinto"]; if duplicate { fileinto "Sent Items"; }')
        for _ in range(2):
            self.deliver("alice")
        self.assertEqual(self.mail("alice"), ["Inbox"])


class ManyTests(SieveCase):
    """Lists."""

    def test_more_than_in_one_transaction(self) -> None:
        self.patch(delivering, "ACCOUNTS_AT_ONCE", 2)
        names = [f"p{number}" for number in range(5)]
        for name in names:
            self.person(name)
            self.script(name, 'require "fileinto"; fileinto "Sent Items";')
        self.mailing_list("many", *(f"{name}@example.test" for name in names))
        self.deliver("many")
        self.assertEqual([self.mail(name) for name in names], [["Sent Items"]] * 5)
