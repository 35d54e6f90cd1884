"""Tests ``stalwart.jmap.calendars.event_people``: what is only an answer of somebody who takes part."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.calendars.event_people import is_only_answer

ME = {"calendarAddress": "mailto:me@x.test", "roles": {"attendee": True}}
OTHER = {"calendarAddress": "mailto:other@x.test", "roles": {"attendee": True}}
EVENT: dict[str, Any] = {"title": "x", "participants": {"me": ME, "other": OTHER}}


class AnswerTests(SynchronousTestCase):
    def check(self, expected: bool, me: str | None = "me", rules: dict[str, Any] | None = None, **members: Any) -> None:
        self.assertIs(is_only_answer(EVENT, {**EVENT, **members}, me, invites_self=rules), expected, members)

    def people(self, **people: Any) -> dict[str, Any]:
        return {"participants": {**EVENT["participants"], **people}}

    def test_answers(self) -> None:
        accepted = {**ME, "participationStatus": "accepted"}
        self.check(True, **self.people(me=accepted))
        self.check(True, updated="2027-01-01T00:00:00Z")
        self.check(False, None, **self.people(me=accepted))
        self.check(False, **self.people(other={**OTHER, "participationStatus": "accepted"}))
        self.check(False, **self.people(me={**ME, "roles": {"owner": True}}))
        self.check(False, participants={"other": OTHER})
        self.check(False, participants=None)
        self.check(False, title="y")

    def test_newcomers(self) -> None:
        new = {"calendarAddress": "mailto:new@x.test", "roles": {"attendee": True}}
        self.check(False, **self.people(new=new))
        self.check(True, rules={"mayInviteOthers": True}, **self.people(new=new))
        self.check(False, rules={"mayInviteSelf": True}, **self.people(new=new))
        self.check(True, None, rules={"mayInviteSelf": True}, **self.people(new=new))
        self.check(False, rules={"mayInviteOthers": True}, **self.people(new={**new, "roles": {"owner": True}}))
        self.check(False, rules={"mayInviteOthers": 1}, **self.people(new=new))

    def test_answers_to_instances(self) -> None:
        key = "2027-01-01T00:00:00"
        self.check(True, recurrenceOverrides={key: {"participants/me/participationStatus": "declined"}})
        self.check(False, recurrenceOverrides={key: {"participants/other/participationStatus": "declined"}})
        self.check(False, recurrenceOverrides={key: {"participants/me/roles": {}}})
        self.check(False, recurrenceOverrides={key: {"excluded": True}})
        self.check(False, recurrenceOverrides={key: {"title": "y"}})
