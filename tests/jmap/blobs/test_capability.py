"""What the session says about blobs."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.collaboration.jmap import Jmap
from stalwart.directory.access import RECOVERY_ACCOUNT
from stalwart.jmap.blobs.capability import DIGESTS, blob, max_blob_size
from stalwart.jmap.capabilities import Audience, collected
from tests.jmap.blobs.shelf import access
from tests.web.fakes import FakeSettings


class CapabilityTests(SynchronousTestCase):
    """RFC 9404 3.1, jmap.md 3."""

    def test_all_members_are_there(self) -> None:
        assert blob.account is not None
        members = blob.account(Audience(FakeSettings(), "", access(), 7))
        expected = {
            "maxSizeBlobSet": 7_499_488,
            "maxDataSources": 64,
            "supportedDigestAlgorithms": ["sha", "sha-256", "sha-512"],
        }
        self.assertEqual(set(members), {*expected, "supportedTypeNames"})
        self.assertEqual(members | expected, members)

    def test_a_blob_is_never_larger_than_an_upload(self) -> None:
        self.assertEqual(max_blob_size(Jmap.from_wire({"maxUploadSize": 100})), 100)
        self.assertEqual(max_blob_size(Jmap.from_wire({"maxRequestSize": 1})), 0)

    def test_it_is_announced_to_those_who_may_get_blobs_and_have_an_account(self) -> None:
        self.assertIn(blob, collected())
        self.assertTrue(blob.is_for(access()))
        self.assertFalse(blob.is_for(access(RECOVERY_ACCOUNT, kind="recovery")))

    def test_digest_names_are_lower_case(self) -> None:
        self.assertEqual([name for name in DIGESTS if name != name.lower()], [])
