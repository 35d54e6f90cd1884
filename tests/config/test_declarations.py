"""Rules that every declaration of the product obeys, and the answers of a reference server to bad patches."""

from collections.abc import Callable, Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.catalogue import declarations
from stalwart.config.documentation import _blocks, _inside
from stalwart.config.network.http import NO_STATUS, NO_TARGET, Http
from stalwart.config.network.listener import NetworkListener
from stalwart.config.network.system import SystemSettings
from stalwart.schema import Property, Union, ValidationFailed
from tests.schema.wire_values import wire_object


def all_properties() -> Iterator[tuple[str, Property]]:
    """Every property of every object and block, with a name for messages."""
    shapes: list[Any] = [*declarations().values(), *_blocks(declarations().values()).values()]
    for shape in shapes:
        for kind in shape.variants.values() if isinstance(shape, Union) else (shape,):
            for name, made in kind.properties.items():
                yield f"{shape.type_name}.{kind.type_name}.{name}", made


class HouseTests(SynchronousTestCase):
    def test_the_objects_of_the_first_release_are_there(self) -> None:
        wanted = """Account AllowedIp Authentication BlockedIp Diagnosis DnsResolver Domain Http Jmap NetworkListener
        Role Security SystemSettings"""
        self.assertLessEqual(set(wanted.split()), set(declarations()))

    def test_every_property_is_documented_in_a_sentence(self) -> None:
        self.assertEqual([name for name, made in all_properties() if not made.doc.endswith(".")], [])

    def test_every_object_and_variant_is_documented(self) -> None:
        shapes = [*declarations().values(), *_blocks(declarations().values()).values()]
        kinds = [k for s in shapes for k in (s.variants.values() if isinstance(s, Union) else (s,))]
        self.assertEqual([kind.type_name for kind in (*shapes, *kinds) if not kind.doc.endswith(".")], [])

    def test_no_two_shapes_share_a_name(self) -> None:
        named: dict[str, Any] = {}
        pending: list[Any] = list(declarations().values())
        while pending:
            shape = pending.pop()
            if shape.type_name not in named:
                pending += _inside(shape)
            self.assertIs(named.setdefault(shape.type_name, shape), shape, shape.type_name)

    def test_every_type_can_state_itself(self) -> None:
        self.assertEqual([name for name, made in all_properties() if "type" not in made.type.document()], [])

    def test_every_default_is_valid(self) -> None:
        for _, made in all_properties():
            made.default_value  # noqa: B018  # raises ValidationFailed

    def test_default_without_a_value_is_null_or_made_by_the_server(self) -> None:
        odd = [
            name
            for name, made in all_properties()
            if made.default is None and made.update == "mutable" and not made.type.nullable
        ]
        self.assertEqual(odd, [])


def _defaults_validate(name: str) -> Callable[[HouseTests], None]:
    def test(self: HouseTests) -> None:
        declared = declarations()[name]
        value = registry.defaults(declared)
        self.assertEqual(declared.from_wire(value.to_wire(mask_secrets=False)), value)

    return test


def _round_trip(name: str) -> Callable[[HouseTests], None]:
    declared: Any = declarations()[name]

    @settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow])
    @given(wire_object(declared))
    def test(self: HouseTests, data: dict[str, Any]) -> None:
        try:
            value = declared.from_wire(data, by_server=True)
        except ValidationFailed as failed:  # what types alone cannot say
            self.assertEqual({found.kind for found in failed.violations}, {"invalidProperties"})
            return
        self.assertEqual(declared.from_stored(value.to_stored()), value)
        self.assertEqual(declared.patched(value, {}), value)

    return test


for _name, _declared in declarations().items():
    if _declared.is_singleton and _name != "DataStore":  # whose file has to name a path
        setattr(HouseTests, f"test_defaults_of_{_name}_validate", _defaults_validate(_name))
    setattr(HouseTests, f"test_{_name}_reads_back_what_it_stored", _round_trip(_name))


