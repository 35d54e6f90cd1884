"""The certificate that a server signs itself."""

from __future__ import annotations

from datetime import timedelta

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from twisted.trial.unittest import SynchronousTestCase

from stalwart.tls.self_signed import LIFETIME, self_signed

NOW = 1_800_000_000.5


class SelfSignedTests(SynchronousTestCase):
    def test_it_is_for_its_names_and_valid_for_years(self) -> None:
        pair = self_signed(("mail.a.test", "A.test"), NOW)
        self.assertEqual(pair.names, {"mail.a.test", "a.test"})
        self.assertEqual(len(pair.chain), 1)
        for years in (0, 9):
            self.assertTrue(pair.is_valid(NOW + years * 365 * 86_400))
        self.assertFalse(pair.is_valid(NOW + LIFETIME.total_seconds() + 1))
        certificate = x509.load_der_x509_certificate(pair.chain[0])
        certificate.verify_directly_issued_by(certificate)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        self.assertEqual(names.get_values_for_type(x509.DNSName), ["mail.a.test", "a.test"])
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        self.assertEqual(list(usage), [ExtendedKeyUsageOID.SERVER_AUTH])

    def test_clients_whose_clock_is_late_take_it(self) -> None:
        self.assertTrue(self_signed(("a.test",), NOW).is_valid(NOW - timedelta(hours=23).total_seconds()))

    def test_names_that_are_none_are_left_out(self) -> None:
        self.assertEqual(self_signed(("a b", "", "a.test", "b\0"), NOW).names, {"a.test"})
        for nothing in ((), ("a b",), ("",)):
            self.assertEqual(self_signed(nothing, NOW).names, {"localhost"})

    def test_long_names_fit(self) -> None:
        long = ".".join(["a" * 60] * 4)
        pair = self_signed((long,), NOW)
        self.assertEqual(pair.names, {long})
        certificate = x509.load_der_x509_certificate(pair.chain[0])
        [common] = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        self.assertEqual(len(common.value), 64)

    def test_each_has_a_key_of_its_own(self) -> None:
        first, second = (self_signed(("a.test",), NOW) for _ in range(2))
        self.assertNotEqual(first.key, second.key)
        self.assertNotEqual(first.chain, second.chain)
