"""What is announced to clients and other servers, from the settings: services, issuers, policies (discovery 0-4).

Every document follows x:SystemSettings.services, not the ports that are open. Host names come from settings only, never
from a request; a request says at most which domain is meant. Nobody is looked up: an unknown domain gets what a known
one gets. The bytes that are served and those that DNS has a digest of are the same object.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from attrs import define, field

from stalwart.codec.apple_profile import apple_profile
from stalwart.codec.autoconfig import ANY_ADDRESS, autoconfig_document
from stalwart.codec.autodiscover import autodiscover_document
from stalwart.codec.client_services import ClientService
from stalwart.codec.dns_names import InvalidName, to_ascii
from stalwart.codec.typed_address import TypedAddress
from stalwart.codec.user_agent_configuration import configuration_document
from stalwart.config.domains.domain import Domain
from stalwart.config.domains.mta_sts import MtaSts
from stalwart.config.identity.authentication import Authentication
from stalwart.config.identity.directory import Directory
from stalwart.config.network.system import SystemSettings
from stalwart.config.settings import Settings
from stalwart.directory.identity import directory_of
from stalwart.mail.mta_sts_policy import policy_file


@define
class _Known:
    """What has been worked out of the present settings: domains by all their names, configurations by issuer."""

    domains: dict[str, Domain] | None = None
    configurations: dict[str, bytes] = field(factory=dict)


class Announcements:
    """Documents about this server; ``base_url`` is where it is found, empty where nobody knows.

    Threads may ask while settings change: what they work out of the former ones goes where nobody looks any more.
    """

    def __init__(self, settings: Settings, base_url: str) -> None:
        self._settings = settings
        self._base_url = base_url
        self._base_host = urlsplit(base_url).hostname
        self._known = _Known()
        settings.watch(self._forget)

    @property
    def services(self) -> tuple[ClientService, ...]:
        """What clients are told of, in the order of the settings."""
        services = self._system.services.items()
        hosts = ((name, each, each.hostname or self._default_host) for name, each in services)
        return tuple(ClientService(name, host, self._origin(host), each.cleartext) for name, each, host in hosts)

    def autoconfig(self, address: TypedAddress | None) -> bytes:
        """Mozilla's document for an address, or for any."""
        if address is not None:
            return autoconfig_document(self.services, address.text, address.domain)
        return autoconfig_document(self.services, ANY_ADDRESS, _a_label(self._default_host))

    def autodiscover(self, address: TypedAddress) -> bytes:
        """Microsoft's document for an address."""
        return autodiscover_document(self.services, address.text)

    def apple_profile(self, address: str, password: str | None = None) -> bytes:
        """The profile for Apple's devices of an address.

        :raises ValueError: a text has characters that no profile can hold.
        """
        return apple_profile(self.services, address, self._origin(self._default_host), password)

    @property
    def autodiscover_url(self) -> str:
        """Where that is asked for."""
        return f"{self._origin(self._default_host)}/autodiscover/autodiscover.xml"

    def configuration(self, domain: str) -> bytes:
        """The document for user agents of a domain, which may be unknown."""
        known = self._known
        issuer = self._issuer(self._domain(domain))
        found = known.configurations.get(issuer)
        if found is None:
            found = configuration_document(self.services, issuer, self._system.provider_info)
            known.configurations[issuer] = found
        return found

    def policy(self, domain: str) -> bytes | None:
        """The MTA-STS policy of a domain, which may be unknown; None: there is none."""
        return policy_file(self._domain(domain), self._settings.of(MtaSts), self._system)

    @property
    def _system(self) -> SystemSettings:
        return self._settings.of(SystemSettings)

    @property
    def _default_host(self) -> str:
        return self._system.default_hostname

    def _origin(self, host: str) -> str:
        """Where URLs at ``host`` begin: as the server is said to be found, where that is the same host."""
        if host == self._base_host:
            return self._base_url
        return f"https://[{host}]" if ":" in host else f"https://{host}"

    def _issuer(self, domain: Domain | None) -> str:
        """Who issues tokens for the accounts of a domain: its OpenID provider, else this server."""
        directory_id = directory_of(domain, self._settings.of(Authentication)) if domain is not None else None
        for id, directory in self._settings.all(Directory):
            declared: Any = directory
            if id == directory_id and declared.tag == "Oidc":
                return str(declared.issuer_url)
        jmap = self._system.services.get("jmap")
        own = (jmap.hostname if jmap is not None else None) or self._default_host
        return self._base_url or self._origin(own)

    def _domain(self, name: str) -> Domain | None:
        known = self._known
        if known.domains is None:
            known.domains = {
                each: domain for _, domain in self._settings.all(Domain) for each in (domain.name, *domain.aliases)
            }
        return known.domains.get(name.removesuffix("."))

    def _forget(self) -> None:
        self._known = _Known()


def _a_label(host: str) -> str:
    try:
        return to_ascii(host)
    except InvalidName:  # an address: it stays what it is
        return host
