"""What becomes of a message in an account (spec/dav.md 8.6)."""

from __future__ import annotations

from typing import Any

from stalwart.codec.icalendar.components import Component, read_calendar
from stalwart.codec.itip import applying
from stalwart.codec.itip.outcomes import TagStep
from stalwart.config.collaboration.calendar import Calendar
from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.groupware.scheduling import receiving
from stalwart.groupware.scheduling.receiving import Received, identity_of, stepped
from tests.dav.world import BOB as BOX
from tests.groupware.scheduling.world import SchedulingWorld, meeting

ZOE, BOB = "zoe@good.test", "bob@example.test"
GUEST = f";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:{BOB}"
CARD = f"BEGIN:VCARD\r\nVERSION:4.0\r\nUID:1\r\nFN:Zoe\r\nEMAIL:{ZOE}\r\nEND:VCARD\r\n".encode()


def message(method: str = "REQUEST", octets: bytes | None = None, more: str = "") -> Component:
    octets = octets or meeting(GUEST, organizer=ZOE, more=more)
    calendar = read_calendar(octets)
    calendar.set("METHOD", method)
    return calendar


class ReceivingTests(SchedulingWorld):
    def take(self, given: Component | None = None, sender: str = ZOE, account: int | None = None) -> Received:
        given = given or message()
        work = lambda tx: self.receiving.receive(tx, account or self.bob, given, sender, int(self.clock.seconds()))  # noqa: E731
        found: Received = self.successResultOf(self.store.write(work))
        return found

    def known(self) -> None:
        """Bob has a card of Zoe."""
        self.expect(201, "PUT", f"/dav/card/{BOX}/default/z.vcf", CARD, user="bob")

    def nothing(self) -> None:
        self.assertEqual(self.inbox("bob"), [])
        listed = self.successResultOf(self.store.read(lambda tx: tx.objects.count(self.bob, 12)))
        self.assertEqual(listed, 0)

    def test_strangers_invite_nobody(self) -> None:
        found = self.take()
        self.assertEqual((found.is_taken, found.reason), (False, "the sender is not known here"))
        self.assertEqual((found.method, found.uid), ("REQUEST", "meet-1"))
        self.nothing()

    def test_unless_everybody_is_trusted(self) -> None:
        self.settle(self.settings.change(CalendarScheduling, {"autoAddInvitations": True}))
        self.assertTrue(self.take().is_taken)
        (path,) = self.names("bob")
        self.assertRegex(path, r"/default/[0-9]+_[0-9a-f]{16}\.ics$")
        self.assertIn("PARTSTAT=NEEDS-ACTION", self.event("bob"))
        self.assertEqual(self.tag("bob"), '"1"')
        self.assertEqual(len(self.inbox("bob")), 1)

    def test_those_on_cards_do(self) -> None:
        self.known()
        self.assertTrue(self.take().is_taken)
        self.assertNotIn("METHOD", self.event("bob"))

    def test_the_same_again_changes_nothing(self) -> None:
        self.known()
        self.take()
        self.assertFalse(self.take().is_taken)
        self.assertEqual(len(self.inbox("bob")), 1)

    def test_it_is_found_in_any_calendar(self) -> None:
        self.expect(201, "MKCALENDAR", f"/dav/cal/{BOX}/work/", user="bob")
        self.expect(201, "PUT", f"/dav/cal/{BOX}/work/x.ics", meeting(GUEST, organizer=ZOE), user="bob")
        self.assertTrue(self.take(message(more="SEQUENCE:3 LOCATION:There")).is_taken)
        text = self.expect(200, "GET", f"/dav/cal/{BOX}/work/x.ics", user="bob").body
        self.assertIn(b"LOCATION:There", text)
        self.assertEqual(self.names("bob"), [])

    def test_who_is_invited_does_not_keep_the_organizer_out(self) -> None:
        forged = meeting(
            ":carol@example.test", GUEST, organizer="alice@example.test", more="SEQUENCE:999999 LOCATION:x"
        )
        carol = "carol@example.test"
        self.assertEqual(self.take(message(octets=forged), carol).reason, "sender-not-invited")
        self.nothing()
        delegated = forged.replace(
            b"ATTENDEE:mailto:carol", b'ATTENDEE;DELEGATED-TO="mailto:bob@example.test":mailto:carol'
        )
        self.assertTrue(self.take(message(octets=delegated), carol).is_taken)
        self.assertIn("LOCATION:x", self.event("bob"))
        (path,) = self.names("bob")
        mine = self.event("bob").replace("SUMMARY", "COMMENT:mine\r\nSUMMARY").encode()
        self.expect(204, "PUT", path, mine, user="bob")
        self.put("alice", meeting(GUEST, more="LOCATION:There"))
        self.assertIn("LOCATION:There", self.event("bob"))
        self.assertIn("SEQUENCE:1\r\n", self.event("bob"))
        self.assertEqual(self.take(message(octets=delegated), carol).reason, "sender-not-invited")
        older = message(octets=meeting(GUEST, organizer="alice@example.test", more="SEQUENCE:0 LOCATION:x"))
        self.assertEqual(self.take(older, "alice@example.test").reason, "out-of-sequence")

    def test_reasons_to_take_nothing(self) -> None:
        self.known()
        for given, sender, reason in (
            (message("PUBLISH"), ZOE, "unsupported"),
            (message("CANCEL"), ZOE, "unknown-object"),
            (message(), "other@good.test", "sender-not-invited"),
            (message(octets=meeting("x@y.test", organizer=ZOE)), ZOE, "recipient-not-invited"),
        ):
            self.assertEqual(self.take(given, sender).reason, reason)
        self.nothing()
        self.settle(self.settings.change(CalendarScheduling, {"enable": False}))
        self.assertEqual(self.take().reason, "invitations are switched off")
        self.nothing()

    def test_what_there_is_no_room_for(self) -> None:
        self.known()
        self.patch_account(self.bob, {"quotas": {"maxDiskQuota": 10}})
        self.assertFalse(self.take().is_taken)
        self.patch_account(self.bob, {"quotas": {}})
        self.settle(self.settings.change(Calendar, {"maxICalendarSize": 100}))
        self.assertFalse(self.take().is_taken)
        self.nothing()

    def test_accounts_without_calendars(self) -> None:
        self.known()
        self.settle(self.settings.change(Calendar, {"defaultHrefName": None}))
        self.assertEqual(self.take().reason, "there is no calendar")
        self.settle(self.settings.change(Calendar, {"defaultHrefName": "default"}))
        denied = {
            "@type": "Merge",
            "enabledPermissions": {},
            "disabledPermissions": {"calendarSchedulingReceive": True},
        }
        self.patch_account(self.bob, {"permissions": denied})
        self.assertEqual(self.take().reason, "the account takes no invitations")

    def test_a_fault_of_ours_is_told_and_harms_nothing(self) -> None:
        def broken(*given: Any) -> None:
            raise ZeroDivisionError

        self.patch(receiving, "apply", broken)
        found = self.take()
        self.assertFalse(found.is_taken)
        self.assertIsNotNone(found.fault)
        self.assertIsNot(applying.apply, broken)

    def test_a_counter_proposal_is_only_kept(self) -> None:
        self.put("bob", meeting(f";PARTSTAT=NEEDS-ACTION:{ZOE}", organizer=BOB))
        octets = meeting(f";PARTSTAT=TENTATIVE:{ZOE}", organizer=BOB).replace(b"T100000Z", b"T103000Z")
        before = self.event("bob")
        self.assertTrue(self.take(message("COUNTER", octets)).is_taken)
        self.assertEqual(self.event("bob"), before)
        self.assertIn("METHOD:COUNTER", self.inbox("bob")[0])

    def test_who_asks_how_it_stands_is_told(self) -> None:
        self.put("bob", meeting(f";PARTSTAT=NEEDS-ACTION:{ZOE}", organizer=BOB))
        octets = meeting(f":{ZOE}", organizer=BOB)
        found = self.take(message("REFRESH", octets))
        self.assertEqual([(each.method, each.recipients) for each in found.messages], [("REQUEST", (ZOE,))])


class StepTests(SchedulingWorld):
    def test_tags(self) -> None:
        for tag, step, then in (
            (None, TagStep.FIRST, 1),
            (None, TagStep.KEEP, None),
            (3, TagStep.KEEP, 3),
            (3, TagStep.NEXT, 4),
            (None, TagStep.NEXT, 1),
            (3, TagStep.DROP, None),
            (3, TagStep.FIRST, 4),
            ("x", TagStep.NEXT, 1),
        ):
            self.assertEqual(stepped(tag, step), then)

    def test_what_a_message_is(self) -> None:
        self.assertEqual(identity_of(message("reply")), ("REPLY", "meet-1"))
        self.assertEqual(identity_of(read_calendar(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n")), ("", ""))
