"""Descriptions of errors in other languages: found, filled in, and what people meet most often is there."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.first_setup import NOT_PUBLIC
from stalwart.codec.certificate_chains import read_chain, read_signing_key
from stalwart.codec.expression.rules import compile_expression
from stalwart.codec.sieve.compiling import compiled
from stalwart.codec.zone_file import ZoneRecord
from stalwart.config.network.http import NO_STATUS, NO_TARGET
from stalwart.config.schema_document.languages import ENGLISH, LANGUAGES
from stalwart.directory.password_policy import PasswordPolicy
from stalwart.errors import Forbidden, Invalid, OverQuota
from stalwart.jmap.call import Call
from stalwart.jmap.capabilities import CORE
from stalwart.jmap.errors import NOT_AUTHORIZED, MethodError
from stalwart.jmap.methods import Method
from stalwart.jmap.registry import last_administrator
from stalwart.jmap.registry.proving import WRONG_CODE, WRONG_SECRET, no_code, no_secret
from stalwart.jmap.translation import LONGEST, catalogue, in_language
from stalwart.jmap.types import account_password, log, passkey, recovery_codes
from stalwart.jmap.types.queued_message import PAUSED
from stalwart.mail import postmasters
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


def fault_of(work: Callable[[], object]) -> ValueError:
    try:
        work()
    except ValueError as problem:
        return problem
    raise AssertionError


class CatalogueTests(SynchronousTestCase):
    """``catalogue``."""

    def test_what_people_meet_is_there_in_every_language(self) -> None:
        met = [
            NOT_AUTHORIZED,
            Forbidden.default_detail,
            OverQuota.default_detail,
            WRONG_CODE,
            WRONG_SECRET,
            NOT_PUBLIC,
            NO_STATUS,
            NO_TARGET,
            PAUSED,
            str(fault_of(lambda: read_chain(""))),
            str(fault_of(lambda: read_signing_key(""))),
            account_password.NO_NEW_CODE,
            account_password.WRONG_NEW_CODE,
            last_administrator.LAST,
            last_administrator.SHUT_OUT,
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

    def test_nothing_is_said_twice_and_few_marks_are_in_a_sentence(self) -> None:
        for language in LANGUAGES[1:]:
            folder = files("stalwart.jmap") / "texts" / language
            held = [json.loads(file.read_bytes()) for file in folder.iterdir()]
            words = catalogue(language)
            self.assertEqual(sum(map(len, held)), len(words.fixed) + len(words.patterns), language)
            many = [pattern.pattern for pattern, _ in words.patterns if len(pattern.groupindex) > 2]
            self.assertEqual(many, [], language)  # their parts are tried in every combination

    def test_sentences_within_sentences_are_translated(self) -> None:
        for text, there in (
            (
                str(fault_of(lambda: compile_expression({"else": "nobody"}, frozenset()))),
                "Ausdruck für 'else': Weder Variable noch Konstante: \"nobody\"",
            ),
            (
                str(fault_of(lambda: compile_expression({"else": "len(1, 2)"}, frozenset()))),
                "Ausdruck für 'else': Die Funktion \"len\" hat 1 Argument.",
            ),
            (str(fault_of(lambda: compiled(b"keep;\nkeep"))), "Zeile 2: Nach keep in Zeile 2 fehlt ein Strichpunkt."),
            (str(fault_of(lambda: compiled(b"if keep {}"))), "Zeile 1: keep ist kein Test."),
            (str(fault_of(lambda: compiled(b"redirect 5;"))), "Zeile 1: redirect braucht hier einen Text."),
        ):
            self.assertEqual(catalogue("de").translated(text), there)

    def test_advice_is_translated_line_by_line_and_records_stay(self) -> None:
        record = ZoneRecord("example.org.", "MX", "10 mx.example.org.")
        advice = f"It differs. Put this line in its place:\n{record.line}\n{postmasters.advice('b', 'example.org')}"
        told = catalogue("de").lines(advice).split("\n")
        self.assertEqual(told[0], "Der Eintrag weicht ab. An seine Stelle gehört diese Zeile:")
        self.assertEqual(told[1], record.line)
        self.assertTrue(told[2].startswith("Niemand bekommt Mail an postmaster@example.org, wohin"), told[2])
        self.assertTrue(told[3].startswith("stalwart-cli create MailingList --json"), told[3])

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
        there = {"type": "forbidden", "description": "Das jetzige Passwort ist falsch."}
        self.assertEqual(german[0][1], there)
        self.assertEqual(german[1][1], {"notUpdated": {"a": there, "b": {"type": "notFound"}}, "notCreated": None})
        self.assertEqual(german[2], given[2])
        self.assertEqual(in_language(ENGLISH, given), given)
        self.assertEqual(repr(given), kept)

    def test_reasons_at_values_notices_and_what_actions_say_are_translated(self) -> None:
        fault = {"type": "Invalid", "property": "name", "value": "Invalid domain name"}
        record = {"expected": "the address of this host", "found": {"It differs.": True}, "advice": "It differs."}
        typed = {"type": "Invalid", "property": "name", "value": "Something that was typed"}
        given: list[tuple[str, Any, str]] = [
            ("x:A/set", {"notCreated": {"a": {"type": "x", "validationErrors": [fault, typed]}}}, "0"),
            ("x:A/set", {"notices": ["The change of DataStore takes effect when the server is restarted."]}, "1"),
            (
                "x:Action/set",
                {"created": {"a": {"problem": "Empty expression"}, "b": {"records": {"0": record}}}},
                "2",
            ),
            ("x:A/set", {"created": {"a": {"problem": "Empty expression", "advice": "It differs."}}}, "3"),
            ("SieveScript/validate", {"error": {"type": "invalidSieve", "description": "line 7: a is no test."}}, "4"),
            ("SieveScript/validate", {"error": None}, "5"),
        ]
        german = [arguments for _, arguments, _ in in_language("de", given)]
        there = {**fault, "value": "Das ist kein Domainname."}
        self.assertEqual(german[0], {"notCreated": {"a": {"type": "x", "validationErrors": [there, typed]}}})
        self.assertEqual(german[1], {"notices": ["Die Änderung von DataStore gilt nach einem Neustart des Servers."]})
        self.assertEqual(german[2]["created"]["a"], {"problem": "Der Ausdruck ist leer."})
        told = {**record, "expected": "die Adresse dieses Hosts", "advice": "Der Eintrag weicht ab."}
        self.assertEqual(german[2]["created"]["b"], {"records": {"0": told}})
        self.assertEqual(german[3], given[3][1])
        self.assertEqual(german[4]["error"]["description"], "Zeile 7: a ist kein Test.")
        self.assertEqual(german[5], {"error": None})

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
