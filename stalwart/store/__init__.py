"""What the server remembers: one object store under all faces. Read ``store.py`` for what it can do."""

from stalwart.store.memory import MemoryStore
from stalwart.store.opening import open_store
from stalwart.store.rows import (
    AccountRow,
    Ban,
    Blob,
    BlobLink,
    Changes,
    Factor,
    MetricSample,
    MetricSearch,
    Object,
    PendingUploads,
    Row,
    SignIn,
    Swept,
    Term,
    TraceRow,
    TraceSearch,
)
from stalwart.store.store import Store, Transaction

__all__ = [
    "AccountRow",
    "Ban",
    "Blob",
    "BlobLink",
    "Changes",
    "Factor",
    "MemoryStore",
    "MetricSample",
    "MetricSearch",
    "Object",
    "PendingUploads",
    "Row",
    "SignIn",
    "Store",
    "Swept",
    "Term",
    "TraceRow",
    "TraceSearch",
    "Transaction",
    "open_store",
]
