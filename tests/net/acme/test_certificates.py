"""Requests for certificates, their names (RFC 9773 4.1), and what may come instead of a chain."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.certificate_chains import UnreadablePem
from stalwart.net.acme import AcmeProblem, certificate_id, check_chain, csr_for, new_key_pem
from stalwart.net.acme.certificates import issuers, normal_chain
from tests.net.acme.authority import NOW
from tests.net.acme.test_account_key import pem_of

DAY = 86_400
KEY = new_key_pem()
ROOT, BETWEEN = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))


def named(name: str) -> x509.Name:
    """A common name."""
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def issued(
    names: Sequence[str] = ("a.example.test",),
    key_pem: str = KEY,
    *,
    begin: float = NOW - 3600,
    end: float = NOW + 90 * DAY,
    by: Any = BETWEEN,
    serial: int = 0x87654321,
    extensions: Sequence[x509.ExtensionType] = (),
) -> x509.Certificate:
    """The server's certificate."""
    private: Any = load_pem_private_key(key_pem.encode(), None)
    dates = [datetime.fromtimestamp(moment, UTC) for moment in (begin, end)]
    builder = x509.CertificateBuilder(named("Between"), x509.Name([]), private.public_key(), serial, *dates)
    if names:
        alternatives = x509.SubjectAlternativeName([x509.DNSName(name) for name in names])
        builder = builder.add_extension(alternatives, critical=True)
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(by, SHA256())


def authority(name: str = "Between", issuer: str = "Root", key: Any = BETWEEN, by: Any = ROOT) -> x509.Certificate:
    """An issuer's certificate."""
    dates = [datetime.fromtimestamp(moment, UTC) for moment in (NOW - DAY, NOW + 900 * DAY)]
    builder = x509.CertificateBuilder(named(issuer), named(name), key.public_key(), 7, *dates)
    return builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(by, SHA256())


def pem(*chain: x509.Certificate) -> str:
    """As authorities send it."""
    return "\n".join(each.public_bytes(Encoding.PEM).decode() for each in chain)


class RequestTests(SynchronousTestCase):
    """RFC 8555 7.4, RFC 2986."""

    def test_names_without_a_subject(self) -> None:
        for key in (KEY, pem_of(ed25519.Ed25519PrivateKey.generate()), pem_of(rsa.generate_private_key(65537, 2048))):
            request = x509.load_der_x509_csr(csr_for(["*.example.test", "example.test"], key))
            self.assertTrue(request.is_signature_valid)
            self.assertEqual(list(request.subject), [])
            (extension,) = request.extensions
            value: Any = extension.value
            self.assertEqual(value.get_values_for_type(x509.DNSName), ["*.example.test", "example.test"])

    def test_name_that_cannot_be_in_one(self) -> None:
        problem = self.assertRaises(AcmeProblem, csr_for, ["bücher.test"], KEY)
        self.assertEqual((problem.kind, problem.is_temporary), ("badCSR", False))

    def test_no_names(self) -> None:
        self.assertEqual(self.assertRaises(AcmeProblem, csr_for, [], KEY).kind, "badCSR")

    def test_key_that_is_none(self) -> None:
        for key in ("", "nonsense", KEY[:80]):
            self.assertEqual(self.assertRaises(AcmeProblem, csr_for, ["a.test"], key).kind, "local")

    def test_key_that_cannot_sign(self) -> None:
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        problem = self.assertRaises(AcmeProblem, csr_for, ["a.test"], pem_of(X25519PrivateKey.generate()))
        self.assertIn("neither RSA nor", problem.detail)

    def test_new_keys_differ(self) -> None:
        key: Any = load_pem_private_key(new_key_pem().encode(), None)
        self.assertEqual(key.curve.name, "secp256r1")
        self.assertNotEqual(new_key_pem(), new_key_pem())


class IdentifierTests(SynchronousTestCase):
    """RFC 9773 4.1."""

    AKI = bytes.fromhex("69885B6B87464041E1B37B847BA0AE2CDE01C8D4")

    def identified(self, serial: int, key: bytes | None = AKI) -> str:
        extensions = () if key is None else (x509.AuthorityKeyIdentifier(key, None, None),)
        return certificate_id(issued(serial=serial, extensions=extensions).public_bytes(Encoding.DER))

    def test_example(self) -> None:
        self.assertEqual(self.identified(0x87654321), "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")

    def test_serial_numbers_are_those_of_der(self) -> None:
        for serial, expected in ((1, "AQ"), (0x7F, "fw"), (0x80, "AIA"), (0x0100, "AQA"), (0x8000, "AIAA")):
            self.assertEqual(self.identified(serial).partition(".")[2], expected, hex(serial))

    def test_certificate_that_does_not_name_the_key(self) -> None:
        problem = self.assertRaises(AcmeProblem, self.identified, 5, None)
        self.assertIn("no identifier", problem.detail)
        self.assertFalse(problem.is_temporary)
        without = x509.AuthorityKeyIdentifier(None, [x509.DirectoryName(named("x"))], 5)
        certificate = issued(extensions=[without]).public_bytes(Encoding.DER)
        self.assertRaises(AcmeProblem, certificate_id, certificate)

    @given(st.binary(max_size=60), st.integers(0, 300))
    def test_any_bytes(self, data: bytes, place: int) -> None:
        damaged = DER[:place] + data + DER[place + len(data) :]
        for certificate in (data, damaged):
            try:
                certificate_id(certificate)
            except AcmeProblem as problem:
                self.assertEqual(problem.kind, "malformed")


