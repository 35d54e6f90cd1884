"""What waits for a restart."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.system import SystemSettings
from stalwart.config.storage.blob_store import BlobStore
from stalwart.jmap.registry.handler import Change
from stalwart.jmap.registry.restart import restart_notices


class RestartTests(SynchronousTestCase):
    def test_stores_do(self) -> None:
        self.assertEqual(len(restart_notices(BlobStore, [Change("update", "singleton")])), 1)

    def test_the_name_in_published_urls_does(self) -> None:
        change = Change("update", "singleton", data={"defaultHostname": "x.test"})
        self.assertEqual(len(restart_notices(SystemSettings, [change])), 1)

    def test_other_properties_do_not(self) -> None:
        change = Change("update", "singleton", data={"proxyTrustedNetworks/192.0.2.1": True})
        self.assertEqual(restart_notices(SystemSettings, [change]), [])
