"""x:DataStore and the other stores, x:Search, x:Cluster..., x:DataRetention, x:TaskManager, x:Cache: kinds that are not
built, required members, bounds (settings C.11).
"""

from collections.abc import Callable
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config import registry
from stalwart.config.storage.blob_store import BlobStore, S3StoreRegion, region_code
from stalwart.config.storage.cache import Cache
from stalwart.config.storage.cluster import ClusterNode, ClusterRole
from stalwart.config.storage.coordinator import Coordinator
from stalwart.config.storage.data_store import DataStore
from stalwart.config.storage.in_memory_store import InMemoryStore
from stalwart.config.storage.retention import DataRetention
from stalwart.config.storage.search import Search
from stalwart.config.storage.search_store import SearchStore
from stalwart.config.storage.task_manager import TaskManager
from stalwart.schema import MASK, ValidationFailed

NOT_BUILT = {
    DataStore: "RocksDb FoundationDb MySql",
    BlobStore: "Sharded Azure FoundationDb PostgreSql MySql",
    SearchStore: "FoundationDb MySql",
    InMemoryStore: "Sharded",
    Coordinator: "Kafka Zenoh",
}

# What is wrong with a new object: type, members, path, what is said of it.
REFUSED: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    **{
        f"{kind}_as_{declared.type_name}": (declared, {"@type": kind, "path": "/x"}, "@type", "This ")
        for declared, kinds in NOT_BUILT.items()
        if declared is not Coordinator
        for kind in kinds.split()
    },
    "kafka": (Coordinator, {"@type": "Kafka"}, "@type", "coordinate by"),
    "store_without_a_kind": (DataStore, {"path": "x"}, "", "Missing or invalid '@type'"),
    "database_without_a_path": (DataStore, {"@type": "Sqlite"}, "path", "Required"),
    "database_with_too_many_threads": (
        DataStore,
        {"@type": "Sqlite", "path": "x", "poolWorkers": 65},
        "poolWorkers",
        "MaxValue",
    ),
    "postgresql_without_a_host": (DataStore, {"@type": "PostgreSql"}, "host", "Required"),
    "replica_without_a_host": (
        DataStore,
        {"@type": "PostgreSql", "host": "a.test", "readReplicas": {"0": {}}},
        "readReplicas/0/host",
        "Required",
    ),
    "bucket_without_a_name": (BlobStore, {"@type": "S3"}, "bucket", "Required"),
    "region_that_does_not_exist": (
        BlobStore,
        {"@type": "S3", "bucket": "x", "region": {"@type": "Atlantis1"}},
        "region",
        "Missing or invalid '@type'",
    ),
    "own_region_without_an_address": (
        BlobStore,
        {"@type": "S3", "bucket": "x", "region": {"@type": "Custom", "customRegion": "r"}},
        "region/customEndpoint",
        "Required",
    ),
    "folders_too_deep": (BlobStore, {"@type": "FileSystem", "path": "x", "depth": 6}, "depth", "MaxValue"),
    "index_without_an_address": (SearchStore, {"@type": "Meilisearch"}, "url", "Required"),
    "redis_without_servers": (InMemoryStore, {"@type": "RedisCluster", "urls": {}}, "urls", "MinLength"),
    "nats_without_servers": (Coordinator, {"@type": "Nats", "addresses": {}}, "addresses", "MinLength"),
    "search_field_that_does_not_exist": (
        Search,
        {"indexEmailFields": {"smell": True}},
        "indexEmailFields",
        "Invalid key",
    ),
    "role_without_a_name": (ClusterRole, {}, "name", "Required"),
    "work_that_does_not_exist": (
        ClusterRole,
        {"name": "x", "tasks": {"@type": "EnableSome", "taskTypes": {"knitting": True}}},
        "tasks/taskTypes",
        "Invalid key",
    ),
    "node_from_outside": (ClusterNode, {"hostname": "a.test"}, "hostname", "Cannot modify server set property"),
    "cleanup_at_25": (
        DataRetention,
        {"expungeSchedule": {"@type": "Daily", "hour": 25}},
        "expungeSchedule/hour",
        "MaxValue",
    ),
    "waits_that_shrink": (
        TaskManager,
        {"strategy": {"@type": "ExponentialBackoff", "factor": 0.5}},
        "strategy/factor",
        "MinValue",
    ),
    "cache_that_is_too_small": (Cache, {"messages": 2047}, "messages", "MinValue"),
}


class RefusalTests(SynchronousTestCase):
    """One method a refusal."""


def _refused(type: Any, members: dict[str, Any], path: str, said: str) -> Callable[[RefusalTests], None]:
    def test(self: RefusalTests) -> None:
        (found,) = self.assertRaises(ValidationFailed, type.from_wire, members).violations
        self.assertEqual(found.path, path)
        self.assertIn(said, found.sentence())

    return test


for _name, _refusal in REFUSED.items():
    setattr(RefusalTests, f"test_{_name}_is_refused", _refused(*_refusal))


class StoreTests(SynchronousTestCase):
    def test_kind_that_is_not_built_is_well_formed(self) -> None:
        failed = self.assertRaises(ValidationFailed, DataStore.from_wire, {"@type": "RocksDb", "path": "/x"})
        self.assertEqual(failed.violations[0].kind, "invalidProperties")

    def test_database_of_a_file(self) -> None:
        made = DataStore.from_wire({"@type": "Sqlite", "path": "store.sqlite3"})
        self.assertEqual(
            made.to_wire(),
            {"path": "store.sqlite3", "poolWorkers": None, "poolMaxConnections": 10, "@type": "Sqlite"},
        )

    def test_password_of_a_database_is_masked(self) -> None:
        secret = {"@type": "Value", "secret": "hush"}
        made = DataStore.from_wire({"@type": "PostgreSql", "host": "a.test", "authSecret": secret})
        self.assertEqual(made.to_wire()["authSecret"], {"secret": MASK, "@type": "Value"})
        self.assertEqual(made.to_stored()["authSecret"]["secret"], "hush")

    def test_large_values_are_in_the_data_store_by_default(self) -> None:
        for declared in (BlobStore, SearchStore, InMemoryStore):
            self.assertEqual(registry.defaults(declared).to_wire(), {"@type": "Default"})

    def test_single_node_needs_no_coordinator(self) -> None:
        self.assertEqual(registry.defaults(Coordinator).tag, "Disabled")

    def test_regions_have_their_codes(self) -> None:
        codes = {name: region_code(name) for name in S3StoreRegion.variants}
        self.assertEqual((codes["UsEast1"], codes["ApNortheast3"]), ("us-east-1", "ap-northeast-3"))
        self.assertEqual(S3StoreRegion.variants["EuWest2"].doc, "The region eu-west-2.")

    def test_role_does_everything_by_default(self) -> None:
        made = ClusterRole.from_wire({"name": "x"})
        self.assertEqual((made.listeners.tag, made.tasks.tag), ("EnableAll", "EnableAll"))

    def test_waits_double(self) -> None:
        strategy = registry.defaults(TaskManager).strategy.to_wire()
        wanted = {"initialDelay": 60_000, "factor": 2, "maxDelay": 1_800_000, "jitter": True}
        self.assertEqual(strategy, {**wanted, "@type": "ExponentialBackoff"})

    def test_budgets_of_caches(self) -> None:
        made = registry.defaults(Cache)
        self.assertEqual(
            (made.access_tokens, made.accounts, made.messages, made.negative_ttl),
            (10_485_760, 20_971_520, 52_428_800, 3_600_000),
        )
