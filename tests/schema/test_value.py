"""Reading, writing and freezing declared objects (settings A.5, A.7, A.8)."""

from collections.abc import Callable
from typing import Any

from hypothesis import assume, given
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.schema import MASK, REQUIRED, Object, Rate, Singleton, String, ValidationFailed, prop
from tests.schema.samples import NAMED, Mood, Painted, Part, Thing
from tests.schema.wire_values import wire_object

PART = {"name": "bolt", "shelfId": "b"}


def problems(data: Any) -> list[tuple[str, str, str | None]]:
    """(kind, path, what) of everything wrong with ``data`` as a new thing."""
    try:
        Thing.from_wire(data)
    except ValidationFailed as failed:
        return [(found.kind, found.path, found.description or found.fault) for found in failed.violations]
    return []


# data besides the name -> (kind, path, description or fault)
REFUSED: dict[str, tuple[dict[str, Any], tuple[str, str, str]]] = {
    "unknown_property": ({"nope": 1}, ("invalidPatch", "nope", "Invalid property")),
    "id": ({"id": "b"}, ("invalidPatch", "id", "Invalid property")),
    "tag_of_a_plain_object": ({"@type": "Thing"}, ("invalidPatch", "@type", "Invalid property")),
    "null_name": ({"name": None}, ("invalidPatch", "name", "Invalid value for string property")),
    "empty_name": ({"name": " "}, ("validation", "name", "Required")),
    "bad_name": ({"name": "a b!"}, ("invalidPatch", "name", "Invalid domain name")),
    "number_for_string": ({"note": 1}, ("invalidPatch", "note", "Invalid value for string property")),
    "lone_surrogate": ({"note": "\ud800"}, ("invalidPatch", "note", "Invalid value for string property")),
    "nul": ({"note": "\x00"}, ("invalidPatch", "note", "Invalid value for string property")),
    "long_string": ({"note": "123456"}, ("validation", "note", "MaxLength")),
    "short_string": ({"serial": "12"}, ("validation", "serial", "MinLength")),
    "text_for_boolean": (
        {"isNew": "yes"},
        ("invalidPatch", "isNew", "Invalid value for boolean property (expected true or false)"),
    ),
    "null_for_boolean": (
        {"isNew": None},
        ("invalidPatch", "isNew", "Invalid value for boolean property (expected true or false)"),
    ),
    "boolean_for_number": ({"weight": True}, ("invalidPatch", "weight", "Invalid value for number property")),
    "fraction_for_integer": ({"weight": 1.5}, ("invalidPatch", "weight", "Invalid value for number property")),
    "number_too_small": ({"weight": -6}, ("validation", "weight", "MinValue")),
    "number_too_large": ({"weight": 6}, ("validation", "weight", "MaxValue")),
    "negative_unsigned": (
        {"limits": {"blue": -1}},
        ("invalidPatch", "limits/blue", "Invalid value for number property"),
    ),
    "more_than_53_bits": ({"limits": {"blue": 2**53}}, ("validation", "limits/blue", "MaxValue")),
    "text_for_duration": ({"wait": "5m"}, ("invalidPatch", "wait", "Invalid path for Duration")),
    "no_duration": ({"wait": 0}, ("invalidPatch", "wait", "Invalid duration value")),
    "array_for_object": ({"rate": []}, ("invalidPatch", "rate", "Invalid value for object property")),
    "missing_member": ({"rate": {"count": 1}}, ("validation", "rate/period", "Required")),
    "member_out_of_bounds": ({"rate": {"count": 0, "period": 1}}, ("validation", "rate/count", "MinValue")),
    "array_for_list": ({"parts": [PART]}, ("invalidPatch", "parts", "Invalid value for object property")),
    "word_as_list_key": ({"parts": {"x": PART}}, ("invalidPatch", "parts", "Invalid key for object property")),
    "long_list": ({"parts": {str(key): PART for key in range(4)}}, ("validation", "parts", "MaxLength")),
    "array_for_set": ({"aliases": ["a.b"]}, ("invalidPatch", "aliases", "Invalid value for object property")),
    "bad_set_member": ({"owners": {"!": True}}, ("invalidPatch", "owners", "Invalid key for object property")),
    "large_set": ({"owners": {"b": True, "c": True, "d": True}}, ("validation", "owners", "MaxLength")),
    "number_as_mark": (
        {"owners": {"b": 1}},
        ("invalidPatch", "owners/b", "Invalid value for boolean property (expected true or false)"),
    ),
    "bad_map_key": ({"labels": {"a b": "c"}}, ("invalidPatch", "labels", "Invalid key for object property")),
    "bad_map_value": ({"labels": {"a": 1}}, ("invalidPatch", "labels/a", "Invalid value for string property")),
    "unknown_enum": (
        {"finish": {"@type": "Painted", "coats": 1, "colour": "Blue"}},
        ("invalidPatch", "finish/colour", "Invalid value for enum property"),
    ),
    "missing_tag": ({"finish": {}}, ("invalidPatch", "finish", "Missing or invalid '@type' property in object")),
    "unknown_tag": (
        {"finish": {"@type": "Rough"}},
        ("invalidPatch", "finish", "Missing or invalid '@type' property in object"),
    ),
    "tag_that_is_no_string": (
        {"finish": {"@type": []}},
        ("invalidPatch", "finish", "Missing or invalid '@type' property in object"),
    ),
    "member_of_another_variant": (
        {"finish": {"@type": "Plain", "coats": 1}},
        ("invalidPatch", "finish/coats", "Invalid property"),
    ),
    "server_set": (
        {"createdAt": "2020-01-01T00:00:00Z"},
        ("invalidPatch", "createdAt", "Cannot modify server set property"),
    ),
    "computed": ({"cost": 1}, ("invalidPatch", "cost", "Cannot modify server set property")),
    "nested_server_set": (
        {"parts": {"0": {**PART, "number": "a"}}},
        ("invalidPatch", "parts/0/number", "Cannot modify server set property"),
    ),
    "mask_on_create": (
        {"parts": {"0": {**PART, "secret": MASK}}},
        (
            "invalidProperties",
            "parts/0/secret",
            "The mask stands for a secret that is already stored; there is none",
        ),
    ),
    "objection_of_the_class": (
        {"aliases": {"one.test": True}},
        ("invalidProperties", "aliases", "An alias is the name."),
    ),
    "bad_expression": ({"rule": {"else": "weight"}}, ("validation", "rule", "Invalid")),
}


