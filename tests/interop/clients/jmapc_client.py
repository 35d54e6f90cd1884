"""jmapc as a person's program uses it: session, echo, blob upload and download. Runs in an environment of its own."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import jmapc
from jmapc.methods import CoreEcho
from jmapc.session import Session


class Client(jmapc.Client):
    """jmapc asks https://HOST/.well-known/jmap only; this one asks the server under test."""

    base = ""
    _found: Session | None = None

    @property
    def jmap_session(self) -> Session:
        """The session, discovered as RFC 8620 2.2 says."""
        if self._found is None:
            answer = self.requests_session.get(f"{self.base}/.well-known/jmap", timeout=30)
            answer.raise_for_status()
            self._found = Session.from_dict(answer.json())
        return self._found


def connected(base: str, user: str, password: str) -> Client:
    """A client of the server at ``base``."""
    client = Client(urlsplit(base).netloc, auth=(user, password))
    client.base = base
    return client


def main(base: str, user: str, password: str) -> dict[str, Any]:
    """What the client saw."""
    client = connected(base, user, password)
    echo = client.request(CoreEcho(data={"hello": "wörld"}))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "some file.txt")
        path.write_bytes(b"some bytes")
        uploaded = client.upload_blob(path)
    return {
        "username": client.jmap_session.username,
        "echo": echo.data,
        "core": client.jmap_session.capabilities.core.max_calls_in_request,
        "uploaded": {"id": uploaded.id, "size": uploaded.size},
    }


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
