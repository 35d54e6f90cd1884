"""Who writes in a calendar of somebody else, and what becomes of invitations whose event goes (RFC 6638 3.2.3, 6.2)."""

from __future__ import annotations

from stalwart.dav.methods import acl, copy
from tests.dav.methods.test_acl import ace, entries
from tests.dav.methods.test_proppatch import setting, update
from tests.dav.world import ALICE, BOB, CAROL, STAFF, conditions
from tests.groupware.scheduling.world import DEFAULT, SchedulingWorld, meeting

ORGANIZER, GUEST = ";PARTSTAT=ACCEPTED:alice@example.test", ";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:carol@example.test"
INVITED = ";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:alice@example.test"
CALENDAR, MEETING = f"/dav/cal/{ALICE}/default/", DEFAULT.format("alice", "meet")
WRITE = ("D:read", "D:write")


class _SharedWorld(SchedulingWorld):
    """Alice's calendar, in which bob may write."""

    def setUp(self) -> None:
        super().setUp()
        self.expect(207, "PROPFIND", CALENDAR, depth="0")
        self.share(*WRITE)

    def share(self, *privileges: str) -> None:
        self.expect(200, "ACL", CALENDAR, entries(ace(*privileges)))

    def refused(self, privilege: str, method: str, path: str, body: bytes = b"", **fields: str) -> None:
        """The request of bob needs a privilege on alice's outbox."""
        answer = self.expect(403, method, path, body, user="bob", **fields)
        self.assertEqual(conditions(answer), ["D:need-privileges"])
        self.assertIn(f"<D:href>/dav/itip/{ALICE}/outbox/</D:href>".encode(), answer.body)
        self.assertIn(f"<D:privilege><A:{privilege}/></D:privilege>".encode(), answer.body)


class OrganizerTests(_SharedWorld):
    def test_nobody_is_invited_by_who_may_only_write(self) -> None:
        self.refused("schedule-send-invite", "PUT", MEETING, meeting(ORGANIZER, GUEST))
        self.expect(404, "GET", MEETING)
        self.assertEqual((self.names("carol"), self.inbox("carol"), self.tasks()), ([], [], []))

    def test_what_nobody_is_told_of_can_be_written(self) -> None:
        self.put("alice", meeting(ORGANIZER, GUEST))
        same = self.event("alice", "meet")
        self.expect(204, "PUT", MEETING, same.replace("SUMMARY", "COMMENT:Mine\r\nSUMMARY").encode(), user="bob")
        self.assertIn("COMMENT:Mine", self.event("alice", "meet"))
        alone = DEFAULT.format("alice", "alone")
        self.expect(201, "PUT", alone, meeting(uid="alone"), user="bob")
        self.expect(204, "PUT", alone, meeting(uid="alone", more="LOCATION:There"), user="bob")
        self.expect(204, "DELETE", alone, user="bob")
        over = meeting(ORGANIZER, GUEST, uid="over").replace(b"2099", b"1999")
        self.expect(201, "PUT", alone, over, user="bob")
        self.assertEqual(len(self.inbox("carol")), 1)

    def test_what_guests_would_hear_of_stays_as_it_is(self) -> None:
        self.put("alice", meeting(ORGANIZER, GUEST))
        before = self.event("alice", "meet")
        changed = before.replace("SUMMARY:Meeting", "SUMMARY:Other").encode()
        self.refused("schedule-send-invite", "PUT", MEETING, changed)
        self.refused("schedule-send-invite", "DELETE", MEETING)
        self.assertEqual(self.event("alice", "meet"), before)
        self.assertIn("SUMMARY:Meeting", self.event("carol"))
        self.assertEqual(len(self.inbox("carol")), 1)

    def test_a_calendar_with_guests_is_not_deleted_by_others(self) -> None:
        work = f"/dav/cal/{ALICE}/work/"
        self.expect(201, "MKCALENDAR", work)
        self.expect(200, "ACL", work, entries(ace(*WRITE)))
        self.expect(201, "PUT", f"{work}meet.ics", meeting(ORGANIZER, GUEST))
        self.refused("schedule-send-invite", "DELETE", work)
        self.expect(200, "ACL", work, entries(ace(*WRITE, "A:schedule-send-invite")))
        self.expect(204, "DELETE", work, user="bob")
        self.assertIn("STATUS:CANCELLED", self.event("carol"))

    def test_who_has_the_right_invites(self) -> None:
        self.share(*WRITE, "A:schedule-send-invite")
        self.expect(201, "PUT", MEETING, meeting(ORGANIZER, GUEST), user="bob")
        self.assertIn("SUMMARY:Meeting", self.event("carol"))
        self.expect(204, "DELETE", MEETING, user="bob")
        self.assertIn("STATUS:CANCELLED", self.event("carol"))

    def test_the_right_to_answer_is_not_the_right_to_invite(self) -> None:
        self.share(*WRITE, "A:schedule-send-reply")
        self.refused("schedule-send-invite", "PUT", MEETING, meeting(ORGANIZER, GUEST))

    def test_in_his_own_name_anybody_may_invite(self) -> None:
        self.put("bob", meeting(";PARTSTAT=ACCEPTED:bob@example.test", GUEST, organizer="bob@example.test"))
        self.assertIn("SUMMARY:Meeting", self.event("carol"))


