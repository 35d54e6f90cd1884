"""x:MtaDeliverySchedule: when delivery is tried again, when the sender hears of a delay, when it is given up
(settings C.7).
"""

from __future__ import annotations

from stalwart.config.named import note, unique_name
from stalwart.schema import (
    REQUIRED,
    Duration,
    Nested,
    Object,
    ObjectId,
    ObjectList,
    Union,
    Unsigned,
    Value,
    Variant,
    prop,
)

_DAY = 86_400_000


class MtaDeliveryScheduleInterval(Value):
    """One step of a schedule."""

    duration: int = prop(Duration(), REQUIRED, "Length of the step.")


class DefaultIntervals(Variant, name="Default"):
    """Attempts after 2, 5, 10, 15 and 30 minutes, 1, 2, 24 and 72 hours; notices after 24 and 72 hours."""


class CustomIntervals(Variant, name="Custom"):
    """Own steps; the last one is repeated until delivery is given up."""

    intervals: tuple[MtaDeliveryScheduleInterval, ...] = prop(
        ObjectList(MtaDeliveryScheduleInterval, min_items=1), {}, "Steps, one after the other."
    )


Intervals = Union(
    "MtaDeliveryScheduleIntervalsOrDefault",
    DefaultIntervals,
    CustomIntervals,
    doc="Steps of a schedule.",
)


class Ttl(Variant):
    """After some time."""

    expire: int = prop(Duration(), 3 * _DAY, "How long delivery is tried.")


class Attempts(Variant):
    """After a number of attempts."""

    max_attempts: int = prop(Unsigned(min=1), REQUIRED, "How often delivery is tried.")


MtaDeliveryExpiration = Union("MtaDeliveryExpiration", Ttl, Attempts, doc="When delivery is given up.")


class MtaDeliverySchedule(Object, ids="sequential", first_id=0, label="name"):
    """When delivery is tried and given up."""

    name: str = unique_name("MtaDeliverySchedule")
    description: str | None = note()
    queue_id: int = prop(ObjectId("MtaVirtualQueue"), REQUIRED, "Queue whose workers deliver.")
    retry: Variant = prop(Nested(Intervals), {"@type": "Default"}, "Time between attempts.")
    notify: Variant = prop(Nested(Intervals), {"@type": "Default"}, "Time between notices of a delay.")
    expiry: Variant = prop(Nested(MtaDeliveryExpiration), {"@type": "Ttl"}, "When delivery is given up.")
