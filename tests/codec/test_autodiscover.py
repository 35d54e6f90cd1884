"""Autodiscover requests of all kinds, and the answer to the byte."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.autodiscover import (
    DEPLOYMENT,
    REQUEST_LIMIT,
    MalformedRequest,
    autodiscover_document,
    requested_address,
)
from stalwart.codec.client_services import ClientService
from stalwart.codec.xml_text import Element, document

OUTLOOK = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006"
REQUEST = f"""<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="{OUTLOOK}">
  <Request>
    <EMailAddress>jane@example.org</EMailAddress>
    <AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a</AcceptableResponseSchema>
  </Request>
</Autodiscover>
"""
ADDRESS = "<EMailAddress>jane@example.org</EMailAddress>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))

_BLOCK = """\t\t\t<Protocol>
\t\t\t\t<Type>{type}</Type>
\t\t\t\t<Server>mail.example.org</Server>
\t\t\t\t<Port>{port}</Port>
\t\t\t\t<LoginName>jane@example.org</LoginName>
\t\t\t\t<AuthRequired>on</AuthRequired>
\t\t\t\t<DirectoryPort>0</DirectoryPort>
\t\t\t\t<ReferralPort>0</ReferralPort>
\t\t\t\t<SSL>on</SSL>
\t\t\t\t<Encryption>TLS</Encryption>
\t\t\t\t<SPA>off</SPA>
\t\t\t</Protocol>
"""
EXAMPLE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">\n'
    '\t<Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">\n'
    "\t\t<User>\n\t\t\t<DisplayName>jane@example.org</DisplayName>\n"
    "\t\t\t<AutoDiscoverSMTPAddress>jane@example.org</AutoDiscoverSMTPAddress>\n"
    "\t\t\t<DeploymentId>644560b8-a1ce-429c-8ace-23395843f701</DeploymentId>\n\t\t</User>\n"
    "\t\t<Account>\n\t\t\t<AccountType>email</AccountType>\n\t\t\t<Action>settings</Action>\n"
    + _BLOCK.format(type="IMAP", port=993)
    + _BLOCK.format(type="POP3", port=995)
    + _BLOCK.format(type="SMTP", port=465)
    + "\t\t</Account>\n\t</Response>\n</Autodiscover>\n"
).encode()


def inside(text: str) -> str:
    return f"<Autodiscover><Request>{text}</Request></Autodiscover>"


def services(*names: str, cleartext: bool = False) -> list[ClientService]:
    return [ClientService(name, "mail.example.org", "https://mail.example.org", cleartext) for name in names]


TAKEN = {
    "as documented": REQUEST,
    "any case of names": "<AUTODISCOVER><request>" + ADDRESS.lower() + "</request></AUTODISCOVER>",
    "unknown elements before": inside(f"<A>x<B>y</B></A>{ADDRESS}"),
    "an address further down before": inside(f"<A><EMailAddress>eve@example.org</EMailAddress></A>{ADDRESS}"),
    "empty elements before": inside(f"<A/><B></B>{ADDRESS}"),
    "the first of two": inside(f"{ADDRESS}<EMailAddress>eve@example.org</EMailAddress>"),
    "anything after": inside(f"{ADDRESS}<!-- x --><?y z?><A/>"),
    "white space": inside("<EMailAddress>\r\n\tjane@example.org \n</EMailAddress>"),
    "character references and CDATA": inside("<EMailAddress>jane&#64;<![CDATA[example.org]]></EMailAddress>"),
    "byte order mark": "\ufeff" + REQUEST,
}
REFUSED = {
    "nothing": "",
    "no XML": "Email=jane@example.org",
    "cut off": REQUEST[:-10],
    "more after the end": REQUEST + "<x/>",
    "another root": f"<x><Request>{ADDRESS}</Request></x>",
    "another element for Request": f"<Autodiscover><x/><Request>{ADDRESS}</Request></Autodiscover>",
    "no Request": f"<Autodiscover>{ADDRESS}</Autodiscover>",
    "prefixed names": f'<a:Autodiscover xmlns:a="{OUTLOOK}"><a:Request>{ADDRESS}</a:Request></a:Autodiscover>',
    "no address": inside("<x>y</x>"),
    "empty address": inside("<EMailAddress></EMailAddress>"),
    "no @": inside("<EMailAddress>jane</EMailAddress>"),
    "elements in the address": inside("<EMailAddress>jane@<b>x</b>example.org</EMailAddress>"),
    "comment before": inside(f"<!-- x -->{ADDRESS}"),
    "instruction before": inside(f"<?x y?>{ADDRESS}"),
    "document type": "<!DOCTYPE Autodiscover>" + inside(ADDRESS),
    "entity": '<!DOCTYPE a [<!ENTITY x "y">]>' + inside("<EMailAddress>&x;@example.org</EMailAddress>"),
    "billion laughs": f'<!DOCTYPE a [<!ENTITY l0 "x">{LAUGHS}]>' + inside("<EMailAddress>&l9;@x</EMailAddress>"),
    "file": '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + inside("<EMailAddress>&x;@x</EMailAddress>"),
    "outer subset": '<!DOCTYPE a SYSTEM "http://192.0.2.1/x.dtd">' + inside(ADDRESS),
    "unknown entity": inside("<EMailAddress>&x;@example.org</EMailAddress>"),
    "control character": inside("<EMailAddress>jane\x01@example.org</EMailAddress>"),
    "unknown encoding": '<?xml version="1.0" encoding="no-such"?>' + inside(ADDRESS),
    "encoding of several bytes": '<?xml version="1.0" encoding="utf-7"?>' + inside(ADDRESS),
    "codec that is no character set": '<?xml version="1.0" encoding="zlib"?>' + inside(ADDRESS),
    "attribute twice": f'<Autodiscover a="1" a="2"><Request>{ADDRESS}</Request></Autodiscover>',
    "deep": "<Autodiscover><Request>" + "<a>" * 2500,
}


class RequestTests(SynchronousTestCase):
    def test_what_is_taken(self) -> None:
        for why, text in TAKEN.items():
            self.assertEqual(requested_address(text.encode()), "jane@example.org", why)

    def test_what_is_refused(self) -> None:
        taken = []
        for why, text in REFUSED.items():
            try:
                taken.append((why, requested_address(text.encode())))
            except MalformedRequest:
                continue
        self.assertEqual(taken, [])

    def test_other_encodings(self) -> None:
        text = inside("<EMailAddress>jürgen@example.org</EMailAddress>")
        for name in ("utf-16", "iso-8859-1", "iso-8859-15"):
            body = f'<?xml version="1.0" encoding="{name}"?>{text}'.encode(name)
            self.assertEqual(requested_address(body), "jürgen@example.org", name)

    def test_bytes_that_are_no_text(self) -> None:
        for body in (b"\xff\xfe\xff", b"\x00" * 100, b"\xef\xbb\xbf", b"<Autodiscover>\xff</Autodiscover>"):
            self.assertRaises(MalformedRequest, requested_address, body)

    def test_limit(self) -> None:
        padding = " " * (REQUEST_LIMIT - len(inside(ADDRESS)))
        self.assertEqual(requested_address((inside(ADDRESS) + padding).encode()), "jane@example.org")
        self.assertRaises(MalformedRequest, requested_address, (inside(ADDRESS) + padding + " ").encode())

    @settings(max_examples=200)
    @given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=60))
    def test_any_address_that_is_written_is_read(self, text: str) -> None:
        written = Element("Autodiscover", (Element("Request", (Element("EMailAddress", f"{text}@x"),)),))
        expected = f"{text}@x".replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd").strip()
        self.assertEqual(requested_address(document(written)), expected)

    @settings(max_examples=500)
    @given(
        st.lists(
            st.one_of(
                st.binary(max_size=6),
                st.sampled_from(
                    [
                        *(
                            b"<Autodiscover>",
                            b"<Request>",
                            b"<EMailAddress>",
                            b"a@b",
                            b"</EMailAddress>",
                            b"</Request>",
                        ),
                        *(b"</Autodiscover>", b"<!DOCTYPE a [", b"]>", b'<!ENTITY a "b">', b"&a;", b"<!--", b"-->"),
                        *(
                            b"<?xml version='1.0' encoding='",
                            b"'?>",
                            b"utf-16",
                            b"cp037",
                            b"<![CDATA[",
                            b"]]>",
                            b"<a/>",
                        ),
                    ]
                ),
            ),
            max_size=14,
        )
    )
    def test_whatever_comes_is_read_or_refused(self, pieces: list[bytes]) -> None:
        try:
            self.assertIn("@", requested_address(b"".join(pieces)))
        except MalformedRequest:
            return


class AnswerTests(SynchronousTestCase):
    def test_example_of_the_specification(self) -> None:
        made = autodiscover_document(services("caldav", "imap", "jmap", "pop3", "smtp", "webdav"), "jane@example.org")
        self.assertEqual(made, EXAMPLE)

    def test_port_without_tls_comes_first_and_names_no_encryption(self) -> None:
        root = ElementTree.fromstring(autodiscover_document(services("imap", cleartext=True), "jane@example.org"))
        blocks = [
            {each.tag.rpartition("}")[2]: each.text for each in block}
            for block in root.iter()
            if block.tag.endswith("}Protocol")
        ]
        self.assertEqual(
            [(each["Port"], each["SSL"], each.get("Encryption")) for each in blocks],
            [("143", "off", None), ("993", "on", "TLS")],
        )

    def test_markup_in_an_address_stays_text(self) -> None:
        made = autodiscover_document(services("imap"), '"<a>&"@example.org')
        texts = [each.text for each in ElementTree.fromstring(made).iter() if each.tag.endswith("}LoginName")]
        self.assertEqual(texts, ['"<a>&"@example.org'])
        self.assertIn(DEPLOYMENT.encode(), made)
