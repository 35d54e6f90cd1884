"""Tests ``stalwart.jmap.files.capability``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.jmap.capabilities import Audience
from stalwart.jmap.files.capability import SORTS, filenode
from tests.jmap.desk import access
from tests.web.fakes import FakeSettings


class CapabilityTests(SynchronousTestCase):
    def test_what_is_announced(self) -> None:
        who = access(permissions=frozenset(("jmapFileNodeGet", "jmapFileNodeCreate")))
        assert filenode.account is not None
        said = filenode.account(Audience(FakeSettings(), "", who, who.account_id)) or {}
        self.assertEqual(said["maxFileNodeDepth"], 128)
        self.assertEqual(said["maxSizeFileNodeName"], 255)
        self.assertIn("LPT9", said["forbiddenNodeNames"])
        self.assertEqual(said["fileNodeQuerySortOptions"], list(SORTS))
        self.assertTrue(said["mayCreateTopLevelFileNode"])
        self.assertIsNone(said["webTrashUrl"])
        elsewhere = filenode.account(Audience(FakeSettings(), "", who, 99)) or {}
        self.assertFalse(elsewhere["mayCreateTopLevelFileNode"])
        self.assertTrue(filenode.is_for(who))
