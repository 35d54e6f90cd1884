"""What a bucket says when its server does not do what it should."""

from __future__ import annotations

import io
from typing import Any
from unittest import mock

from botocore.exceptions import (
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    SSLError,
)
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import NotFound, Unavailable
from stalwart.store.s3 import bucket as module
from stalwart.store.s3.bucket import Bucket, Place
from tests.store.s3.memory_client import MemoryClient, refusal

REFUSALS: dict[str, tuple[Exception, str]] = {
    "forbidden": (refusal(403, "403"), "The server of the blobs refuses the keys."),
    "bad_signature": (refusal(403, "SignatureDoesNotMatch"), "The server of the blobs refuses the keys."),
    "skewed_clock": (refusal(403, "RequestTimeTooSkewed"), "The server of the blobs has another time than this one."),
    "missing_bucket": (refusal(404, "NoSuchBucket"), "The bucket of the blobs is not there."),
    "error_of_the_server": (refusal(500, "InternalError"), "The server of the blobs reports an error (500)."),
    "odd_refusal": (refusal(409, "Odd"), "The server of the blobs refuses a request (Odd)."),
    "damage_on_the_way": (refusal(400, "BadDigest"), "The blob was damaged on its way. Please try again."),
    "no_server": (EndpointConnectionError(endpoint_url="http://secret"), "The bucket of the blobs cannot be reached."),
    "silence": (ConnectTimeoutError(endpoint_url="http://secret"), "The bucket of the blobs cannot be reached."),
    "bad_certificate": (
        SSLError(endpoint_url="https://secret", error="x"),
        "The bucket of the blobs cannot be reached over TLS.",
    ),
    "no_keys": (NoCredentialsError(), "There are no keys for the bucket of the blobs."),
    "bad_name": (
        ParamValidationError(report="x"),
        "The name of the bucket of the blobs, or its address, cannot be used.",
    ),
}


class BucketTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.patient, self.hasty = MemoryClient(), MemoryClient()
        self.patch(module, "_clients", lambda place: (self.patient, self.hasty))
        self.bucket = Bucket(Place("mail", "here"), self.clock.seconds)

    def test_a_missing_object_is_not_found(self) -> None:
        self.assertIsNone(self.bucket.head("x"))
        with self.assertRaises(NotFound):
            list(self.bucket.chunks("x", 0, None))
        self.bucket.remove("x")

    def test_where_others_wait_a_server_that_has_just_not_answered_is_not_asked(self) -> None:
        self.patient.fault = EndpointConnectionError(endpoint_url="x")
        with self.assertRaises(Unavailable):
            self.bucket.head("x")
        for _ in range(3):
            with self.assertRaises(Unavailable):
                self.bucket.head("x", hasty=True)
        self.assertEqual(self.hasty.asked["head"], 0)
        self.clock.advance(10.1)
        self.assertIsNone(self.bucket.head("x", hasty=True))
        self.assertEqual(self.hasty.asked["head"], 1)

    def test_a_server_that_answers_again_is_asked_again(self) -> None:
        self.patient.fault = EndpointConnectionError(endpoint_url="x")
        with self.assertRaises(Unavailable):
            self.bucket.head("x")
        self.patient.fault = None
        self.assertIsNone(self.bucket.head("x"), "who is patient asks")
        self.assertIsNone(self.bucket.head("x", hasty=True))

    def test_of_a_server_that_has_not_answered_one_asks_and_the_others_do_not_wait(self) -> None:
        self.patient.fault = EndpointConnectionError(endpoint_url="x")
        with self.assertRaises(Unavailable):
            self.bucket.head("x")
        asked = list[str]()

        def meanwhile(Bucket: str, Key: str) -> None:
            asked.append(Key)
            with self.assertRaises(Unavailable):
                self.bucket.head("another")
            raise refusal(404, "404")

        with mock.patch.object(self.patient, "head_object", meanwhile):
            self.assertIsNone(self.bucket.head("one"))
        self.assertEqual(asked, ["one"])
        self.patient.fault = None
        self.assertIsNone(self.bucket.head("another"))

    def test_a_refusal_is_no_silence(self) -> None:
        self.patient.fault = refusal(403, "AccessDenied")
        with self.assertRaises(Unavailable):
            self.bucket.head("x")
        self.assertIsNone(self.bucket.head("x", hasty=True))

    def test_a_body_that_breaks_off_is_said(self) -> None:
        body = mock.Mock(read=mock.Mock(side_effect=OSError("gone")))
        self.patch(self.patient, "get_object", lambda **_: {"Body": body})
        with self.assertRaises(Unavailable):
            list(self.bucket.chunks("x", 0, None))
        body.close.assert_called_once_with()


def _says(fault: Exception, sentence: str) -> Any:
    def test(self: BucketTests) -> None:
        self.patient.fault = fault
        for ask in (
            lambda: self.bucket.head("x"),
            lambda: self.bucket.put("x", io.BytesIO(b"x"), 1, "m"),
            lambda: self.bucket.remove("x"),
            lambda: list(self.bucket.keys("x")),
            lambda: list(self.bucket.chunks("x", 1, 2)),
        ):
            with self.assertRaises(Unavailable) as raised:
                ask()
            self.assertEqual(raised.exception.detail, sentence)

    return test


for _name, (_fault, _sentence) in REFUSALS.items():
    setattr(BucketTests, f"test_{_name}_is_said", _says(_fault, _sentence))


class ClientTests(SynchronousTestCase):
    def refusal(self, **members: Any) -> str:
        bucket = Bucket(Place(**{"bucket": "mail", "region": "here", "access_key": "a", "secret_key": "b", **members}))
        with self.assertRaises(Unavailable) as raised:
            bucket.head("x")
        return raised.exception.detail

    def test_a_profile_that_is_not_there_is_said(self) -> None:
        self.assertIn("no keys", self.refusal(profile="nobody"))

    def test_an_address_that_is_none_is_said(self) -> None:
        self.assertIn("address", self.refusal(endpoint="nonsense"))

    def test_nobody_at_the_address_is_said(self) -> None:
        self.assertIn("cannot be reached", self.refusal(endpoint="http://127.0.0.1:9", retries=1))

    def test_a_missing_package_is_said(self) -> None:
        with mock.patch.dict("sys.modules", {"botocore.session": None}):
            self.assertIn("stalwart-twisted[s3]", self.refusal())

    def test_keys_are_not_shown(self) -> None:
        shown = repr(Place("b", "r", access_key="hidden-a", secret_key="hidden-b", session_token="hidden-c"))
        self.assertNotIn("hidden", shown)
