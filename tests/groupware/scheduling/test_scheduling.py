"""Invitations follow from what people write (spec/dav.md 8.1 to 8.4, 14.11)."""

from __future__ import annotations

import re

from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.groupware.scheduling import scheduling
from tests.dav.methods.test_acl import ace, entries
from tests.dav.world import conditions
from tests.groupware.scheduling.world import DEFAULT, SchedulingWorld, meeting

ALICE, BOB = ";PARTSTAT=ACCEPTED:alice@example.test", ";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:bob@example.test"
ELSEWHERE = ";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:ext@good.test"


class OrganizerTests(SchedulingWorld):
    def test_those_who_are_here_have_it_at_once_and_others_get_mail(self) -> None:
        fields = self.put("alice", meeting(ALICE, BOB, ELSEWHERE))
        self.assertEqual(fields["schedule-tag"], '"1"')
        self.assertIn("SUMMARY:Meeting", self.event("bob"))
        self.assertNotIn("METHOD", self.event("bob"))
        self.assertEqual(self.tag("bob"), '"1"')
        (notice,) = self.inbox("bob")
        self.assertIn("METHOD:REQUEST", notice)
        self.assertEqual(self.inbox("alice"), [])
        (task,) = self.tasks()
        (message,) = task.messages
        self.assertEqual((message.sender, message.to), ("alice@example.test", {"ext@good.test"}))
        self.assertTrue(message.is_from_organizer)
        self.assertEqual(self.woken, 1)
        mine = self.event("alice", "meet")
        self.assertIn("SEQUENCE:1", mine)
        self.assertRegex(mine, r"ATTENDEE;[^\r]*SCHEDULE-STATUS=1\.2[^\r]*bob@example\.test")
        self.assertRegex(mine, r"ATTENDEE;[^\r]*SCHEDULE-STATUS=1\.1[^\r]*ext@good\.test")

    def test_only_the_one_who_knows_its_state_changes_it(self) -> None:
        self.put("alice", meeting(ALICE, BOB))
        changed = meeting(ALICE, BOB, more="LOCATION:Here")
        self.put("alice", changed, 412, if_schedule_tag_match='"7"')
        self.put("alice", changed, 204, if_schedule_tag_match='"1"')
        self.assertEqual(self.text(DEFAULT.format("alice", "meet"), "A:schedule-tag"), '"2"')
        self.assertIn("LOCATION:Here", self.event("bob"))
        self.assertEqual(self.tag("bob"), '"2"')
        for field in ('"1"', '"7"'):
            self.expect(412, "DELETE", DEFAULT.format("alice", "meet"), if_schedule_tag_match=field)

    def test_what_is_called_off_is_marked_and_not_deleted(self) -> None:
        self.put("alice", meeting(ALICE, BOB))
        self.expect(204, "DELETE", DEFAULT.format("alice", "meet"))
        self.assertIn("STATUS:CANCELLED", self.event("bob"))
        self.assertEqual(["METHOD:CANCEL" in each for each in self.inbox("bob")].count(True), 1)

    def test_a_calendar_that_goes_calls_off_what_was_to_come(self) -> None:
        self.expect(201, "MKCALENDAR", "/dav/cal/alice%40example.test/work/")
        self.expect(201, "PUT", "/dav/cal/alice%40example.test/work/meet.ics", meeting(ALICE, BOB))
        self.expect(204, "DELETE", "/dav/cal/alice%40example.test/work/")
        self.assertIn("STATUS:CANCELLED", self.event("bob"))

    def test_those_who_have_declined_hear_no_more(self) -> None:
        self.put("alice", meeting(ALICE, BOB))
        self.put_as("bob", "PARTSTAT=DECLINED")
        self.put("alice", self.event("alice", "meet").replace("SUMMARY:Meeting", "SUMMARY:Other").encode(), 204)
        self.assertIn("SUMMARY:Meeting", self.event("bob"))

    def put_as(self, user: str, answer: str) -> dict[str, str]:
        """Answer what somebody has in his calendar."""
        (path,) = self.names(user)
        octets = self.event(user).replace("PARTSTAT=NEEDS-ACTION", answer).encode()
        return dict(self.expect(204, "PUT", path, octets, user=user).headers)

    def test_nobody_is_told_of_what_is_over_or_where_it_is_switched_off(self) -> None:
        self.put("alice", meeting(ALICE, BOB).replace(b"2099", b"1999"))
        self.assertEqual(self.names("bob"), [])
        self.settle(self.settings.change(CalendarScheduling, {"enable": False}))
        self.put("alice", meeting(ALICE, BOB, uid="2"), name="two")
        self.assertEqual(self.names("bob"), [])

    def test_who_may_not_invite_only_keeps_it(self) -> None:
        self.patch_account(
            self.alice,
            {
                "permissions": {
                    "@type": "Merge",
                    "enabledPermissions": {},
                    "disabledPermissions": {scheduling_right: True},
                }
            },
        )
        self.put("alice", meeting(ALICE, BOB))
        self.assertEqual((self.names("bob"), self.inbox("bob")), ([], []))

    def test_who_may_not_take_it_in_gets_mail(self) -> None:
        self.patch_account(
            self.bob,
            {
                "permissions": {
                    "@type": "Merge",
                    "enabledPermissions": {},
                    "disabledPermissions": {receiving_right: True},
                }
            },
        )
        self.put("alice", meeting(ALICE, BOB))
        self.assertEqual(self.names("bob"), [])
        self.assertEqual([set(each.to) for task in self.tasks() for each in task.messages], [{"bob@example.test"}])

    def test_too_many_are_refused(self) -> None:
        self.settle(self.settings.change(CalendarScheduling, {"maxRecipients": 2}))
        answer = self.ask("PUT", DEFAULT.format("alice", "meet"), meeting(ALICE, BOB, ELSEWHERE))
        self.assertEqual((answer.status, conditions(answer)), (412, ["A:max-attendees-per-instance"]))
        self.assertEqual((self.names("alice"), self.names("bob")), ([], []))

    def test_an_address_that_no_mail_can_have_keeps_nothing_back(self) -> None:
        self.put("alice", meeting(ALICE, BOB, ";RSVP=TRUE:a%25b@good.test"))
        self.assertIn("SUMMARY:Meeting", self.event("bob"))
        self.assertEqual(self.tasks(), [])


