"""Expressions as property values: a list of conditions and what holds otherwise (settings B.1).

The declaration says which variables and constants may occur; the text is compiled when it is read, so an
expression that is stored can be evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from attrs import frozen

from stalwart.codec.expression import CompiledExpression, ExpressionError, Language
from stalwart.schema.containers import Nested, ObjectList
from stalwart.schema.property import REQUIRED, prop
from stalwart.schema.property_type import PropertyType, Step
from stalwart.schema.strings import String
from stalwart.schema.value import Value
from stalwart.schema.violations import FAILED, INVALID_OBJECT, Path, Reading


class ExpressionMatch(Value):
    """One condition of an expression and the result when it is the first to hold."""

    condition: str = prop(String(), REQUIRED, "Condition.", name="if", label="If")
    result: str = prop(
        String(may_be_empty=True), REQUIRED, "Result when the condition holds.", name="then", label="Then"
    )


class ExpressionValue(Value, name="Expression"):
    """Conditions tried in order, and the result when none holds; both empty means that there is no rule."""

    match: tuple[ExpressionMatch, ...] = prop(ObjectList(ExpressionMatch), {}, "Conditions, tried in order.")
    otherwise: str = prop(String(may_be_empty=True), "", "Result when no condition holds.", name="else", label="Else")

    compiled: CompiledExpression | None = None

    def bound(self, compiled: CompiledExpression) -> ExpressionValue:
        """The expression with its compiled form, ready to be evaluated."""
        copy = self.replaced()
        copy.__dict__["compiled"] = compiled
        return copy


_SHAPE = Nested(ExpressionValue)


@frozen
class Expression(PropertyType):
    """An expression over ``variables``; ``constants`` are the bare words that may be its result, ``aliases``
    further names of variables. ``objection`` says what is wrong with a result; results that are always the same are
    asked about when they come from outside.
    """

    mismatch: ClassVar[str] = INVALID_OBJECT
    shape: ClassVar[type[Value]] = ExpressionValue

    variables: frozenset[str]
    constants: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = MappingProxyType({})
    objection: Callable[[Any], str | None] = lambda _: None

    def read_value(self, wire: Any, path: Path, reading: Reading, former: Any) -> Any:
        """An ``ExpressionValue`` whose ``compiled`` is set unless it is empty."""
        value = _SHAPE.read_value(wire, path, reading, former)
        if value is FAILED or (not value.match and not value.otherwise):
            return value
        try:
            bound = value.bound(self.language.compile(value.to_wire()))
        except ExpressionError as problem:
            return reading.fault(path, "Invalid", value=str(problem))
        objected = None if reading.stored else self.language.objected(value.to_wire())
        return bound if objected is None else reading.object_to(path, objected[1])

    @property
    def language(self) -> Language:
        """What may occur in it."""
        return Language(self.variables, self.constants, self.aliases, self.objection)

    def write(self, value: Any, masked: bool) -> Any:
        """``match`` (always there) and ``else``."""
        return _SHAPE.write(value, masked)

    def document(self) -> dict[str, Any]:
        """``object`` of class Expression."""
        return self.described("object", objectName="x:Expression")

    def child(self, wire: Any, key: str) -> Step | None:
        """Into the conditions."""
        return _SHAPE.child(wire, key)
