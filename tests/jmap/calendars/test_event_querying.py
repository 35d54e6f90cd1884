"""CalendarEvent/query, queryChanges (jmap.md 16.2)."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.calendars import event_conditions, event_order, event_querying
from tests.jmap.calendars.event_case import EVENT, WEEKLY, EventCase

TESTED = event_conditions, event_order, event_querying
JANUARY = {"after": "2027-01-01T00:00:00", "before": "2027-02-01T00:00:00"}


class QueryTests(EventCase):
    def setUp(self) -> None:
        super().setUp()
        person = {"calendarAddress": "mailto:carl@x.test", "name": "Carl Orff", "roles": {"attendee": True}}
        self.lunch = self.event(**EVENT, description="Soup", uid="z", participants={"a": person})
        self.weekly = self.event(
            **{**WEEKLY, "start": "2027-01-05T12:00:00"}, uid="y", locations={"a": {"name": "Rom"}}
        )
        self.far = self.event(**{**EVENT, "start": "2028-05-01T00:00:00", "title": "Lünch"}, uid="x")
        self.day = self.event(title="Day", start="2027-01-31T00:00:00", duration="P1D", showWithoutTime=True, uid="w")
        self.all = [self.lunch, self.weekly, self.far, self.day]

    def check(self, expected: list[str], **filter: object) -> None:
        self.assertEqual(sorted(self.found(filter=filter)), sorted(expected), filter)

    def test_conditions(self) -> None:
        self.check(self.all)
        self.check(self.all, inCalendar=self.calendar)
        self.check([], inCalendar="zz")
        self.check([self.lunch, self.weekly, self.day], **JANUARY)
        self.check([self.far], after="2028-01-01T00:00:00")
        self.check([self.lunch], before="2027-01-05T00:00:00")
        self.check([self.lunch], after="2027-01-04T11:59:59", before="2027-01-04T13:00:00")
        self.check([], after="2027-01-04T12:00:00", before="2027-01-05T11:00:00")
        self.check([self.lunch, self.far], title="lunch")
        self.check([self.weekly], location="rom")
        self.check([self.lunch], description="soup")
        self.check([self.lunch], text="soup")
        self.check([self.lunch], text="orff")
        self.check([self.lunch], attendee="carl@x")
        self.check([self.lunch], owner="alice")
        self.check([], owner="carl")
        self.check([self.weekly], uid="y")

    def test_operators(self) -> None:
        either = {"operator": "OR", "conditions": [{"uid": "x"}, {"title": "day"}]}
        self.assertEqual(sorted(self.found(filter=either)), sorted([self.far, self.day]))
        neither = {"operator": "NOT", "conditions": [{"uid": "x"}, {"title": "day"}]}
        self.assertEqual(sorted(self.found(filter=neither)), sorted([self.lunch, self.weekly]))
        both = {"operator": "AND", "conditions": [JANUARY, neither]}
        self.assertEqual(sorted(self.found(filter=both)), sorted([self.lunch, self.weekly]))

    def test_a_zone_moves_the_clock(self) -> None:
        filter = {"after": "2027-01-04T06:00:00", "before": "2027-01-04T07:00:00"}
        self.assertEqual(self.found(filter=filter, timeZone="America/New_York"), [self.lunch])
        self.assertEqual(self.found(filter=filter), [])
        self.assertEqual(self.refused("CalendarEvent/query", filter=filter, timeZone="Mars"), "invalidArguments")

    def test_orders(self) -> None:
        def order(name: str, ascending: bool = True) -> list[str]:
            return self.found(sort=[{"property": name, "isAscending": ascending}])

        self.assertEqual(order("start"), [self.lunch, self.weekly, self.day, self.far])
        self.assertEqual(order("start", False), [self.far, self.day, self.weekly, self.lunch])
        self.assertEqual(order("uid"), [self.day, self.far, self.weekly, self.lunch])
        self.clock.advance(60)
        self.change(self.lunch, {"title": "x"})
        self.assertEqual(order("updated")[-1], self.lunch)
        self.assertEqual(order("created"), self.all)
        self.assertEqual(self.refused("CalendarEvent/query", sort=[{"property": "title"}]), "unsupportedSort")

    def test_instances(self) -> None:
        found = self.found(filter=JANUARY, expandRecurrences=True, sort=[{"property": "start"}])
        weekly = [f"{self.weekly}-202701{day:02}T120000" for day in (5, 12, 19, 26)]
        self.assertEqual(found, [self.lunch, *weekly, self.day])
        self.change(weekly[1], {"title": "Special", "start": "2027-01-04T09:00:00"})
        self.assertIsNone(self.destroyed(weekly[2]))
        found = self.found(filter=JANUARY, expandRecurrences=True, sort=[{"property": "start"}])
        self.assertEqual(found, [weekly[1], self.lunch, weekly[0], weekly[3], self.day])
        by_id = self.found(filter=JANUARY, expandRecurrences=True, sort=[{"property": "recurrenceId"}])
        self.assertEqual(by_id[-3:], [weekly[0], weekly[1], weekly[3]])
        for text, expected in (
            ("special", [weekly[1]]),
            ("weekly", [weekly[0], weekly[3]]),
            ("rom", [*weekly[:2], weekly[3]]),
        ):
            found = self.found(filter={**JANUARY, "text": text}, expandRecurrences=True)
            self.assertEqual(sorted(found), sorted(expected), text)
        shown = self.jmap("CalendarEvent/get", ids=weekly[:2])["list"]
        self.assertEqual([each["title"] for each in shown], ["Weekly", "Special"])

    def test_instances_need_bounds(self) -> None:
        for filter, problem in (
            ({"after": JANUARY["after"]}, "invalidArguments"),
            ({}, "invalidArguments"),
            ({"operator": "OR", "conditions": [JANUARY]}, "invalidArguments"),
            ({**JANUARY, "before": "2028-02-01T00:00:00"}, "expandDurationTooLarge"),
        ):
            self.assertEqual(self.refused("CalendarEvent/query", filter=filter, expandRecurrences=True), problem)
        self.event(title="x", start="2027-01-01T00:00:00", recurrenceRule={"frequency": "minutely"})
        self.assertEqual(
            self.refused("CalendarEvent/query", filter=JANUARY, expandRecurrences=True), "invalidArguments"
        )

    def test_changes_of_queries(self) -> None:
        answer = self.jmap("CalendarEvent/query", filter=JANUARY, sort=[{"property": "start"}])
        self.assertTrue(answer["canCalculateChanges"])
        self.change(self.far, {"start": "2027-01-02T00:00:00"})
        self.destroyed(self.day)
        given = {"filter": JANUARY, "sort": [{"property": "start"}], "sinceQueryState": answer["queryState"]}
        changes = self.jmap("CalendarEvent/queryChanges", **given)
        self.assertEqual(sorted(changes["removed"]), sorted([self.far, self.day]))
        self.assertEqual(changes["added"], [{"id": self.far, "index": 0}])
        problem = self.refused("CalendarEvent/queryChanges", **given, expandRecurrences=True)
        self.assertEqual(problem, "cannotCalculateChanges")
        answer = self.jmap("CalendarEvent/query", filter=JANUARY, expandRecurrences=True)
        self.assertFalse(answer["canCalculateChanges"])

    def test_texts_that_are_looked_for_are_not_without_end(self) -> None:
        def asked(number: int) -> dict[str, Any]:
            return {"operator": "OR", "conditions": [{"text": f"x{each % 50}"} for each in range(number)]}

        self.assertEqual(self.found(filter=asked(1000)), [])
        many = {"operator": "OR", "conditions": [{"title": "x"}, *asked(50)["conditions"]]}
        self.assertEqual(self.refused("CalendarEvent/query", filter=many), "unsupportedFilter")