class RefusalTests(SynchronousTestCase):
    """What a new object must not hold; one method a row."""

    def test_all_problems_are_reported(self) -> None:
        found = problems({"weight": 9, "isNew": 1, "x": 2, "rate": {"count": 0, "period": "1m"}})
        self.assertEqual(
            sorted(path for _, path, _ in found), ["isNew", "name", "rate/count", "rate/period", "weight", "x"]
        )

    def test_what_is_no_object_is_refused(self) -> None:
        self.assertEqual(problems([]), [("invalidPatch", "", "Invalid value for object property")])

    def test_failure_is_of_the_closed_family(self) -> None:
        error = self.assertRaises(ValidationFailed, Thing.from_wire, {"x": 1})
        self.assertIsInstance(error, Invalid)
        self.assertEqual(error.properties, ("x", "name"))

    def test_path_is_escaped(self) -> None:
        self.assertEqual(problems({**NAMED, "a/b~c": 1})[0][1], "a~1b~0c")

    def test_entry_names_the_leaf_only(self) -> None:
        error = self.assertRaises(ValidationFailed, Thing.from_wire, {**NAMED, "rate": {"count": 0, "period": 1}})
        self.assertEqual(error.violations[0].entry(), {"type": "MinValue", "property": "count", "required": 1})

    def test_expression_entry_has_the_message_of_the_compiler(self) -> None:
        error = self.assertRaises(
            ValidationFailed,
            Thing.from_wire,
            {**NAMED, "rule": {"match": {"0": {"if": "weight > 1", "then": "2"}}, "else": "1"}},
        )
        entry = error.violations[0].entry()
        self.assertEqual((entry["type"], entry["property"]), ("Invalid", "rule"))
        self.assertTrue(entry["value"].startswith("Error parsing 'if' expression in condition #1: "), entry)


