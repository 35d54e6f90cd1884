"""Fields, types, defaults and bounds of mail, collaboration, monitoring and storage are those of the reference server
(settings C.7 to C.11), and so are its answers of the default objects.

Deliberate differences are listed with their reason.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.catalogue import declarations
from stalwart.config.collaboration.jmap import Jmap
from stalwart.config.mail.queued_message import QueuedRecipient
from stalwart.config.monitoring.metrics import Metrics
from stalwart.config.monitoring.tracer import Tracer
from stalwart.schema import (
    REQUIRED,
    BlobId,
    Boolean,
    Duration,
    Enum,
    Expression,
    Integer,
    Map,
    Nested,
    ObjectId,
    ObjectList,
    Property,
    PropertyType,
    Set,
    Size,
    String,
    Union,
    Unsigned,
    UtcDateTime,
)
from tests.config.reference_fields import Field, reference_fields

REFERENCE = reference_fields()

OURS = {
    ("Jmap", ""): {
        "anonymousSession",  # RFC 8620 2 leaves it open; the reference always answers
        "pushToPrivateNetworks",  # push services that are run at home; the reference refuses all that are not public
    },
    ("Tracer", "Log"): {"json"},
    ("ClusterNode", ""): {
        "leads",  # of several nodes one sends and runs tasks; the reference has roles instead
        "machine",  # nodes may share a host name
    },
}
"""Fields that the reference does not have."""

DIFFERENT: dict[tuple[str, str, str], str] = {
    **{("Log", "", name): "every field is made by the server" for name in REFERENCE["Log", ""]},
    **{("ClusterNode", "", name): "every field is made by the server" for name in REFERENCE["ClusterNode", ""]},
}
"""Fields whose ``update`` is ``serverSet`` here, and why."""

DEFAULTS = {("DataRetention", "", "archiveDeletedItemsFor"): "deleted things can be had back for 30 days (decision 21)"}
"""Fields whose default is another one here, and why."""

EMPTY = {("MtaQueueQuota", "", "key")}
"""Sets that need no member here, because the first object of the reference has none."""

_OBJECTS = """
    MtaOutboundStrategy MtaRoute MtaTlsStrategy MtaConnectionStrategy MtaDeliverySchedule MtaVirtualQueue
    MtaOutboundThrottle MtaQueueQuota QueuedMessage MtaInboundSession MtaStageConnect MtaStageEhlo MtaStageAuth
    MtaStageMail MtaStageRcpt MtaStageData MtaInboundThrottle SenderAuth MtaExtensions
    Jmap WebDav Calendar AddressBook CalendarScheduling CalendarAlarm FileStorage Sharing Email
    Metrics Tracer EventTracingLevel WebHook Log Trace Metric TracingStore MetricsStore Alert
    DataStore BlobStore InMemoryStore Coordinator SearchStore Search ClusterRole ClusterNode DataRetention TaskManager
    Cache
    """

OBJECTS = _OBJECTS.split()

_SCALARS: tuple[tuple[type[PropertyType], str], ...] = (
    (Duration, "ms"),
    (Size, "bytes"),
    (Unsigned, "uint"),
    (Integer, "int"),
    (Boolean, "bool"),
    (UtcDateTime, "date"),
    (BlobId, "blob"),
    (Expression, "Expression"),
)
_FORMATS = {"emailAddress": "email", "ipAddress": "ip", "text": "text", "html": "html", "uri": "uri"}


def type_words(type: PropertyType) -> str:
    """A type in the words of the reference table."""
    return _type_words(type) + "?" * type.nullable


def _type_words(type: PropertyType) -> str:
    for kind, words in _SCALARS:
        if isinstance(type, kind):
            return words
    if isinstance(type, String):
        return _FORMATS.get(type.format, "str")
    if isinstance(type, Enum):
        return f"enum {type.enumeration.name}"
    if isinstance(type, ObjectId):
        return f"id {type.target}"
    if isinstance(type, Set):
        return f"set {type_words(type.of)}"
    if isinstance(type, Map):
        return f"map {type_words(type.key)} > {type_words(type.value)}"
    assert isinstance(type, Nested | ObjectList), type
    return f"list {type.shape.type_name}" if isinstance(type, ObjectList) else type.shape.type_name


def ours(made: Property) -> Field:
    """A declared property as a field of the reference table."""
    type: Any = made.type
    least = getattr(type, "min_items", None) or getattr(type, "min", None)
    most = getattr(type, "max_length", None) or getattr(type, "max", None)
    return Field(type_words(type), stated_default(made), least, most, made.update)


def stated_default(made: Property) -> Any:
    """The default in wire form; None for null, empty, the first variant, or none."""
    if made.default is REQUIRED or (not made.default and made.default not in (0, False)):
        return None
    wire = made.type.write(made.default_value, False)
    if isinstance(made.type, Nested) and isinstance(made.type.shape, Union) and set(made.default) == {"@type"}:
        return None if made.default["@type"] == made.type.shape.default.type_name else wire
    return wire


def properties(object: str, variant: str) -> dict[str, Property]:
    """The declared properties behind a heading of the table."""
    if variant == "QueuedRecipient":
        return dict(QueuedRecipient.properties)
    declared = declarations()[object]
    return dict(declared.variants[variant].properties if isinstance(declared, Union) else declared.properties)


class FieldTests(SynchronousTestCase):
    """One method a heading of the reference table."""

    maxDiff = None

    def compare(self, object: str, variant: str) -> None:
        fields, declared = REFERENCE[object, variant], properties(object, variant)
        if variant != "Stdout":  # its heading has only what other tracers have not
            self.assertEqual(declared.keys() - fields.keys(), OURS.get((object, variant), set()))
        made = {name: ours(declared[name]) for name in fields}
        for name in fields:
            if (object, variant, name) in EMPTY:
                self.assertIsNone(made[name].least)
                made[name] = evolve(made[name], least=1)
            if (object, variant, name) in DEFAULTS:
                self.assertNotEqual(made[name].default, fields[name].default)
                made[name] = evolve(made[name], default=fields[name].default)
            if (object, variant, name) in DIFFERENT:
                self.assertEqual(made[name].update, "serverSet")
                made[name] = Field(made[name].type, made[name].default, made[name].least, made[name].most)
        self.assertEqual(made, fields)


def _compares(object: str, variant: str) -> Callable[[FieldTests], None]:
    return lambda self: self.compare(object, variant)


for _object, _variant in REFERENCE:
    setattr(FieldTests, f"test_{_object}{_variant}_has_the_fields_of_the_reference", _compares(_object, _variant))


JMAP = """{
    "parseLimitEvent": 10, "parseLimitContact": 10, "parseLimitEmail": 10, "changesMaxResults": 5000,
    "getMaxResults": 500, "queryMaxResults": 5000, "maxMethodCalls": 16, "maxConcurrentRequests": 4,
    "maxRequestSize": 10000000, "setMaxObjects": 500, "snippetMaxResults": 100, "maxConcurrentUploads": 4,
    "maxUploadSize": 50000000, "maxUploadCount": 1000, "uploadQuota": 50000000, "uploadTtl": 3600000,
    "eventSourceThrottle": 1000, "pushAttemptWait": 60000, "pushMaxAttempts": 3, "pushRetryWait": 1000,
    "pushThrottle": 1000, "pushRequestTimeout": 10000, "pushVerifyTimeout": 60000, "pushShardsTotal": 1,
    "websocketHeartbeat": 60000, "websocketThrottle": 1000, "websocketTimeout": 600000, "maxSubscriptions": 15,
    "webPushContact": null, "maxPushSize": 4096}"""

TRACER = """{
    "path": "/var/log/stalwart/", "prefix": "stalwart", "rotate": "daily", "ansi": true, "multiline": false,
    "enable": true, "level": "info", "lossy": false, "events": {}, "eventsPolicy": "exclude", "@type": "Log"}"""


class AnswerTests(SynchronousTestCase):
    """What a fresh reference server answers; differences are stated with their reason."""

    def test_jmap(self) -> None:
        answered = json.loads(JMAP)
        found = registry.defaults(Jmap).to_wire()
        self.assertEqual(found.pop("webPushKey"), {"@type": "None"}, "a first start makes the key, not the default")
        self.assertFalse(found.pop("anonymousSession"), "a setting of ours")
        self.assertFalse(found.pop("pushToPrivateNetworks"), "a setting of ours")
        self.assertEqual(list(found.items()), list(answered.items()))

    def test_metrics(self) -> None:
        answered = {"openTelemetry": {"@type": "Disabled"}, "metrics": {}, "metricsPolicy": "exclude"}
        found = registry.defaults(Metrics).to_wire()
        self.assertEqual(found.pop("prometheus"), {"@type": "Disabled"}, "it had been switched on when it answered")
        self.assertEqual(found, answered)

    def test_prometheus_that_is_switched_on(self) -> None:
        found = Metrics.from_wire({"prometheus": {"@type": "Enabled"}}).to_wire()["prometheus"]
        self.assertEqual(found.pop("naming"), "stalwart", "a setting of ours")
        answered = {"authSecret": {"@type": "None"}, "authUsername": None, "@type": "Enabled"}
        self.assertEqual(list(found.items()), list(answered.items()))

    def test_tracer_of_the_bootstrap(self) -> None:
        answered = json.loads(TRACER)
        found = Tracer.from_wire({"@type": "Log", "path": "/var/log/stalwart/"}).to_wire()
        self.assertFalse(found.pop("json"), "a setting of ours")
        self.assertEqual(list(found.items()), list(answered.items()))

    def test_stores_of_the_bootstrap(self) -> None:
        for name in ("BlobStore", "SearchStore", "InMemoryStore"):
            self.assertEqual(registry.defaults(declarations()[name]).to_wire(), {"@type": "Default"})


class CatalogueTests(SynchronousTestCase):
    def test_every_object_is_declared(self) -> None:
        self.assertEqual(set(OBJECTS) - set(declarations()), set())

    def test_what_nothing_obeys_says_so(self) -> None:
        obeyed = {
            "Jmap",
            "DataStore",
            "BlobStore",
            "DataRetention",
            "Email",
            "Search",
            "TaskManager",
            "Tracer",
            "EventTracingLevel",
            "Log",
            "Metrics",
        }
        obeyed |= {"Trace", "Metric", "TracingStore", "MetricsStore", "WebHook", "MtaInboundSession"}
        obeyed |= {f"MtaStage{stage}" for stage in ("Connect", "Ehlo", "Mail", "Rcpt", "Data")}
        obeyed |= {"MtaStageAuth", "MtaExtensions", "MtaInboundThrottle", "SenderAuth"}
        obeyed |= {"MtaRoute", "MtaTlsStrategy", "MtaConnectionStrategy", "MtaDeliverySchedule", "MtaVirtualQueue"}
        obeyed |= {"MtaOutboundThrottle", "MtaOutboundStrategy", "MtaQueueQuota", "QueuedMessage"}
        obeyed |= {"CalendarAlarm", "CalendarScheduling", "WebDav", "FileStorage", "Sharing", "Calendar", "AddressBook"}
        obeyed |= {"ClusterNode", "ClusterRole", "Coordinator"}
        for name in OBJECTS:
            declared = declarations()[name]
            self.assertEqual(declared.enforced, name in obeyed, name)
            self.assertEqual(declared.doc.endswith("Stored, not enforced yet."), name not in obeyed, name)

    def test_views_of_other_data_are_no_rows(self) -> None:
        views = {name for name in OBJECTS if not declarations()[name].stored}
        self.assertEqual(views, {"QueuedMessage", "Log", "Trace", "Metric", "DataStore"})

    def test_counted_ids_begin_at_nought(self) -> None:
        counted = {name for name in OBJECTS if _is_counted(declarations()[name])}
        self.assertEqual(counted, {"MtaDeliverySchedule", "MtaVirtualQueue", "ClusterNode"})
        self.assertEqual({declarations()[name].first_id for name in counted}, {0})

    def test_names_are_unique_and_can_be_queried(self) -> None:
        named = "ClusterRole MtaRoute MtaTlsStrategy MtaConnectionStrategy MtaDeliverySchedule MtaVirtualQueue"
        for name in named.split():
            for made in _named(declarations()[name]):
                self.assertEqual((made.unique, made.index, made.update), (f"{name}.name", "exact", "immutable"))

    def test_event_has_one_level(self) -> None:
        declared: Any = declarations()["EventTracingLevel"]
        self.assertEqual(declared.properties["event"].unique, "EventTracingLevel.event")


def _is_counted(declared: Any) -> bool:
    return not declared.is_singleton and bool(declared.ids == "sequential")


def _named(declared: Any) -> Iterator[Property]:
    for kind in declared.variants.values() if isinstance(declared, Union) else (declared,):
        yield kind.properties["name"]
