"""``x:DataStore``: the database of the server, named in ``config.json`` and not in a row of itself (settings A.1).

The next start opens whatever stands there, so it is opened before it is written. One that is empty would be a server
without accounts: that has to be confirmed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config.settings import Settings
from stalwart.errors import Invalid, NotFound, StalwartError
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.jmap.registry.trial import tried
from stalwart.jmap.types.network import steps
from stalwart.schema import Declaration
from stalwart.store import Store, Transaction


class StoreFile(Protocol):
    """See ``stalwart.store.config_file.StoreFile``."""

    def read(self) -> dict[str, Any]: ...
    def write(self, config: dict[str, Any]) -> None: ...
    @property
    def look(self) -> Callable[[dict[str, Any], bool], bool]: ...


EMPTY = (
    "This data store is empty: after the restart nobody could sign in, and mail would be refused. "
    "Have stalwart-cli store copy bring the data of this server there first."
)


@handles("DataStore")
class DataStoreHandler(Handler):
    """The content of the file; ``store_file`` is None where there is none, as in bootstrap mode."""

    def __init__(
        self, declaration: Declaration, *, settings: Settings, store_file: StoreFile | None, store: Store, clock: Any
    ) -> None:
        super().__init__(declaration, settings=settings)
        self._file = store_file
        self._store = store
        self._clock = clock

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Open what is to be opened at the next start, in a thread for files."""
        file = self._file
        if file is None:
            return
        for step in steps(self.declaration, await self._store.blob_work(lambda _: self._former(file)), changes):
            if step.after is None:
                continue
            config = step.after.to_stored()
            try:
                if not await self._is_filled(file, config, asking.confirmed) and not asking.confirmed:
                    step.refuse("@type" if "path" not in config else "path", EMPTY)
            except StalwartError as problem:
                members = problem.properties if isinstance(problem, Invalid) else ()
                step.change.refused = Invalid(problem.detail, members or _WHERE.get(step.after.tag, ("@type",)))

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

    def _former(self, file: StoreFile) -> dict[int, Any]:
        """What is there; a file that somebody broke can still be replaced."""
        try:
            return {SINGLETON: self._stored(file)}
        except StalwartError:
            return {}

    async def _is_filled(self, file: StoreFile, config: dict[str, Any], makes: bool) -> bool:
        looking = self._store.blob_work(lambda _: file.look(config, makes))
        return await tried(looking, self._clock, "The data store")

    def _stored(self, file: StoreFile) -> Any:
        return self.declaration.from_stored(file.read())

    def _existing(self) -> StoreFile:
        if self._file is None:
            raise NotFound
        return self._file


_WHERE = {"Sqlite": ("path",), "PostgreSql": ("host",)}
"""The member that a data store is known by."""
