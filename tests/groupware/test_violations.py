"""Rules that writes break, and what DAV calls them.

Tests ``stalwart.groupware.violations`` and ``stalwart.dav.refusals``.
"""

from __future__ import annotations

from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from stalwart.codec.dav.errors import BadPath, MalformedField, MalformedXml, UnmetCondition
from stalwart.codec.dav.names import name
from stalwart.dav.refusals import Refused, refused, translated, violation
from stalwart.errors import Conflict, Forbidden, Invalid, NotFound, OverQuota, TooLarge, Unavailable
from stalwart.groupware.kinds import ADDRESS_BOOKS, CALENDARS
from stalwart.groupware.violations import Rule, Violation


class RefusalTests(SynchronousTestCase):
    def test_each_rule_has_a_condition(self) -> None:
        for rule in Rule:
            for kind in (CALENDARS, ADDRESS_BOOKS):
                answer = violation(kind, Violation(rule), None).answer()
                self.assertIn(answer.status, (403, 412))
                self.assertEqual(len(ElementTree.fromstring(answer.body)), 1)

    def test_cards_have_conditions_of_their_own(self) -> None:
        told = violation(ADDRESS_BOOKS, Violation(Rule.UID_TAKEN), "/dav/card/a/b/c.vcf").answer()
        (condition,) = ElementTree.fromstring(told.body)
        self.assertEqual(condition.tag, "{urn:ietf:params:xml:ns:carddav}no-uid-conflict")
        self.assertEqual(condition.findtext("{DAV:}href"), "/dav/card/a/b/c.vcf")
        told = violation(CALENDARS, Violation(Rule.TOO_LARGE, limit=512), None).answer()
        (condition,) = ElementTree.fromstring(told.body)
        self.assertEqual((condition.tag, condition.text), ("{urn:ietf:params:xml:ns:caldav}max-resource-size", "512"))

    def test_errors_of_the_family_and_of_reading(self) -> None:
        for error, status in (
            (Refused(423), 423),
            (BadPath("no"), 400),
            (MalformedField("no"), 400),
            (MalformedXml("no"), 400),
            (UnmetCondition(name("A:supported-filter")), 412),
            (OverQuota(), 412),
            (NotFound(), 404),
            (Conflict(), 409),
            (Forbidden(), 403),
            (TooLarge(), 413),
            (Violation(Rule.FIRST_NEEDED), 403),
        ):
            found = translated(error)
            assert found is not None, error
            self.assertEqual(found.status, status, error)

    def test_what_is_for_the_front(self) -> None:
        for error in (Unavailable(), KeyError("x"), Invalid()):
            self.assertIsNone(translated(error))

    def test_a_refusal_without_conditions_is_empty(self) -> None:
        answer = Refused(405, headers=(("Allow", "GET"),)).answer()
        self.assertEqual((answer.body, answer.content_type, answer.headers), (b"", None, (("Allow", "GET"),)))

    def test_a_refusal_with_one_says_so_and_is_not_cached(self) -> None:
        answer = refused(403, "D:need-privileges").answer()
        self.assertIn(b"<D:error", answer.body)
        self.assertIn(("Cache-Control", "no-cache"), answer.headers)
