"""Uploads at the same time."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.places import MemoryPlaces
from stalwart.errors import LimitExceeded
from stalwart.jmap.blobs.running import RunningUploads
from tests.jmap.blobs.shelf import access


class RunningUploadsTests(SynchronousTestCase):
    """x:Jmap maxConcurrentUploads."""

    def setUp(self) -> None:
        self.running = RunningUploads()

    def refused(self, who: int = 7, most: int | None = 2, *permissions: str) -> LimitExceeded | None:
        try:
            with self.running.place(access(who, *permissions), most):
                return None
        except LimitExceeded as problem:
            return problem

    def test_one_too_many_is_refused_with_the_policy(self) -> None:
        with self.running.place(access(), 2), self.running.place(access(), 2):
            problem = self.refused()
            assert problem is not None
            self.assertEqual(problem.limit, "maxConcurrentUpload")
            self.assertEqual(problem.headers["RateLimit"], '"concurrent-uploads";r=0')

    def test_a_place_is_free_again_afterwards_however_the_upload_ended(self) -> None:
        for _ in range(3):
            with self.assertRaises(ValueError), self.running.place(access(), 1):
                raise ValueError
        self.assertIsNone(self.refused(most=1))

    def test_a_refusal_takes_no_place(self) -> None:
        with self.running.place(access(), 1):
            self.refused(7, 1)
        self.assertIsNone(self.refused(7, 1))

    def test_accounts_are_counted_apart(self) -> None:
        with self.running.place(access(), 1):
            self.assertIsNone(self.refused(8, 1))

    def test_no_limit_and_two_permissions(self) -> None:
        with self.running.place(access(), 1):
            self.assertIsNone(self.refused(7, None))
            self.assertIsNone(self.refused(7, 1, "unlimitedUploads"))
            self.assertIsNone(self.refused(7, 1, "unlimitedRequests"))

    def test_those_who_share_places_share_the_limit(self) -> None:
        places = MemoryPlaces()
        self.running, other = RunningUploads(places), RunningUploads(places)
        with other.place(access(), 1):
            self.assertIsNotNone(self.refused(most=1))
        self.assertIsNone(self.refused(most=1))
        self.assertEqual(places._taken, {})

    def test_unlimited_uploads_take_places_too(self) -> None:
        with self.running.place(access(7, "unlimitedUploads"), 1):
            self.assertIsNotNone(self.refused(most=1))
        self.assertIsNone(self.refused(most=1))
