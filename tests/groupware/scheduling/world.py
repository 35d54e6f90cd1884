"""Accounts that invite each other over DAV: alice, bob and carol of ``tests.dav.world``, and people elsewhere."""

from __future__ import annotations

from typing import Any

from stalwart.config.operation.task import Task
from stalwart.dav.asking import Tools
from stalwart.groupware.scheduling.people import People
from stalwart.groupware.scheduling.receiving import Receiving
from stalwart.groupware.scheduling.scheduling import TASK, Scheduling
from stalwart.mail.messages.quota import Quotas
from stalwart.mail.own_addresses import OwnAddresses
from tests.dav.world import DavWorld

DEFAULT = "/dav/cal/{}%40example.test/default/{}.ics"


def meeting(*people: str, uid: str = "meet-1", more: str = "", organizer: str = "alice@example.test") -> bytes:
    """An event of ``organizer`` with attendees: addresses, with parameters before them (``;PARTSTAT=ACCEPTED:a@b``)."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//Example//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        "DTSTAMP:20260101T000000Z",
        "DTSTART:20990105T100000Z",
        "DTEND:20990105T110000Z",
        "SUMMARY:Meeting",
        *more.split(),
        f"ORGANIZER:mailto:{organizer}",
        *(f"ATTENDEE{each.rpartition(':')[0]}:mailto:{each.rpartition(':')[2]}" for each in people),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return "\r\n".join([*lines, ""]).encode()


def unfolded(octets: bytes) -> str:
    """An object with each property in one line."""
    return octets.decode().replace("\r\n ", "")


class SchedulingWorld(DavWorld):
    """The same with invitations. ``woken`` counts how often the runner of tasks was woken."""

    def made_tools(self) -> Tools:
        tools = super().made_tools()
        self.people = People(self.settings, OwnAddresses(self.settings, self.clock))
        quotas = Quotas(self.settings, self.clock)
        self.receiving = Receiving(self.settings, self.people, tools.homes, tools.events, quotas)
        self.scheduling = Scheduling(
            self.store, self.settings, self.people, self.receiving, tools.events, self.telemetry
        )
        tools.events.scheduler = self.scheduling
        self.woken = 0
        self.scheduling.wake = self._wake
        return tools

    def _wake(self) -> None:
        self.woken += 1

    def tasks(self) -> list[Any]:
        """The tasks that have mail written."""
        rows = self.successResultOf(self.store.read(lambda tx: tx.registry.list(Task.type_name)))
        found = [Task.from_stored(row.data) for row in rows]
        return [each for each in found if each.tag == TASK]

    def put(self, user: str, octets: bytes, status: int = 201, name: str = "meet", **fields: str) -> dict[str, str]:
        """Write an event into the first calendar of somebody; the fields of the answer."""
        answer = self.expect(status, "PUT", DEFAULT.format(user, name), octets, user=user, **fields)
        return dict(answer.headers)

    def event(self, user: str, name: str | None = None) -> str:
        """What somebody has in his first calendar, unfolded: by its name, or the only one."""
        if name is None:
            (path,) = self.names(user)
        else:
            path = DEFAULT.format(user, name)
        return unfolded(self.expect(200, "GET", path, user=user).body)

    def names(self, user: str) -> list[str]:
        """The paths of what is in somebody's first calendar."""
        home = DEFAULT.format(user, "").removesuffix(".ics")
        return [path for path in self.properties(home, "D:getetag", depth="1", user=user) if path != home]

    def inbox(self, user: str) -> list[str]:
        """The messages in the inbox of somebody, unfolded, by their paths."""
        found = self.properties(f"/dav/itip/{user}%40example.test/inbox/", "A:calendar-data", depth="1", user=user)
        return [unfolded(each["A:calendar-data"].text.encode()) for each in found.values() if each]

    def tag(self, user: str) -> str | None:
        """The schedule tag of the only event of somebody."""
        (path,) = self.names(user)
        return self.text(path, "A:schedule-tag", user=user)
