"""What waits for a restart, or for the part that will obey it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.system import SystemSettings
from stalwart.config.operation.enterprise import Enterprise
from stalwart.config.storage.blob_store import BlobStore
from stalwart.jmap.registry.restart import restart_notices


class RestartTests(SynchronousTestCase):
    def test_stores_do(self) -> None:
        (notice,) = restart_notices(BlobStore, [{}])
        self.assertIn("restarted", notice)

    def test_the_name_in_published_urls_does(self) -> None:
        self.assertEqual(len(restart_notices(SystemSettings, [{"defaultHostname": "x.test"}])), 1)

    def test_other_properties_do_not(self) -> None:
        self.assertEqual(restart_notices(SystemSettings, [{"proxyTrustedNetworks/192.0.2.1": True}]), [])

    def test_what_nothing_obeys_yet_says_so(self) -> None:
        (notice,) = restart_notices(Enterprise, [{}])
        self.assertIn("nothing in this server obeys it yet", notice)
