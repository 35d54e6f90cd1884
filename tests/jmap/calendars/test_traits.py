"""Colours, zones and default alerts as clients write them."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.css_colors import COLORS
from stalwart.jmap.calendars.traits import Color, DefaultAlerts, ZoneName
from stalwart.jmap.standard.scalars import PropertyType, Unfit

_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


def alert(offset: Any = "-PT5M", **members: Any) -> dict[str, Any]:
    """One alert by its trigger."""
    return {"trigger": {"offset": offset}, **members}


class TraitTests(SynchronousTestCase):
    def refuses(self, type: PropertyType, *values: Any) -> None:
        for value in values:
            self.assertRaises(Unfit, type.read, value)

    def test_colors(self) -> None:
        for given_, kept in (("Red", "red"), ("#aBc", "#aaBBcc"), ("#112233", "#112233"), ("#11223344", "#112233")):
            self.assertEqual(Color().read(given_), kept)
        self.refuses(Color(), "", "#12", "reddish", 5, None, "#11223G", "url(x)")

    def test_zones(self) -> None:
        self.assertEqual(ZoneName().read("Europe/Berlin"), "Europe/Berlin")
        self.refuses(ZoneName(), "", "Nowhere/Else", 5, "../../etc/passwd")

    def test_alerts_are_completed(self) -> None:
        self.assertEqual(
            DefaultAlerts().read({"a": alert(action="email")}),
            {
                "a": {
                    "@type": "Alert",
                    "action": "email",
                    "trigger": {"@type": "OffsetTrigger", "offset": "-PT5M", "relativeTo": "start"},
                }
            },
        )
        self.assertIsNone(DefaultAlerts().read({}))
        for offset in ("PT0S", "+P1D", "-P1DT2H3M4S", "P2W"):
            self.assertTrue(DefaultAlerts().read({"a": alert(offset)}))

    def test_alerts_that_are_none(self) -> None:
        absolute = {"trigger": {"@type": "AbsoluteTrigger", "when": "2027-01-01T00:00:00Z"}}
        self.refuses(
            DefaultAlerts(),
            [],
            "x",
            {"a": None},
            {"a": {}},
            {"a": absolute},
            {"not an id": alert()},
            {"a": alert(action="ring")},
            {"a": alert(more=1)},
            {"a": {"trigger": {"offset": "PT5M", "relativeTo": "middle"}}},
            {f"a{number}": alert() for number in range(101)},
            *({"a": alert(offset)} for offset in ("", "P", "PT", "-P1DT", "5M", None, "P1Y", "PT" + "9" * 50 + "S")),
        )

    @given(_ANY)
    def test_anything(self, value: Any) -> None:
        for type in (Color(), ZoneName(), DefaultAlerts()):
            try:
                kept = type.read(value)
            except Unfit:
                continue
            self.assertEqual(None if kept is None else type.read(kept), kept)

    def test_names_of_colors(self) -> None:
        self.assertEqual(len(COLORS), 148)
