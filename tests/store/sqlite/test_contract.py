"""The SQLite engine under its threads keeps the store contract."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import TestCase

from stalwart.store import open_store
from stalwart.telemetry import Telemetry
from tests.contract.store_contract import StoreContract


class SqliteStoreContractTests(StoreContract, TestCase):
    def make_store(self) -> Any:
        from twisted.internet import reactor

        return open_store({"@type": "Sqlite", "path": self.mktemp()}, reactor, Telemetry())
