"""x:HttpForm: a form in use needs a recipient (settings C.2)."""

from twisted.trial.unittest import SynchronousTestCase

from stalwart.config.network.http_form import HttpForm
from stalwart.schema import ValidationFailed


class HttpFormTests(SynchronousTestCase):
    def test_form_in_use_needs_a_recipient(self) -> None:
        error = self.assertRaises(ValidationFailed, HttpForm.from_wire, {"enable": True})
        self.assertEqual([(found.kind, found.path) for found in error.violations], [("invalidProperties", "deliverTo")])

    def test_form_with_a_recipient_can_be_switched_on(self) -> None:
        made = HttpForm.patched(HttpForm(), {"enable": True, "deliverTo/Alice@Example.ORG": True})
        self.assertEqual((made.enable, made.deliver_to), (True, {"alice@example.org"}))

    def test_rate_limit_can_be_taken_away(self) -> None:
        self.assertIsNone(HttpForm.patched(HttpForm(), {"rateLimit": None}).rate_limit)

    def test_members_of_our_own(self) -> None:
        wire = HttpForm().to_wire()
        self.assertEqual(
            [wire[name] for name in ("redirectOk", "redirectFailed", "honeyPotSilent")], [None, None, False]
        )

    def test_where_browsers_are_sent(self) -> None:
        for place in ("https://example.test/thanks?x=1#done", "http://example.test", "/thanks.html", "/"):
            self.assertEqual(HttpForm.from_wire({"redirectOk": place}).redirect_ok, place)
        for place in ("javascript:alert(1)", "//example.test", "/\\example.test", "thanks", "/a\r\nX: y", "/ä", "/a b"):
            error = self.assertRaises(ValidationFailed, HttpForm.from_wire, {"redirectFailed": place})
            self.assertEqual([found.path for found in error.violations], ["redirectFailed"], place)