DER = issued(extensions=[x509.AuthorityKeyIdentifier(IdentifierTests.AKI, None, None)]).public_bytes(Encoding.DER)


class ChainTests(SynchronousTestCase):
    """What was issued, before it is stored and served."""

    def checked(self, text: str, *names: str, key: str = KEY, now: float = NOW) -> Any:
        return check_chain(text, names or ("a.example.test",), key, now)

    def unfit(self, text: str, *names: str, key: str = KEY, now: float = NOW) -> str:
        problem = self.assertRaises(AcmeProblem, self.checked, text, *names, key=key, now=now)
        self.assertEqual((problem.kind, problem.is_temporary), ("unusableCertificate", False))
        self.assertTrue(problem.detail.startswith("The certificate that was issued cannot be used: "), problem.detail)
        return str(problem.detail)

    def test_right_one(self) -> None:
        found = self.checked(pem(issued(("a.example.test", "*.example.test")), authority()), "*.Example.test")
        self.assertEqual((found.length, found.issuer, found.not_after), (2, "CN=Between", NOW + 90 * DAY))

    def test_certificate_by_itself(self) -> None:
        self.assertEqual(self.checked(pem(issued())).length, 1)

    def test_text_between(self) -> None:
        self.checked(f"subject: a\r\n{pem(issued())}\r\nissuer: b\r\n{pem(authority())}trailing")

    def test_for_another_key(self) -> None:
        self.assertIn("another key", self.unfit(pem(issued(), authority()), key=new_key_pem()))

    def test_name_is_missing(self) -> None:
        self.assertIn("it is not for b.example.test", self.unfit(pem(issued()), "a.example.test", "b.example.test"))
        self.assertIn("it is not for a.example.test", self.unfit(pem(issued(()))))

    def test_wildcard_is_no_name_below_it(self) -> None:
        self.assertIn("it is not for a.example.test", self.unfit(pem(issued(("*.example.test",)))))

    def test_common_name_does_not_count(self) -> None:
        # RFC 9525 2: the alternative names alone
        self.assertIn("not for Between".lower(), self.unfit(pem(authority()), "Between", key=pem_of(BETWEEN)).lower())

    def test_wrong_order(self) -> None:
        self.assertIn("not in order", self.unfit(pem(issued(), authority(issuer="x", name="y"))))

    def test_issuer_of_the_same_name_with_another_key(self) -> None:
        impostor = ec.generate_private_key(ec.SECP256R1())
        text = self.unfit(pem(issued(), authority(key=impostor)))
        self.assertIn("not signed by the one after it", text)

    def test_dates(self) -> None:
        good = pem(issued(), authority())
        self.assertIn("within an hour", self.unfit(good, now=NOW + 90 * DAY - 1800))
        self.assertIn("has ended", self.unfit(good, now=NOW + 91 * DAY))
        self.assertIn("not valid yet; is the clock", self.unfit(good, now=NOW - 2 * DAY))
        self.checked(good, now=NOW - 3600 - 3000)  # clocks may differ a little

    def test_short_lives_have_half_of_it_left(self) -> None:
        short = pem(issued(begin=NOW, end=NOW + 600), authority())
        self.checked(short, now=NOW + 299)
        self.unfit(short, now=NOW + 301)

    def test_no_chain(self) -> None:
        for text in ("", "<html>", "{}", KEY, pem(issued())[:200], pem(*[authority()] * 25)):
            self.unfit(text)

    def test_private_key_that_is_none(self) -> None:
        self.assertEqual(self.assertRaises(AcmeProblem, self.checked, pem(issued()), key="x").kind, "local")

    @settings(max_examples=60)
    @given(st.text(max_size=40), st.integers(0, 900))
    def test_any_text(self, text: str, place: int) -> None:
        good = pem(issued_once, authority_once)
        for each in (text, good[:place] + text + good[place + len(text) :]):
            try:
                self.checked(each)
            except AcmeProblem as problem:
                self.assertEqual(problem.kind, "unusableCertificate")
            issuers(each)

    @settings(max_examples=200)
    @given(st.binary(min_size=1, max_size=4), st.integers(0, 330))
    def test_any_certificate(self, data: bytes, place: int) -> None:
        """Damaged inside, in correct PEM."""
        from base64 import encodebytes

        der = issued_once.public_bytes(Encoding.DER)
        damaged = encodebytes(der[:place] + data + der[place + len(data) :]).decode()
        text = f"-----BEGIN CERTIFICATE-----\n{damaged}-----END CERTIFICATE-----\n{pem(authority_once)}"
        for names in (("a.example.test",), ("b.example.test",)):
            try:
                self.checked(text, *names)
            except AcmeProblem as problem:
                self.assertEqual(problem.kind, "unusableCertificate")
        issuers(text)


issued_once, authority_once = issued(), authority()


class NormalTests(SynchronousTestCase):
    """What is kept of the text of an authority, and where a chain leads."""

    def test_certificates_alone(self) -> None:
        good = pem(issued_once, authority_once)
        self.assertEqual(normal_chain(f"x\r\n{good}\r\ny"), good.replace("-----\n\n", "-----\n"))

    def test_nothing(self) -> None:
        self.assertRaises(UnreadablePem, normal_chain, "<html>")

    def test_top(self) -> None:
        self.assertEqual(issuers(pem(issued_once, authority_once)), {"Between", "Root"})
        self.assertEqual(issuers(pem(issued_once)), {"Between"})
        self.assertEqual(issuers("nothing"), set())
