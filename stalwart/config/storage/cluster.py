"""x:ClusterRole and x:ClusterNode: what a node of a cluster does, and which nodes there are (settings C.11)."""

from __future__ import annotations

from stalwart.config.named import note, unique_name
from stalwart.schema import (
    Boolean,
    Enum,
    Enumeration,
    Nested,
    Object,
    ObjectId,
    Set,
    String,
    Union,
    Unsigned,
    UtcDateTime,
    Variant,
    prop,
)

TASK_TYPE = Enumeration(
    "ClusterTaskType",
    (
        *("storeMaintenance", "accountMaintenance", "metricsCalculate", "metricsPush", "pushNotifications"),
        *("searchIndexing", "spamClassifierTraining", "outboundMta", "taskQueueProcessing", "taskScheduler"),
    ),
    "Work that not every node has to do.",
)
NODE_STATUS = Enumeration(
    "ClusterNodeStatus",
    ("active", "stale", "inactive"),
    "Whether a node was heard of within an hour, within a day, or longer ago.",
)


class EnableAll(Variant):
    """All."""


class DisableAll(Variant):
    """None."""


class EnableSomeListeners(Variant, name="EnableSome"):
    """These only."""

    listener_ids: frozenset[int] = prop(Set(ObjectId("NetworkListener")), {}, "Listeners.", label="Listeners")


class DisableSomeListeners(Variant, name="DisableSome"):
    """All but these."""

    listener_ids: frozenset[int] = prop(Set(ObjectId("NetworkListener")), {}, "Listeners.", label="Listeners")


class EnableSomeTasks(Variant, name="EnableSome"):
    """These only."""

    task_types: frozenset[str] = prop(Set(Enum(TASK_TYPE)), {}, "Kinds of work.")


class DisableSomeTasks(Variant, name="DisableSome"):
    """All but these."""

    task_types: frozenset[str] = prop(Set(Enum(TASK_TYPE)), {}, "Kinds of work.")


ClusterListenerGroup = Union(
    "ClusterListenerGroup",
    EnableAll,
    DisableAll,
    EnableSomeListeners,
    DisableSomeListeners,
    doc="Which listeners a node opens.",
)
ClusterTaskGroup = Union(
    "ClusterTaskGroup",
    EnableAll,
    DisableAll,
    EnableSomeTasks,
    DisableSomeTasks,
    doc="Which work a node does.",
)


LED = frozenset(TASK_TYPE.names) - {"spamClassifierTraining"}
"""The work that there is, which one node does for all."""


def led_by(tasks: Variant) -> frozenset[str]:
    """What of ``LED`` a ClusterTaskGroup lets a node do."""
    types: frozenset[str] = getattr(tasks, "task_types", frozenset())
    found = {"EnableAll": LED, "EnableSome": LED & types, "DisableSome": LED - types}
    return found.get(tasks.tag, frozenset())


class ClusterRole(Object, label="name"):
    """What a node of a cluster does; one without a role does everything."""

    name: str = unique_name("ClusterRole", "Name of the role, the value of STALWART_ROLE on its nodes.")
    description: str | None = note()
    listeners: Variant = prop(Nested(ClusterListenerGroup), {"@type": "EnableAll"}, "Stored listeners that it opens.")
    tasks: Variant = prop(
        Nested(ClusterTaskGroup),
        {"@type": "EnableAll"},
        "Work that it may do. One node does it for all, so this is all of it or none; some node has to be let.",
    )


class ClusterNode(Object, ids="sequential", first_id=0, label="hostname", snapshot=False):
    """A node that has been heard of; one that is gone is forgotten after thirty days."""

    node_id: int = prop(Unsigned(), 1, "Number of the node.", update="serverSet", index="exact")
    hostname: str = prop(String("hostName"), None, "Host of the node.", update="serverSet")
    machine: str | None = prop(
        String(), None, "Computer and config.json of the node; nodes may share a host name.", update="serverSet"
    )
    leads: bool = prop(
        Boolean(), False, "Whether it sends the queue, orders certificates and runs tasks for all.", update="serverSet"
    )
    last_renewal: int = prop(UtcDateTime(), None, "When it was heard of last.", update="serverSet")
    status: str = prop(Enum(NODE_STATUS), None, "Whether it is there.", update="serverSet", stored=False)
