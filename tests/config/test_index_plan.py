"""How indexed values become text, which declarations can be indexed, and when an index is out of date."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.index import index_rows, term
from stalwart.config.index_plan import bounded, fraction, number, plan
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Float,
    Integer,
    Nested,
    Object,
    ObjectId,
    ObjectList,
    Rate,
    Secret,
    Set,
    String,
    Union,
    Unsigned,
    UtcDateTime,
    Value,
    Variant,
    prop,
)
from stalwart.store import Term


class Piece(Value):
    """A piece."""

    title: str = prop(String(), REQUIRED, "Title.", index="words")
    weight: int = prop(Unsigned(), 0, "Weight.")


class Sample(Object):
    """One of everything that can be indexed."""

    count: int = prop(Integer(), 3, "Count.", index="exact")
    share: float = prop(Float(), 0.5, "Share.", index="exact")
    wait: int = prop(Duration(), 1, "Wait.", index="exact")
    due: int | None = prop(UtcDateTime(nullable=True), None, "Due.", index="exact")
    is_open: bool = prop(Boolean(), True, "Open.", index="exact")
    ports: frozenset[int] = prop(Set(Unsigned()), {}, "Ports.", index="exact")
    pieces: tuple[Piece, ...] = prop(ObjectList(Piece), {}, "Pieces.", index="words")
    tags: frozenset[str] = prop(Set(String()), {}, "Tags.", index="words")
    computed: int | None = prop(Unsigned(), None, "Computed.", update="serverSet", stored=False, index="exact")


class One(Variant):
    """One form."""

    left: int = prop(ObjectId("Thing"), REQUIRED, "Left.", index="exact")


class Other(Variant):
    """Another form."""

    right: int = prop(ObjectId("Thing"), REQUIRED, "Right.", index="exact")


Either = Union("Either", One, Other, doc="Either.", ids="sequential")


def declared(type: Any, index: Any) -> Any:
    """A class with one indexed property."""
    return type_of({"__doc__": "A class.", "thing": prop(type, REQUIRED, "Thing.", index=index)})


def type_of(body: dict[str, Any]) -> Any:
    return type("Made", (Object,), body)


class TextTests(SynchronousTestCase):
    @given(st.lists(st.integers(-(2**53), 2**64 - 1), min_size=2, max_size=9))
    def test_text_of_whole_numbers_is_in_their_order(self, numbers: list[int]) -> None:
        self.assertEqual(sorted(numbers, key=number), sorted(numbers))

    @given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=9))
    def test_text_of_fractions_is_in_their_order(self, numbers: list[float]) -> None:
        self.assertEqual(sorted(numbers, key=fraction), sorted(numbers))

    def test_the_two_zeros_are_one(self) -> None:
        self.assertEqual(fraction(-0.0), fraction(0.0))

    def test_text_has_a_limit(self) -> None:
        self.assertEqual((bounded("x" * 500), len(bounded("ä" * 501))), ("x" * 500, 500))


class RowTests(SynchronousTestCase):
    def test_values_of_every_type(self) -> None:
        data = {
            "count": -2,
            "share": 0.5,
            "wait": 1000,
            "due": "2026-01-02T03:04:05Z",
            "isOpen": False,
            "ports": {"80": True, "443": True},
            "pieces": {"0": {"title": "Left half", "weight": 1}, "1": {"title": "right"}},
            "tags": {"red wine": True},
        }
        wanted = [("count", "-fffffffffffffffe"), ("share", fraction(0.5)), ("wait", number(1000))]
        wanted += [("due", "2026-01-02T03:04:05Z"), ("isOpen", "false"), ("ports", number(80)), ("ports", number(443))]
        wanted += [("text", word) for word in ("left", "half", "right", "red", "wine")]
        self.assertEqual(index_rows(Sample, data), wanted)

    def test_what_is_missing_has_its_default(self) -> None:
        wanted = {"count": number(3), "share": fraction(0.5), "wait": number(1), "due": "", "isOpen": "true"}
        self.assertEqual(dict(index_rows(Sample, {})), wanted)

    def test_what_another_variant_has_is_none(self) -> None:
        self.assertEqual(
            index_rows(Either, {"@type": "One", "left": "b"}), [("@type", "One"), ("right", ""), ("left", "b")]
        )

    def test_terms_are_written_as_rows_are(self) -> None:
        self.assertEqual(
            term(Sample, "due", ">", "2026-01-02T04:04:05+01:00"), [Term("due", ">", "2026-01-02T03:04:05Z")]
        )
        self.assertEqual(term(Sample, "count", "<=", -2), [Term("count", "<=", number(-2))])
        self.assertEqual(term(Sample, "ports", "=", 80), [Term("ports", "=", number(80))])
        self.assertEqual(term(Sample, "isOpen", "=", False), [Term("isOpen", "=", "false")])


class PlanTests(SynchronousTestCase):
    def test_secret_is_never_indexed(self) -> None:
        for index in ("exact", "words", "both"):
            self.assertRaises(TypeError, plan, declared(Secret(), index))
            self.assertRaises(TypeError, plan, declared(Set(Secret()), index))

    def test_object_has_no_value_to_compare(self) -> None:
        self.assertRaises(TypeError, plan, declared(Nested(Rate), "exact"))
        self.assertRaises(TypeError, plan, declared(ObjectList(Piece), "exact"))

    def test_number_has_no_words(self) -> None:
        self.assertRaises(TypeError, plan, declared(Unsigned(), "words"))

    def test_form_changes_with_what_is_indexed(self) -> None:
        forms = [plan(declared(String(), index)).form for index in ("exact", "words", "both")]
        forms += [plan(declared(Integer(), "exact")).form, plan(declared(ObjectList(Piece), "words")).form]
        self.assertEqual(len(set(forms)), 5)

    def test_form_is_the_same_for_the_same_declaration(self) -> None:
        self.assertEqual(plan(declared(String(), "exact")).form, plan(declared(String(), "exact")).form)

    def test_nothing_indexed_has_no_form(self) -> None:
        self.assertEqual(plan(declared(String(), None)).form, "")
