"""Questions for free times (spec/dav.md 8.7)."""

from __future__ import annotations

from xml.etree import ElementTree

from stalwart.codec.dav.rights import Rights
from stalwart.config.collaboration.scheduling import CalendarScheduling
from stalwart.dav import outbox
from tests.dav.world import ALICE, conditions
from tests.groupware.scheduling.world import SchedulingWorld, meeting, unfolded

BOX = f"/dav/itip/{ALICE}/outbox/"
_A = "{urn:ietf:params:xml:ns:caldav}"


def question(*attendees: str, organizer: str = "alice@example.test", more: str = "", without: str = "") -> bytes:
    """Who asks for the times of whom."""
    lines = [
        *("BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:REQUEST", "BEGIN:VFREEBUSY", "UID:fb", "DTSTAMP:20260101T000000Z"),
        *("DTSTART:20990101T000000Z", "DTEND:20990201T000000Z", f"ORGANIZER:mailto:{organizer}"),
        *(f"ATTENDEE:mailto:{each}" for each in attendees),
        *more.split(),
        *("END:VFREEBUSY", "END:VCALENDAR", ""),
    ]
    return "\r\n".join(line for line in lines if not without or not line.startswith(without)).encode()


class OutboxTests(SchedulingWorld):
    def asked(self, *attendees: str, user: str = "alice") -> dict[str, tuple[str, str]]:
        """Status and times by attendee."""
        answer = self.expect(200, "POST", BOX, question(*attendees), user=user, content_type="text/calendar")
        found = {}
        for each in ElementTree.fromstring(answer.body).iter(f"{_A}response"):
            path = each.findtext(f"{_A}recipient/{{DAV:}}href") or ""
            data = each.findtext(f"{_A}calendar-data") or ""
            found[path.removeprefix("mailto:")] = each.findtext(f"{_A}request-status") or "", unfolded(data.encode())
        return found

    def test_everybody_is_answered_for(self) -> None:
        self.put("alice", meeting(";PARTSTAT=ACCEPTED:alice@example.test"))
        self.put("bob", meeting(uid="2", organizer="bob@example.test"))
        told = self.asked("alice@example.test", "bob@example.test", "nobody@example.test", "carol@example.test")
        mine = told["alice@example.test"]
        self.assertEqual(mine[0], "2.0;Success")
        for line in (
            *("METHOD:REPLY", "FREEBUSY;FBTYPE=BUSY:20990105T100000Z/20990105T110000Z", "UID:fb"),
            *("ORGANIZER:mailto:alice@example.test", "ATTENDEE:mailto:alice@example.test"),
        ):
            self.assertIn(line, mine[1])
        self.assertEqual(told["bob@example.test"][0], "2.0;Success")
        self.assertNotIn("FREEBUSY;", told["bob@example.test"][1])
        self.assertEqual(told["nobody@example.test"], ("3.7;Invalid calendar user or insufficient permissions", ""))
        self.assertEqual(told["carol@example.test"], ("3.7;Default calendar not found", ""))

    def test_of_another_tenant_nothing_is_known(self) -> None:
        self.put("bob", meeting(uid="2", organizer="bob@example.test"))
        self.to_another_tenant(self.bob)
        told = self.asked("bob@example.test", "nobody@example.test")
        self.assertEqual(told["bob@example.test"], told["nobody@example.test"])

    def test_who_may_see_the_times_sees_them(self) -> None:
        self.put("bob", meeting(uid="2", organizer="bob@example.test"))
        calendar = self.successResultOf(self.store.read(lambda tx: tx.collections.member(self.bob, -11, "default")))
        self.successResultOf(
            self.store.write(
                lambda tx: tx.shares.replace(
                    self.bob, calendar.item_id, {self.alice: int(Rights.SCHEDULING_READ_FREE_BUSY)}
                )
            )
        )
        self.assertIn("FREEBUSY;FBTYPE=BUSY:20990105T100000Z", self.asked("bob@example.test")["bob@example.test"][1])

    def test_an_account_is_looked_at_once_whatever_it_is_called(self) -> None:
        looked = []
        before = outbox.availability
        self.patch(outbox, "availability", lambda *given: looked.append(given) or before(*given))
        told = self.asked("alice@example.test", "ALICE@example.test", "x@elsewhere.test", "y@elsewhere.test")
        self.assertEqual((len(told), len(looked)), (4, 2))

    def test_it_works_where_invitations_are_switched_off(self) -> None:
        self.settle(self.settings.change(CalendarScheduling, {"enable": False}))
        self.assertEqual(len(self.asked("bob@example.test")), 1)

    def test_only_the_organizer_asks(self) -> None:
        answer = self.ask("POST", BOX, question("alice@example.test", organizer="bob@example.test"))
        self.assertEqual((answer.status, conditions(answer)), (403, ["A:valid-organizer"]))
        self.expect(403, "POST", BOX, question("alice@example.test"), user="bob")
        self.expect(403, "POST", BOX.replace("outbox", "inbox"), question("alice@example.test"))

    def test_what_is_no_question(self) -> None:
        for body in (
            b"words",
            question("bob@example.test", without="DTEND"),
            question("bob@example.test", without="ORGANIZER"),
            question(),
            question("bob@example.test", more="DTEND:1 END:VFREEBUSY BEGIN:VFREEBUSY"),
            meeting("bob@example.test"),
        ):
            answer = self.ask("POST", BOX, body)
            self.assertEqual((answer.status, conditions(answer)), (400, ["A:valid-scheduling-message"]), body)
        answer = self.ask("POST", BOX, b"x" * (outbox.LARGEST + 1))
        self.assertEqual((answer.status, conditions(answer)), (412, ["A:max-resource-size"]))
