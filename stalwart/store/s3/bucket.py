"""A bucket behind the S3 interface, and what its errors mean to an administrator.

botocore signs and speaks; it is loaded with the first request, because most servers have no need of it. Everything
blocks, so this is for threads. Of the interface only what every implementation has is used: checksums in trailers are
off, and instead the hash of each body is part of its signature (``x-amz-content-sha256``).
"""

from __future__ import annotations

import contextlib
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from attrs import field, frozen

from stalwart.errors import NotFound, StalwartError, Unavailable, Unreachable

PART: Final = 8 << 20
"""Octets from which on a body is sent in parts, and of each part."""

_CHUNK = 1 << 16
_CONNECTIONS = 16
_REST = 10.0
"""Seconds for which a server that did not answer is not asked where others would have to wait for it."""
_HASTE = 2.0
_CONNECT = 10.0
_MARK = "mark"
_GONE = ("404", "NoSuchKey", "NotFound")

_UNREACHABLE = "The bucket of the blobs cannot be reached."
_MISSING = "The stored content is missing."
_SENTENCES: Mapping[str, str] = {
    "403": "The server of the blobs refuses the keys.",
    "AccessDenied": "The server of the blobs refuses the keys.",
    "InvalidAccessKeyId": "The server of the blobs refuses the keys.",
    "SignatureDoesNotMatch": "The server of the blobs refuses the keys.",
    "ExpiredToken": "The server of the blobs refuses the keys: they have expired.",
    "RequestTimeTooSkewed": "The server of the blobs has another time than this one.",
    "NoSuchBucket": "The bucket of the blobs is not there.",
    "InvalidBucketName": "The bucket of the blobs is not there.",
    "QuotaExceeded": "The bucket of the blobs is full.",
    "XAmzContentSHA256Mismatch": "The blob was damaged on its way. Please try again.",
    "BadDigest": "The blob was damaged on its way. Please try again.",
    "SlowDown": "The server of the blobs has too much to do at present. Please try again later.",
}
"""By the code of the error; none names keys or addresses."""


@frozen
class Place:
    """Where the objects are (x:BlobStore). ``endpoint`` is None for Amazon's own; ``timeout`` is in seconds,
    ``retries`` says how often a failed request is repeated. Without keys and profile those of the environment are used.
    """

    bucket: str
    region: str
    endpoint: str | None = None
    prefix: str = ""
    profile: str | None = None
    access_key: str = field(default="", repr=False)
    secret_key: str = field(default="", repr=False)
    session_token: str = field(default="", repr=False)
    timeout: float = 30.0
    retries: int = 3
    verify_after_write: bool = True
    allow_invalid_certificates: bool = False


@frozen
class Head:
    """What is known of an object: when it was written (time) and who wrote it."""

    size: int
    modified: float
    mark: str | None


class Bucket:
    """The objects of ``place``; keys are given without its prefix.

    Raises Unavailable, in a sentence for clients, if the server cannot be reached or refuses. Where ``hasty`` is said
    somebody else waits meanwhile: it is asked once, for 2 seconds, and not at all if it has just not answered. Once it
    has not, one at a time tries it, and all others are refused at once, until it has: else whoever wants a value holds
    a thread for as long as that takes, and small ones have none.
    """

    def __init__(self, place: Place, clock: Callable[[], float] = time.monotonic) -> None:
        self._place = place
        self._clock = clock
        self._making = threading.Lock()
        self._clients: tuple[Any, Any] | None = None
        self._rests_until = float("-inf")
        self._trying = threading.Lock()
        self._is_silent = False

    @property
    def verifies(self) -> bool:
        """Whether objects are to be looked at after they were written."""
        return self._place.verify_after_write

    def head(self, key: str, *, hasty: bool = False) -> Head | None:
        """What is known of the object; None if it is not there."""
        with self._asked(hasty) as ask:
            try:
                said = ask.head_object(**self._named(key))
            except NotFound:
                return None
        return Head(said["ContentLength"], said["LastModified"].timestamp(), said.get("Metadata", {}).get(_MARK))

    def chunks(self, key: str, offset: int, length: int | None) -> Iterator[bytes]:
        """The octets of a section in pieces of at most 64 KiB. Raises NotFound."""
        end = "" if length is None else str(offset + length - 1)
        section = {} if not offset and length is None else {"Range": f"bytes={offset}-{end}"}
        with self._asked() as ask:
            try:
                body = ask.get_object(**self._named(key), **section)["Body"]
            except _BeyondTheEnd:
                return
            with contextlib.closing(body):
                while chunk := ask.answered(lambda: body.read(_CHUNK)):
                    yield chunk

    def put(self, key: str, content: BinaryIO, size: int, mark: str) -> None:
        """Store ``size`` octets of a file that is at its beginning; there is all of it in the end, or nothing new."""
        with self._asked() as ask:
            if size <= PART:
                ask.put_object(**self._named(key), Body=content, ContentLength=size, Metadata={_MARK: mark})
            else:
                self._put_parts(ask, key, content, mark)

    def remove(self, key: str, *, hasty: bool = False) -> None:
        """Remove the object, if it is there."""
        with self._asked(hasty) as ask:
            ask.delete_object(**self._named(key))

    def keys(self, start: str) -> Iterator[str]:
        """The keys that begin so."""
        prefix = self._place.prefix
        wanted: dict[str, Any] = {"Bucket": self._place.bucket, "Prefix": prefix + start}
        with self._asked() as ask:
            while True:
                said = ask.list_objects_v2(**wanted)
                yield from (each["Key"].removeprefix(prefix) for each in said.get("Contents", ()))
                if not said.get("IsTruncated"):
                    return
                wanted["ContinuationToken"] = said["NextContinuationToken"]

    def abort_unfinished(self, before: float) -> int:
        """End uploads in parts that were begun before ``before`` (time); answers how many."""
        ended = 0
        with self._asked() as ask:
            said = ask.list_multipart_uploads(Bucket=self._place.bucket, Prefix=self._place.prefix)
            for each in said.get("Uploads", ()):
                if each["Initiated"].timestamp() <= before:
                    ask.abort_multipart_upload(Bucket=self._place.bucket, Key=each["Key"], UploadId=each["UploadId"])
                    ended += 1
        return ended

    def _put_parts(self, ask: _Client, key: str, content: BinaryIO, mark: str) -> None:
        upload = ask.create_multipart_upload(**self._named(key), Metadata={_MARK: mark})["UploadId"]
        named = {**self._named(key), "UploadId": upload}
        try:
            parts: list[dict[str, Any]] = []
            while part := content.read(PART):
                number = len(parts) + 1
                said = ask.upload_part(**named, PartNumber=number, Body=part, ContentLength=len(part))
                parts.append({"ETag": said["ETag"], "PartNumber": number})
            ask.complete_multipart_upload(**named, MultipartUpload={"Parts": parts})
        except BaseException:
            with contextlib.suppress(StalwartError):  # else it is ended with what crashes leave
                ask.abort_multipart_upload(**named)
            raise

    def _named(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._place.bucket, "Key": self._place.prefix + key}

    @contextlib.contextmanager
    def _asked(self, hasty: bool = False) -> Iterator[_Client]:
        if hasty and self._clock() < self._rests_until:
            raise Unavailable(_UNREACHABLE)
        tries = self._is_silent and not hasty
        if tries and not self._trying.acquire(blocking=False):
            raise Unavailable(_UNREACHABLE)
        try:
            yield _Client(self._client(hasty), self._answered)
        except Unreachable:
            self._is_silent, self._rests_until = True, self._clock() + _REST
            raise
        finally:
            if tries:
                self._trying.release()

    def _answered(self) -> None:
        self._is_silent, self._rests_until = False, float("-inf")

    def _client(self, hasty: bool) -> Any:
        with self._making:
            if self._clients is None:
                self._clients = _clients(self._place)
            return self._clients[hasty]