class AttendeeTests(SchedulingWorld):
    def setUp(self) -> None:
        super().setUp()
        self.put("alice", meeting(ALICE, BOB, ELSEWHERE))
        (self.path,) = self.names("bob")

    def answered(self, old: str = "PARTSTAT=NEEDS-ACTION", new: str = "PARTSTAT=ACCEPTED", status: int = 204) -> None:
        text = self.event("bob")
        lines = [
            line.replace(old, new) if "bob@" in line or "PARTSTAT" not in old else line for line in text.split("\r\n")
        ]
        self.expect(status, "PUT", self.path, "\r\n".join(lines).encode(), user="bob")

    def test_an_answer_is_with_the_organizer(self) -> None:
        before = self.text(DEFAULT.format("alice", "meet"), "A:schedule-tag")
        self.answered()
        mine = self.event("alice", "meet")
        self.assertRegex(mine, r"ATTENDEE;[^\r]*PARTSTAT=ACCEPTED[^\r]*SCHEDULE-STATUS=2\.0[^\r]*bob@example\.test")
        self.assertEqual(self.tag("bob"), '"1"')
        self.assertEqual(self.text(DEFAULT.format("alice", "meet"), "A:schedule-tag"), before)
        (notice,) = self.inbox("alice")
        self.assertIn("METHOD:REPLY", notice)
        self.assertEqual(len(self.tasks()), 1)

    def test_an_organizer_who_has_not_seen_it_does_not_lose_it(self) -> None:
        stale = self.event("alice", "meet").replace("SUMMARY:Meeting", "SUMMARY:Other")
        self.answered()
        self.put("alice", stale.encode(), 204, if_schedule_tag_match='"1"')
        mine = self.event("alice", "meet")
        self.assertIn("SUMMARY:Other", mine)
        self.assertRegex(mine, r"ATTENDEE;[^\r]*PARTSTAT=ACCEPTED[^\r]*bob@example\.test")
        self.assertIn("SUMMARY:Other", self.event("bob"))
        self.assertIn("PARTSTAT=ACCEPTED", next(line for line in self.event("bob").split("\r\n") if "bob@" in line))

    def test_own_words_are_nobodys_business(self) -> None:
        self.answered("SUMMARY:Meeting", "SUMMARY:Mine")
        self.assertIn("SUMMARY:Meeting", self.event("alice", "meet"))
        self.assertEqual(self.inbox("alice"), [])
        self.assertEqual(self.tag("bob"), '"2"')

    def test_the_time_is_not_the_attendees(self) -> None:
        self.answered("DTSTART:20990105T100000Z", "LOCATION:There", 412)

    def test_what_is_not_his_stays_and_is_read_again(self) -> None:
        other = self.event("bob").replace("DTSTART:20990105T100000Z", "DTSTART:20990105T090000Z")
        other = other.replace("SUMMARY:Meeting", "SUMMARY:Mine").replace("PARTSTAT=ACCEPTED", "PARTSTAT=DECLINED")
        answer = self.expect(204, "PUT", self.path, other.encode(), user="bob")
        self.assertNotIn("etag", answer.headers)
        mine = self.event("bob")
        for text in ("DTSTART:20990105T100000Z", "SUMMARY:Mine", "PARTSTAT=ACCEPTED:mailto:alice@example.test"):
            self.assertIn(text, mine)
        self.assertEqual(self.inbox("alice"), [])
        self.assertIn(
            "etag", self.expect(204, "PUT", self.path, mine.replace("Mine", "My").encode(), user="bob").headers
        )
        wanted = self.expect(200, "PUT", self.path, other.encode(), user="bob", prefer="return=representation")
        self.assertEqual(wanted.headers["etag"], self.text(self.path, "D:getetag", user="bob"))
        self.assertIn(b"DTSTART:20990105T100000Z", wanted.body)

    def test_who_answers_with_another_time_answers_to_the_time_that_was_told(self) -> None:
        moved = (
            self.event("bob")
            .replace("T100000Z", "T090000Z")
            .replace("NEEDS-ACTION;RSVP=TRUE:mailto:bob", "ACCEPTED:mailto:bob")
        )
        self.expect(204, "PUT", self.path, moved.encode(), user="bob")
        (notice,) = self.inbox("alice")
        self.assertIn("DTSTART:20990105T100000Z", notice)
        self.assertIn("DTSTART:20990105T100000Z", self.event("alice", "meet"))

    def test_who_deletes_it_declines(self) -> None:
        self.answered()
        self.expect(204, "DELETE", self.path, user="bob")
        self.assertRegex(self.event("alice", "meet"), r"ATTENDEE;[^\r]*PARTSTAT=DECLINED[^\r]*bob@example\.test")

    def test_unless_he_does_not_want_to(self) -> None:
        self.answered()
        self.expect(204, "DELETE", self.path, user="bob", schedule_reply="F")
        self.assertRegex(self.event("alice", "meet"), r"ATTENDEE;[^\r]*PARTSTAT=ACCEPTED[^\r]*bob@example\.test")


