"""Declarations for the tests of the kit: one of everything, none of it from the product."""

from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    Expression,
    Integer,
    LocalId,
    Map,
    Nested,
    Object,
    ObjectId,
    ObjectList,
    Rate,
    Secret,
    SecretKeyOptional,
    Set,
    Singleton,
    String,
    Union,
    Unsigned,
    UtcDateTime,
    Value,
    Variant,
    Violation,
    prop,
)

COLOUR = Enumeration("Colour", ("darkRed", "blue"), "Colours.", other_spellings=lambda: {"dark-red": "darkRed"})


class Part(Value, together=("part", ("name", "shelf_id"), "place")):
    """A part of a thing."""

    name = prop(String("localPart"), REQUIRED, "Name.")
    shelf_id = prop(ObjectId("Shelf"), REQUIRED, "Where it lies.")
    number = prop(LocalId(), None, "Number inside the thing.", update="serverSet")
    secret = prop(Secret(nullable=True), None, "Secret.")


class Plain(Variant):
    """Without members."""


class Painted(Variant):
    """With paint."""

    colour = prop(Enum(COLOUR), "blue", "Colour.")
    coats = prop(Unsigned(min=1, max=9), REQUIRED, "Layers.")
    recipe = prop(Secret(), None, "Recipe.", update="serverSet")


Finish = Union("Finish", Plain, Painted, doc="Surface.")


class Thing(Object, ids="sequential", label="name"):
    """A thing."""

    name = prop(String("domainName"), REQUIRED, "Name.", unique="Thing.name", index="exact")
    aliases = prop(Set(String("domainName")), {}, "Other names.", unique="Thing.name")
    note = prop(String(nullable=True, max_length=5), None, "Note.")
    serial = prop(String(min_length=3), "abc", "Serial number.", update="immutable")
    created_at = prop(UtcDateTime(), None, "When it was made.", update="serverSet")
    weight = prop(Integer(min=-5, max=5), 0, "Weight.")
    wait = prop(Duration(nullable=True), 1000, "Wait.")
    rate = prop(Nested(Rate, nullable=True), {"count": 1, "period": 1000}, "Rate.")
    parts = prop(ObjectList(Part, max_items=3), {}, "Parts.")
    owners = prop(Set(ObjectId("Account", variant="Group"), max_items=2), {}, "Owners.")
    labels = prop(Map(String("headerName"), String()), {}, "Labels.")
    limits = prop(Map(Enum(COLOUR), Unsigned()), {}, "Limits.")
    finish = prop(Nested(Finish), {"@type": "Plain"}, "Finish.")
    key = prop(Nested(SecretKeyOptional), {"@type": "None"}, "Key.")
    rule = prop(Expression(frozenset(("size",))), {"else": "1"}, "Rule.")
    cost = prop(Unsigned(), None, "Computed cost.", update="serverSet", stored=False)
    is_new = prop(Boolean(), True, "Whether it is new.")

    def check(self):
        """Names are not aliases of themselves."""
        if self.name in self.aliases:
            yield Violation("invalidProperties", "aliases", "An alias is the name.")


class Mood(Singleton):
    """How things are."""

    is_good = prop(Boolean(), True, "Whether it is good.")


NAMED = {"name": "one.test"}
