"""Published OAuth clients against a real daemon: authlib and oauthlib (Python), oauth4webapi (JavaScript).

They sign a person in through the form of ``/login``, as a browser does. They are installed by
tests/interop/clients/prepare; without them the tests are skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

from tests.interop.test_jmap_clients import HERE, JAVASCRIPT, NODE, PATIENCE, PYTHON, ClientDaemon


class OAuthClientTests(ClientDaemon):
    def run_client(self, *command: Any) -> Any:
        """What the client printed, as JSON."""
        words = [str(part) for part in (*command, self.daemon.url, *self.person)]
        done = subprocess.run(words, capture_output=True, timeout=PATIENCE, env=os.environ)
        self.assertEqual(done.returncode, 0, done.stderr.decode(errors="replace"))
        return json.loads(done.stdout)

    def setUp(self) -> None:
        super().setUp()
        self.person = self.administrator.new_user("alice")

    def test_authlib_registers_signs_in_refreshes_and_revokes(self) -> None:
        seen = self.run_client(PYTHON, HERE / "authlib_client.py")
        introspected = seen.pop("introspected")
        self.assertEqual((introspected["active"], introspected["username"]), (True, self.person[0]))
        self.assertEqual(
            seen,
            {
                "state": True,
                "iss": True,
                "nonce": True,
                "aud": True,
                "same": True,
                "email": self.person[0],
                "opened": 200,
                "reused": "invalid_grant",
                "closed": 401,
                "revoked": 200,
                "gone": 401,
            },
        )

    def test_oauthlib_signs_in_revokes_and_lets_a_device_in(self) -> None:
        seen = self.run_client(PYTHON, HERE / "oauthlib_client.py")
        self.assertNotIn("<form", seen.pop("page"))
        self.assertEqual(
            seen,
            {
                "kept": ["1"],
                "state": True,
                "id_token": True,
                "opened": 200,
                "revoked": 200,
                "gone": 401,
                "pending": "authorization_pending",
                "hasty": "slow_down",
                "granted": "bearer",
                "used": "expired_token",
            },
        )

    def test_oauth4webapi_pushes_its_request_and_proves_its_key(self) -> None:
        seen = self.run_client(NODE, JAVASCRIPT / "oauth4webapi.mjs")
        self.assertEqual(
            seen,
            {
                "tokenType": "dpop",
                "nonce": True,
                "email": self.person[0],
                "resource": 200,
                "stolen": 401,
                "afterwards": 200,
                "revoked": "invalid_token",
                "pending": "authorization_pending",
                "approved": "bearer",
            },
        )

    if not PYTHON.exists():
        for _name in (
            "test_authlib_registers_signs_in_refreshes_and_revokes",
            "test_oauthlib_signs_in_revokes_and_lets_a_device_in",
        ):
            locals()[_name].skip = "run tests/interop/clients/prepare"
    if not (JAVASCRIPT / "node_modules").exists() or NODE is None:
        test_oauth4webapi_pushes_its_request_and_proves_its_key.skip = "run tests/interop/clients/prepare"  # type: ignore[attr-defined]
