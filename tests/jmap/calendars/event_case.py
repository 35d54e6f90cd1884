"""Events by JMAP and by CalDAV at once, over one store; calls are alice's in her own account."""

from __future__ import annotations

import re
from typing import Any

from stalwart.codec.ids import encode_id
from tests.jmap.sharing.both_faces import BothFacesCase

HOME = "/dav/cal/alice%40example.test/default/"
EVENT = {"title": "Lunch", "start": "2027-01-04T12:00:00", "timeZone": "Europe/Berlin", "duration": "PT1H"}
WEEKLY = {**EVENT, "title": "Weekly", "recurrenceRule": {"frequency": "weekly", "count": 5}}


class EventCase(BothFacesCase):
    """The default calendar is there."""

    def setUp(self) -> None:
        super().setUp()
        (self.calendar,) = (each["id"] for each in self.jmap("Calendar/get")["list"])

    def more_services(self) -> dict[str, Any]:
        return {"calendar_objects": self.tools.events, "placing": self.tools.placing}

    def event(self, user: str = "alice", account: int | None = None, **members: Any) -> str:
        """The id of a new event."""
        given = {"calendarIds": {self.calendar: True}, **members}
        return self.made("CalendarEvent", user, account, **given)

    def shown(self, id: str, user: str = "alice", account: int | None = None, **given: Any) -> dict[str, Any]:
        """An event as it is answered."""
        answer = self.jmap("CalendarEvent/get", user, account, ids=[id], **given)
        self.assertEqual(answer["notFound"], [])
        return dict(answer["list"][0])

    def is_gone(self, id: str, user: str = "alice", account: int | None = None) -> bool:
        """Whether there is no such event, for somebody."""
        return bool(self.jmap("CalendarEvent/get", user, account, ids=[id])["notFound"])

    def change(self, id: str, patch: dict[str, Any], user: str = "alice", account: int | None = None) -> Any:
        """What is told of a change that works."""
        return self.changed("CalendarEvent", id, patch, user, account)

    def refusal(self, id: str, patch: dict[str, Any], user: str = "alice", account: int | None = None) -> str:
        """The type of the SetError of a change."""
        return str(self.unchanged("CalendarEvent", id, patch, user, account)["type"])

    def not_made(self, user: str = "alice", account: int | None = None, **members: Any) -> dict[str, Any]:
        """The SetError of a new event."""
        given = {"calendarIds": {self.calendar: True}, **members}
        answer = self.jmap("CalendarEvent/set", user, account, create={"k": given})
        self.assertIsNone(answer["created"], answer)
        return dict(answer["notCreated"]["k"])

    def destroyed(self, id: str, user: str = "alice", account: int | None = None, **given: Any) -> str | None:
        """None, or the type of the SetError."""
        answer = self.jmap("CalendarEvent/set", user, account, destroy=[id], **given)
        return None if answer["notDestroyed"] is None else str(answer["notDestroyed"][id]["type"])

    def found(self, user: str = "alice", account: int | None = None, **given: Any) -> list[str]:
        """The ids that a query finds."""
        return list(self.jmap("CalendarEvent/query", user, account, **given)["ids"])

    def texts(self) -> dict[str, str]:
        """What CalDAV has, by path."""
        answer = self.expect(207, "PROPFIND", HOME, depth="1")
        paths = re.findall(rb"<D:href>([^<]+\.ics)</D:href>", answer.body)
        return {path.decode(): self.ask("GET", path.decode()).body.decode() for path in paths}

    def text(self) -> str:
        """The one object that CalDAV has."""
        (found,) = self.texts().values()
        return found

    def put(self, name: str, *lines: str, user: str = "alice", status: int = 201, home: str = HOME) -> None:
        """Write an event over CalDAV."""
        body = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:x", "BEGIN:VEVENT", f"UID:{name}", "DTSTAMP:20270101T000000Z"]
        text = "\r\n".join([*body, *lines, "END:VEVENT", "END:VCALENDAR", ""])
        self.expect(status, "PUT", f"{home}{name}.ics", text.encode(), user=user, content_type="text/calendar")

    def share(self, user: str, *rights: str) -> None:
        """Give somebody rights on the default calendar."""
        key = f"shareWith/{encode_id(self.number(user))}"
        self.changed("Calendar", self.calendar, {key: dict.fromkeys(rights, True)})
