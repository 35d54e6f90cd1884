"""Who is told of events that are written over JMAP: nobody, unless the client says so (jmap.md 16.2)."""

from __future__ import annotations

import json
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.calendars import event_places, event_writing
from tests.groupware.scheduling.world import SchedulingWorld
from tests.jmap.calendars.event_case import EventCase

TESTED = event_places, event_writing
BOB = {"calendarAddress": "mailto:bob@example.test", "roles": {"attendee": True}, "participationStatus": "needs-action"}
GUEST = {"calendarAddress": "mailto:guest@elsewhere.test", "roles": {"attendee": True}}
MEETING = {"title": "Meeting", "start": "2099-01-05T10:00:00", "timeZone": "Etc/UTC", "duration": "PT1H"}


class SchedulingTests(EventCase, SchedulingWorld):
    def send(self, user: str = "alice", **given: Any) -> Any:
        """A ``/set`` that tells people."""
        return self.jmap("CalendarEvent/set", user, sendSchedulingMessages=True, **given)

    def meeting(self, *people: dict[str, Any], **members: Any) -> dict[str, Any]:
        participants = {str(number): each for number, each in enumerate(people)}
        return {"calendarIds": {self.calendar: True}, **MEETING, "participants": participants, **members}

    def of_bob(self) -> list[dict[str, Any]]:
        return list(self.jmap("CalendarEvent/get", "bob")["list"])

    def test_silence_is_the_rule(self) -> None:
        id = self.event(**self.meeting(BOB, GUEST))
        self.change(id, {"start": "2099-01-06T10:00:00"})
        self.assertEqual((self.of_bob(), self.tasks()), ([], []))
        self.assertIsNone(self.destroyed(id))
        self.assertEqual((self.of_bob(), self.tasks()), ([], []))

    def test_invitations_changes_answers_and_the_end(self) -> None:
        id = self.send(create={"k": self.meeting(BOB, GUEST)})["created"]["k"]["id"]
        (invited,) = self.of_bob()
        self.assertEqual((invited["title"], invited["isOrigin"]), ("Meeting", False))
        self.assertEqual(len(self.tasks()), 1)
        (told,) = self.jmap("CalendarEventNotification/get", "bob")["list"]
        self.assertEqual((told["type"], told["calendarEventId"]), ("created", invited["id"]))
        self.assertEqual(told["changedBy"]["calendarAddress"], "mailto:alice@example.test")
        self.send(update={id: {"start": "2099-01-06T10:00:00"}})
        self.assertEqual(self.of_bob()[0]["start"], "2099-01-06T10:00:00")
        told = self.jmap("CalendarEventNotification/get", "bob")["list"][1]
        self.assertEqual((told["type"], told["eventPatch"]["start"]), ("updated", "2099-01-06T10:00:00"))
        me = next(key for key, each in invited["participants"].items() if "bob" in each["calendarAddress"])
        answer = {f"participants/{me}/participationStatus": "accepted"}
        self.assertIsNone(self.send("bob", update={invited["id"]: answer})["notUpdated"])
        people = self.shown(id)["participants"].values()
        self.assertIn("accepted", [each.get("participationStatus") for each in people])
        (answered,) = self.jmap("CalendarEventNotification/get")["list"]
        self.assertEqual(answered["type"], "updated")
        self.assertTrue(any("participationStatus" in pointer for pointer in answered["eventPatch"]), answered)
        self.assertIsNone(self.destroyed(id, sendSchedulingMessages=True))
        self.assertEqual(self.of_bob()[0]["status"], "cancelled")

    def test_who_has_answered_is_asked_anew_about_another_time(self) -> None:
        """And the client that moves the meeting is told, as it has not written that itself (RFC 6638 3.2.8)."""
        id = self.send(create={"k": self.meeting({**BOB, "participationStatus": "accepted"}, GUEST)})["created"]["k"][
            "id"
        ]
        (person,) = (key for key, each in self.shown(id)["participants"].items() if "bob" in each["calendarAddress"])
        self.send(update={id: {"title": "Other"}})
        self.assertEqual(self.shown(id)["participants"][person]["participationStatus"], "accepted")
        answer = self.send(update={id: {"start": "2099-01-07T10:00:00"}})["updated"][id]
        self.assertEqual(self.shown(id)["participants"][person]["participationStatus"], "needs-action")
        self.assertEqual(answer["participants"][person]["participationStatus"], "needs-action")
        self.send(update={id: {f"participants/{person}/participationStatus": "accepted"}})
        self.change(id, {"start": "2099-01-08T10:00:00"})  # nobody is told, so nobody is asked
        self.assertEqual(self.shown(id)["participants"][person]["participationStatus"], "accepted")

    def test_who_takes_part_changes_his_answer_only(self) -> None:
        self.send(create={"k": self.meeting(BOB, GUEST)})
        (invited,) = self.of_bob()
        people = {each["calendarAddress"]: key for key, each in invited["participants"].items()}
        me, other = people["mailto:bob@example.test"], people["mailto:guest@elsewhere.test"]
        for patch in (
            {"title": "x"},
            {"start": "2099-01-01T00:00:00"},
            {f"participants/{other}/participationStatus": "declined"},
            {f"participants/{me}/roles/chair": True},
            {"participants/new": GUEST},
            {"organizerCalendarAddress": "mailto:bob@example.test"},
            {"mayInviteOthers": True},
        ):
            self.assertEqual(self.refusal(invited["id"], patch, "bob"), "forbidden", patch)
        self.change(invited["id"], {"color": "red", "keywords": {"x": True}, "useDefaultAlerts": True}, "bob")
        self.change(invited["id"], {f"participants/{me}/participationStatus": "tentative"}, "bob")

    def test_an_answer_to_one_instance_keeps_nobody_in(self) -> None:
        series = {"recurrenceRule": {"frequency": "daily", "count": 3}}
        id = self.send(create={"k": self.meeting(BOB, GUEST, **series)})["created"]["k"]["id"]
        (invited,) = self.of_bob()
        me = next(key for key, each in invited["participants"].items() if "bob" in each["calendarAddress"])
        instance, answer = f"{invited['id']}-20990106T100000", {f"participants/{me}/participationStatus": "declined"}
        self.assertIsNone(self.send("bob", update={instance: answer})["notUpdated"])
        there = next(key for key, each in self.shown(id)["participants"].items() if "bob" in each["calendarAddress"])
        patch = self.shown(id)["recurrenceOverrides"]["2099-01-06T10:00:00"]
        self.assertEqual(patch[f"participants/{there}/participationStatus"], "declined")
        self.assertIsNone(self.send(update={id: {f"participants/{there}": None}})["notUpdated"])
        self.assertNotIn("bob", json.dumps([self.shown(id), self.shown(f"{id}-20990106T100000")]))
        self.assertEqual(self.of_bob()[0]["status"], "cancelled")

    def test_others_are_invited_where_that_is_allowed(self) -> None:
        self.send(create={"k": self.meeting(BOB, mayInviteOthers=True)})
        (invited,) = self.of_bob()
        if invited.get("mayInviteOthers"):
            self.change(invited["id"], {"participants/new": GUEST}, "bob")
        self.assertEqual(
            self.refusal(invited["id"], {"participants/x": {**GUEST, "roles": {"owner": True}}}, "bob"), "forbidden"
        )

    def test_a_draft_is_sent_when_it_is_finished(self) -> None:
        answer = self.send(create={"k": self.meeting(BOB, isDraft=True)})
        id = answer["created"]["k"]["id"]
        self.send(update={id: {"title": "Still a draft"}})
        self.assertEqual(self.of_bob(), [])
        self.send(update={id: {"isDraft": False}})
        self.assertEqual([each["title"] for each in self.of_bob()], ["Still a draft"])

    def test_people_without_mail(self) -> None:
        nobody = {"calendarAddress": "tel:+1", "roles": {"attendee": True}}
        problem = self.send(create={"k": self.meeting(BOB, nobody)})["notCreated"]["k"]
        self.assertEqual((problem["type"], problem["recipients"]), ("noSupportedScheduleMethods", ["tel:+1"]))
        self.event(**self.meeting(BOB, nobody))

    def test_copies_are_silent(self) -> None:
        id = self.event(**self.meeting(BOB))
        self.share("carol", "mayReadItems")
        (mine,) = (each["id"] for each in self.jmap("Calendar/get", "carol")["list"])
        create = {"k": {"id": id, "calendarIds": {mine: True}}}
        given = {"fromAccountId": encode_id(self.alice), "create": create, "sendSchedulingMessages": True}
        self.assertIsNone(self.jmap("CalendarEvent/copy", "carol", **given)["notCreated"])
        self.assertEqual(self.of_bob(), [])
