"""Errors as replies: temporary where the client should try again, and nothing of a fault's own words."""

from __future__ import annotations

import errno
import sqlite3

from twisted.internet.defer import CancelledError
from twisted.trial.unittest import SynchronousTestCase

from stalwart import errors
from stalwart.mail.circles import RunsInACircle
from stalwart.mail.queue.quotas import QueueFull
from stalwart.smtp.faults import DISK_FULL, is_disk_full, is_expected, reply_to
from stalwart.smtp.reception import Refusal, Refused


def _caused(error: Exception, cause: BaseException) -> Exception:
    error.__cause__ = cause
    return error


class ReplyTests(SynchronousTestCase):
    def test_each_kind(self) -> None:
        for error, code, enhanced in (
            (errors.Unavailable(), 451, "4.3.0"),
            (errors.OverQuota(), 452, "4.2.2"),
            (QueueFull(), 452, "4.3.1"),
            (errors.TooMany(), 451, "4.7.1"),
            (errors.TooLarge(), 552, "5.3.4"),
            (errors.NotFound(), 550, "5.1.1"),
            (errors.Forbidden(), 550, "5.7.1"),
            (errors.Invalid(), 550, "5.6.0"),
            (RunsInACircle(), 554, "5.4.6"),
            (errors.Conflict(), 451, "4.3.0"),
            (errors.StalwartError(), 451, "4.3.0"),
            (Refused(Refusal(450, "4.2.1", "Later")), 450, "4.2.1"),
            (CancelledError(), 451, "4.3.0"),
            (TimeoutError(), 451, "4.3.0"),
            (ValueError("secret"), 451, "4.3.0"),
        ):
            answer = reply_to(error)
            self.assertEqual((answer.code, answer.enhanced), (code, enhanced), error)
            self.assertNotIn("secret", answer.text)

    def test_a_full_disk_is_found_behind_what_is_said_of_it(self) -> None:
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorcode = sqlite3.SQLITE_FULL
        for cause in (OSError(errno.ENOSPC, ""), OSError(errno.EDQUOT, ""), full):
            self.assertIs(reply_to(_caused(errors.Unavailable("The disk is full."), cause)), DISK_FULL)
            self.assertIs(reply_to(cause), DISK_FULL)
        self.assertFalse(is_disk_full(OSError(errno.EIO, "")))

    def test_what_is_no_fault_of_ours(self) -> None:
        for error in (errors.Unavailable(), CancelledError(), TimeoutError(), OSError(errno.ENOSPC, "")):
            self.assertTrue(is_expected(error))
        for error in (KeyError("x"), OSError(errno.EIO, "")):
            self.assertFalse(is_expected(error))


class RefusalTests(SynchronousTestCase):
    def test_only_refusals(self) -> None:
        self.assertRaises(ValueError, Refusal, 250, "2.0.0", "Fine")
        self.assertEqual(Refusal(550, "5.1.1", "No").reply.describe(), "Code: 550, Enhanced code: 5.1.1, Message: No")