def _refused(data: dict[str, Any], wanted: tuple[str, str, str]) -> Callable[[RefusalTests], None]:
    return lambda self: self.assertEqual(problems({**NAMED, **data}), [wanted])


for _name, (_data, _wanted) in REFUSED.items():
    setattr(RefusalTests, f"test_{_name}_is_refused", _refused(_data, _wanted))


class ReadingTests(SynchronousTestCase):
    """What a good object becomes."""

    def thing(self, **data: Any) -> Any:
        return Thing.from_wire({**NAMED, **data})

    def test_defaults_are_filled_in(self) -> None:
        thing = self.thing()
        self.assertEqual((thing.weight, thing.note, thing.rate), (0, None, Rate(count=1, period=1000)))

    def test_strings_are_cleaned(self) -> None:
        self.assertEqual(self.thing(name=" One.TEST ").name, "one.test")

    def test_empty_string_is_null_where_null_may_be(self) -> None:
        self.assertIsNone(self.thing(note="").note)

    def test_null_clears_an_optional_object(self) -> None:
        self.assertIsNone(self.thing(rate=None).rate)

    def test_null_empties_a_container(self) -> None:
        self.assertEqual((self.thing(parts=None).parts, self.thing(aliases=None).aliases), ((), frozenset()))

    def test_list_follows_the_numbers_of_its_keys(self) -> None:
        parts = {"10": {**PART, "name": "c"}, "2": {**PART, "name": "b"}, "0": {**PART, "name": "a"}}
        self.assertEqual([part.name for part in self.thing(parts=parts).parts], ["a", "b", "c"])

    def test_list_is_renumbered_on_output(self) -> None:
        self.assertEqual(list(self.thing(parts={"7": PART}).to_wire()["parts"]), ["0"])

    def test_false_is_not_a_member(self) -> None:
        self.assertEqual(self.thing(owners={"b": True, "c": False}).owners, frozenset((1,)))

    def test_set_members_are_cleaned(self) -> None:
        self.assertEqual(self.thing(aliases={"Two.TEST": True}).aliases, frozenset(("two.test",)))

    def test_other_spelling_of_an_enum_is_read_but_not_printed(self) -> None:
        thing = self.thing(limits={"dark-red": 1})
        self.assertEqual(thing.to_wire()["limits"], {"darkRed": 1})

    def test_variant_without_members(self) -> None:
        self.assertEqual(self.thing().finish.tag, "Plain")

    def test_variant_prints_its_type_last(self) -> None:
        thing = self.thing(finish={"@type": "Painted", "coats": 2})
        self.assertEqual(list(thing.to_wire()["finish"]), ["colour", "coats", "recipe", "@type"])

    def test_secret_is_masked(self) -> None:
        thing = self.thing(parts={"0": {**PART, "secret": " s "}})
        self.assertEqual(thing.to_wire()["parts"]["0"]["secret"], MASK)

    def test_secret_is_stored_as_it_came(self) -> None:
        thing = self.thing(parts={"0": {**PART, "secret": " s "}})
        self.assertEqual(thing.to_stored()["parts"]["0"]["secret"], " s ")

    def test_secret_that_is_not_set_is_null(self) -> None:
        self.assertIsNone(self.thing(parts={"0": PART}).to_wire()["parts"]["0"]["secret"])

    def test_secret_is_not_in_the_repr(self) -> None:
        self.assertNotIn("hush", repr(self.thing(key={"@type": "Value", "secret": "hush"})))

    def test_secret_is_not_in_an_error(self) -> None:
        error = self.assertRaises(
            ValidationFailed, Thing.from_wire, {"key": {"@type": "Value", "secret": "hush", "x": 1}}
        )
        self.assertNotIn("hush", str(error))

    def test_expression_is_compiled(self) -> None:
        rule = self.thing(rule={"match": {"0": {"if": "size > 3", "then": "2"}}, "else": "1"}).rule
        self.assertEqual([rule.compiled.evaluate({"size": size}.get) for size in (4, 3)], [2, 1])

    def test_empty_expression_is_no_rule(self) -> None:
        rule = self.thing(rule={"else": ""}).rule
        self.assertIsNone(rule.compiled)
        self.assertEqual(rule.to_wire(), {"match": {}, "else": ""})

    def test_server_may_set_what_clients_may_not(self) -> None:
        thing = Thing.from_wire({**NAMED, "createdAt": "2020-01-01T00:00:00Z"}, by_server=True)
        self.assertEqual(thing.created_at, 1577836800)

    def test_computed_value_is_shown_and_not_stored(self) -> None:
        thing = self.thing().replaced(cost=7)
        self.assertEqual((thing.to_wire()["cost"], "cost" in thing.to_stored()), (7, False))

    def test_stored_member_of_a_newer_version_is_passed_over(self) -> None:
        self.assertEqual(Thing.from_stored({**NAMED, "later": 1}).name, "one.test")

    def test_stored_mask_is_a_secret_like_any_other(self) -> None:
        thing = Thing.from_stored({**NAMED, "parts": {"0": {**PART, "secret": MASK}}})
        self.assertEqual(thing.parts[0].secret, MASK)

    @given(wire_object(Thing))
    def test_what_is_stored_reads_back(self, data: dict[str, Any]) -> None:
        thing = Thing.from_stored(data)
        assume(thing.name not in thing.aliases)  # the rule of this class, which stored data is not asked for
        self.assertEqual(Thing.from_stored(thing.to_stored()), thing)
        self.assertEqual(Thing.from_wire(thing.to_stored(), by_server=True), thing)