class AttendeeTests(_SharedWorld):
    def setUp(self) -> None:
        super().setUp()
        self.put("carol", meeting(INVITED, ";PARTSTAT=ACCEPTED:carol@example.test", organizer="carol@example.test"))
        (self.path,) = self.names("alice")
        self.accepted = self.event("alice").replace("NEEDS-ACTION", "ACCEPTED").encode()

    def answer_of_alice(self) -> str:
        return next(line for line in self.event("carol", "meet").split("\r\n") if "alice@" in line)

    def test_nobody_answers_for_others(self) -> None:
        self.refused("schedule-send-reply", "PUT", self.path, self.accepted)
        self.assertIn("PARTSTAT=NEEDS-ACTION", self.answer_of_alice())
        self.expect(204, "PUT", self.path, self.accepted)
        self.refused("schedule-send-reply", "DELETE", self.path)
        self.assertIn("PARTSTAT=ACCEPTED", self.answer_of_alice())
        self.expect(204, "DELETE", self.path, user="bob", schedule_reply="F")

    def test_unless_he_may(self) -> None:
        self.share(*WRITE, "A:schedule-send-reply")
        self.expect(204, "PUT", self.path, self.accepted, user="bob")
        self.assertIn("PARTSTAT=ACCEPTED", self.answer_of_alice())


class MovingTests(_SharedWorld):
    def setUp(self) -> None:
        super().setUp()
        self.assertEqual(copy.move.names, ("MOVE",))
        self.put("alice", meeting(ORGANIZER, GUEST))
        self.expect(201, "MKCALENDAR", f"/dav/cal/{ALICE}/work/")
        self.expect(207, "PROPFIND", f"/dav/cal/{BOB}/", depth="0", user="bob")

    def move(
        self, status: int, path: str, to: str, user: str = "alice", method: str = "MOVE", **more: str
    ) -> list[str]:
        answer = self.expect(status, method, path, user=user, destination=to, **more)
        return conditions(answer) if answer.body else []

    def test_between_calendars_of_one_account_nobody_hears_of_it(self) -> None:
        there = f"/dav/cal/{ALICE}/work/meet.ics"
        self.move(201, MEETING, there)
        self.assertIn("SEQUENCE:1", self.expect(200, "GET", there).body.decode())
        self.assertEqual(len(self.inbox("carol")), 1)

    def test_the_organizer_keeps_what_people_are_invited_to(self) -> None:
        self.share(*WRITE, "A:schedule-send-invite")
        there = f"/dav/cal/{BOB}/default/meet.ics"
        told = self.move(403, MEETING, there, user="bob")
        self.assertEqual(told, ["A:allowed-organizer-scheduling-object-change"])
        self.expect(200, "GET", MEETING)
        self.expect(404, "GET", there, user="bob")
        self.assertNotIn("STATUS:CANCELLED", self.event("carol"))
        self.move(201, MEETING, there, user="bob", method="COPY")
        self.assertEqual(len(self.inbox("carol")), 1)

    def test_a_calendar_with_it_stays_too(self) -> None:
        self.expect(201, "MKCALENDAR", f"/dav/cal/{BOB}/mine/", user="bob")
        self.expect(201, "PUT", f"/dav/cal/{BOB}/mine/a.ics", self.of_bob(), user="bob")
        told = self.move(403, f"/dav/cal/{BOB}/mine/", f"/dav/cal/{STAFF}/mine/", user="bob")
        self.assertEqual(told, ["A:allowed-organizer-scheduling-object-change"])

    def of_bob(self, organizer: str = "bob@example.test") -> bytes:
        return meeting(f";PARTSTAT=ACCEPTED:{organizer}", GUEST, uid="of-bob", organizer=organizer)

    def test_it_can_go_where_its_organizer_is(self) -> None:
        self.expect(207, "PROPFIND", f"/dav/cal/{STAFF}/", depth="0", user="bob")
        self.put("bob", self.of_bob("staff@example.test"))
        self.move(201, DEFAULT.format("bob", "meet"), DEFAULT.format("staff", "meet"), user="bob")
        self.expect(200, "GET", DEFAULT.format("staff", "meet"), user="bob")
        self.assertEqual([each for each in self.inbox("carol") if "METHOD:CANCEL" in each], [])

    def test_what_is_over_or_without_guests_goes_anywhere(self) -> None:
        for name, octets in (
            ("over", meeting(ORGANIZER, GUEST, uid="over").replace(b"2099", b"1999")),
            ("alone", meeting(uid="alone")),
        ):
            path = DEFAULT.format("alice", name)
            self.expect(201, "PUT", path, octets)
            self.move(201, path, f"/dav/cal/{BOB}/default/{name}.ics", user="bob")

    def test_who_has_accepted_keeps_it_or_says_that_nobody_is_told(self) -> None:
        (path,) = self.names("carol")
        self.expect(204, "PUT", path, self.event("carol").replace("NEEDS-ACTION", "ACCEPTED").encode(), user="carol")
        self.expect(200, "ACL", f"/dav/cal/{CAROL}/default/", entries(ace(*WRITE)), user="carol")
        there = f"/dav/cal/{BOB}/default/meet.ics"
        told = self.move(403, path, there, user="bob")
        self.assertEqual(told, ["A:allowed-attendee-scheduling-object-change"])
        self.move(201, path, there, user="bob", schedule_reply="F")
        self.assertNotIn("DECLINED", self.event("alice", "meet"))

    def test_what_makes_way_is_called_off(self) -> None:
        other = DEFAULT.format("alice", "other")
        self.expect(201, "PUT", other, meeting(uid="other"))
        self.refused("schedule-send-invite", "COPY", other, destination=MEETING)
        self.refused("schedule-send-invite", "MOVE", other, destination=MEETING)
        self.assertNotIn("STATUS:CANCELLED", self.event("carol"))
        self.move(204, other, MEETING)
        self.assertIn("STATUS:CANCELLED", self.event("carol"))

    def test_what_comes_again_is_not(self) -> None:
        self.expect(207, "PROPFIND", f"/dav/cal/{STAFF}/", depth="0", user="bob")
        first, second = DEFAULT.format("bob", "meet"), DEFAULT.format("staff", "meet")
        self.put("bob", self.of_bob("staff@example.test"))
        self.move(201, first, second, user="bob", method="COPY")
        self.move(204, first, second, user="bob")
        self.assertEqual([each for each in self.inbox("carol") if "METHOD:CANCEL" in each], [])


