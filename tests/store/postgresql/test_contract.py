"""The PostgreSQL engine under its threads keeps the store contract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from twisted.trial.unittest import TestCase

from stalwart.store.blob_files import DiskBlobFiles
from stalwart.store.postgresql.engine import PostgreSqlEngine
from stalwart.store.threads.store import ThreadedStore
from stalwart.telemetry import Telemetry
from tests.contract.store_contract import StoreContract
from tests.postgresql import programs, server


class PostgreSqlStoreContractTests(StoreContract, TestCase):
    if programs() is None:
        skip = "PostgreSQL is not installed"

    def make_store(self) -> Any:
        from twisted.internet import reactor

        address = server().address()
        self.addCleanup(server().forget, address)
        return ThreadedStore(
            PostgreSqlEngine(address), DiskBlobFiles(Path(self.mktemp())), reactor, Telemetry(), readers=2
        )
