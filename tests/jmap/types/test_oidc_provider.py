"""``x:OidcProvider``: keys are tried when they are written."""

from __future__ import annotations

from typing import Any

from stalwart.jmap.types import oidc_provider
from stalwart.provider.keys import make_pem
from tests.jmap.registry.world import RegistryWorld


def text(value: str) -> dict[str, str]:
    return {"@type": "Text", "secret": value}


class OidcProviderTests(RegistryWorld):
    def change(self, patch: dict[str, Any]) -> Any:
        return self.ask("x:OidcProvider/set", {"update": {"singleton": patch}})

    def refused(self, patch: dict[str, Any], property: str) -> str:
        error = self.change(patch)["notUpdated"]["singleton"]
        self.assertEqual((error["type"], error["properties"]), ("invalidProperties", [property]))
        return str(error["description"])

    def test_a_fresh_server_signs_with_es256(self) -> None:
        self.assertEqual(self.get("OidcProvider", "singleton")["signatureAlgorithm"], "es256")

    def test_a_key_that_fits_is_taken_and_masked(self) -> None:
        answer = self.change({"signatureAlgorithm": "es384", "signatureKey": text(make_pem("ES384"))})
        self.assertIn("singleton", answer["updated"])
        self.assertEqual(self.get("OidcProvider", "singleton")["signatureKey"]["secret"], "****")

    def test_a_key_of_another_kind_is_refused(self) -> None:
        problem = self.refused({"signatureAlgorithm": "rs256", "signatureKey": text(make_pem("ES256"))}, "signatureKey")
        self.assertIn("RSA", problem)
        self.refused({"signatureKey": text("hello")}, "signatureKey")

    def test_the_algorithm_cannot_leave_its_key(self) -> None:
        self.change({"signatureAlgorithm": "es384", "signatureKey": text(make_pem("ES384"))})
        self.refused({"signatureAlgorithm": "es256"}, "signatureKey")
        self.assertIn("singleton", self.change({"signatureAlgorithm": "es256", "signatureKey": None})["updated"])

    def test_a_short_secret_is_refused(self) -> None:
        self.refused({"encryptionKey": {"@type": "Value", "secret": "short"}}, "encryptionKey")
        self.refused({"encryptionKey": {"@type": "File", "filePath": "/nonexistent"}}, "encryptionKey")

    def test_lifetimes_change_without_reading_keys(self) -> None:
        self.assertIn("singleton", self.change({"accessTokenExpiry": 60_000})["updated"])

    def test_without_keys_there_is_nothing_to_judge(self) -> None:
        values = {"signatureAlgorithm": "es256", "signatureKey": None, "encryptionKey": None}
        self.assertEqual(oidc_provider.judged(values), {})
