"""``x:Bootstrap``: the questions of a new server; answering them sets it up (settings A.9).

The set-up itself is the service ``setup``, which there is in bootstrap mode only. Its work is done before the
transaction, because it opens another store than the one that answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from stalwart.codec.ids import SINGLETON, encode_id
from stalwart.config.settings import Settings
from stalwart.errors import NotFound, StalwartError
from stalwart.jmap.errors import SetRefused
from stalwart.jmap.registry.handler import Asking, Change, Handler, handles
from stalwart.schema import Declaration
from stalwart.store import Transaction

STARTS_AGAIN = (
    "The server starts again with its new store. Sign in with this login, on port 8080 unless its options name another."
)
ONLY_UPDATED = "Bootstrap objects can only be updated"


class Administrator(Protocol):
    """Who may sign in afterwards."""

    @property
    def login(self) -> str: ...
    @property
    def secret(self) -> str: ...


class Setup(Protocol):
    """See ``stalwart.app.first_setup.FirstSetup``."""

    def suggestion(self) -> Any: ...
    async def run(self, wanted: Any) -> Administrator | None: ...


@handles("Bootstrap")
class BootstrapHandler(Handler):
    """Suggestions, and the one update that answers them."""

    def __init__(self, declaration: Declaration, *, settings: Settings, setup: Setup | None) -> None:
        super().__init__(declaration, settings=settings)
        self._setup = setup

    def fetch(self, tx: Transaction, asking: Asking, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
        """The suggestions; nothing once the server is set up."""
        if self._setup is None or (ids is not None and SINGLETON not in ids):
            return []
        return [{**self._setup.suggestion().to_wire(), "id": encode_id(SINGLETON)}]

    async def prepare(self, asking: Asking, changes: Sequence[Change]) -> None:
        """Set the server up with the answers of the first update."""
        if self._setup is None:
            return
        wanted: Any = self.declaration
        for change in changes:
            if change.kind != "update" or change.key != encode_id(SINGLETON) or change.refused is not None:
                continue
            try:
                answers = wanted.patched(self._setup.suggestion(), change.data)
                change.prepared = _told(await self._setup.run(answers))
            except StalwartError as problem:
                change.refused = problem

    def create(self, tx: Transaction, asking: Asking, change: Change) -> tuple[int, dict[str, Any]]:
        """Refused."""
        raise SetRefused("forbidden", ONLY_UPDATED)

    def update(self, tx: Transaction, asking: Asking, change: Change) -> dict[str, Any] | None:
        """Tell the new login, once."""
        if self._setup is None:
            raise NotFound
        told: dict[str, Any] | None = change.prepared
        return told

    async def committed(self, asking: Asking, done: Sequence[Change]) -> list[str]:
        """Say what happens next."""
        return [STARTS_AGAIN]


def _told(administrator: Administrator | None) -> dict[str, Any]:
    return {} if administrator is None else {"username": administrator.login, "secret": administrator.secret}
