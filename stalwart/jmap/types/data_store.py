"""``x:DataStore``: the database of the server, named in ``config.json`` and not in a row of itself (settings A.1)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config.settings import Settings
from stalwart.errors import NotFound
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.schema import Declaration
from stalwart.store import Transaction


class StoreFile(Protocol):
    """See ``stalwart.store.config_file.StoreFile``."""

    def read(self) -> dict[str, Any]: ...
    def write(self, config: dict[str, Any]) -> None: ...


@handles("DataStore")
class DataStoreHandler(Handler):
    """The content of the file; ``store_file`` is None where there is none, as in bootstrap mode."""

    def __init__(self, declaration: Declaration, *, settings: Settings, store_file: StoreFile | None) -> None:
        super().__init__(declaration, settings=settings)
        self._file = store_file

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The object in the file, secrets masked."""
        if self._file is None or (ids is not None and SINGLETON not in ids):
            return []
        return [{**self._stored(self._file).to_wire(), "id": encode_id(SINGLETON)}]

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Replace the whole object."""
        file = self._existing()
        file.write(self.declaration.from_wire(change.data).to_stored())
        return SINGLETON, {}

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Rewrite the file; the running server keeps the store that it has."""
        file = self._existing()
        declaration: Any = self.declaration
        file.write(declaration.patched(self._stored(file), change.data).to_stored())
        return None

    def _stored(self, file: StoreFile) -> Any:
        return self.declaration.from_stored(file.read())

    def _existing(self) -> StoreFile:
        if self._file is None:
            raise NotFound
        return self._file
