"""Where reports go, as records have it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec import tls_rpt
from stalwart.mail.report_address import LONGEST, report_uri

URIS = {
    "mailto:postmaster": "mailto:postmaster@a.test",
    "postmaster": "mailto:postmaster@a.test",
    "MAILTO:tls@b.test": "mailto:tls@b.test",
    "tls@b.test": "mailto:tls@b.test",
    "mailto:x@bücher.test": "mailto:x@xn--bcher-kva.test",
    "mailto:x@b.test?subject=hi": "mailto:x@b.test",
    "https://b.test/reports?a=1": "https://b.test/reports?a=1",
    "mailto:a;b,c!d@b.test": "mailto:a%3Bb%2Cc%21d@b.test",
    'mailto:"\r\n@b.test': "mailto:%22%0D%0A@b.test",
}


class ReportUriTests(SynchronousTestCase):
    def test_uris(self) -> None:
        self.assertEqual({given: report_uri(given, "a.test") for given in URIS}, URIS)

    def test_nobody_wants_reports(self) -> None:
        for uri in (None, "", " ", "mailto:", "mailto:@b.test", "x" * (LONGEST + 1)):
            self.assertIsNone(report_uri(uri, "a.test"))

    @given(st.text(max_size=60))
    def test_nothing_ends_the_field_of_a_record(self, given: str) -> None:
        uri = report_uri(given, "a.test")
        if uri is not None:
            self.assertTrue(uri.isascii() and uri.isprintable())
            self.assertFalse(set(uri) & set(';,!" \\'))

    def test_our_reader_takes_it(self) -> None:
        for uri in (uri for uri in URIS.values() if "%" not in uri):
            self.assertEqual(len(tls_rpt.parse_record(f"v=TLSRPTv1; rua={uri}")), 1)
