"""Descriptions of errors in other languages: found, filled in, and what people meet most often is there."""

from __future__ import annotations

import re
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.directory.password_policy import PasswordPolicy
from stalwart.errors import Forbidden, Invalid, OverQuota
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.errors import NOT_AUTHORIZED, MethodError
from stalwart.jmap.methods import Method
from stalwart.jmap.registry.proving import WRONG_SECRET, no_code, no_secret
from stalwart.jmap.translation import ENGLISH, LANGUAGES, LONGEST, catalogue, in_language
from stalwart.jmap.types import account_password, log, passkey, recovery_codes
from stalwart.schema import violations
from tests.jmap.desk import JSON, Desk

MARK = re.compile(r"\{(\w+)\}")
PURPOSES = (account_password.TO_CHANGE, passkey.TO_ADD, passkey.TO_WEAKEN, recovery_codes.TO_RENEW)


def too_short() -> str:
    try:
        PasswordPolicy().check_length("x")
    except Invalid as problem:
        return problem.detail
    raise AssertionError


class CatalogueTests(SynchronousTestCase):
    """``catalogue``."""

    def test_what_people_meet_is_there_in_every_language(self) -> None:
        met = [
            NOT_AUTHORIZED,
            Forbidden.default_detail,
            OverQuota.default_detail,
            WRONG_SECRET,
            account_password.NO_NEW_CODE,
            account_password.WRONG_NEW_CODE,
            recovery_codes.NO_FACTOR,
            log.NO_FILE,
            log.TOO_FAR,
            too_short(),
            *(said(purpose) for purpose in PURPOSES for said in (no_secret, no_code)),
            *(
                getattr(violations, name)
                for name in dir(violations)
                if name.startswith(("INVALID_", "SERVER_", "READ_"))
            ),
        ]
        for language in LANGUAGES[1:]:
            words = catalogue(language)
            self.assertEqual([text for text in met if words.translated(text) == text], [], language)

    def test_what_stands_in_a_sentence_stands_in_its_translation(self) -> None:
        for language in LANGUAGES[1:]:
            for pattern, there in catalogue(language).patterns:
                self.assertEqual(set(pattern.groupindex), set(MARK.findall(there)), there)
        translated = catalogue("de").translated("Password must be at least 12 characters long.")
        self.assertEqual(translated, "Das Passwort muss mindestens 12 Zeichen lang sein.")
        self.assertIn("{x} sysA", catalogue("de").translated("You are not authorized to grant permissions: {x} sysA"))

    def test_unknown_and_endless_texts_stay(self) -> None:
        for text in ("", "Nobody says so.", "You are not authorized to grant permissions: " + "x" * LONGEST):
            self.assertEqual(catalogue("de").translated(text), text)


class ResponseTests(SynchronousTestCase):
    """``in_language``, and over HTTP."""

    def test_errors_of_calls_and_of_objects_are_translated_and_nothing_else(self) -> None:
        said = {"type": "forbidden", "description": WRONG_SECRET}
        given: list[tuple[str, Any, str]] = [
            ("error", said, "0"),
            ("x:A/set", {"notUpdated": {"a": said, "b": {"type": "notFound"}}, "notCreated": None}, "1"),
            ("x:A/get", {"list": [said]}, "2"),
        ]
        kept = repr(given)
        german = in_language("de", given)
        there = {"type": "forbidden", "description": "Das jetzige Passwort oder der Code ist falsch."}
        self.assertEqual(german[0][1], there)
        self.assertEqual(german[1][1], {"notUpdated": {"a": there, "b": {"type": "notFound"}}, "notCreated": None})
        self.assertEqual(german[2], given[2])
        self.assertEqual(in_language(ENGLISH, given), given)
        self.assertEqual(repr(given), kept)

    def test_client_says_what_it_reads(self) -> None:
        async def refuse(call: Call) -> dict[str, Any]:
            raise MethodError("forbidden", NOT_AUTHORIZED)

        desk = Desk(Method.of("Test/refuse", refuse, capability=CORE))
        asked = {"using": [CORE], "methodCalls": [["Test/refuse", {}, "0"]]}
        for accepted, language, text in (
            ("de-AT, en;q=0.5", "de", "Das dürfen Sie nicht."),
            ("en, de;q=0.5", None, NOT_AUTHORIZED),
            ("fr", None, NOT_AUTHORIZED),
        ):
            answer = desk.post(asked, headers=JSON | {"Accept-Language": accepted})
            self.assertEqual(answer.json()["methodResponses"][0][1]["description"], text)
            self.assertEqual(answer.headers.get("content-language"), language)