class _BeyondTheEnd(Exception):
    """The section begins where the object ends, or later."""


class _Client:
    """The operations of botocore's client, whose errors are ours."""

    def __init__(self, client: Any, answered: Callable[[], object]) -> None:
        self._client = client
        self._has_answered = answered

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        function = getattr(self._client, operation)
        return lambda **wanted: self.answered(lambda: function(**wanted))

    def answered(self, ask: Callable[[], Any]) -> Any:
        """What ``ask`` answers."""
        from botocore.exceptions import BotoCoreError, ClientError
        from urllib3.exceptions import HTTPError

        try:
            said = ask()
        except ClientError as error:
            refusal = _refusal(error.response)
            if not isinstance(refusal, Unreachable):
                self._has_answered()
            raise refusal from error
        except (BotoCoreError, HTTPError, OSError) as error:
            raise _fault(error) from error
        self._has_answered()
        return said


def _refusal(response: Mapping[str, Any]) -> Exception:
    code = str(response.get("Error", {}).get("Code", ""))
    status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _GONE:
        return NotFound(_MISSING)
    if status == 416:
        return _BeyondTheEnd()
    if code in _SENTENCES or str(status) in _SENTENCES:
        return Unavailable(_SENTENCES.get(code) or _SENTENCES[str(status)])
    if status >= 500:
        return Unreachable(f"The server of the blobs reports an error ({status}).")
    return Unavailable(f"The server of the blobs refuses a request ({code[:40] or status}).")


def _fault(error: Exception) -> Unavailable:
    kind = type(error).__name__
    if kind == "SSLError":
        return Unreachable("The bucket of the blobs cannot be reached over TLS.")
    if kind in ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "CredentialRetrievalError"):
        return Unavailable("There are no keys for the bucket of the blobs.")
    if kind in ("ParamValidationError", "InvalidEndpointConfigurationError"):
        return Unavailable("The name of the bucket of the blobs, or its address, cannot be used.")
    return Unreachable(_UNREACHABLE)


def _clients(place: Place) -> tuple[Any, Any]:
    """The patient one and the hasty one. Raises Unavailable if they cannot be made."""
    try:
        import botocore.exceptions
        import botocore.session
    except ImportError as error:
        raise Unavailable("S3 needs the package botocore: install stalwart-twisted[s3].") from error
    try:
        session = botocore.session.Session(profile=place.profile)
        return _made(session, place, place.timeout, place.retries), _made(session, place, _HASTE, 0)
    except botocore.exceptions.BotoCoreError as error:
        raise _fault(error) from error
    except ValueError as error:
        raise Unavailable("The address of the server of the blobs cannot be used.") from error


def _made(session: Any, place: Place, timeout: float, retries: int) -> Any:
    from botocore.config import Config

    if place.allow_invalid_certificates:
        warnings.filterwarnings("ignore", "Unverified HTTPS request")  # the administrator has said so
    return session.create_client(
        "s3",
        region_name=place.region,
        endpoint_url=place.endpoint,
        aws_access_key_id=place.access_key or None,
        aws_secret_access_key=place.secret_key or None,
        aws_session_token=place.session_token or None,
        verify=False if place.allow_invalid_certificates else None,
        config=Config(
            connect_timeout=min(timeout, _CONNECT),
            read_timeout=timeout,
            retries={"mode": "standard", "max_attempts": retries},
            max_pool_connections=_CONNECTIONS,
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"payload_signing_enabled": True, "addressing_style": "auto" if place.endpoint is None else "path"},
        ),
    )
