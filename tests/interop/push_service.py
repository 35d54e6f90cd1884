"""A push service over TLS on loopback, and the user agent behind it: http_ece decrypts, PyJWT checks VAPID."""

from __future__ import annotations

import json
import ssl
import threading
import time
from base64 import urlsafe_b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from tests.codec.push_receiver import Receiver
from tests.net.certificates import issue, make_ca

PATIENCE = 20.0
CLIENTS = Path(__file__).resolve().parents[2] / ".cache" / "clients" / "python"


def published_decryption() -> Any:
    """The module http_ece, of this environment or of the clients'; None where neither has it."""
    spec = find_spec("http_ece")
    for file in CLIENTS.glob("lib/python*/site-packages/http_ece/__init__.py"):
        spec = spec or spec_from_file_location("http_ece", file)
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class PushService:
    """Listens on a port of its own; ``messages`` are the objects that were pushed, by path. ``status`` is the answer to
    a path, 201 by default."""

    def __init__(self, folder: Path) -> None:
        authority = make_ca()
        self.authorities = folder / "authorities.pem"
        self.authorities.write_bytes(authority.certificate_pem)
        chain, key = issue(["127.0.0.1"], ca=authority).save(folder / "push")
        self.agent = Receiver()
        self.http_ece = published_decryption()
        self.status: dict[str, int] = {}
        self.messages: dict[str, list[dict[str, Any]]] = {}
        self.heads: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.origin = f"https://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()

    def wait(self, path: str, count: int = 1) -> list[dict[str, Any]]:
        """What was pushed to a path, once there are so many."""
        until = time.monotonic() + PATIENCE
        while len(self.messages.get(path, ())) < count:
            if time.monotonic() > until:
                raise AssertionError(f"{count} pushes to {path} do not come: {self.messages}")
            time.sleep(0.02)
        return self.messages[path]

    def claims(self, head: dict[str, str], key: str) -> dict[str, Any]:
        """What the field Authorization says, checked with the ``applicationServerKey`` of the session."""
        scheme, _, rest = head["authorization"].partition(" ")
        members = dict(each.strip().split("=", 1) for each in rest.split(","))
        assert (scheme, members["k"]) == ("vapid", key), head
        point = urlsafe_b64decode(key + "=" * (-len(key) % 4))
        public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        found: dict[str, Any] = jwt.decode(members["t"], public, algorithms=["ES256"], audience=self.origin)
        return found

    def _handler(service) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler has a self of its own
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                head = {name.lower(): value for name, value in self.headers.items()}
                service.heads.append(head)
                if head.get("content-encoding") == "aes128gcm":
                    body = service.http_ece.decrypt(
                        body, private_key=service.agent.key, auth_secret=service.agent.secret, version="aes128gcm"
                    )
                service.messages.setdefault(self.path, []).append(json.loads(body))
                self.send_response(service.status.get(self.path, 201))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        return Handler
