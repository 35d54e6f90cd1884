"""The operations of botocore's client that the bucket uses, in memory; ``fault`` is raised by the next requests."""

from __future__ import annotations

import io
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError


class MemoryClient:
    """One bucket, ``mail``; lists give two keys at a time."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, datetime, dict[str, str]]] = {}
        self.uploads: dict[str, dict[str, Any]] = {}
        self.asked: Counter[str] = Counter()
        self.fault: Exception | None = None
        self.fault_of = ""
        self.now = lambda: datetime.now(UTC)

    def _ask(self, operation: str, bucket: str) -> None:
        self.asked[operation] += 1
        if self.fault is not None and self.fault_of in ("", operation):
            raise self.fault
        if bucket != "mail":
            raise refusal(404, "NoSuchBucket")

    def head_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        self._ask("head", Bucket)
        if Key not in self.objects:
            raise refusal(404, "404")
        content, modified, metadata = self.objects[Key]
        return {"ContentLength": len(content), "LastModified": modified, "Metadata": metadata}

    def get_object(self, Bucket: str, Key: str, Range: str = "bytes=0-") -> dict[str, Any]:
        self._ask("get", Bucket)
        if Key not in self.objects:
            raise refusal(404, "NoSuchKey")
        content = self.objects[Key][0]
        first, _, last = Range.removeprefix("bytes=").partition("-")
        if int(first) >= len(content) > 0:
            raise refusal(416, "InvalidRange")
        return {"Body": io.BytesIO(content[int(first) : int(last) + 1 if last else None])}

    def put_object(self, Bucket: str, Key: str, Body: Any, ContentLength: int, Metadata: dict[str, str]) -> None:
        self._ask("put", Bucket)
        content = Body.read()
        assert len(content) == ContentLength
        self.objects[Key] = content, self.now(), Metadata

    def delete_object(self, Bucket: str, Key: str) -> None:
        self._ask("delete", Bucket)
        self.objects.pop(Key, None)

    def list_objects_v2(self, Bucket: str, Prefix: str, ContinuationToken: str = "") -> dict[str, Any]:
        self._ask("list", Bucket)
        keys = sorted(key for key in self.objects if key.startswith(Prefix) and key > ContinuationToken)
        said: dict[str, Any] = {"Contents": [{"Key": key} for key in keys[:2]], "IsTruncated": len(keys) > 2}
        if keys[2:]:
            said["NextContinuationToken"] = keys[1]
        return said

    def create_multipart_upload(self, Bucket: str, Key: str, Metadata: dict[str, str]) -> dict[str, Any]:
        self._ask("begin", Bucket)
        id = f"upload{len(self.uploads)}"
        self.uploads[id] = {"Key": Key, "UploadId": id, "Initiated": self.now(), "metadata": Metadata, "parts": {}}
        return {"UploadId": id}

    def upload_part(
        self, Bucket: str, Key: str, UploadId: str, PartNumber: int, Body: bytes, ContentLength: int
    ) -> dict[str, Any]:
        self._ask("part", Bucket)
        assert len(Body) == ContentLength
        self.uploads[UploadId]["parts"][PartNumber] = Body
        return {"ETag": f'"{PartNumber}"'}

    def complete_multipart_upload(self, Bucket: str, Key: str, UploadId: str, MultipartUpload: Any) -> None:
        self._ask("complete", Bucket)
        upload = self.uploads.pop(UploadId)
        content = b"".join(upload["parts"][part["PartNumber"]] for part in MultipartUpload["Parts"])
        self.objects[Key] = content, self.now(), upload["metadata"]

    def abort_multipart_upload(self, Bucket: str, Key: str, UploadId: str) -> None:
        self._ask("abort", Bucket)
        del self.uploads[UploadId]

    def list_multipart_uploads(self, Bucket: str, Prefix: str) -> dict[str, Any]:
        self._ask("uploads", Bucket)
        return {"Uploads": list(self.uploads.values())} if self.uploads else {}


def refusal(status: int, code: str) -> ClientError:
    """What botocore makes of an answer that is an error."""
    return ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "Operation")
