"""What every method that shows calendars or address books waits for: the account has the one that homes begin with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from stalwart.groupware.kinds import Kind
from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.standard.asking import Services
from stalwart.store.store import Transaction


def with_first(kind: Kind) -> Callable[[Call, Services], Awaitable[None]]:
    """Make the first collection of a kind unless there ever was one; wants the service ``homes``. What it gives raises
    what ``account_argument`` raises; an account that does not exist is for the method to report.
    """

    async def ensure(call: Call, services: Services) -> None:
        homes, store, account_id = services["homes"], services["store"], account_argument(call, shared=kind.type)
        if homes.is_begun(kind, account_id):
            return

        def lacks(tx: Transaction) -> tuple[Any, bool]:
            return homes.get(tx, account_id), homes.lacks_first(tx, kind, account_id)

        home, is_lacking = await store.read(lacks)
        if home is None:
            return
        if is_lacking:
            await store.write(lambda tx: homes.make_first(tx, kind, home))
        homes.begun(kind, account_id)

    return ensure
