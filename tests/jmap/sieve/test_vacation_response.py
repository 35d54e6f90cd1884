"""The vacation response over JMAP (RFC 8621 8)."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.sieve.vacation_response import LONGEST_BODY
from stalwart.mail.sieve.scripts import active_of
from tests.jmap.sieve.case import SieveCase

EMPTY = {
    "id": "singleton",
    "isEnabled": False,
    "fromDate": None,
    "toDate": None,
    "subject": None,
    "textBody": None,
    "htmlBody": None,
}


class VacationResponseTests(SieveCase):
    """There is always one."""

    def update(self, **patch: Any) -> Any:
        return self.call("VacationResponse/set", update={"singleton": patch})

    @property
    def shown(self) -> Any:
        (found,) = self.call("VacationResponse/get")["list"]
        return found

    def test_nothing_was_set(self) -> None:
        self.assertEqual(self.shown, EMPTY)
        answer = self.call("VacationResponse/get", ids=["singleton", "x"], properties=["isEnabled"])
        self.assertEqual(answer["list"], [{"id": "singleton", "isEnabled": False}])
        self.assertEqual(answer["notFound"], ["x"])
        self.assertEqual(self.call("VacationResponse/get", ids=[])["list"], [])

    def test_set(self) -> None:
        given = {"isEnabled": True, "subject": "Away", "textBody": "I am away.", "htmlBody": "<b>Away</b>"}
        answer = self.update(**given, fromDate="2026-01-01T00:00:00Z", toDate="2026-02-01T01:00:00+01:00")
        self.assertEqual(answer["updated"], {"singleton": {"toDate": "2026-02-01T00:00:00Z"}})
        self.assertNotEqual(answer["oldState"], answer["newState"])
        dates = {"fromDate": "2026-01-01T00:00:00Z", "toDate": "2026-02-01T00:00:00Z"}
        self.assertEqual(self.shown, {"id": "singleton", **given, **dates})
        found = self.successResultOf(self.store.read(lambda tx: active_of(tx, self.alice)))
        self.assertEqual(found.vacation["textBody"], "I am away.")
        self.assertEqual(self.update(isEnabled=True)["newState"], answer["newState"])
        self.update(isEnabled=None, subject=None)
        self.assertEqual((self.shown["isEnabled"], self.shown["subject"]), (False, None))
        self.assertIsNone(self.successResultOf(self.store.read(lambda tx: active_of(tx, self.alice))))

    def test_what_it_cannot_be(self) -> None:
        for name, value in (
            ("isEnabled", "yes"),
            ("fromDate", "tomorrow"),
            ("subject", "x" * 513),
            ("textBody", "x" * (LONGEST_BODY + 1)),
            ("colour", "red"),
            ("id", "other"),
        ):
            answer = self.update(**{name: value})
            self.assertEqual(answer["notUpdated"]["singleton"]["type"], "invalidProperties", name)
        self.assertEqual(self.shown, EMPTY)

    def test_others_cannot_be(self) -> None:
        answer = self.call("VacationResponse/set", create={"k": {}}, destroy=["singleton"], update={"x": {}})
        self.assertEqual(answer["notCreated"]["k"]["type"], "singleton")
        self.assertEqual(answer["notDestroyed"]["singleton"]["type"], "singleton")
        self.assertEqual(answer["notUpdated"]["x"]["type"], "notFound")

    def test_states(self) -> None:
        name, answer = self.ask("VacationResponse/set", ifInState="s99", update={"singleton": {}})
        self.assertEqual((name, answer["type"]), ("error", "stateMismatch"))
        state = self.call("VacationResponse/get")["state"]
        answer = self.call("VacationResponse/set", ifInState=state, update={"singleton": {"subject": "x"}})
        self.assertEqual(answer["newState"], self.call("VacationResponse/get")["state"])

    def test_rights(self) -> None:
        self.permissions -= {"jmapVacationResponseUpdate"}
        name, answer = self.ask("VacationResponse/set", update={"singleton": {}})
        self.assertEqual((name, answer["type"]), ("error", "forbidden"))