class InstanceTests(SynchronousTestCase):
    """Instances are plain, frozen values."""

    def test_attribute_cannot_be_set(self) -> None:
        with self.assertRaises(AttributeError):
            Mood().is_good = False

    def test_attribute_cannot_be_deleted(self) -> None:
        with self.assertRaises(AttributeError):
            del Mood().is_good

    def test_replaced_leaves_the_original(self) -> None:
        mood = Mood()
        self.assertEqual((mood.replaced(is_good=False).is_good, mood.is_good), (False, True))

    def test_unknown_attribute_is_a_mistake(self) -> None:
        self.assertRaises(TypeError, Mood, good=True)

    def test_equal_by_value_and_type(self) -> None:
        self.assertEqual(Rate(count=1, period=2), Rate(count=1, period=2))
        self.assertNotEqual(Rate(count=1, period=2), Rate(count=1, period=3))
        self.assertNotEqual(Mood(), Rate())

    def test_completed_dates_a_new_object(self) -> None:
        self.assertEqual(Thing.from_wire(NAMED).completed(None, 5).created_at, 5)

    def test_completed_keeps_the_date_of_an_old_one(self) -> None:
        self.assertEqual(Thing(name="a.b", created_at=3).completed(None, 5).created_at, 3)


class DeclarationTests(SynchronousTestCase):
    """What the class knows about itself."""

    def test_wire_names_and_labels_are_derived(self) -> None:
        made = Thing.properties["createdAt"]
        self.assertEqual((made.attribute, made.label), ("created_at", "Created at"))

    def test_docstring_is_the_documentation(self) -> None:
        self.assertEqual(Thing.doc, "A thing.")

    def test_required_is_what_has_no_default_and_is_not_server_set(self) -> None:
        self.assertEqual([name for name, made in Thing.properties.items() if made.is_required], ["name"])
        self.assertEqual([name for name, made in Part.properties.items() if made.is_required], ["name", "shelfId"])

    def test_subclass_adds_to_and_replaces_inherited_properties(self) -> None:
        class Special(Painted):
            """With stripes."""

            coats = prop(String(), "two", "Layers in words.")
            stripes = prop(String(), REQUIRED, "Stripes.")

        self.assertEqual(list(Special.properties), ["colour", "coats", "recipe", "stripes"])
        self.assertIsInstance(Special.properties["coats"].type, String)
        self.assertNotIsInstance(Painted.properties["coats"].type, String)

    def test_view_says_that_it_is_not_stored(self) -> None:
        class View(Singleton, stored=False):
            """A view."""

        self.assertEqual((View.stored, Thing.stored), (False, True))

    def test_name_can_be_stated(self) -> None:
        class Other(Object, name="x", doc="Said."):
            odd = prop(String(), "", "Odd.", name="@odd", label="Odd one")

        self.assertEqual((Other.type_name, Other.doc, list(Other.properties)), ("x", "Said.", ["@odd"]))
