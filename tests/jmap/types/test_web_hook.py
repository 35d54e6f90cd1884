"""x:WebHook over JMAP: addresses of no use are refused."""

from __future__ import annotations

from attrs import evolve

from tests.jmap.registry.world import ROOT, RegistryWorld

BEARER = {"@type": "Bearer", "bearerToken": {"@type": "Value", "secret": "s"}}


class WebHookTests(RegistryWorld):
    def test_addresses(self) -> None:
        for url in ("https://hook.example.test/a?b=c", "http://hook.internal:8080/", "http://127.0.0.1/"):
            self.assertEqual(self.get("WebHook", self.create("WebHook", url=url))["url"], url)

    def test_what_is_no_address_is_refused(self) -> None:
        for url in ("ftp://hook.example.test/", "https:///a", "https://a:b@hook.example.test/"):
            refused = self.not_created("WebHook", url=url)
            self.assertEqual((refused["type"], refused["properties"]), ("invalidProperties", ["url"]), url)

    def test_credentials_need_tls(self) -> None:
        url = "http://hook.internal:8080/"
        self.assertEqual(self.not_created("WebHook", url=url, httpAuth=BEARER)["properties"], ["url"])
        id = self.create("WebHook", url=url)
        self.assertEqual(self.not_updated("WebHook", id, httpAuth=BEARER)["properties"], ["url"])
        self.update("WebHook", id, httpAuth=BEARER, url="https://hook.example.test/")
        self.create("WebHook", url="http://127.0.0.1:8080/", httpAuth=BEARER)

    def test_secrets_are_not_shown(self) -> None:
        key = {"@type": "Value", "secret": "a-secret-key"}
        id = self.create("WebHook", url="https://hook.example.test/", signatureKey=key, httpAuth=BEARER)
        self.assertNotIn("a-secret-key", str(self.get("WebHook", id)))

    def test_only_administrators_of_the_server_name_its_files_and_variables(self) -> None:
        """Whoever may do nothing but make hooks could have them sent to himself."""
        self.who = evolve(
            ROOT, permissions=frozenset(("authenticate", "sysWebHookGet", "sysWebHookCreate", "sysWebHookUpdate"))
        )
        mine = self.create("WebHook", url="https://hook.example.test/", httpAuth=BEARER)
        for place in (
            {"@type": "File", "filePath": "/etc/hostname"},
            {"@type": "EnvironmentVariable", "variableName": "HOME"},
        ):
            auth = {"@type": "Bearer", "bearerToken": place}
            refused = self.not_created("WebHook", url="https://hook.example.test/", httpAuth=auth)
            self.assertEqual((refused["type"], refused["properties"]), ("forbidden", ["httpAuth"]))
            for patch in ({"httpAuth": auth}, {"httpAuth/bearerToken": place}, {"signatureKey": place}):
                self.assertEqual(self.not_updated("WebHook", mine, **patch)["type"], "forbidden", patch)
