"""Events of several nodes that use one database."""

from __future__ import annotations

from stalwart.telemetry.event import Event, Level

CLUSTER_LEADS = Event("cluster.leads", Level.INFO, "This node leads: it sends mail and does what only one may do")
CLUSTER_SUPERSEDED = Event(
    "cluster.superseded",
    Level.INFO,
    "A node of a newer version has changed the schema of the data store: this one ends",
)
CLUSTER_LEADS_NO_MORE = Event(
    "cluster.leads-no-more", Level.INFO, "This node was cut off from the data store: it leads no more, and starts again"
)
