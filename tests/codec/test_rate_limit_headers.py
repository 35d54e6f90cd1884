"""The fields of a 429 or a concurrency answer, byte for byte."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.rate_limit_headers import (
    Quota,
    concurrency_exceeded,
    limit_fields,
    requests_exceeded,
    upload_quota_exceeded,
)


class FieldTests(SynchronousTestCase):
    def test_requests(self) -> None:
        fields = requests_exceeded(100, 42)
        wanted = [
            ("Retry-After", "42"),
            ("RateLimit-Policy", '"requests";q=100'),
            ("RateLimit", '"requests";r=0;t=42'),
        ]
        self.assertEqual(list(fields.items()), wanted)

    def test_concurrency_has_no_reset(self) -> None:
        wanted = {
            "RateLimit-Policy": '"concurrent-uploads";q=4;qu="concurrent-requests"',
            "RateLimit": '"concurrent-uploads";r=0',
        }
        self.assertEqual(concurrency_exceeded("concurrent-uploads", 4), wanted)

    def test_upload_quota_has_two_policies(self) -> None:
        fields = upload_quota_exceeded(1000, 50_000_000, files_left=990, bytes_left=-5, reset=60)
        wanted = {
            "Retry-After": "60",
            "RateLimit-Policy": '"blob-upload-files";q=1000, "blob-upload-bytes";q=50000000;qu="content-bytes"',
            "RateLimit": '"blob-upload-files";r=990;t=60, "blob-upload-bytes";r=0;t=60',
        }
        self.assertEqual(fields, wanted)

    def test_retry_after_is_the_longest_reset(self) -> None:
        fields = limit_fields(Quota("a", 1, 0, 5), Quota("b", 1, 0, 9), Quota("c", 1))
        self.assertEqual(fields["Retry-After"], "9")
