"""Events in shared calendars: what each right lets people do, what is their own, what the owner hears of it."""

from __future__ import annotations

import json
from typing import Any

from stalwart.codec.ids import decode_id, encode_id
from stalwart.config.collaboration.calendar import Calendar
from stalwart.dav import owning
from stalwart.groupware import event_notices
from stalwart.jmap.blobs.access import uploader
from stalwart.jmap.blobs.ids import BlobId
from stalwart.jmap.calendars import calendar_event_notification, event_links, event_parse, event_sight
from tests.directory.world import NOW
from tests.jmap.calendars.event_case import EVENT, HOME, WEEKLY, EventCase

TESTED = owning, calendar_event_notification, event_links, event_notices, event_parse, event_sight
ALERTS = {"a": {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M"}}}


class SharingTests(EventCase):
    def setUp(self) -> None:
        super().setUp()
        self.lunch = self.event(**EVENT, color="red", alerts=ALERTS)

    def refused_of(self, patch: dict[str, Any], id: str | None = None) -> str:
        return self.refusal(id or self.lunch, patch, "bob", self.alice)

    def changed_of(self, patch: dict[str, Any], id: str | None = None) -> Any:
        return self.change(id or self.lunch, patch, "bob", self.alice)

    def test_without_rights_nothing_is_seen(self) -> None:
        self.assertEqual(self.refused("CalendarEvent/get", "bob", self.alice, ids=[self.lunch]), "accountNotFound")
        self.share("bob", "mayReadFreeBusy")
        answer = self.responses(
            "CalendarEvent/get", {"accountId": self._arguments("bob", self.alice, {})["accountId"]}, "bob"
        )
        name, given, _ = answer["methodResponses"][0]
        self.assertTrue(name == "error" or given["list"] == [], given)

    def test_readers_change_nothing(self) -> None:
        self.share("bob", "mayReadItems")
        self.assertEqual(self.shown(self.lunch, "bob", self.alice)["title"], "Lunch")
        for patch in ({"title": "x"}, {"alerts": ALERTS}, {"color": "blue"}, {"start": "2027-01-01T00:00:00"}):
            self.assertEqual(self.refused_of(patch), "forbidden", patch)
        self.assertEqual(self.destroyed(self.lunch, "bob", self.alice), "forbidden")
        self.assertEqual(self.not_made("bob", self.alice, **EVENT)["type"], "forbidden")
        self.assertEqual(self.found("bob", self.alice), [self.lunch])

    def test_what_is_ones_own(self) -> None:
        self.share("bob", "mayReadItems", "mayUpdatePrivate")
        shown = self.shown(self.lunch, "bob", self.alice)
        self.assertEqual((shown["color"], shown.get("alerts")), ("red", None))
        before = self.text()
        state = self.jmap("CalendarEvent/get", "bob", self.alice, ids=[])["state"]
        mine = {"b": ALERTS["a"]}
        self.changed_of({"alerts": mine, "color": "blue", "freeBusyStatus": "free"})
        self.assertEqual(
            self.jmap("CalendarEvent/changes", "bob", self.alice, sinceState=state)["updated"], [self.lunch]
        )
        self.assertEqual(self.text(), before)
        shown = self.shown(self.lunch, "bob", self.alice)
        self.assertEqual((shown["color"], list(shown["alerts"]), shown["freeBusyStatus"]), ("blue", ["b"], "free"))
        own = self.shown(self.lunch)
        self.assertEqual((own["color"], list(own["alerts"]), own.get("freeBusyStatus")), ("red", ["a"], None))
        self.change(self.lunch, {"color": "green", "title": "New"})
        shown = self.shown(self.lunch, "bob", self.alice)
        self.assertEqual((shown["color"], shown["title"]), ("blue", "New"))
        self.assertEqual(self.refused_of({"color": "black", "title": "x"}), "forbidden")
        self.assertEqual(self.shown(self.lunch, "bob", self.alice)["color"], "blue")
        self.changed_of({"color": None, "alerts": None})
        self.assertNotIn("color", self.shown(self.lunch, "bob", self.alice))
        self.assertEqual(self.jmap("CalendarEventNotification/get")["list"], [])

    def test_writers_keep_what_is_the_owners(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteAll")
        self.changed_of({"title": "By Bob", "alerts": None, "color": "blue"})
        own = self.shown(self.lunch)
        self.assertEqual((own["title"], own["color"], list(own["alerts"])), ("By Bob", "red", ["a"]))
        made = self.event("bob", self.alice, **EVENT, alerts=ALERTS)
        self.assertNotIn("alerts", self.shown(made))
        self.assertIn("alerts", self.shown(made, "bob", self.alice))
        self.assertIsNone(self.destroyed(made, "bob", self.alice))

    def test_own_alerts_of_an_instance(self) -> None:
        self.share("bob", "mayReadItems", "mayUpdatePrivate")
        base = self.event(**WEEKLY)
        second = f"{base}-20270111T120000"
        self.changed_of({"alerts": ALERTS}, second)
        self.assertIn("alerts", self.shown(second, "bob", self.alice))
        self.assertNotIn("alerts", self.shown(second))
        self.assertNotIn("alerts", self.shown(f"{base}-20270118T120000", "bob", self.alice))
        self.assertEqual(self.refused_of({"title": "x"}, second), "forbidden")
        self.assertEqual(self.destroyed(second, "bob", self.alice), "forbidden")

    def test_private_events(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteAll")
        self.change(self.lunch, {"privacy": "private"})
        shown = self.shown(self.lunch, "bob", self.alice)
        self.assertEqual((shown.get("title"), shown["start"]), (None, EVENT["start"]))
        self.assertEqual(self.found("bob", self.alice, filter={"title": "lunch"}), [])
        self.assertEqual(self.found("bob", self.alice), [self.lunch])
        self.assertEqual(self.refused_of({"start": "2027-01-01T00:00:00"}), "forbidden")
        self.assertEqual(self.destroyed(self.lunch, "bob", self.alice), "forbidden")
        other = self.made("Calendar", name="Other")
        own, self.calendar = self.calendar, other
        self.share("bob", "mayReadItems", "mayWriteAll")
        self.assertEqual(self.refused_of({"calendarIds": {other: True}}), "forbidden")
        self.calendar = own
        self.change(self.lunch, {"privacy": "secret"})
        self.assertTrue(self.is_gone(self.lunch, "bob", self.alice))
        self.assertEqual(self.found("bob", self.alice), [])
        self.assertEqual(self.shown(self.lunch)["title"], "Lunch")

    def test_hidden_people_are_seen_by_owners_only(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteAll")
        person = {"calendarAddress": "mailto:hidden@x.test", "roles": {"attendee": True}}
        organized = {"organizerCalendarAddress": "mailto:alice@example.test", "participants": {"a": person}}
        id = self.event(**EVENT, **organized, hideAttendees=True)
        new = {"calendarAddress": "mailto:new@x.test", "roles": {"attendee": True}}
        told = self.changed_of({"participants/n": new, "title": "By Bob"}, id)
        self.assertNotIn("hidden@x.test", json.dumps([told, self.shown(id, "bob", self.alice)]))
        self.assertEqual(len(self.shown(id)["participants"]), 2)
        mine = {"calendarAddress": "mailto:bob@example.test", "roles": {"owner": True}}
        for patch in (
            {"hideAttendees": False},
            {"participants/b": mine},
            {"organizerCalendarAddress": "mailto:bob@example.test"},
        ):
            self.assertEqual(self.refused_of(patch, id), "forbidden", patch)
        self.change(id, {"hideAttendees": None})
        self.assertIn("hidden@x.test", json.dumps(self.shown(id, "bob", self.alice)))

    def test_a_uid_tells_nothing_of_what_is_not_seen(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteAll")
        hidden = self.made("Calendar", name="Hidden")
        unseen = self.event(**EVENT, uid="unseen", calendarIds={hidden: True})
        secret = self.event(**EVENT, uid="secret", privacy="secret")
        self.event(**EVENT, uid="seen")
        for uid, is_told in (("unseen", False), ("secret", False), ("seen", True)):
            told = self.not_made("bob", self.alice, **EVENT, uid=uid)
            self.assertEqual((told["properties"], "existingId" in told), (["uid"], is_told))
            self.assertEqual([each in told["description"].split('"') for each in (unseen, secret)], [False, False])

    def test_own_events(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteOwn")
        self.changed_of({"title": "Nobody's"})
        guest = {"calendarAddress": "mailto:carol@example.test", "roles": {"attendee": True}}
        given = {"organizerCalendarAddress": "mailto:bob@example.test", "participants": {"c": guest}}
        made = self.event("bob", self.alice, **EVENT, **given)
        self.changed_of({"title": "Mine"}, made)
        others = self.event(**EVENT, participants={"b": {**guest, "calendarAddress": "mailto:bob@example.test"}})
        self.assertEqual(self.refused_of({"title": "x"}, others), "forbidden")
        self.assertEqual(self.destroyed(others, "bob", self.alice), "forbidden")

    def test_own_events_over_caldav(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteOwn")
        (nobodys,) = self.texts()
        asked = "<D:propfind><D:prop><D:current-user-privilege-set/></D:prop></D:propfind>"
        held = self.expect(207, "PROPFIND", HOME, asked, user="bob", depth="0")
        self.assertIn(b"<D:bind/>", held.body)
        times = ("DTSTART:20270104T100000Z", "ATTENDEE:mailto:carol@example.test")
        self.put("theirs", *times, "ORGANIZER:mailto:alice@example.test")
        theirs = f"{HOME}theirs.ics"
        self.put("nobodys", times[0], user="bob")
        self.put("nobodys", times[0], "SUMMARY:x", user="bob", status=204)
        self.put("nobodys", *times, "ORGANIZER:mailto:alice@example.test", user="bob", status=403)
        self.put("other", *times, "ORGANIZER:mailto:alice@example.test", user="bob", status=403)
        self.put("theirs", times[0], "SUMMARY:x", user="bob", status=403)
        for verb in ("DELETE", "MOVE"):
            self.expect(403, verb, theirs, user="bob", Destination=f"https://mail.example.test{HOME}x.ics")
        self.expect(403, "POST", f"{theirs}?action=attachment-add", b"x", user="bob", content_type="text/plain")
        self.expect(204, "DELETE", nobodys, user="bob")
        self.expect(204, "DELETE", f"{HOME}nobodys.ics", user="bob")
        self.share("bob", "mayReadItems")
        self.put("again", times[0], user="bob", status=403)

    def test_what_one_may_only_read_is_not_written_through_another_calendar(self) -> None:
        self.share("bob", "mayReadItems")
        other = self.made("Calendar", name="Other")
        key = f"shareWith/{encode_id(self.bob)}"
        self.changed("Calendar", other, {key: {"mayReadItems": True, "mayWriteAll": True}})
        (mine,) = self.texts()
        text = self.text().replace("Lunch", "x").encode()
        seen = self.properties("/dav/cal/alice%40example.test/", "D:getetag", depth="1", user="bob")
        there = next(
            each
            for each in seen
            if each != HOME and each.startswith("/dav/cal/alice%40example.test/") and each.count("/") > 4
        )
        self.assertEqual(self.refused_of({f"calendarIds/{other}": True}), "forbidden")
        self.carried("COPY", mine, f"{there}a.ics", 403)
        self.carried("MOVE", mine, f"{there}a.ics", 403)
        self.change(self.lunch, {f"calendarIds/{other}": True})
        self.assertEqual(self.refused_of({"title": "x"}), "forbidden")
        self.changed_of({"color": "blue"})
        path = next(each for each in self.properties(there, "D:getetag", depth="1", user="bob") if each != there)
        self.expect(403, "PUT", path, text, user="bob", content_type="text/calendar")
        self.expect(403, "POST", f"{path}?action=attachment-add", b"x", user="bob", content_type="text/plain")
        third = self.made("Calendar", name="Third")
        self.changed("Calendar", third, {key: {"mayReadItems": True, "mayWriteAll": True}})
        self.assertEqual(self.refused_of({"calendarIds": {self.calendar: True, third: True}}), "forbidden")
        self.share("bob", "mayReadItems", "mayWriteAll")
        self.changed_of({"title": "By Bob", f"calendarIds/{self.calendar}": None})
        self.expect(204, "PUT", path, text, user="bob", content_type="text/calendar")
        self.changed_of({"calendarIds": {third: True}})
        self.assertEqual(self.shown(self.lunch)["calendarIds"], {third: True})

    def test_answers(self) -> None:
        self.share("bob", "mayReadItems", "mayRSVP")
        person = {"calendarAddress": "mailto:bob@example.test", "roles": {"attendee": True}}
        id = self.event(**EVENT, participants={"b": person, "c": {**person, "calendarAddress": "mailto:c@x.test"}})
        people = {each["calendarAddress"]: key for key, each in self.shown(id)["participants"].items()}
        bob, other = people["mailto:bob@example.test"], people["mailto:c@x.test"]
        self.assertEqual(self.refused_of({f"participants/{other}/participationStatus": "accepted"}, id), "forbidden")
        self.assertEqual(self.refused_of({f"participants/{bob}": None}, id), "forbidden")
        self.assertEqual(self.refused_of({f"participants/{bob}/roles/owner": True}, id), "forbidden")
        self.assertEqual(self.refused_of({f"participants/{bob}/name": "The Director"}, id), "forbidden")
        self.assertEqual(self.refused_of({"sequence": 9}, id), "forbidden")
        draft = self.event(**EVENT, isDraft=True)
        self.assertEqual(self.refused_of({"isDraft": False}, draft), "forbidden")
        self.assertEqual(self.refused_of({"title": "x"}, f"{self.event(**WEEKLY)}-20270111T120000"), "forbidden")
        self.changed_of({f"participants/{bob}/participationStatus": "accepted"}, id)
        self.assertEqual(self.shown(id)["participants"][bob]["participationStatus"], "accepted")
        series = self.event(**WEEKLY, participants={"b": person, "o": {**person, "calendarAddress": "mailto:c@x.test"}})
        bob = next(key for key, each in self.shown(series)["participants"].items() if "bob" in each["calendarAddress"])
        before = self.shown(series).get("sequence")
        self.changed_of({f"participants/{bob}/participationStatus": "declined"}, f"{series}-20270111T120000")
        self.assertEqual(self.shown(series).get("sequence"), before)
        self.change(f"{series}-20270118T120000", {"color": "red"})
        self.assertEqual(self.shown(series).get("sequence"), before)
        self.change(f"{series}-20270118T120000", {"start": "2027-01-18T13:00:00"})
        self.assertEqual(self.shown(series)["sequence"], (before or 0) + 1)

    def test_the_owner_hears_of_it(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteAll")
        state = self.jmap("CalendarEventNotification/get")["state"]
        self.changed_of({"title": "By Bob"})
        (path,) = self.texts()
        body = self.text().replace("By Bob", "By DAV").encode()
        self.expect(204, "PUT", path, body, user="bob", content_type="text/calendar")
        made = self.event("bob", self.alice, **EVENT)
        self.expect(204, "DELETE", path, user="bob")
        self.destroyed(made, "bob", self.alice)
        answer = self.jmap("CalendarEventNotification/get")
        told = [(each["type"], each["calendarEventId"]) for each in answer["list"]]
        expected = [("updated", self.lunch)] * 2 + [("created", made), ("destroyed", self.lunch), ("destroyed", made)]
        self.assertEqual(told, expected)
        first = answer["list"][0]
        self.assertEqual((first["event"]["title"], first["eventPatch"]["title"]), ("Lunch", "By Bob"))
        self.assertEqual(first["changedBy"]["email"], "bob@example.test")
        self.assertEqual(answer["list"][1]["eventPatch"]["title"], "By DAV")
        ids = [each["id"] for each in answer["list"]]
        self.assertEqual(self.jmap("CalendarEventNotification/changes", sinceState=state)["created"], ids)
        found = self.jmap("CalendarEventNotification/query", filter={"type": "destroyed", "calendarEventIds": [made]})
        self.assertEqual(found["ids"], [ids[4]])
        answer = self.jmap("CalendarEventNotification/set", destroy=ids[:2], create={"k": {}})
        self.assertEqual((answer["destroyed"], answer["notCreated"]["k"]["type"]), (ids[:2], "forbidden"))
        answer = self.jmap("CalendarEventNotification/set", update={ids[2]: {"comment": "x"}}, destroy=[ids[2]])
        self.assertEqual((answer["destroyed"], answer["notDestroyed"]), ([ids[2]], None))
        self.assertEqual(answer["notUpdated"][ids[2]]["type"], "willDestroy")
        answer = self.jmap("CalendarEventNotification/set", update={ids[3]: {"comment": "x"}})
        self.assertEqual(answer["notUpdated"][ids[3]]["type"], "forbidden")
        problem = self.refused("CalendarEventNotification/get", "bob", self.alice)
        self.assertEqual(problem, "accountNotSupportedByMethod")
        inbox = "/dav/itip/alice%40example.test/inbox/"
        self.assertEqual(list(self.properties(inbox, "D:getetag", depth="1")), [inbox])

    def told(self) -> list[tuple[str, str, str]]:
        """What alice is told: the kind, the event, and what it is or was called."""
        found = self.jmap("CalendarEventNotification/get")["list"]
        return [(each["type"], each["calendarEventId"], each["event"]["title"]) for each in found]

    def carried(self, verb: str, path: str, to: str, status: int) -> None:
        """COPY or MOVE by bob."""
        fields = {"Destination": f"https://mail.example.test{to}", "Overwrite": "T"}
        self.expect(status, verb, path, user="bob", **fields)

    def test_the_owner_hears_of_copies_and_moves(self) -> None:
        self.share("bob", "mayReadItems", "mayWriteAll")
        self.jmap("Calendar/get", "bob")
        theirs = "/dav/cal/bob%40example.test/default/x.ics"
        self.put("x", "SUMMARY:Bob's", "DTSTART:20270105T090000Z", user="bob", home=theirs.removesuffix("x.ics"))
        (lunch,) = self.texts()
        self.carried("COPY", lunch, theirs.replace("x.", "y."), 201)
        self.assertEqual(self.told(), [])
        self.carried("COPY", theirs, f"{HOME}x.ics", 201)
        copied = self.by_title("Bob's")
        self.assertEqual(self.told(), [("created", copied, "Bob's")])
        self.carried("MOVE", lunch, f"{HOME}z.ics", 201)  # within the calendar it stays what it is
        self.assertEqual(len(self.told()), 1)
        self.carried("COPY", theirs, f"{HOME}z.ics", 412)
        self.expect(204, "DELETE", f"{HOME}x.ics", user="bob")
        self.carried("COPY", theirs, f"{HOME}z.ics", 204)
        again = self.by_title("Bob's")
        expected = [("created", copied, "Bob's"), ("destroyed", copied, "Bob's")]
        expected += [("destroyed", self.lunch, "Lunch"), ("created", again, "Bob's")]
        self.assertEqual(self.told(), expected)
        self.put("x", "SUMMARY:Newer", "DTSTART:20270105T100000Z", user="bob", home=theirs[:-5], status=204)
        self.carried("MOVE", theirs, f"{HOME}z.ics", 204)
        kind, _, title = self.told()[-1]
        self.assertEqual((kind, title), ("updated", "Bob's"))
        self.carried("MOVE", f"{HOME}z.ics", theirs, 201)
        self.assertEqual((self.told()[-1][0], self.told()[-1][2]), ("destroyed", "Newer"))

    def by_title(self, title: str) -> str:
        """The id of alice's event."""
        (id,) = self.jmap("CalendarEvent/query", filter={"title": title})["ids"]
        return str(id)

    def test_so_many_notifications_are_kept_as_the_settings_say(self) -> None:
        self.settle(self.settings.change(Calendar, {"maxEventNotifications": 2}))
        self.share("bob", "mayReadItems", "mayWriteAll")
        for title in ("1", "2", "3"):
            self.changed_of({"title": title})
        patches = [each["eventPatch"]["title"] for each in self.jmap("CalendarEventNotification/get")["list"]]
        self.assertEqual(patches, ["2", "3"])

    def alarm_at(self) -> int | None:
        """When alarms are to be looked at next."""
        found: int | None = self.successResultOf(self.store.read(lambda tx: tx.collections.next_alarm()))
        return found

    def test_alerts_of_ones_own_have_the_event_looked_at(self) -> None:
        alert = {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M"}}
        self.share("bob", "mayReadItems", "mayUpdatePrivate")
        self.assertIsNone(self.alarm_at())
        self.changed_of({"color": "red"})
        self.assertIsNone(self.alarm_at())
        self.changed_of({"alerts": {"a": alert}})
        self.assertEqual(self.alarm_at(), NOW)

    def test_default_alerts_have_events_looked_at_that_use_them(self) -> None:
        alerts = {"a": {"@type": "Alert", "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M"}}}
        self.changed("Calendar", self.calendar, {"defaultAlertsWithTime": alerts})
        self.assertIsNone(self.alarm_at())
        using = self.event(**EVENT, useDefaultAlerts=True)
        self.assertEqual(self.alarm_at(), NOW)
        number = decode_id(using)
        self.successResultOf(self.store.write(lambda tx: tx.collections.set_alarm(self.alice, number, None)))
        self.changed("Calendar", self.calendar, {"name": "Another"})
        self.assertIsNone(self.alarm_at())
        self.changed("Calendar", self.calendar, {"defaultAlertsWithTime": None})
        due = self.successResultOf(self.store.read(lambda tx: tx.collections.due_alarms(NOW, 9)))
        self.assertEqual([item for _, item, _ in due], [number])

    def test_what_has_changed_in_a_query_of_a_guest(self) -> None:
        self.share("bob", "mayReadItems")
        hidden = self.made("Calendar", name="Hidden")
        ids = [self.event(**{**EVENT, "title": f"{n} x"}) for n in range(4)]
        query: dict[str, Any] = {"filter": {"title": "x"}, "sort": [{"property": "start"}]}
        old = self.jmap("CalendarEvent/query", "bob", self.alice, **query)
        self.assertEqual((old["ids"], old["canCalculateChanges"]), (ids, True))
        self.change(ids[0], {"title": "other"})
        self.change(ids[1], {"start": "2027-02-01T00:00:00"})
        self.change(ids[2], {"calendarIds": {hidden: True}})
        self.change(ids[3], {"privacy": "secret"})
        new_id = self.event(**{**EVENT, "title": "y x"})
        self.event(**{**EVENT, "title": "z x"}, calendarIds={hidden: True})
        new = self.jmap("CalendarEvent/query", "bob", self.alice, **query)["ids"]
        self.assertEqual(new, [new_id, ids[1]])
        since = {"sinceQueryState": old["queryState"]}
        changes = self.jmap("CalendarEvent/queryChanges", "bob", self.alice, **query, **since)
        result = [id for id in old["ids"] if id not in changes["removed"]]
        for each in changes["added"]:
            result.insert(each["index"], each["id"])
        self.assertEqual(result, new)

    def test_changes_of_who_sees_some(self) -> None:
        self.share("bob", "mayReadItems")
        hidden = self.made("Calendar", name="Hidden")
        state = self.jmap("CalendarEvent/get", "bob", self.alice, ids=[])["state"]
        secret = self.event(**EVENT, calendarIds={hidden: True})
        self.change(self.lunch, {"title": "x"})
        changes = self.jmap("CalendarEvent/changes", "bob", self.alice, sinceState=state)
        self.assertEqual((changes["created"], changes["updated"]), ([], [self.lunch]))
        self.assertTrue(self.is_gone(secret, "bob", self.alice))
        self.assertEqual(self.refused_of({"title": "x"}, secret), "notFound")
        self.change(secret, {"calendarIds": {self.calendar: True}})
        changes = self.jmap("CalendarEvent/changes", "bob", self.alice, sinceState=changes["newState"])
        self.assertEqual(changes["created"], [secret])


class BlobTests(EventCase):
    def upload(self, content: bytes) -> str:
        def work(tx: Any) -> str:
            blob = tx.blobs.put(content, NOW)
            tx.blobs.link(blob.hash, self.alice, uploader(self.alice), expires_at=NOW + 3600)
            return str(BlobId(blob.hash))

        return str(self.successResultOf(self.store.write(work)))

    def test_files_are_held(self) -> None:
        blob = self.upload(b"file")
        link = {"@type": "Link", "blobId": blob, "contentType": "text/plain", "title": "a.txt"}
        id = self.event(**EVENT, links={"a": link})
        (shown,) = self.shown(id)["links"].values()
        self.assertEqual((shown["blobId"], shown["contentType"], shown["size"]), (blob, "text/plain", 4))
        self.assertIn("MANAGED-ID=", self.text().replace("\r\n ", ""))
        self.change(id, {"title": "x"})
        (again,) = self.shown(id)["links"].values()
        self.assertEqual(again, shown)
        self.change(id, {"links": None})
        self.assertNotIn("ATTACH", self.text())
        self.assertEqual(self.not_made(**EVENT, links={"a": {"blobId": "Bnone"}})["properties"], ["links/a/blobId"])

    def copied(self, id: str, **members: Any) -> Any:
        """The answer to a copy into bob's calendar."""
        (mine,) = (each["id"] for each in self.jmap("Calendar/get", "bob")["list"])
        create = {"k": {"id": id, "calendarIds": {mine: True}, **members}}
        given = {"fromAccountId": encode_id(self.alice), "create": create}
        return self.jmap("CalendarEvent/copy", "bob", **given)

    def content(self, url: str, user: str) -> bytes:
        """What is behind the URL of a file."""
        path = url.removeprefix("https://mail.example.test")
        self.assertNotEqual(path, url)
        return bytes(self.expect(200, "GET", path, user=user).body)

    def test_copies_hold_files_of_their_own(self) -> None:
        blob = self.upload(b"file")
        override = {"links/b": {"blobId": self.upload(b"other")}}
        rule = {"frequency": "weekly", "count": 3}
        id = self.event(
            **EVENT,
            links={"a": {"blobId": blob, "title": "a.txt"}},
            recurrenceRule=rule,
            recurrenceOverrides={"2027-01-11T12:00:00": override},
        )
        self.share("bob", "mayReadItems")
        copy = self.shown(self.copied(id)["created"]["k"]["id"], "bob")
        (link,) = copy["links"].values()
        self.assertEqual((link["blobId"], link["title"], link["size"]), (blob, "a.txt", 4))
        self.assertIn("/dav/attach/bob%40example.test/", link["href"])
        self.assertIsNone(self.destroyed(id))
        self.assertEqual(self.content(link["href"], "bob"), b"file")
        (other,) = copy["recurrenceOverrides"]["2027-01-11T12:00:00"].values()
        other = other if "href" in other else other["b"]
        self.assertEqual(self.content(other["href"], "bob"), b"other")
        got = self.jmap("Blob/get", "bob", ids=[blob], properties=["data:asText"])["list"][0]
        self.assertEqual(got["data:asText"], "file")

    def test_copies_of_instances_and_by_their_owner_hold_files_too(self) -> None:
        rule = {"frequency": "weekly", "count": 3}
        id = self.event(**EVENT, links={"a": {"blobId": self.upload(b"file")}}, recurrenceRule=rule)
        self.share("bob", "mayReadItems")
        made = self.copied(f"{id}-20270111T120000", uid="other")["created"]["k"]["id"]
        (link,) = self.shown(made, "bob")["links"].values()
        self.assertEqual(self.content(link["href"], "bob"), b"file")
        self.share("bob", "mayReadItems", "mayWriteAll")
        ((there,),) = ([each["id"] for each in self.jmap("Calendar/get", "bob", self.alice)["list"]],)
        create = {"k": {"id": made, "calendarIds": {there: True}, "uid": "third"}}
        given = {"fromAccountId": encode_id(self.bob), "create": create}
        back = self.jmap("CalendarEvent/copy", "bob", self.alice, **given)["created"]["k"]["id"]
        (link,) = self.shown(back)["links"].values()
        self.assertIn("/dav/attach/alice%40example.test/", link["href"])
        self.assertEqual(self.content(link["href"], "alice"), b"file")

    def test_copies_name_blobs_of_either_account_that_may_be_read(self) -> None:
        id = self.event(**EVENT)
        self.share("bob", "mayReadItems")
        hidden = self.upload(b"hidden")
        problem = self.copied(id, links={"a": {"blobId": hidden}})["notCreated"]["k"]
        self.assertEqual(problem["properties"], ["links/a/blobId"])
        self.event(**EVENT, links={"a": {"blobId": hidden}})
        made = self.copied(id, links={"a": {"blobId": hidden}})["created"]["k"]["id"]
        (link,) = self.shown(made, "bob")["links"].values()
        self.assertEqual(self.content(link["href"], "bob"), b"hidden")

    def test_parsing(self) -> None:
        self.put("a", "DTSTART:20270101T100000Z", "SUMMARY:A")
        good, bad = self.upload(self.text().encode()), self.upload(b"nothing")
        answer = self.jmap("CalendarEvent/parse", blobIds=[good, bad, "Bx"])
        self.assertEqual([each["title"] for each in answer["parsed"][good]], ["A"])
        self.assertEqual((answer["notParsable"], answer["notFound"]), ([bad], ["Bx"]))
        answer = self.jmap("CalendarEvent/parse", blobIds=[good], properties=["title"])
        self.assertEqual(answer["parsed"][good], [{"title": "A"}])
        self.assertEqual(self.refused("CalendarEvent/parse", blobIds=[str(n) for n in range(11)]), "requestTooLarge")
        self.assertTrue(HOME)
