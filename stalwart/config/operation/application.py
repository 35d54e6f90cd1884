"""x:Application: a web interface that comes as a zip file and is served below a path (settings C.12; its digest:
design 8).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stalwart.schema import REQUIRED, Boolean, Duration, Object, Set, String, UtcDateTime, Violation, prop

RESERVED = frozenset(
    {
        "jmap",
        "dav",
        ".well-known",
        "auth",
        "api",
        "mail",
        "calendar",
        "autodiscover",
        "robots.txt",
        "favicon.ico",
        "healthz",
        "metrics",
        "form",
        "login",
        "device",
        "assets",
        "diagnose",
    }
)
"""First segments of paths that no application gets (http-service 8, design 8)."""

MOUNTS = ("admin", "account")
"""First segments of paths where the server's own interface is, unless an application takes one."""

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*", re.ASCII)


def segment_of(prefix: str) -> str | None:
    """The segment of paths that ``prefix`` stands for, None if it is none that an application can have."""
    segment = prefix.strip("/")
    return segment if _SEGMENT.fullmatch(segment) and segment not in RESERVED else None


class Application(Object, label="description"):
    """A web interface that the server fetches and serves."""

    description: str = prop(String(), REQUIRED, "What people call it.")
    enabled: bool = prop(Boolean(), True, "Serve it.")
    resource_url: str = prop(String("uri"), REQUIRED, "Where its zip file is: http:, https: or file:.", label="URL")
    sha256: str | None = prop(
        String(nullable=True),
        None,
        "SHA-256 of the zip file in hexadecimal; only a file: URL goes without.",
        label="SHA-256",
    )
    url_prefix: frozenset[str] = prop(
        Set(String(), min_items=1), {}, "Paths that it is served below, such as `/admin`.", label="URL prefixes"
    )
    auto_update_frequency: int = prop(Duration(), 90 * 86_400_000, "Age at which the zip file is fetched again.")
    unpack_directory: str | None = prop(
        String(nullable=True), None, "Folder that it is unpacked in; null is one of the system's temporary ones."
    )
    fetched_at: int | None = prop(
        UtcDateTime(), None, "When UpdateApps has fetched its zip file last.", update="serverSet"
    )

    def check(self) -> Iterator[Violation]:
        """The file can be fetched and known again; prefixes are paths."""
        scheme = self.resource_url.partition(":")[0].lower()
        if scheme not in ("http", "https", "file"):
            yield Violation("invalidProperties", "resourceUrl", "The URL must begin with http:, https: or file:.")
        if self.sha256 is None and scheme in ("http", "https"):
            yield Violation("invalidProperties", "sha256", "What comes over the network needs the digest of the file.")
        if self.sha256 is not None and not _SHA256.fullmatch(self.sha256):
            yield Violation("invalidProperties", "sha256", "The digest must be 64 hexadecimal digits in lower case.")
        if not all(prefix.startswith("/") for prefix in self.url_prefix):
            yield Violation("invalidProperties", "urlPrefix", "A prefix must begin with a slash.")
        for prefix in sorted(self.url_prefix):
            if prefix.strip("/") in RESERVED:
                yield Violation("invalidProperties", "urlPrefix", f"The path {prefix} belongs to the server.")
            elif segment_of(prefix) is None:
                text = "A prefix is one segment of letters, digits, points, hyphens and underscores, such as /webmail."
                yield Violation("invalidProperties", "urlPrefix", text)
