"""The fields that tell a client about a limit: Retry-After (RFC 9110 10.2.3), RateLimit-Policy and RateLimit.

After draft-ietf-httpapi-ratelimit-headers-10 (2.1, 2.2), members as structured fields (RFC 9651). The window
parameter ``w`` is never sent; successful answers carry none of these fields.
"""

from __future__ import annotations

from attrs import frozen


@frozen
class Quota:
    """A limit as it is reported.

    ``name`` is its policy, ``limit`` what it grants (``q``), ``remaining`` what is left (``r``), ``reset``
    the seconds until it is restored (``t``, None if unknown), ``unit`` what is counted if not requests
    (``qu``).
    """

    name: str
    limit: int
    remaining: int = 0
    reset: int | None = None
    unit: str | None = None

    @property
    def policy(self) -> str:
        """The member of RateLimit-Policy."""
        unit = f';qu="{self.unit}"' if self.unit is not None else ""
        return f'"{self.name}";q={self.limit}{unit}'

    @property
    def state(self) -> str:
        """The member of RateLimit."""
        reset = f";t={self.reset}" if self.reset is not None else ""
        return f'"{self.name}";r={max(0, self.remaining)}{reset}'


def limit_fields(*quotas: Quota) -> dict[str, str]:
    """Header fields in the order in which they are sent; Retry-After is the longest of the known resets."""
    resets = [quota.reset for quota in quotas if quota.reset is not None]
    fields = {"Retry-After": str(max(resets))} if resets else {}
    fields["RateLimit-Policy"] = ", ".join(quota.policy for quota in quotas)
    fields["RateLimit"] = ", ".join(quota.state for quota in quotas)
    return fields


def requests_exceeded(limit: int, reset: int) -> dict[str, str]:
    """For a 429: ``limit`` requests per window are used up, the window ends in ``reset`` seconds."""
    return limit_fields(Quota("requests", limit, 0, reset))


def concurrency_exceeded(name: str, limit: int, retry_after: int | None = None) -> dict[str, str]:
    """For a concurrency limit; ``name`` is ``concurrent-requests`` or ``concurrent-uploads``. No reset is known;
    ``retry_after`` is when it is worth another attempt.
    """
    fields = limit_fields(Quota(name, limit, 0, None, "concurrent-requests"))
    return fields if retry_after is None else {"Retry-After": str(retry_after), **fields}


def upload_quota_exceeded(
    files: int, size: int, *, files_left: int, bytes_left: int, reset: int | None = None
) -> dict[str, str]:
    """For the blob upload quota of ``files`` files and ``size`` bytes."""
    return limit_fields(
        Quota("blob-upload-files", files, files_left, reset),
        Quota("blob-upload-bytes", size, bytes_left, reset, "content-bytes"),
    )
