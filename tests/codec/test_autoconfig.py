"""Mozilla's document, to the byte, and through the rules by which Thunderbird reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.autoconfig import ANY_ADDRESS, autoconfig_document
from stalwart.codec.client_services import ClientService

HOST = "mail.example.org"
NAMES = ("caldav", "carddav", "imap", "jmap", "managesieve", "pop3", "smtp", "webdav")
JANE = "jane@example.org"

_SERVER = """\t\t<{kind} type="{protocol}">
\t\t\t<hostname>mail.example.org</hostname>
\t\t\t<port>{port}</port>
\t\t\t<socketType>{socket}</socketType>
\t\t\t<username>jane@example.org</username>
\t\t\t<authentication>password-cleartext</authentication>
\t\t</{kind}>
"""
_PLACE = """\t<{name} type="{protocol}">
\t\t<username>jane@example.org</username>
\t\t<authentication>http-basic</authentication>
\t\t<serverURL>https://mail.example.org/dav/{path}</serverURL>
\t</{name}>
"""
EXAMPLE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<clientConfig version="1.1">\n\t<emailProvider id="example.org">\n'
    "\t\t<domain>example.org</domain>\n\t\t<displayName>jane@example.org</displayName>\n"
    "\t\t<displayShortName>example.org</displayShortName>\n"
    + _SERVER.format(kind="incomingServer", protocol="imap", port=993, socket="SSL")
    + _SERVER.format(kind="incomingServer", protocol="pop3", port=995, socket="SSL")
    + _SERVER.format(kind="outgoingServer", protocol="smtp", port=465, socket="SSL")
    + "\t</emailProvider>\n"
    + _PLACE.format(name="calendar", protocol="caldav", path="cal")
    + _PLACE.format(name="addressBook", protocol="carddav", path="card")
    + _PLACE.format(name="fileShare", protocol="webdav", path="file")
    + '\t<clientConfigUpdate url="https://autoconfig.example.org/mail/config-v1.1.xml"></clientConfigUpdate>\n'
    "</clientConfig>\n"
).encode()


def services(*names: str, cleartext: Iterable[str] = (), host: str = HOST) -> list[ClientService]:
    return [ClientService(name, host, f"https://{host}", name in cleartext) for name in names or NAMES]


class ThunderbirdRefuses(Exception):
    """Thunderbird would show its dialogue for manual configuration."""


def read_as_thunderbird(body: bytes) -> list[tuple[str, str, int, str, str, str]]:
    """The servers that Thunderbird takes: type, host, port, socket, login name, authentication.

    Its rules: one emailProvider in clientConfig whose id is a host name; one domain at least that is one; of servers
    those with a known type, a host name, a port, a known socketType and authentication, and a login name; at least one
    for incoming and one for outgoing mail. Internationalised names are refused unless they are A-labels.
    """
    root = ElementTree.fromstring(body)
    provider = root.find("emailProvider")
    if root.tag != "clientConfig" or provider is None:
        raise ThunderbirdRefuses("no emailProvider")
    _host_name(provider.get("id"))
    if not [_host_name(each.text) for each in provider.findall("domain")]:
        raise ThunderbirdRefuses("no domain")
    incoming = [_server(each, ("imap", "pop3", "nntp", "exchange")) for each in provider.findall("incomingServer")]
    outgoing = [_server(each, ("smtp",)) for each in provider.findall("outgoingServer")]
    if not incoming or not outgoing:
        raise ThunderbirdRefuses("no server for one of both directions")
    return incoming + outgoing


def _server(element: ElementTree.Element, types: tuple[str, ...]) -> tuple[str, str, int, str, str, str]:
    kind, port = element.get("type", ""), element.findtext("port", "")
    socket, authentication = element.findtext("socketType", ""), element.findtext("authentication", "")
    name = element.findtext("username", "")
    methods = ("password-cleartext", "password-encrypted", "GSSAPI", "NTLM", "OAuth2")
    if kind not in types or not re.fullmatch("[0-9]+", port) or not 1 <= int(port) <= 65535:
        raise ThunderbirdRefuses(f"type {kind!r}, port {port!r}")
    if socket not in ("plain", "SSL", "STARTTLS") or authentication not in methods or not name:
        raise ThunderbirdRefuses(f"socket {socket!r}, authentication {authentication!r}, name {name!r}")
    return kind, _host_name(element.findtext("hostname")), int(port), socket, name, authentication


def _host_name(text: str | None) -> str:
    if not text or not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", text):
        raise ThunderbirdRefuses(f"{text!r} is no host name")
    return text


def read_as_evolution(body: bytes) -> dict[str, tuple[str, int, str, str]]:
    """What Evolution takes by type of server: host, port, socket, login name.

    Its rules: a server has the attribute ``type`` and no other; of several servers of a type the last counts; texts
    count as they are, with white space; what is said elsewhere in the document is not looked at.
    """
    found = {}
    for server in ElementTree.fromstring(body).iter():
        if server.tag not in ("incomingServer", "outgoingServer"):
            continue
        if list(server.attrib) != ["type"] or server.findtext("authentication") != "password-cleartext":
            raise AssertionError(f"Evolution does not take {ElementTree.tostring(server)!r}")
        host, port, socket, name = (
            server.findtext(each, "") for each in ("hostname", "port", "socketType", "username")
        )
        found[server.attrib["type"]] = (host, int(port), socket, name)
    return found


class DocumentTests(SynchronousTestCase):
    def test_example_of_the_specification(self) -> None:
        order = ("imap", "pop3", "smtp", "caldav", "carddav", "webdav")
        self.assertEqual(autoconfig_document(services(*order), JANE, "example.org"), EXAMPLE)

    def test_mail_is_with_the_provider_wherever_it_stands_in_the_settings(self) -> None:
        self.assertEqual(autoconfig_document(services(), JANE, "example.org"), EXAMPLE)

    def test_servers_are_in_the_order_of_the_settings(self) -> None:
        made = autoconfig_document(services("smtp", "pop3", "imap"), JANE, "example.org")
        self.assertEqual(re.findall(rb'Server type="(\w+)"', made), [b"smtp", b"pop3", b"imap"])

    def test_nothing_announced_is_still_a_document(self) -> None:
        root = ElementTree.fromstring(autoconfig_document([], JANE, "example.org"))
        self.assertEqual([each.tag for each in root], ["emailProvider", "clientConfigUpdate"])

    def test_markup_in_an_address_stays_text(self) -> None:
        address = '"<x>&]]>"@example.org'
        root = ElementTree.fromstring(autoconfig_document(services(), address, "example.org"))
        self.assertEqual({each.text for each in root.iter("username")}, {address})


class ThunderbirdTests(SynchronousTestCase):
    def test_takes_what_is_announced(self) -> None:
        jane = (JANE, "password-cleartext")
        expected = [
            ("imap", HOST, 993, "SSL", *jane),
            ("pop3", HOST, 995, "SSL", *jane),
            ("smtp", HOST, 465, "SSL", *jane),
        ]
        self.assertEqual(read_as_thunderbird(EXAMPLE), expected)

    def test_takes_the_port_for_starttls_first_where_it_is_announced(self) -> None:
        made = autoconfig_document(services(cleartext=("imap", "smtp")), JANE, "example.org")
        found = [(kind, port, socket) for kind, _, port, socket, _, _ in read_as_thunderbird(made)]
        expected = [("imap", 143, "STARTTLS"), ("imap", 993, "SSL"), ("pop3", 995, "SSL")]
        self.assertEqual(found, [*expected, ("smtp", 587, "STARTTLS"), ("smtp", 465, "SSL")])

    def test_takes_the_document_for_any_address(self) -> None:
        made = read_as_thunderbird(autoconfig_document(services(), ANY_ADDRESS, HOST))
        self.assertEqual({name for *_, name, _ in made}, {"%EMAILADDRESS%"})

    def test_needs_both_directions(self) -> None:
        for names in (("smtp", "caldav"), ("imap",)):
            made = autoconfig_document(services(*names), JANE, "example.org")
            self.assertRaises(ThunderbirdRefuses, read_as_thunderbird, made)

    def test_does_not_take_names_in_other_scripts_so_they_have_to_be_a_labels(self) -> None:
        self.assertRaises(
            ThunderbirdRefuses, read_as_thunderbird, autoconfig_document(services(), JANE, "bücher.example")
        )
        read_as_thunderbird(autoconfig_document(services(), "jane@bücher.example", "xn--bcher-kva.example"))

    @given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40))
    def test_reads_any_login_name(self, address: str) -> None:
        read = read_as_thunderbird(autoconfig_document(services("imap", "smtp"), address, "example.org"))
        self.assertEqual({name for *_, name, _ in read}, {re.sub("[\ufffe\uffff]", "\ufffd", address)})


class EvolutionTests(SynchronousTestCase):
    def test_takes_the_port_with_tls_wherever_both_are_announced(self) -> None:
        made = autoconfig_document(services(cleartext=("imap", "pop3", "smtp")), JANE, "example.org")
        expected = {"imap": 993, "pop3": 995, "smtp": 465}
        self.assertEqual(read_as_evolution(made), {name: (HOST, port, "SSL", JANE) for name, port in expected.items()})
