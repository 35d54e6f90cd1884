"""What is announced follows the settings: services, hosts, issuers, policies."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

from stalwart.codec.ids import encode_id
from stalwart.codec.typed_address import typed_address
from stalwart.codec.user_agent_configuration import configuration_document
from stalwart.config.domains.domain import Domain
from stalwart.config.domains.mta_sts import MtaSts
from stalwart.config.identity.directory import Directory
from stalwart.config.network.system import SystemSettings
from stalwart.mail import announcements
from stalwart.mail.announcements import Announcements
from tests.directory.world import World

BASE = "https://mail.example.test"
ISSUER = "https://login.example.test/realm"


class AnnouncementCase(World):
    """A server ``mail.example.test`` with the domain ``example.test``."""

    def setUp(self) -> None:
        super().setUp()
        self.announcements = Announcements(self.settings, BASE)

    def system(self, **members: Any) -> None:
        self.settle(self.settings.change(SystemSettings, members))

    def issuer(self, domain: str) -> str:
        configuration = json.loads(self.announcements.configuration(domain))
        return str(configuration["authentication"]["oauth-public"]["issuer"])

    def protocols(self) -> Any:
        return json.loads(self.announcements.configuration("example.test"))["protocols"]


class ServiceTests(AnnouncementCase):
    def test_defaults_are_what_is_built(self) -> None:
        found = [each.protocol for each in self.announcements.services]
        self.assertEqual(sorted(found), ["caldav", "carddav", "jmap", "smtp", "webdav"])
        self.assertEqual({each.origin for each in self.announcements.services}, {BASE})

    def test_services_follow_the_settings_in_their_order(self) -> None:
        services = {"smtp": {"cleartext": True}, "imap": {"hostname": "imap.example.test", "cleartext": False}}
        self.system(services=services)
        found = [(each.protocol, each.host, each.origin, each.cleartext) for each in self.announcements.services]
        imap = ("imap", "imap.example.test", "https://imap.example.test", False)
        self.assertEqual(found, [("smtp", "mail.example.test", BASE, True), imap])

    def test_urls_at_the_public_host_have_its_port(self) -> None:
        self.system(services={"caldav": {}, "carddav": {"hostname": "dav.example.test"}})
        self.announcements = Announcements(self.settings, f"{BASE}:8443")
        found = self.protocols()
        self.assertEqual(found["caldav"]["url"], f"{BASE}:8443/dav/cal/")
        self.assertEqual(found["carddav"]["url"], "https://dav.example.test/dav/card/")
        self.assertEqual(self.announcements.autodiscover_url, f"{BASE}:8443/autodiscover/autodiscover.xml")

    def test_without_a_base_the_default_host_counts(self) -> None:
        self.announcements = Announcements(self.settings, "")
        self.assertEqual(self.issuer("example.test"), BASE)
        self.system(services={"jmap": {"hostname": "jmap.example.test"}})
        self.assertEqual(self.issuer("example.test"), "https://jmap.example.test")
        self.system(defaultHostname="2001:db8::1", services={"caldav": {}})
        self.assertEqual(self.protocols()["caldav"]["url"], "https://[2001:db8::1]/dav/cal/")

    def test_document_without_an_address_is_for_the_default_host(self) -> None:
        self.system(defaultHostname="bücher.test")
        provider = ElementTree.fromstring(self.announcements.autoconfig(None)).find("emailProvider")
        assert provider is not None
        self.assertEqual(
            (provider.get("id"), provider.findtext("displayName")), ("xn--bcher-kva.test", "%EMAILADDRESS%")
        )
        self.system(defaultHostname="192.0.2.1")
        self.assertIn(b'<emailProvider id="192.0.2.1">', self.announcements.autoconfig(None))

    def test_documents_for_an_address(self) -> None:
        jane = typed_address("Jane@Other.test")
        assert jane is not None
        self.assertIn(b'<emailProvider id="other.test">', self.announcements.autoconfig(jane))
        self.assertIn(b"<LoginName>jane@other.test</LoginName>", self.announcements.autodiscover(jane))


class ConfigurationTests(AnnouncementCase):
    def test_bytes_are_the_same_object_until_settings_change(self) -> None:
        first = self.announcements.configuration("example.test")
        self.assertIs(self.announcements.configuration("unknown.test"), first)
        self.system(providerInfo={"providerName": "Ex"})
        self.assertIn(b'"name":"Ex"', self.announcements.configuration("example.test"))

    def test_issuer_is_the_provider_that_serves_the_domain(self) -> None:
        provider = {"@type": "Oidc", "description": "Login", "issuerUrl": ISSUER}
        directory = encode_id(self.settle(self.settings.create(Directory, provider)))
        self.domain("elsewhere.test", directoryId=directory, aliases={"alias.test": True})
        names = ("elsewhere.test", "elsewhere.test.", "alias.test", "example.test", "unknown.test", "")
        self.assertEqual([self.issuer(name) for name in names], [ISSUER] * 3 + [BASE] * 3)

    def test_directory_of_another_kind_issues_nothing(self) -> None:
        ldap = {"@type": "Ldap", "description": "Ldap", "baseDn": "dc=test"}
        directory = encode_id(self.settle(self.settings.create(Directory, ldap)))
        self.domain("elsewhere.test", directoryId=directory)
        self.assertEqual(self.issuer("elsewhere.test"), BASE)

    def test_what_a_thread_works_out_while_settings_change_is_not_kept(self) -> None:
        def overtaken(*given: Any) -> bytes:
            made = configuration_document(*given)
            self.patch(announcements, "configuration_document", configuration_document)
            self.system(providerInfo={"providerName": "New"})
            return made

        self.patch(announcements, "configuration_document", overtaken)
        self.assertIn(b'"name":"Stalwart"', self.announcements.configuration("example.test"))
        self.assertIn(b'"name":"New"', self.announcements.configuration("example.test"))


class PolicyTests(AnnouncementCase):
    def policy(self, domain: str = "example.test") -> bytes | None:
        return self.announcements.policy(domain)

    def test_domain_has_its_own_or_that_of_the_server(self) -> None:
        self.domain("own.test", mtaSts={"mode": "enforce"}, aliases={"alias.test": True})
        own, servers = self.policy("own.test"), self.policy()
        self.assertIn(b"mode: enforce", own or b"")
        self.assertEqual(servers, b"version: STSv1\r\nmode: testing\r\nmax_age: 604800\r\nmx: mail.example.test\r\n")
        self.assertEqual([self.policy("alias.test"), self.policy("unknown.test")], [own, servers])

    def test_policy_follows_the_settings(self) -> None:
        self.settle(self.settings.change(MtaSts, {"mode": "disable"}))
        self.assertIsNone(self.policy())
        self.settle(self.settings.change(Domain, {"mtaSts": {"mxHosts": {"mx.test": True}}}, self.domain_id))
        self.assertIn(b"mx: mx.test\r\n", self.policy() or b"")
