"""What every method that shows mail waits for: the account has the folders that accounts begin with."""

from __future__ import annotations

from stalwart.jmap.accounts import account_argument
from stalwart.jmap.call import Call
from stalwart.jmap.standard.asking import Services
from stalwart.store.object_types import MAILBOX


async def with_folders(call: Call, services: Services) -> None:
    """Make the default folders of the account of ``call`` unless they are there; wants the service ``folders``.

    Raises what ``account_argument`` raises. An account that does not exist is for the method to report.
    """
    await services["folders"].ensure(account_argument(call, shared=MAILBOX))
