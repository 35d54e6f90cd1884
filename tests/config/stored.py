"""A store for the tests of settings objects, and short ways to write to it."""

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config import registry
from stalwart.config.identity.account import Account
from stalwart.schema import Declaration
from stalwart.store import MemoryStore, Transaction

T = TypeVar("T")
NOW = 1_790_000_000.5


class RegistryTestCase(SynchronousTestCase):
    """An empty store and short ways to write to it."""

    def setUp(self) -> None:
        self.store = MemoryStore()
        self.addCleanup(self.store.close)

    def write(self, work: Callable[[Transaction], T]) -> T:
        return self.successResultOf(self.store.write(work))

    def fails(self, kind: type[Exception], work: Callable[[Transaction], Any]) -> Any:
        return self.failureResultOf(self.store.write(work), kind).value

    def create(self, declaration: Declaration, **data: Any) -> registry.Entry:
        return self.write(lambda tx: registry.create(tx, declaration, data, now=NOW))

    def update(self, declaration: Declaration, id: int, patch: dict[str, Any]) -> registry.Entry:
        return self.write(lambda tx: registry.update(tx, declaration, id, patch, now=NOW + 9))

    def get(self, declaration: Declaration, id: int = SINGLETON) -> registry.Entry | None:
        return self.successResultOf(self.store.read(lambda tx: registry.get(tx, declaration, id)))

    def user(self, name: str, domain: registry.Entry, **data: Any) -> registry.Entry:
        members = {"@type": "User", "name": name, "domainId": encode_id(domain.id), **data}
        return self.create(Account, **members)
