"""Header fields of requests that the server sends: credentials as x:HttpAuth says, and further ones (settings A.7)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from stalwart.config.kept_text import Unreadable, kept_text
from stalwart.schema import File


def headers_of(auth: Any, further: Mapping[str, str]) -> dict[str, str]:
    """``further`` with the credentials of ``auth`` (RFC 7617, RFC 6750), which may be None.

    It may wait for the disk where ``is_on_disk`` says so. Raises Unreadable.
    """
    tag = getattr(auth, "tag", "Unauthenticated")
    if tag == "Unauthenticated":
        return dict(further)
    secret = kept_text(_place(auth))
    if not secret:
        raise Unreadable("the secret is empty")
    if tag == "Basic":
        value = "Basic " + b64encode(f"{auth.username}:{secret}".encode()).decode("ascii")
    elif secret.isascii() and secret.isprintable():
        value = f"Bearer {secret}"
    else:
        raise Unreadable("the token has characters that no header field may have")
    return {name: text for name, text in further.items() if name.lower() != "authorization"} | {"Authorization": value}


def is_on_disk(auth: Any) -> bool:
    """Whether the secret of ``auth`` is in a file, so that reading it is for threads."""
    return getattr(auth, "tag", "Unauthenticated") != "Unauthenticated" and isinstance(_place(auth), File)


def _place(auth: Any) -> Any:
    return auth.secret if auth.tag == "Basic" else auth.bearer_token
