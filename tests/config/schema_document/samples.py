"""Small declarations that the parts of the document are tried on."""

from __future__ import annotations

from stalwart.config.schema_document.shapes import shapes
from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Enum,
    Enumeration,
    Map,
    Nested,
    Object,
    ObjectId,
    ObjectList,
    Rate,
    SecretKey,
    Set,
    Singleton,
    Size,
    String,
    Union,
    Unsigned,
    UtcDateTime,
    Value,
    Variant,
    prop,
)

COLOUR = Enumeration("Colour", ("red", "darkGreen"), "Colours.")


class Axle(Value):
    """An axle."""

    wheels: int = prop(Unsigned(), 2, "How many.")


class Steam(Variant):
    """Runs on coal."""

    name: str = prop(String(), REQUIRED, "What it is called.", index="both")
    colour: str = prop(Enum(COLOUR), "red", "Its colour.", index="exact")
    key: Variant = prop(Nested(SecretKey), REQUIRED, "What starts it.")
    tender: int = prop(Size(), 5, "Coal.")


class Diesel(Variant):
    """Runs on oil."""

    name: str = prop(String(), REQUIRED, "What it is called.", index="both")
    built_at: int | None = prop(UtcDateTime(), None, "When it was built.", update="serverSet", index="exact")


class Rusty(Variant):
    """Does not run."""


Engine = Union(
    "Engine", Steam, Diesel, Rusty, doc="What pulls.", ids="snowflake", label="name", fixed="It stays what it is."
)


class Train(Object, label="title"):
    """What runs."""

    title: str = prop(String(), REQUIRED, "Its name.")
    engine_id: int = prop(ObjectId("Engine", variant="Steam"), REQUIRED, "What pulls it.", index="exact")
    station_ids: frozenset[int] = prop(Set(ObjectId("Train")), {}, "Where it stops.")
    is_late: bool = prop(Boolean(), False, "Whether it is late.")
    axles: tuple[Axle, ...] = prop(ObjectList(Axle, min_items=1), {}, "Axles.")
    seats: dict[int, int] = prop(Map(Unsigned(), Unsigned()), {}, "Seats by car.")
    made_at: int = prop(UtcDateTime(), None, "When it was made.", update="immutable")
    brake: Axle | None = prop(Nested(Axle, nullable=True), None, "An axle with a brake.")
    note: str | None = prop(String(nullable=True), None, "A note.")


class Track(Singleton):
    """What trains run on."""

    limit: Rate | None = prop(Nested(Rate, nullable=True), {"count": 5, "period": 60000}, "How many trains.")
    gauge: int = prop(Unsigned(), 1435, "Width.", label="Gauge (mm)")
    max_wait: int = prop(Duration(), 1000, "Wait.")
    log_url: str | None = prop(String("uri", nullable=True), None, "Log.")
    axle: Axle = prop(Nested(Axle), {}, "An axle.")
    open: bool = prop(Boolean(), True, "Open.")
    a: bool = prop(Boolean(), True, "A.")
    b: bool = prop(Boolean(), True, "B.")
    c: bool = prop(Boolean(), True, "C.")


RAILWAY = shapes({"Engine": Engine, "Track": Track, "Train": Train})