# The answers of settings A.8, as a reference server gave them.
ANSWERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "unknown": ({"nope": 1}, {"properties": ["nope"], "description": "Invalid property"}),
    "boolean": (
        {"enableHsts": "yes"},
        {
            "properties": ["enableHsts"],
            "description": "Invalid value for boolean property (expected true or false)",
        },
    ),
    "bound": (
        {"rateLimitAnonymous": {"count": 0, "period": 60000}},
        {"validationErrors": [{"type": "MinValue", "property": "count", "required": 1}]},
    ),
    "duration": (
        {"rateLimitAnonymous": {"count": 5, "period": "1m"}},
        {"properties": ["rateLimitAnonymous/period"], "description": "Invalid path for Duration"},
    ),
    "id": ({"id": "x"}, {"properties": ["id"], "description": "Invalid property"}),
    "no_duration": (
        {"headerTimeout": 0},
        {"properties": ["headerTimeout"], "description": "Invalid duration value"},
    ),
    "header_injection": (
        {"responseHeaders/X-A": "1\r\nSet-Cookie: a=b"},
        {"properties": ["responseHeaders/X-A"], "description": "Invalid value for string property"},
    ),
}


class AnswerTests(SynchronousTestCase):
    """One method an answer to a patch of x:Http; then those to a new x:NetworkListener."""

    def answer(self, make: Callable[[], Any]) -> dict[str, Any]:
        (found,) = self.assertRaises(ValidationFailed, make).violations
        if found.kind == "validation":
            return {"validationErrors": [found.entry()]}
        return {"properties": [found.path], "description": found.description}

    def test_listener_without_an_address(self) -> None:
        found = self.answer(lambda: NetworkListener.from_wire({"name": "nobind", "protocol": "http"}))
        self.assertEqual(found, {"validationErrors": [{"type": "MinLength", "property": "bind", "required": 1}]})

    def test_listener_with_a_bad_address(self) -> None:
        found = self.answer(lambda: NetworkListener.from_wire({"name": "b", "bind": {"x": True}}))
        self.assertEqual(found, {"properties": ["bind"], "description": "Invalid key for object property"})

    def test_expression_with_an_unknown_variable(self) -> None:
        rule = {"match": {"0": {"if": "starts_with(urlpath, '/x')", "then": "404"}}, "else": "200"}
        (entry,) = self.answer(lambda: Http.from_wire({"allowedEndpoints": rule}))["validationErrors"]
        message = "Error parsing 'if' expression in condition #1: Invalid variable or constant \"urlpath\""
        self.assertEqual(entry, {"type": "Invalid", "property": "allowedEndpoints", "value": message})

    def test_access_rule_whose_result_is_no_status(self) -> None:
        for rule in ({"else": "'abc'"}, {"match": {"0": {"if": "is_tls", "then": "1"}}, "else": "200"}):
            found = self.answer(lambda rule=rule: Http.from_wire({"allowedEndpoints": rule}))
            self.assertEqual(found, {"properties": ["allowedEndpoints"], "description": NO_STATUS})
            self.assertIsNotNone(Http.from_stored({"allowedEndpoints": rule}).allowed_endpoints.compiled)
        for fine in ("'404'", "path", "200"):
            Http.from_wire({"allowedEndpoints": {"else": fine}})

    def test_root_leads_elsewhere(self) -> None:
        for target in (
            "/",
            "//other.test",
            "/?x",
            "/#",
            "/\\other.test",
            "javascript:alert(1)",
            "x",
            "https://",
            "/a b",
        ):
            found = self.answer(lambda target=target: Http.from_wire({"redirectRoot": target}))
            self.assertEqual(found, {"properties": ["redirectRoot"], "description": NO_TARGET}, target)
            self.assertEqual(Http.from_stored({"redirectRoot": target}).redirect_root, target)
        for target in ("/account", "/admin/?x", "https://www.example.org/", "http://[::1]:80/a", None):
            self.assertEqual(Http.from_wire({"redirectRoot": target}).redirect_root, target)

    def test_expression_may_say_url_path_for_path(self) -> None:
        rule = {"match": {"0": {"if": "starts_with(url_path, '/x')", "then": "404"}}, "else": "200"}
        made = Http.from_wire({"allowedEndpoints": rule}).allowed_endpoints
        self.assertEqual(made.compiled.evaluate({"path": "/xy"}.get), 404)

    def test_services_that_are_not_built_are_not_announced(self) -> None:
        self.assertEqual(set(SystemSettings().services), {"jmap", "caldav", "carddav", "webdav", "smtp"})


def _answers(patch: dict[str, Any], wanted: dict[str, Any]) -> Callable[[AnswerTests], None]:
    return lambda self: self.assertEqual(self.answer(lambda: Http.patched(Http(), patch)), wanted)


for _name, (_patch, _wanted) in ANSWERS.items():
    setattr(AnswerTests, f"test_{_name}_is_answered_as_the_reference_does", _answers(_patch, _wanted))
