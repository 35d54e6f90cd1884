"""What is wrong with an event."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscalendar.checking import MAX_CHANGED, MAX_OVERRIDES, InvalidEvent, check, override_patch, shifted
from stalwart.codec.jscalendar.values import FLAGS, OF_SERVER
from tests.codec.jscalendar.generated import ANY
from tests.codec.jscalendar.reading_of import made

DAY = "2026-01-02T10:00:00"


def problems(**members: object) -> list[str]:
    return [pointer for pointer, _ in check(made(**members))]


def of_patch(patch: object, **members: object) -> list[str]:
    return problems(recurrenceOverrides={DAY: patch}, **members)


class CheckTests(SynchronousTestCase):
    def test_members(self) -> None:
        for members, pointers in (
            ({}, []),
            ({"title": 5}, ["title"]),
            ({"uid": ""}, ["uid"]),
            ({"uid": " a"}, ["uid"]),
            ({"uid": None}, ["uid"]),
            ({"start": None}, ["start"]),
            ({"start": "2026-01-01T10:00:00Z"}, ["start"]),
            ({"duration": "-PT1H"}, ["duration"]),
            ({"duration": "PT1.5S"}, ["duration"]),
            ({"start": "9999-01-01T00:00:00"}, ["duration"]),
            ({"timeZone": "Mars/Olympus"}, ["timeZone"]),
            ({"timeZone": "europe/berlin"}, []),
            ({"timeZone": None, "endTimeZone": "Europe/Berlin"}, ["endTimeZone"]),
            ({"sequence": -1}, ["sequence"]),
            ({"priority": True}, ["priority"]),
            ({"status": "perhaps"}, ["status"]),
            ({"status": "example.com:perhaps"}, []),
            ({"keywords": {"a": False}}, ["keywords"]),
            ({"categories": {"no uri": True}}, ["categories/no uri"]),
            ({"color": "url(x)"}, ["color"]),
            ({"locations": {"no id": {}}}, ["locations/no id"]),
            ({"locations": {"1": {"name": 1}}}, ["locations/1/name"]),
            ({"mainLocationId": "x"}, ["mainLocationId"]),
            ({"links": {"1": {}}}, ["links/1/href"]),
            ({"locations": {"1": {"links": {"2": {"href": "a:b", "blobId": "x"}}}}}, ["locations/1/links/2/blobId"]),
            ({"participants": {"1": {"calendarAddress": "bob"}}}, ["participants/1/calendarAddress"]),
            ({"participants": {"1": {"@type": "Person"}}}, ["participants/1"]),
            ({"alerts": {"1": {}}}, ["alerts/1/trigger"]),
            ({"alerts": {"1": {"trigger": {"offset": "x"}}}}, ["alerts/1/trigger/offset"]),
            ({"alerts": {"1": {"trigger": {"@type": "AbsoluteTrigger"}}}}, ["alerts/1/trigger/when"]),
            ({"alerts": {"1": {"trigger": {"offset": "PT0S"}, "relatedTo": {"2": {}}}}}, ["alerts/1/relatedTo/2"]),
            ({"recurrenceRule": {"frequency": "daily", "count": 0}}, ["recurrenceRule/count"]),
            ({"recurrenceRule": []}, ["recurrenceRule"]),
            ({"recurrenceId": DAY, "recurrenceRule": {"frequency": "daily"}}, ["recurrenceId"]),
            ({"recurrenceIdTimeZone": "Etc/UTC"}, ["recurrenceIdTimeZone"]),
            ({"@type": "Group"}, ["@type"]),
            ({"@type": "Task", "due": "2025-01-01T00:00:00"}, ["due"]),
            ({"descriptionContentType": "image/png"}, ["descriptionContentType"]),
            ({"organizerCalendarAddress": "a b"}, ["organizerCalendarAddress"]),
            ({"example.com:x": {"y": [None]}}, []),
            ({"title": "\ud800"}, ["title"]),
            ({"a\x00": 1}, ["a\x00"]),
            ({"timeZones": {"/x": {}}, "timeZone": "/x"}, ["timeZones/~1x"]),
        ):
            self.assertEqual(problems(**members), pointers, members)

    def test_overrides(self) -> None:
        for patch, text in (
            ({"title": "x", "start": DAY}, []),
            ({}, []),
            ({"excluded": True}, []),
            ({"excluded": False}, [""]),
            ({"excluded": True, "title": "x"}, [""]),
            ([], [""]),
            ({"uid": "b"}, ["/uid"]),
            ({"recurrenceRule": None}, ["/recurrenceRule"]),
            ({"participants/1/calendarAddress": "x:y"}, ["/participants~11~1calendarAddress"]),
            ({"locations/1/name": "x"}, ["/locations~11~1name"]),
            ({"alerts": {}, "alerts/1": None}, ["/alerts~11"]),
            ({"duration": "x"}, ["/duration"]),
            ({"timeZone": "x"}, ["/timeZone"]),
            ({"start": None}, ["/start"]),
            *(({name: True}, [f"/{name}"]) for name in sorted({*OF_SERVER, *FLAGS})),
            ({"calendarIds/x": True}, ["/calendarIds~1x"]),
        ):
            self.assertEqual(of_patch(patch), [f"recurrenceOverrides/{DAY}{each}" for each in text], patch)
        self.assertEqual(problems(recurrenceOverrides={"x": {}}), ["recurrenceOverrides/x"])
        self.assertEqual(problems(recurrenceOverrides=[]), ["recurrenceOverrides"])

    def test_localizations(self) -> None:
        for patches, pointers in (
            ({"de": {"title": "x", "locations/l/name": "y"}, "pt-BR": {}}, []),
            ([], [""]),
            ({"d e": {}}, ["/d e"]),
            ({"de": "x"}, ["/de"]),
            ({"de": {"nope/nope": 5}}, ["/de/nope~1nope"]),
            ({"de": {"title": 5}}, ["/de/title"]),
            ({"de": {"locations/l/name": 5}}, ["/de/locations~1l~1name"]),
            ({"de": {"id": "x"}}, ["/de/id"]),
            ({"de": {"uid": "x"}}, ["/de/uid"]),
            ({"de": {"localizations/fr": {}}}, ["/de/localizations"]),
            ({str(number): {} for number in range(101)}, [""]),
        ):
            found = problems(localizations=patches, locations={"l": {"name": "x"}})
            self.assertEqual(found, [f"localizations{each}" for each in pointers], patches)
        old = made(localizations={"de": {"title": 5}})
        self.assertEqual(check({**old, "title": "x"}, old), [])

    def test_bounds(self) -> None:
        nested: Any = {}
        for _ in range(2000):
            nested = {"a": nested}
        self.assertEqual(problems(x=nested), ["x"])
        self.assertEqual(problems(title="x" * 2**21), ["title"])
        self.assertEqual(problems(x=[[]] * 200_000), ["x"])
        self.assertEqual(problems(keywords={str(n): True for n in range(1001)}), ["keywords"])
        many = {f"k{n}": {} for n in range(MAX_OVERRIDES + 1)}
        self.assertEqual(problems(recurrenceOverrides=many), ["recurrenceOverrides"])
        changed = {f"k{n}": {"title": "x"} for n in range(MAX_CHANGED + 1)}
        self.assertEqual(problems(recurrenceOverrides=changed), ["recurrenceOverrides"])
        self.assertLess(len(problems(recurrenceOverrides={f"k{n}": {} for n in range(1000)})), 50)

    @settings(max_examples=200)
    @given(ANY)
    def test_anything_is_judged(self, event: Any) -> None:
        for pointer, text in check(event):
            self.assertTrue(isinstance(pointer, str) and text.endswith("."))

    def test_what_is_no_object(self) -> None:
        for value in (None, [], "x", 1):
            self.assertEqual(check(value), [("", "This is no object.")])

    def test_what_was_so_is_not_held_against_a_change(self) -> None:
        old = made(participants={"1": {"email": "odd", "name": "A"}}, color="url(x)")
        new = made(participants={"1": {"email": "odd", "name": "B"}}, color="url(x)", title=5)
        self.assertEqual([pointer for pointer, _ in check(new, old)], ["title"])

    def test_the_error_names_the_members(self) -> None:
        error = InvalidEvent(check(made(title=5, alerts={"1": {}})))
        self.assertEqual(set(error.properties), {"title", "alerts"})

    def test_somebody_else_is_another_participant(self) -> None:
        one = {"@type": "Participant", "calendarAddress": "mailto:a@b.c", "name": "A"}
        other = {"@type": "Participant", "calendarAddress": "mailto:d@b.c", "name": "A"}
        base = made(participants={"1": one, "2": one})
        patch = override_patch(base, base | {"participants": {"1": other, "2": one | {"name": "B"}}})
        self.assertEqual(patch, {"participants/1": other, "participants/2/name": "B"})

    def test_instances_are_shifted(self) -> None:
        task = made(due="2026-01-01T12:00:00", recurrenceRule={"frequency": "daily"}) | {"@type": "Task"}
        instance = shifted(task, DAY)
        self.assertEqual((instance["start"], instance["due"]), (DAY, "2026-01-02T12:00:00"))
        self.assertNotIn("recurrenceRule", instance)
