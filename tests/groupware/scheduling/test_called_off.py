"""Meetings that were called off, and take place after all (RFC 5546 2.1.4, RFC 6638 3.2.1.1, 3.2.2.1)."""

from __future__ import annotations

from stalwart.groupware import calendar_objects, restoring
from stalwart.groupware.contacts import Contacts
from stalwart.groupware.restoring import Restoring
from stalwart.groupware.scheduling import called_off
from stalwart.mail.messages.quota import Quotas
from stalwart.store import Transaction
from tests.groupware.scheduling.world import DEFAULT, SchedulingWorld, meeting

ALICE, BOB = ";PARTSTAT=ACCEPTED:alice@example.test", ";PARTSTAT=NEEDS-ACTION;RSVP=TRUE:bob@example.test"
ELSEWHERE = ";PARTSTAT=ACCEPTED:ext@good.test"
MEET = DEFAULT.format("alice", "meet")


class CalledOffTests(SchedulingWorld):
    def call_off(self) -> None:
        self.expect(204, "DELETE", MEET)
        self.assertIn("STATUS:CANCELLED", self.event("bob"))

    def restore(self, account: int) -> None:
        """What somebody has deleted last."""
        quotas, now = Quotas(self.settings, self.clock), int(self.clock.seconds())
        restoring = Restoring(self.store, self.tools.events, Contacts(self.settings, quotas), quotas)
        last = self.successResultOf(self.store.read(lambda tx: tx.archive.kept(account)))[-1]
        what = self.settle(restoring.prepare(account, last.id, now))
        self.successResultOf(self.store.write(lambda tx: restoring.restore(tx, account, what, account, now)))

    def test_it_is_written_again(self) -> None:
        self.put("alice", meeting(ALICE, BOB))
        self.call_off()
        for sequence in ("3", "5"):
            self.put("alice", meeting(ALICE, BOB, more="SEQUENCE:0"), if_none_match="*")
            mine, bobs = self.event("alice", "meet"), self.event("bob")
            self.assertRegex(mine, r"SCHEDULE-STATUS=1\.2[^\r]*bob@")
            self.assertNotIn("CANCELLED", bobs)
            for text in (mine, bobs):
                self.assertIn(f"SEQUENCE:{sequence}\r\n", text)
            self.assertIn(f"SEQUENCE:{sequence}\n", self.inbox("bob")[-1])
            self.call_off()

    def test_it_is_restored_and_all_who_take_part_hear_of_it(self) -> None:
        self.put("alice", meeting(ALICE, BOB, ELSEWHERE))
        (path,) = self.names("bob")
        accepted = self.event("bob").replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED").encode()
        self.expect(204, "PUT", path, accepted, user="bob")
        self.call_off()
        self.restore(self.alice)
        mine = self.event("alice", "meet")
        self.assertRegex(mine, r"SCHEDULE-STATUS=1\.2[^\r]*bob@")
        self.assertIn("SEQUENCE:3\r\n", mine)
        self.assertNotIn("CANCELLED", self.event("bob"))
        self.assertEqual(["METHOD:REQUEST" in each for each in self.inbox("bob")], [True, False, True])
        (*_, task) = sorted(self.tasks(), key=lambda each: "METHOD:REQUEST" in each.messages[0].i_calendar_data)
        self.assertEqual(set(task.messages[0].to), {"ext@good.test"})
        self.put("alice", mine.replace("SUMMARY:Meeting", "SUMMARY:Other").encode(), 204)
        self.assertIn("SUMMARY:Other", self.event("bob"))

    def test_it_is_restored_when_nothing_is_remembered(self) -> None:
        self.put("alice", meeting(ALICE, BOB))
        self.call_off()
        self.successResultOf(self.store.write(lambda tx: called_off.forget(tx, self.alice, "meet-1")))
        self.restore(self.alice)
        self.assertIn("SEQUENCE:3\r\n", self.event("bob"))

    def test_a_calendar_is_restored_with_its_meetings(self) -> None:
        work = "/dav/cal/alice%40example.test/work/"
        self.expect(201, "MKCALENDAR", work)
        for uid in ("1", "2"):
            self.expect(201, "PUT", f"{work}{uid}.ics", meeting(ALICE, BOB, uid=uid))
        self.expect(204, "DELETE", work)
        self.patch(restoring, "MOST_TOLD", 1)
        self.restore(self.alice)
        told = [
            path for path in self.names("bob") if b"CANCELLED" not in self.expect(200, "GET", path, user="bob").body
        ]
        self.assertEqual((len(told), calendar_objects.MOST_TOLD), (1, 1000))
        self.assertIn("SEQUENCE:1\r\n", self.expect(200, "GET", f"{work}2.ics").body.decode())

    def test_who_restores_what_he_was_invited_to_answers_again(self) -> None:
        self.put("alice", meeting(ALICE, BOB))
        (path,) = self.names("bob")
        accepted = self.event("bob").replace("PARTSTAT=NEEDS-ACTION", "PARTSTAT=ACCEPTED").encode()
        self.expect(204, "PUT", path, accepted, user="bob")
        self.expect(204, "DELETE", path, user="bob")
        self.assertIn("PARTSTAT=DECLINED", self.event("alice", "meet"))
        self.restore(self.bob)
        self.assertRegex(self.event("alice", "meet"), r"PARTSTAT=ACCEPTED[^\r]*bob@")

    def test_what_came_from_elsewhere_and_is_newer_stays(self) -> None:
        self.put("bob", meeting(ALICE, BOB, more="SEQUENCE:7 LOCATION:There"), name="copy")
        self.put("alice", meeting(ALICE, BOB))
        self.assertIn("LOCATION:There", self.event("bob"))
        self.assertRegex(self.event("alice", "meet"), r"SCHEDULE-STATUS=5\.1[^\r]*bob@")
        self.assertEqual(self.tasks(), [])

    def test_it_is_remembered_for_a_year(self) -> None:
        def work(tx: Transaction) -> list[int | None]:
            called_off.note(tx, 1, "a", 300, 10)
            called_off.note(tx, 1, "a", 7, 20)
            called_off.note(tx, 2, "a", 9, 20)
            moments = (20, 20 + called_off.KEPT)
            found = [called_off.known(tx, 1, uid, now) for uid in ("a", "b") for now in moments]
            called_off.forget(tx, 1, "a")
            return [*found, called_off.known(tx, 1, "a", 20), called_off.known(tx, 2, "a", 20)]

        found = self.successResultOf(self.store.write(work))
        self.assertEqual(found, [7, None, None, None, None, 9])
