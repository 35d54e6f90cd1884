"""Components of names and addresses."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.jscontact.components import (
    Placed,
    address_values,
    components_of,
    in_order,
    name_values,
    sorting_of,
    sorting_text,
)
from stalwart.codec.jscontact.vocabulary import ADDRESS_KINDS, NAME_KINDS
from tests.codec.jscontact.figures import component


class ComponentTests(SynchronousTestCase):
    def test_what_is_only_a_copy_does_not_count(self) -> None:
        self.assertEqual(
            name_values("Rivera,Barrientos;Diego;;;Jr.;Barrientos;Jr."),
            {(0, 0): "Rivera", (1, 0): "Diego", (5, 0): "Barrientos", (6, 0): "Jr."},
        )
        self.assertEqual(
            address_values(";;1 Main St;T;;;;;;;1;Main St"), {(3, 0): "T", (10, 0): "1", (11, 0): "Main St"}
        )
        self.assertEqual(address_values(";Apt 2;1 Main St;T"), {(1, 0): "Apt 2", (2, 0): "1 Main St", (3, 0): "T"})
        self.assertEqual(
            address_values(";;1 Main St;T;;;;Room 1"), {(2, 0): "1 Main St", (3, 0): "T", (7, 0): "Room 1"}
        )

    def test_an_order_that_is_not_valid_is_none(self) -> None:
        """RFC 9555 3.3.1."""
        values = name_values("Doe;Jane")
        self.assertEqual(components_of(values, NAME_KINDS, ";1;0")[0]["isOrdered"], True)
        for order in (
            "",
            ";1",
            ";1;0;0",
            ";1;1",
            ";1;7",
            "x;1;0",
            ";s,-;1;0",
            ";1;s,-",
            ";1;s,-;s,-;0",
            ";1,0,0;0",
            ";-1;0",
        ):
            self.assertNotIn("isOrdered", components_of(values, NAME_KINDS, order)[0], order)

    def test_separators(self) -> None:
        found, places = components_of(name_values("Doe;Jane"), NAME_KINDS, "s,\\, ;0;s, \\; ;1")
        self.assertEqual(found["defaultSeparator"], ", ")
        self.assertEqual(found["components"][1], component("separator", " ; "))
        self.assertEqual(places, [(0, 0), (-1, 0), (1, 0)])

    def test_sorting(self) -> None:
        components = [component("surname", "a"), component("given", "b")]
        self.assertEqual(sorting_of(("x,y",), components), {"surname": "x", "given": "y"})
        self.assertEqual(sorting_of(("x\\,y", "z"), components), {"surname": "x,y", "given": "z"})
        self.assertIsNone(sorting_of((",,x",), components))
        self.assertEqual(sorting_text({"given": "x,y"}), ",x\\,y")

    def test_where_they_are_written(self) -> None:
        parts = [component("given", "John"), component("generation", "Jr."), component("credential", "M.D.")]
        placed = Placed(parts, NAME_KINDS)
        self.assertEqual(placed.text(), ";John;;;Jr.,M.D.;;Jr.")
        self.assertEqual(placed.order(parts, None), ";1;6;4,1")
        self.assertEqual(placed.phonetic(["j", None, None]), ";j;;;;;")
        tokyo = [
            component("block", "2-7"),
            component("separator", "-"),
            component("number", "2"),
            component("floor", "3"),
        ]
        self.assertEqual(Placed(tokyo, ADDRESS_KINDS).text(), ";3;2-7-2;;;;;;;3;2;;;2-7;;;;")

    def test_the_order_of_vcard(self) -> None:
        parts = [component(kind, "x") for kind in ("country", "name", "number", "locality", "room", "postOfficeBox")]
        self.assertEqual(
            [each["kind"] for each in in_order(parts, ADDRESS_KINDS)],
            ["postOfficeBox", "room", "number", "name", "locality", "country"],
        )
