"""Mail on its way into accounts, from the first command to the row in the store."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from stalwart.config.collaboration.email import Email
from stalwart.config.mail.session_stages import MtaStageData, MtaStageMail
from stalwart.directory import account_records
from stalwart.errors import Unavailable
from stalwart.mail.circles import MOST_PASSED
from stalwart.mail.messages import delivering
from stalwart.mail.messages.quota import Quotas, Room
from stalwart.store.object_types import EMAIL_DELIVERY
from tests.directory.world import NOW
from tests.smtp.inbound_server import MESSAGE, InboundCase

TAKEN = ["250 2.1.0", "250 2.1.5", "250 2.0.0"]


class DeliveryTests(InboundCase):
    """One message, one or several recipients."""

    def test_a_message_is_in_the_inbox(self) -> None:
        self.assertEqual(self.send(self.client(), "Alice+shop@example.test"), TAKEN)
        ((row, octets),) = self.mail_of("alice")
        self.assertTrue(octets.startswith(b"Return-Path: <a@sender.test>\r\nAuthentication-Results: "))
        self.assertIn(b"\r\nReceived: from a.test ([198.51.100.7])", octets)
        self.assertTrue(octets.endswith(b"\r\n" + MESSAGE.encode()))
        self.assertIn(b"by mail.example.test with ESMTP id", octets.replace(b"\r\n\t", b" "))
        self.assertIn(b"for <Alice+shop@example.test>;", octets.replace(b"\r\n\t", b" "))
        id = self.ids["alice"]
        inbox = self.successResultOf(self.store.read(lambda tx: tx.mail.mailboxes.by_role(id, "inbox")))
        self.assertEqual((inbox.total, inbox.unread, row.received_at), (1, 1, NOW))
        self.assertGreater(self.successResultOf(self.store.read(lambda tx: tx.objects.state(id, EMAIL_DELIVERY))), 0)
        self.assertIn("message-ingest.stored", self.events)

    def test_an_account_gets_it_once(self) -> None:
        self.mailing_list("all", "alice@example.test", "bob@example.test")
        recipients = ("alice@example.test", "al@example.test", "all@example.test")
        self.assertEqual(self.send(self.client(), *recipients)[-1], "250 2.0.0")
        self.assertEqual([len(self.mail_of(name)) for name in ("alice", "bob")], [1, 1])
        ((_, one),), ((_, other),) = self.mail_of("alice"), self.mail_of("bob")
        self.assertEqual(one, other)
        self.assertNotIn(b" for ", one.partition(b"Subject")[0])

    def test_group(self) -> None:
        self.person("team", "Group")
        self.assertEqual(self.send(self.client(), "team@example.test"), TAKEN)
        self.assertEqual(len(self.mail_of("team")), 1)

    def test_refused_recipients(self) -> None:
        client = self.client()
        client.say("MAIL FROM:<>")
        for address, code in {
            "carol@example.test": "550 5.1.1",
            "a@elsewhere.test": "550 5.7.1",
            "postmaster@elsewhere.test": "550 5.7.1",
        }.items():
            if address.startswith("postmaster"):  # the first one waits for nothing
                self.assertEqual(client.codes("RCPT TO:<Postmaster>"), ["550 5.1.1"])
            self.assertEqual(client.codes(f"RCPT TO:<{address}>"), [])
            self.clock.advance(5)  # MtaStageRcpt.waitOnFail
            self.assertEqual([line[:9] for line in client.lines()], [code], address)

    def test_a_server_without_domains_bounces_nothing(self) -> None:
        client = self.client()
        client.say("MAIL FROM:<a@sender.test>")
        self.patch(type(self.settings), "all", lambda *_: ())
        self.assertEqual(client.codes("RCPT TO:<alice@example.test>"), [])
        self.clock.advance(5)
        self.assertEqual([line[:9] for line in client.lines()], ["451 4.3.5"])

    def test_postmaster(self) -> None:
        self.person("chief", roles={"@type": "Admin"})
        for address in ("postmaster", "POSTMASTER@example.test"):
            text = MESSAGE.replace("<1@", f"<{address}@")
            self.assertEqual(self.send(self.client(), address, sender="", message=text), TAKEN)
        self.assertEqual(len(self.mail_of("chief")), 2)

    def test_null_sender(self) -> None:
        self.assertEqual(self.send(self.client(), "alice@example.test", sender=""), TAKEN)
        self.assertTrue(self.mail_of("alice")[0][1].startswith(b"Return-Path: <>\r\n"))

    def test_a_return_path_of_somebody_else_is_taken_out(self) -> None:
        self.send(self.client(), "alice@example.test", message="Return-Path: <x@y.test>\r\n" + MESSAGE)
        octets = self.mail_of("alice")[0][1]
        self.assertEqual(octets.count(b"Return-Path"), 1)
        self.assertTrue(octets.endswith(b"\r\n" + MESSAGE.encode()))

    def test_messages_without_a_head(self) -> None:
        client = self.client()
        for text in ("Only text\r\n", "", "\r\n", "\r\nText\r\n", "no field\r\nSubject: x\r\n"):
            self.assertEqual(self.send(client, "alice@example.test", message=text)[-1], "250 2.0.0", text)
        octets = [octets for _, octets in self.mail_of("alice")]
        self.assertEqual(len(octets), 5)
        for each, text in zip(octets, ("Only text\r\n", "", "", "Text\r\n", "no field\r\nSubject: x\r\n"), strict=True):
            self.assertEqual(each.partition(b"\r\n\r\n")[2], text.encode())

    def test_large_message_goes_to_a_file(self) -> None:
        text = MESSAGE + "x" * 70 + "\r\n"
        text += ("y" * 998 + "\r\n") * 100
        client = self.client()
        self.assertEqual(
            client.codes("MAIL FROM:<a@sender.test>", "RCPT TO:<bob@example.test>", "DATA")[-1], "354 Send"
        )
        data = text.encode() + b".\r\n"
        for begin in range(0, len(data), 9000):
            client.connection.dataReceived(data[begin : begin + 9000])
        self.assertEqual(client.lines()[-1][:9], "250 2.0.0")
        ((row, octets),) = self.mail_of("bob")
        self.assertTrue(octets.startswith(b"Return-Path: <a@sender.test>\r\nAuthentication-Results: "))
        self.assertTrue(octets.endswith(b"\r\n" + text.encode()))
        self.assertEqual(row.size, len(octets))
        self.assertTrue(self.store.blob_files.exists(row.blob))

    def test_odd_recipients(self) -> None:
        """None of the old ways to have mail passed on leads anywhere, and no name is more than a name."""
        client = self.client(lmtp=True)
        client.say("MAIL FROM:<a@sender.test> SMTPUTF8")
        for address, code in {
            '"alice"@example.test': "250 2.1.5",
            '"al\\ice+x y"@EXAMPLE.test': "250 2.1.5",
            "@relay.test,@other.test:alice@example.test": "250 2.1.5",
            "alice@[192.0.2.1]": "550 5.7.1",
            "alice%elsewhere.test@example.test": "550 5.1.1",
            "elsewhere.test!alice@example.test": "550 5.1.1",
            '"alice@elsewhere.test"@example.test': "550 5.1.1",
            "example.test!alice@elsewhere.test": "550 5.7.1",
            "|cat@example.test": "550 5.1.1",
            "/var/mail/alice@example.test": "550 5.1.1",
            "a*@example.test": "550 5.1.1",
            "+alice@example.test": "550 5.1.1",
            "älice@example.test": "550 5.1.1",
            "alice@exämple.test": "550 5.7.1",
            "alice@example.test.": "501 5.1.3",
            "alice@example..test": "501 5.1.3",
            "alice": "501 5.1.3",
            "alice@example.test@example.test": "501 5.1.3",
            f"{'a' * 300}@example.test": "550 5.1.1",
            f"{'a' * 600}@example.test": "501 5.1.3",
            f"alice@{'a' * 256}.test": "501 5.1.3",
        }.items():
            self.assertEqual(client.codes(f"RCPT TO:<{address}>"), [code], address)
        told = [self.events.count(name) for name in ("smtp.mailbox-does-not-exist", "smtp.relay-not-allowed")]
        self.assertEqual(told, [9, 3])

    def test_octets_are_kept(self) -> None:
        text = "Subject: a\0b\r\nMessage-ID: <1@sender.test>\r\n\r\n\0\x7f" + "z" * 5000 + "\r\n.. \r\n"
        self.assertEqual(self.send(self.client(), "alice@example.test", message=text)[-1], "250 2.0.0")
        stuffed = text.replace("\r\n..", "\r\n.")
        self.assertTrue(self.mail_of("alice")[0][1].endswith(b"\r\n" + stuffed.encode()))

    def test_a_size_that_was_not_true(self) -> None:
        client = self.client(lmtp=True)
        codes = client.codes("MAIL FROM:<a@sender.test> SIZE=10", "RCPT TO:<alice@example.test>", "DATA")
        self.assertEqual(codes[-1], "354 Send")
        self.assertEqual(client.send((MESSAGE + "x" * 5000 + "\r\n.\r\n").encode())[-1][:9], "250 2.0.0")
        self.assertEqual(client.codes("MAIL FROM:<a@sender.test> SIZE=9999999999999"), ["552 5.3.4"])

    def test_no_file_is_left_of_a_large_one_that_nobody_gets(self) -> None:
        client = self.client(lmtp=True)
        text = MESSAGE + ("x" * 998 + "\r\n") * 100
        for expected in (["250 2.0.0"], ["250 2.0.0"]):  # the second time it is the same
            self.assertEqual(self.send(client, "alice@example.test", message=text)[2:], expected)
            self.clock.advance(60)
        folders = [f"{number:02x}" for number in range(256)]
        self.assertEqual(sum(len(self.store.blob_files.names(folder)) > 0 for folder in folders), 1)
        self.assertEqual(len(self.mail_of("alice")), 1)

    def test_smtputf8(self) -> None:
        self.person("jürgen")
        client = self.client()
        codes = client.codes("MAIL FROM:<ä@sender.test> SMTPUTF8", "RCPT TO:<JÜRGEN@example.test>", "DATA")
        self.assertEqual(codes, ["250 2.1.0", "250 2.1.5", "354 Send"])
        client.send(MESSAGE.encode() + b".\r\n")
        octets = self.mail_of("jürgen")[0][1]
        self.assertIn("Return-Path: <ä@sender.test>".encode(), octets)
        self.assertIn(b"UTF8SMTP", octets)

    def test_chunks(self) -> None:
        client = self.client()
        client.say("MAIL FROM:<a@sender.test>", "RCPT TO:<alice@example.test>")
        size = len(MESSAGE)
        self.assertEqual(client.send(f"BDAT {size} LAST\r\n{MESSAGE}".encode())[-1][:9], "250 2.0.0")
        self.assertTrue(self.mail_of("alice")[0][1].endswith(MESSAGE.encode()))


class AgainTests(InboundCase):
    """What comes twice."""

    def test_the_same_is_stored_once(self) -> None:
        for _ in range(2):
            self.assertEqual(self.send(self.client(), "alice@example.test"), TAKEN)
        self.assertEqual(len(self.mail_of("alice")), 1)
        self.assertIn("message-ingest.duplicate", self.events)

    def test_of_another_sender_it_is_another(self) -> None:
        self.send(self.client(), "alice@example.test")
        self.send(self.client(), "alice@example.test", sender="b@sender.test")
        self.assertEqual(len(self.mail_of("alice")), 2)

    def test_for_another_account_it_is_stored(self) -> None:
        self.send(self.client(), "alice@example.test")
        self.send(self.client(), "bob@example.test", "alice@example.test")
        self.assertEqual([len(self.mail_of(name)) for name in ("alice", "bob")], [1, 1])

    def test_without_a_message_id_it_may_be_meant(self) -> None:
        for _ in range(2):
            self.send(self.client(), "alice@example.test", message="Subject: done\r\n\r\n")
        self.assertEqual(len(self.mail_of("alice")), 2)

    def test_of_very_many_nobody_has_it_twice_where_one_has_no_room(self) -> None:
        self.patch(delivering, "ACCOUNTS_AT_ONCE", 2)
        names = ("x1", "x2", "x3")
        for name in names:
            self.person(name)
        self.person("carol", quotas={"maxDiskQuota": 200})
        self.mailing_list("all", *(f"{name}@example.test" for name in names))
        text = "Subject: no id\r\n\r\n" + "x" * 300 + "\r\n"
        for _ in range(3):
            codes = self.send(self.client(), "all@example.test", "carol@example.test", message=text)
            self.assertEqual(codes[-1], "452 4.2.2")
            self.assertEqual([len(self.mail_of(name)) for name in names], [1, 1, 1])
        self.clock.advance(delivering.SAME_WITHOUT_ID)
        self.send(self.client(), "all@example.test", message=text)
        self.assertEqual([len(self.mail_of(name)) for name in names], [2, 2, 2])


class FullTests(InboundCase):
    """Accounts without room."""

    def setUp(self) -> None:
        super().setUp()
        self.person("carol", quotas={"maxDiskQuota": 1000})

    def test_told_at_once(self) -> None:
        client = self.client()
        text = MESSAGE + "x" * 400 + "\r\n"
        self.assertEqual(self.send(client, "carol@example.test", message=text), TAKEN)
        client.say("MAIL FROM:<a@sender.test> SIZE=900")
        client.say("RCPT TO:<carol@example.test>")
        self.clock.advance(5)
        self.assertEqual(client.lines()[0][:9], "452 4.2.2")

    def test_told_in_the_end_and_nobody_has_it(self) -> None:
        text = MESSAGE + "x" * 990 + "\r\n"
        codes = self.send(self.client(), "alice@example.test", "carol@example.test", message=text)
        self.assertEqual(codes[-1], "452 4.2.2")
        self.assertEqual((self.mail_of("alice"), self.mail_of("carol")), ([], []))

    def test_by_lmtp_each_has_an_answer(self) -> None:
        text = MESSAGE + "x" * 990 + "\r\n"
        client = self.client(lmtp=True)
        codes = self.send(client, "alice@example.test", "carol@example.test", "bob@example.test", message=text)
        self.assertEqual(codes[-3:], ["250 2.0.0", "452 4.2.2", "250 2.0.0"])
        self.assertEqual([len(self.mail_of(name)) for name in ("alice", "bob", "carol")], [1, 1, 0])

    def test_members_of_a_list_who_have_room_get_it(self) -> None:
        self.mailing_list("all", "alice@example.test", "carol@example.test")
        text = MESSAGE + "x" * 990 + "\r\n"
        self.assertEqual(self.send(self.client(), "all@example.test", message=text), TAKEN)
        self.assertEqual([len(self.mail_of(name)) for name in ("alice", "carol")], [1, 0])

    def test_nothing_is_left_of_a_large_one_that_is_refused_in_the_end(self) -> None:
        self.patch(Quotas, "room", lambda *_: Room(None))
        text = MESSAGE + ("y" * 998 + "\r\n") * 100
        for is_lmtp in (False, True):
            codes = self.send(self.client(lmtp=is_lmtp), "carol@example.test", message=text)
            self.assertEqual(codes[-1], "452 4.2.2")
            self.assertEqual(self.store.blob_files._contents, {})  # type: ignore[attr-defined]
        self.send(self.client(), "alice@example.test", "carol@example.test", message=text)
        self.assertEqual(self.store.blob_files._contents, {})  # type: ignore[attr-defined]
        codes = self.send(self.client(lmtp=True), "alice@example.test", "carol@example.test", message=text)
        self.assertEqual(codes[-2:], ["250 2.0.0", "452 4.2.2"])
        self.assertEqual(len(self.store.blob_files._contents), 1)  # type: ignore[attr-defined]

    def test_told_when_a_large_one_begins_its_file_and_nothing_is_left_of_it(self) -> None:
        self.person("dora", quotas={"maxDiskQuota": 150_000})
        self.mailing_list("all", "carol@example.test", "dora@example.test")
        cases = {
            (False, "carol@"): (100_000, 0),
            (False, "alice@", "carol@"): (100_000, 0),
            (False, "dora@"): (300_000, 150_000),
            (False, "all@"): (300_000, 150_000),
            (True, "carol@", "dora@"): (300_000, 150_000),
        }
        written: list[int] = []
        begin = self.store.blob_files.begin

        def counted() -> Any:
            writer: Any = begin()
            write = writer.write
            writer.write = lambda chunk: (written.append(len(chunk)), write(chunk))
            return writer

        self.patch(self.store.blob_files, "begin", counted)
        for (is_lmtp, *names), (size, most) in cases.items():
            written.clear()
            client = self.client(lmtp=is_lmtp)
            client.codes("MAIL FROM:<a@sender.test>", *(f"RCPT TO:<{name}example.test>" for name in names), "DATA")
            data = MESSAGE.encode() + (b"y" * 998 + b"\r\n") * (size // 1000) + b".\r\n"
            for start in range(0, len(data), 9000):
                client.connection.dataReceived(data[start : start + 9000])
            replies = {line[:9] for line in client.lines()}
            self.assertEqual(replies, {"452 4.2.2"}, names)
            self.assertLessEqual(sum(written), most, names)
            self.assertEqual(self.store.blob_files._contents, {}, names)  # type: ignore[attr-defined]


class LmtpTests(InboundCase):
    """RFC 2033."""

    def test_as_many_answers_as_recipients(self) -> None:
        codes = self.send(self.client(lmtp=True), "alice@example.test", "alice@example.test", "bob@example.test")
        self.assertEqual(codes[-3:], ["250 2.0.0"] * 3)
        self.assertEqual([len(self.mail_of(name)) for name in ("alice", "bob")], [1, 1])
        self.assertIn(b"with LMTP", self.mail_of("alice")[0][1])

    def test_many_messages_in_a_session(self) -> None:
        client = self.client(lmtp=True)
        for number in range(30):
            message = MESSAGE.replace("<1@", f"<{number}@")
            self.assertEqual(self.send(client, "alice@example.test", message=message), TAKEN)
        self.assertEqual(len(self.mail_of("alice")), 30)

    def test_more_accounts_than_in_one_transaction(self) -> None:
        self.patch(delivering, "ACCOUNTS_AT_ONCE", 3)
        names = [f"p{number}" for number in range(8)]
        for name in names:
            self.person(name)
        self.mailing_list("many", *(f"{name}@example.test" for name in names))
        self.assertEqual(self.send(self.client(lmtp=True), "many@example.test"), TAKEN)
        self.assertEqual([len(self.mail_of(name)) for name in names], [1] * 8)

    def test_an_account_that_goes_in_the_meantime(self) -> None:
        client = self.client(lmtp=True)
        codes = client.codes("MAIL FROM:<a@sender.test>", "RCPT TO:<bob@example.test>", "RCPT TO:<alice@example.test>")
        self.assertEqual(codes[-1], "250 2.1.5")
        bob = self.ids["bob"]
        self.successResultOf(self.store.write(lambda tx: account_records.delete(tx, bob, NOW)))
        client.say("DATA")
        answers = client.send(MESSAGE.encode() + b".\r\n")
        self.assertEqual([line[:9] for line in answers], ["550 5.1.1", "250 2.0.0"])


class TroubleTests(InboundCase):
    """What is refused for its content, and what goes wrong here."""

    def test_a_circle(self) -> None:
        self.set(MtaStageData, maxReceivedHeaders={"match": {}, "else": "3"})
        trace = "Received: from x.test by y.test; Mon, 1 Jan 2026 00:00:00 +0000\r\n"
        client = self.client()
        self.assertEqual(self.send(client, "alice@example.test", message=trace * 4 + MESSAGE)[-1], "554 5.4.6")
        self.assertEqual(self.send(client, "alice@example.test", message=trace * 3 + MESSAGE)[-1], "250 2.0.0")
        self.assertIn("smtp.loop-detected", self.events)

    def test_nothing_is_taken_that_could_not_go_on(self) -> None:
        self.set(MtaStageData, maxReceivedHeaders={"match": {}, "else": "500"})
        trace = "Received: from x.test by y.test; Mon, 1 Jan 2026 00:00:00 +0000\r\n"
        client = self.client()
        for count, said in ((MOST_PASSED, "554 5.4.6"), (MOST_PASSED - 1, "250 2.0.0")):
            self.assertEqual(self.send(client, "alice@example.test", message=trace * count + MESSAGE)[-1], said)

    def test_a_large_circle_is_refused_while_it_comes(self) -> None:
        trace = "Received: from x.test by y.test; Mon, 1 Jan 2026 00:00:00 +0000\r\n"
        message = trace * 51 + MESSAGE + "x" * 70_000 + "\r\n"
        self.assertEqual(self.send(self.client(), "alice@example.test", message=message)[-1], "554 5.4.6")

    def test_too_large(self) -> None:
        self.set(Email, maxMessageSize=5000)
        client = self.client()
        self.assertIn("250 SIZE 3750", client.offers)  # type: ignore[attr-defined]
        self.assertEqual(client.codes("MAIL FROM:<a@sender.test> SIZE=4000"), ["552 5.3.4"])
        text = MESSAGE + "x" * 4000 + "\r\n"
        self.assertEqual(self.send(client, "alice@example.test", message=text)[-1], "552 5.3.4")

    def test_smuggling(self) -> None:
        message = "Subject: x\r\n\r\nText\n.\r\nMAIL FROM:<evil@sender.test>\r\n"
        self.assertEqual(self.send(self.client(), "alice@example.test", message=message)[-1], "550 5.6.0")
        self.assertEqual(self.mail_of("alice"), [])

    def broken(self, error: Exception) -> str:
        client = self.client()
        client.codes("MAIL FROM:<a@sender.test>", "RCPT TO:<alice@example.test>", "DATA")
        real = self.store.write
        self.patch(self.store, "write", lambda work: _failed(error))
        answer = client.send(MESSAGE.encode() + b".\r\n")[0][:9]
        self.patch(self.store, "write", real)
        self.assertEqual(self.send(client, "alice@example.test"), TAKEN)
        self.assertEqual(len(self.mail_of("alice")), 1)
        return answer

    def test_store_that_is_full(self) -> None:
        problem = Unavailable("The disk that holds the data store is full.")
        problem.__cause__ = OSError(28, "No space left on device")
        self.assertEqual(self.broken(problem), "452 4.3.1")

    def test_store_that_is_away(self) -> None:
        self.assertEqual(self.broken(Unavailable("The data store is closed.")), "451 4.3.0")

    def test_sender_that_a_rule_refuses(self) -> None:
        self.set(MtaStageMail, isSenderAllowed={"match": {}, "else": "sender_domain != 'sender.test'"})
        client = self.client()
        self.assertEqual(client.codes("MAIL FROM:<a@sender.test>", "MAIL FROM:<a@b.test>"), ["550 5.7.1", "250 2.1.0"])

    def test_changes_of_other_processes_are_waited_for(self) -> None:
        client = self.client()
        waiting: Deferred[None] = Deferred()
        self.waits.append(waiting)
        self.assertEqual(client.say("MAIL FROM:<a@sender.test>"), [])
        waiting.callback(None)
        self.assertEqual(client.lines()[0][:9], "250 2.1.0")


def _failed(error: Exception) -> Any:
    from twisted.internet.defer import fail

    return fail(error)
