"""What the session says about ``urn:ietf:params:jmap:blob`` (RFC 9404 3.1), and the limits that follow from it."""

from __future__ import annotations

from typing import Any

from stalwart.config.collaboration.jmap import Jmap
from stalwart.jmap.blobs.holders import known_holders
from stalwart.jmap.capabilities import BLOB, SHARED_TYPES, Audience, Capability

MAX_DATA_SOURCES = 64  # RFC 9404 3.1: no fewer

DIGESTS = {"sha": "sha1", "sha-256": "sha256", "sha-512": "sha512"}
"""The digest algorithms by their names in RFC 9404 3.1, and in Python."""


def max_blob_size(jmap: Jmap) -> int:
    """Bytes of a blob that ``Blob/upload`` makes: what fits into a request as base64 (jmap.md 3)."""
    return min(max(jmap.max_request_size * 3 // 4 - 512, 0), jmap.max_upload_size)


def _limits(audience: Audience) -> dict[str, Any]:
    return {
        "maxSizeBlobSet": max_blob_size(audience.settings.of(Jmap)),
        "maxDataSources": MAX_DATA_SOURCES,
        "supportedTypeNames": sorted(known_holders()),
        "supportedDigestAlgorithms": list(DIGESTS),
    }


blob = Capability(BLOB, account=_limits, permission="jmapBlobGet", shared=SHARED_TYPES)
