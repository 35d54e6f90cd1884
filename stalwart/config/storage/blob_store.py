"""x:BlobStore: where messages, files and other large values are kept (settings C.11)."""

from __future__ import annotations

import re
from typing import Any

from stalwart.schema import (
    REQUIRED,
    Boolean,
    Duration,
    Nested,
    PublicStringOptional,
    SecretKeyOptional,
    String,
    Union,
    Unsigned,
    Variant,
    prop,
)

_NONE = {"@type": "None"}

_REGIONS = """
    UsEast1 UsEast2 UsWest1 UsWest2 CaCentral1 AfSouth1 ApEast1 ApSouth1 ApNortheast1 ApNortheast2 ApNortheast3
    ApSoutheast1 ApSoutheast2 CnNorth1 CnNorthwest1 EuNorth1 EuCentral1 EuCentral2 EuWest1 EuWest2 EuWest3
    IlCentral1 MeSouth1 SaEast1
    """


def region_code(name: str) -> str:
    """``UsEast1`` -> ``us-east-1``."""
    return re.sub(r"(?<!^)([A-Z]|\d+)", r"-\1", name).lower()


def _region(name: str) -> Any:
    return type(name, (Variant,), {"__doc__": f"The region {region_code(name)}.", "__module__": __name__})


class CustomRegion(Variant, name="Custom"):
    """A server with the S3 interface elsewhere."""

    custom_endpoint: str = prop(String("uri"), REQUIRED, "Address of the server.")
    custom_region: str = prop(String(), REQUIRED, "Region named in signatures; many servers take any.")


S3StoreRegion = Union(
    "S3StoreRegion",
    *(_region(name) for name in _REGIONS.split()),
    CustomRegion,
    doc="Where an S3 bucket is.",
)


class Default(Variant):
    """In the data store."""


class FileSystem(Variant):
    """In files below a folder."""

    path: str = prop(String(), REQUIRED, "Folder of the files.")
    depth: int = prop(Unsigned(max=5), 2, "Levels of folders into which the files are spread by their hash.")


class S3(Variant):
    """In a bucket of a server with the S3 interface."""

    region: Variant = prop(Nested(S3StoreRegion), {"@type": "UsEast1"}, "Where the bucket is.")
    bucket: str = prop(String(), REQUIRED, "Name of the bucket.")
    key_prefix: str | None = prop(String(nullable=True), None, "What the keys of all objects begin with.")
    profile: str | None = prop(String(nullable=True), None, "Profile of the shared credentials file to take keys from.")
    access_key: Variant = prop(Nested(PublicStringOptional), _NONE, "Id of the access key.")
    secret_key: Variant = prop(Nested(SecretKeyOptional), _NONE, "Secret of the access key.")
    security_token: Variant = prop(Nested(SecretKeyOptional), _NONE, "Token of temporary credentials, old name.")
    session_token: Variant = prop(Nested(SecretKeyOptional), _NONE, "Token of temporary credentials.")
    timeout: int = prop(Duration(), 30_000, "Limit of one request.")
    max_retries: int = prop(Unsigned(min=1, max=10), 3, "How often a failed request is repeated.")
    verify_after_write: bool = prop(Boolean(), True, "Ask for the head of an object after writing it.")
    allow_invalid_certs: bool = prop(Boolean(), False, "Do not verify the certificate of the server.")


BlobStore = Union(
    "BlobStore",
    Default,
    FileSystem,
    S3,
    doc="Where large values are kept. A change needs a restart.",
    singleton=True,
    others="This server keeps large values in Default, FileSystem or S3.",
)
