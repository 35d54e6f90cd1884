"""The published clients and suites against a cluster: two daemons behind HAProxy, of which one after the other ends.

They do not repeat what they ask, so each daemon ends as it does when it is told to: it listens no more and finishes
what it has begun. What happens when one dies is ``test_ledger``. Without SOAK, litmus speaks for all of them.
"""

from __future__ import annotations

import os

from tests.cluster.in_turn import InCluster
from tests.cluster.programs import missing
from tests.interop import test_dav_clients, test_jmap_clients, test_litmus, test_oauth_clients

_MISSING = missing() or ""
_LONG = _MISSING or ("" if os.environ.get("SOAK") else "minutes long: SOAK=1")


class LitmusInClusterTests(InCluster, test_litmus.LitmusTests):
    if _MISSING:
        skip = _MISSING

    def test_all_groups_pass(self) -> None:
        """Again and again, until each of the daemons has ended in the middle of it."""
        while self.ends.ends < 2:
            super().test_all_groups_pass()

    if test_litmus.PROGRAM is None:
        test_all_groups_pass.skip = "litmus is neither installed nor unpacked"  # type: ignore[attr-defined]


class JmapClientsInClusterTests(InCluster, test_jmap_clients.ClientTests):
    if _LONG:
        skip = _LONG


class OAuthClientsInClusterTests(InCluster, test_oauth_clients.OAuthClientTests):
    if _LONG:
        skip = _LONG


class VdirsyncerInClusterTests(InCluster, test_dav_clients.VdirsyncerTests):
    if _LONG:
        skip = _LONG


class CaldavLibraryInClusterTests(InCluster, test_dav_clients.CaldavLibraryTests):
    if _LONG:
        skip = _LONG


class CadaverInClusterTests(InCluster, test_dav_clients.CadaverTests):
    if _LONG:
        skip = _LONG


class RcloneInClusterTests(InCluster, test_dav_clients.RcloneTests):
    if _LONG:
        skip = _LONG
