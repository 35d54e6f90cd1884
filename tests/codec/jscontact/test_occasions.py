"""Anniversaries."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.occasions import anniversaries_of
from tests.codec.jscontact.figures import members


class OccasionTests(SynchronousTestCase):
    def test_days(self) -> None:
        found = members("BDAY;CALSCALE=chinese;X-A=1:--0412", "BDAY:1980", "DEATHDATE;PROP-ID=d:T12", "ANNIVERSARY:")
        self.assertEqual(
            found["anniversaries"],
            {
                "birth": {
                    "kind": "birth",
                    "date": {"month": 4, "day": 12, "calendarScale": "chinese"},
                    "vCardParams": {"x-a": "1"},
                }
            },
        )
        self.assertEqual([each[0] for each in found["vCardProps"]], ["bday", "deathdate"])

    def test_places(self) -> None:
        found = members("BDAY;PROP-ID=b:1980", "BIRTHPLACE;VALUE=uri:geo:1,2", "DEATHPLACE:x")
        self.assertEqual(found["anniversaries"]["b"]["place"], {"coordinates": "geo:1,2"})
        self.assertEqual([each[0] for each in found["vCardProps"]], ["deathplace"])
        found = members("BDAY:1980", "BIRTHPLACE;ALTID=1:Moscow", "BIRTHPLACE;ALTID=1;LANGUAGE=ru:Москва")
        self.assertEqual(found["localizations"], {"ru": {"anniversaries/birth/place/full": "Москва"}})

    def test_nothing(self) -> None:
        self.assertEqual(anniversaries_of([], None).anniversaries, {})