class AttachmentTests(SchedulingWorld):
    def setUp(self) -> None:
        super().setUp()
        self.put("alice", meeting(ALICE, BOB, ELSEWHERE))
        (self.path,) = self.names("bob")
        self.mine = DEFAULT.format("alice", "meet")

    def attach(self, path: str, content: bytes, status: int = 201, user: str = "alice") -> str:
        """Attach a file; what it is known by."""
        fields = {"content_type": "text/plain", "content_disposition": 'attachment; filename="a.txt"'}
        answer = self.expect(status, "POST", f"{path}?action=attachment-add", content, user=user, **fields)
        return answer.headers.get("cal-managed-id", "")

    def held(self, user: str, name: str | None = None) -> set[str]:
        """What the files at the event of somebody are known by."""
        return set(re.findall(r"MANAGED-ID=([^;:]*)", self.event(user, name)))

    def test_guests_get_what_is_attached_later(self) -> None:
        first = self.attach(self.mine, b"agenda")
        self.assertEqual(self.held("bob"), {first})
        self.assertEqual(len(self.tasks()), 2)
        second = self.attach(self.mine, b"minutes")
        self.assertEqual(self.held("bob"), {first, second})
        self.expect(204, "POST", f"{self.mine}?action=attachment-remove&managed-id={first}")
        self.assertEqual(self.held("bob"), {second})
        self.assertEqual(len(self.inbox("bob")), 4)
        self.assertEqual(self.event("alice", "meet").count("SEQUENCE:1"), 1)

    def test_by_PUT_too(self) -> None:
        text = self.event("alice", "meet").replace("SUMMARY", "ATTACH:https://example.test/a\r\nSUMMARY")
        self.put("alice", text.encode(), 204)
        self.assertIn("ATTACH:https://example.test/a", self.event("bob"))
        self.put("alice", text.replace("ATTACH:", "ATTACH;FMTTYPE=text/plain:").encode(), 204)
        self.assertEqual(len(self.inbox("bob")), 2)

    def test_what_a_guest_attaches_is_his_and_stays(self) -> None:
        own = self.attach(self.path, b"notes", user="bob")
        self.assertEqual((self.held("bob"), self.held("alice", "meet")), ({own}, set()))
        self.assertEqual(self.inbox("alice"), [])
        first = self.attach(self.mine, b"agenda")
        self.assertEqual(self.held("bob"), {own, first})
        again = self.event("alice", "meet").replace("SUMMARY:Meeting", "SUMMARY:Other")
        self.put("alice", again.encode(), 204)
        self.assertEqual(self.held("bob"), {own, first})
        self.expect(204, "POST", f"{self.mine}?action=attachment-remove&managed-id={first}")
        self.assertEqual(self.held("bob"), {own})

    def test_who_may_not_invite_attaches_nothing_for_guests(self) -> None:
        calendar = self.mine.removesuffix("meet.ics")
        self.expect(200, "ACL", calendar, entries(ace("D:read", "D:write")))
        self.attach(self.mine, b"agenda", 403, user="bob")
        self.assertEqual((self.held("alice", "meet"), self.held("bob")), (set(), set()))


class ModuleTests(SchedulingWorld):
    def test_statuses_are_those_of_the_rfc(self) -> None:
        self.assertEqual(scheduling.DELIVERED, "1.2")


scheduling_right, receiving_right = "calendarSchedulingSend", "calendarSchedulingReceive"
