"""What takes mail is built of the right parts."""

from __future__ import annotations

from typing import Any

from attrs import define
from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.smtp_parts import SmtpParts
from stalwart.smtp.envelope import Offers, Peer
from stalwart.smtp.limits import Limits
from stalwart.smtp.role import SUBMISSION


@define(eq=False)
class Anything:
    """Has every attribute."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Anything()


class EntranceTests(SynchronousTestCase):
    def test_everybody_who_takes_mail_signs_people_in(self) -> None:
        parts: Any = [Anything() for _ in range(11)]
        entrance = SmtpParts(*parts).entrance(lambda: None, lambda: parts[0])
        peer = Peer(SUBMISSION, Limits(), offers=Offers((), ("PLAIN",)))
        assert entrance.authenticator is not None
        self.assertEqual(entrance.authenticator.mechanisms(peer), ("PLAIN",))
        self.assertIsNotNone(entrance.reception)
