"""Connection strings from what ``config.json`` says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict
from twisted.trial.unittest import SynchronousTestCase

from stalwart.errors import Invalid
from stalwart.store.postgresql.address import address_of


class AddressTests(SynchronousTestCase):
    def parts(self, **members: Any) -> dict[str, Any]:
        return dict(conninfo_to_dict(address_of({"@type": "PostgreSql", "host": "db.example.test", **members})))

    def refusal(self, **members: Any) -> tuple[str, ...]:
        with self.assertRaises(Invalid) as raised:
            self.parts(**members)
        return raised.exception.properties

    def test_defaults(self) -> None:
        found = self.parts()
        wanted = {"host": "db.example.test", "port": "5432", "dbname": "stalwart", "user": "stalwart"}
        self.assertEqual({name: found[name] for name in wanted}, wanted)
        self.assertEqual((found["sslmode"], found["connect_timeout"]), ("disable", "15"))
        self.assertNotIn("password", found)

    def test_texts_are_quoted(self) -> None:
        secret = "it's \\ a = secret"
        found = self.parts(authSecret={"@type": "Value", "secret": secret}, database="a b")
        self.assertEqual((found["password"], found["dbname"]), (secret, "a b"))

    def test_tls_is_verified_unless_that_is_refused(self) -> None:
        self.assertEqual(self.parts(useTls=True)["sslmode"], "verify-full")
        self.assertEqual(self.parts(useTls=True)["sslrootcert"], "system")
        self.assertEqual(self.parts(useTls=True, allowInvalidCerts=True)["sslmode"], "require")

    def test_passwords_elsewhere(self) -> None:
        path = Path(self.mktemp())
        path.write_text("of a file\n")
        self.assertEqual(self.parts(authSecret={"@type": "File", "filePath": str(path)})["password"], "of a file")
        self.patch(os, "environ", {**os.environ, "PASSWORD_OF_TEST": "of the environment"})
        place = {"@type": "EnvironmentVariable", "variableName": "PASSWORD_OF_TEST"}
        self.assertEqual(self.parts(authSecret=place)["password"], "of the environment")
        self.assertNotIn("password", self.parts(authSecret={"@type": "None"}))

    def test_passwords_that_cannot_be_had(self) -> None:
        for place in (
            {"@type": "File", "filePath": "/nowhere/at/all"},
            {"@type": "EnvironmentVariable", "variableName": "NO_SUCH_VARIABLE_HERE"},
            {"@type": "EnvironmentVariable"},
            {"@type": "Value"},
            {"@type": "Other"},
            "secret",
        ):
            self.assertEqual(self.refusal(authSecret=place), ("authSecret",))

    def test_a_password_that_cannot_be_had_is_named(self) -> None:
        for place, named in (
            ({"@type": "File", "filePath": "/nowhere/at/all"}, "/nowhere/at/all"),
            ({"@type": "EnvironmentVariable", "variableName": "NO_SUCH_VARIABLE_HERE"}, "NO_SUCH_VARIABLE_HERE"),
        ):
            with self.assertRaisesRegex(Invalid, named):
                self.parts(authSecret=place)

    def test_what_is_wrong_is_named(self) -> None:
        for member, value in (
            ("host", ""),
            ("host", None),
            ("port", 0),
            ("port", True),
            ("port", "5432"),
            ("timeout", -1),
            ("useTls", "yes"),
            ("hosst", "x"),
        ):
            self.assertEqual(self.refusal(**{member: value}), (member,))

    def test_no_limit_of_the_attempt(self) -> None:
        self.assertNotIn("connect_timeout", self.parts(timeout=None))
        self.assertEqual(self.parts(timeout=1)["connect_timeout"], "2")
