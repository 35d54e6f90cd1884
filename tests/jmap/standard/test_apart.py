"""What breaks with one object. Tests ``stalwart.jmap.standard.apart``."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid, NotFound
from stalwart.jmap.call import Request
from stalwart.jmap.standard.apart import apart
from tests.jmap.desk import access


class ApartTests(SynchronousTestCase):
    def test_what_an_object_breaks_is_noted(self) -> None:
        request = Request(access())
        faults = [TypeError("a"), Invalid("b"), *(KeyError(number) for number in range(20))]
        for fault in faults:
            with apart(request):
                raise fault
        self.assertEqual(request.faults, faults[:10])

    def test_other_errors_are_those_of_the_call(self) -> None:
        request = Request(access())
        for fault in (NotFound("a"), OSError("b")):
            with self.assertRaises(type(fault)), apart(request):
                raise fault
        self.assertEqual(request.faults, [])