class GivingTests(_SharedWorld):
    def give(self, status: int, *privileges: str, to: str = CAROL, also: str = "") -> set[str]:
        """What bob, with these privileges and D:write-acl, may hand on to somebody; the privileges that he lacks."""
        given = entries(ace(*privileges, principal=f"<D:href>/dav/pal/{to}/</D:href>"), also)
        answer = self.expect(status, "ACL", CALENDAR, given, user="bob")
        if status == 200:
            return set()
        self.assertEqual((acl.acl.names, conditions(answer)), (("ACL",), ["D:need-privileges"]))
        self.assertIn(f"<D:href>{CALENDAR}</D:href>".encode(), answer.body)
        text = answer.body.decode()
        return {each.split("/>")[0] for each in text.split("<D:privilege><")[1:]}

    def test_nobody_gives_what_he_has_not(self) -> None:
        self.share("D:read", "D:write-acl")
        self.assertIn("D:write-content", self.give(403, "D:write", to=BOB))
        self.assertEqual(self.give(403, "D:bind"), {"D:bind"})
        self.assertEqual(self.give(403, "D:read", "A:schedule-send-invite"), {"A:schedule-send-invite"})
        self.expect(403, "PUT", MEETING, meeting(), user="bob")
        self.give(200, "D:read", "D:write-acl", also=ace("D:read", "D:write-acl"))
        self.expect(207, "PROPFIND", CALENDAR, depth="0", user="carol")

    def test_what_others_have_they_keep(self) -> None:
        carol = ace(*WRITE, principal=f"<D:href>/dav/pal/{CAROL}/</D:href>")
        self.expect(200, "ACL", CALENDAR, entries(ace("D:read", "D:write-acl"), carol))
        self.give(200, *WRITE, also=ace("D:read", "D:write-acl"))
        self.give(403, *WRITE, "A:schedule-send-reply")
        self.expect(201, "PUT", MEETING, meeting(), user="carol")

    def test_what_was_granted_is_told(self) -> None:
        self.share("D:read", "A:schedule-send")
        (shown,) = self.properties(CALENDAR, "D:current-user-privilege-set", user="bob").values()
        told = {each[0].tag.partition("}")[2] for each in shown["D:current-user-privilege-set"]}
        self.assertLess({"schedule-send-invite", "schedule-send-reply"}, told)
        self.expect(403, "PROPPATCH", CALENDAR, update(setting("<D:displayname>x</D:displayname>")), user="bob")
