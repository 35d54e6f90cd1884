"""What webmail programs send, in the order in which they do: several calls in one request, with references."""

from __future__ import annotations

import json
from typing import Any

from stalwart.codec.ids import encode_id
from stalwart.jmap.calendars import event_view
from tests.jmap.calendars.event_case import EVENT, WEEKLY, EventCase
from tests.jmap.sharing.both_faces import USING

TESTED = event_view
MONTH = {"after": "2027-01-01T00:00:00", "before": "2027-02-01T00:00:00"}
PERSON = {"@type": "Participant", "roles": {"attendee": True}, "participationStatus": "needs-action"}


class ClientTests(EventCase):
    def calls(self, *calls: tuple[str, dict[str, Any]], user: str = "alice") -> list[Any]:
        """The answers to calls that work."""
        account = encode_id(self.number(user))
        listed = [[name, {"accountId": account, **given}, str(at)] for at, (name, given) in enumerate(calls)]
        body = json.dumps({"using": USING, "methodCalls": listed}).encode()
        answer = self.ask("POST", "/jmap", body, user=user, content_type="application/json")
        found = json.loads(answer.body)["methodResponses"]
        self.assertNotIn("error", [name for name, *_ in found], found)
        return [given for _, given, _ in found]

    def test_a_month_is_shown(self) -> None:
        """Bulwark: the query and what it found in one request."""
        lunch, weekly = self.event(**EVENT), self.event(**WEEKLY)
        reference = {"resultOf": "1", "name": "CalendarEvent/query", "path": "/ids"}
        wanted = ["id", "calendarIds", "title", "start", "duration", "timeZone", "utcStart", "utcEnd", "baseEventId"]
        query = {
            "filter": {**MONTH, "inCalendar": self.calendar},
            "expandRecurrences": True,
            "timeZone": "Europe/Berlin",
        }
        query |= {"sort": [{"property": "start", "isAscending": True}], "limit": 1000}
        _, found, shown = self.calls(
            ("Calendar/get", {"ids": None}),
            ("CalendarEvent/query", query),
            ("CalendarEvent/get", {"#ids": reference, "properties": wanted, "timeZone": "Europe/Berlin"}),
        )
        self.assertEqual(len(found["ids"]), 5)
        self.assertEqual([each["id"] for each in shown["list"]], found["ids"])
        bases = {each["baseEventId"] for each in shown["list"]}
        self.assertEqual(bases, {None, weekly})
        first = next(each for each in shown["list"] if each["id"] == lunch)
        self.assertEqual(first["utcStart"], "2027-01-04T11:00:00Z")
        self.assertEqual(list(first), wanted)

    def test_an_event_is_made_moved_and_taken_away(self) -> None:
        """Bulwark: what it writes, in the words of RFC 8984, with nulls and defaults."""
        given = {
            "@type": "Event",
            "calendarIds": {self.calendar: True},
            "title": "Plan",
            "description": "",
            "start": "2027-01-05T09:00:00",
            "duration": "PT30M",
            "timeZone": "Europe/Berlin",
            "showWithoutTime": False,
            "status": "confirmed",
            "freeBusyStatus": "busy",
            "privacy": "public",
            "color": None,
            "keywords": None,
            "locations": {"1": {"@type": "Location", "name": "Room"}},
            "virtualLocations": None,
            "alerts": {
                "1": {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT15M"}, "action": "display"}
            },
            "useDefaultAlerts": False,
            "recurrenceRules": [{"@type": "RecurrenceRule", "frequency": "weekly", "interval": 1}],
            "participants": {
                "o": {**PERSON, "sendTo": {"imip": "mailto:alice@example.test"}, "roles": {"owner": True}},
                "b": {**PERSON, "email": "bob@example.test", "sendTo": {"imip": "mailto:bob@example.test"}},
            },
            "replyTo": {"imip": "mailto:alice@example.test"},
        }
        (made,) = self.calls(("CalendarEvent/set", {"create": {"new": given}, "sendSchedulingMessages": True}))
        id = made["created"]["new"]["id"]
        shown = self.shown(id)
        self.assertEqual((shown["title"], shown["recurrenceRule"]["frequency"]), ("Plan", "weekly"))
        self.assertNotIn("recurrenceRules", shown)
        self.assertEqual(len(shown["participants"]), 2)
        instance = f"{id}-20270112T090000"
        moved = {"start": "2027-01-12T10:00:00", "duration": "PT1H", "timeZone": "Europe/Berlin"}
        whole = {"recurrenceOverrides/2027-01-19T09:00:00": {"title": "Special"}}
        answers = self.calls(
            ("CalendarEvent/set", {"update": {instance: moved}, "sendSchedulingMessages": True}),
            ("CalendarEvent/set", {"update": {id: whole}}),
            (
                "CalendarEvent/get",
                {"ids": [id], "recurrenceOverridesAfter": "2027-01-15T00:00:00Z", "reduceParticipants": True},
            ),
            ("CalendarEvent/set", {"destroy": [instance]}),
            ("CalendarEvent/set", {"destroy": [id], "sendSchedulingMessages": True}),
        )
        self.assertEqual([each.get("notUpdated") for each in answers[:2]], [None, None])
        (reduced,) = answers[2]["list"]
        self.assertEqual(list(reduced["recurrenceOverrides"]), ["2027-01-19T09:00:00"])
        self.assertEqual([each["roles"].get("owner") for each in reduced["participants"].values()], [True])
        self.assertEqual([each["destroyed"] for each in answers[3:]], [[instance], [id]])

    def test_made_and_changed_by_its_creation_id(self) -> None:
        event = {"calendarIds": {"#work": True}, **EVENT}
        answers = self.calls(
            ("Calendar/set", {"create": {"work": {"name": "Work"}}}),
            ("CalendarEvent/set", {"create": {"e": event}, "update": {"#e": {"title": "Now"}}}),
            ("CalendarEvent/get", {"ids": ["#e"], "properties": ["title", "calendarIds"]}),
        )
        (shown,) = answers[2]["list"]
        self.assertEqual((shown["title"], list(shown["calendarIds"])), ("Now", [answers[0]["created"]["work"]["id"]]))

    def test_hidden_people(self) -> None:
        person = {"calendarAddress": "mailto:carol@example.test", "roles": {"attendee": True}}
        bob = {**person, "calendarAddress": "mailto:bob@example.test"}
        id = self.event(**EVENT, hideAttendees=True, participants={"c": person, "b": bob})
        self.share("bob", "mayReadItems", "mayRSVP")
        people = self.shown(id, "bob", self.alice)["participants"].values()
        self.assertEqual([each["calendarAddress"] for each in people], ["mailto:bob@example.test"])
        self.assertEqual(len(self.shown(id)["participants"]), 2)
        (me,) = self.shown(id, "bob", self.alice)["participants"]
        self.change(id, {f"participants/{me}/participationStatus": "accepted"}, "bob", self.alice)
        self.assertEqual(len(self.shown(id)["participants"]), 2)
