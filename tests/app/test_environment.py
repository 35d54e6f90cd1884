"""The environment variables: what they give, what is refused, and that no secret is told."""

from __future__ import annotations

import os
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.environment import KNOWN, Environment, base_url, read_environment, unknown_variables
from stalwart.errors import Invalid
from stalwart.telemetry.events import Level


def read(own: str | None = "node.example.test", **variables: str) -> Environment:
    return read_environment(variables, own)


class ReadingTests(SynchronousTestCase):
    """settings A.1."""

    def refusal(self, **variables: str) -> str:
        return self.assertRaises(Invalid, read, **variables).detail

    def test_nothing_set_is_a_normal_start(self) -> None:
        found = read()
        self.assertEqual(found, Environment("node.example.test"))

    def test_number_of_workers(self) -> None:
        found = [read(STALWART_WORKERS=text).workers for text in ("", " 4 ", "64")]
        self.assertEqual((found, read().workers), ([1, 4, 64], 1))
        self.assertIn("STALWART_WORKERS must be a number", self.refusal(STALWART_WORKERS="65"))

    def test_seconds_that_are_served_on(self) -> None:
        self.assertEqual([read(STALWART_DRAIN=text).drain for text in ("", " 5 ", "60")], [0, 5, 60])
        for text in ("61", "1.5", "-1", "x"):
            self.assertIn("STALWART_DRAIN must be a number of seconds", self.refusal(STALWART_DRAIN=text))

    def test_seconds_for_which_a_database_is_waited_for(self) -> None:
        given = ("", " 0 ", "5", "3600")
        self.assertEqual([read(STALWART_DATABASE_WAIT=text).database_wait for text in given], [30, 0, 5, 3600])
        for text in ("3601", "1.5", "-1", "x"):
            self.assertIn("between 0 and 3600", self.refusal(STALWART_DATABASE_WAIT=text))

    def test_one_worker_for_each_cpu_that_there_is_for_this_process(self) -> None:
        self.patch(os, "sched_getaffinity", lambda _pid: set(range(3)))
        self.assertEqual(read(STALWART_WORKERS="auto").workers, 3)
        self.patch(os, "sched_getaffinity", lambda _pid: set(range(256)))
        self.assertEqual(read(STALWART_WORKERS="auto").workers, 64)

    def test_hostname_is_the_nodes_own_in_lower_case(self) -> None:
        self.assertEqual(read("Node.Example.TEST").hostname, "node.example.test")

    def test_given_hostname_wins(self) -> None:
        self.assertEqual(read(STALWART_HOSTNAME=" Mail.Example.Test ").hostname, "mail.example.test")

    def test_own_name_that_is_an_address_becomes_localhost(self) -> None:
        self.assertEqual((read("192.0.2.1").hostname, read("::1").hostname), ("localhost", "localhost"))

    def test_name_of_the_computer_is_asked_for(self) -> None:
        self.assertTrue(read_environment({}).hostname)

    def test_public_url_is_trimmed(self) -> None:
        self.assertEqual(read(STALWART_PUBLIC_URL=" https://m.test/// ").public_url, "https://m.test")

    def test_blank_public_url_is_none(self) -> None:
        self.assertIsNone(read(STALWART_PUBLIC_URL=" / ").public_url)

    def test_ports_are_numbers(self) -> None:
        found = read(STALWART_RECOVERY_MODE_PORT=" 8081 ", STALWART_HTTPS_PORT="8443")
        self.assertEqual((found.recovery_port, found.https_port), (8081, 8443))

    def test_role_of_a_node(self) -> None:
        self.assertEqual([read(STALWART_ROLE=text).role for text in ("", "  ", " front ")], [None, None, "front"])

    def test_blank_values_count_as_absent(self) -> None:
        names = ("RECOVERY_ADMIN", "RECOVERY_MODE_PORT", "HTTPS_PORT", "DIAGNOSIS", "HOSTNAME", "RECOVERY_MODE")
        blank = {f"STALWART_{name}": "  " for name in names}
        self.assertEqual(read(RUN_AS_USER=" ", RUN_AS_GROUP="", **blank), read())

    def test_a_variable_that_is_misspelled_is_told_with_what_was_meant(self) -> None:
        meant = {"RECOVERY_ADMN": "RECOVERY_ADMIN", "PUBLIC_ULR": "PUBLIC_URL", "DATA_STOR": "DATA_STORE"}
        secrets = {"STALWART_DATABASE_PASSWORD": "x", "STALWART_S3_SECRET": "x", "PATH": "x"}
        known = dict.fromkeys(KNOWN, "x")
        told = unknown_variables({f"STALWART_{name}": "hush" for name in meant} | secrets | known)
        wanted = [
            f"has STALWART_{wrong}, which means nothing: is it STALWART_{meant[wrong]}?" for wrong in sorted(meant)
        ]
        self.assertEqual([sentence.removeprefix("The environment ") for sentence in told], wanted)

    def test_user_and_group_to_run_as(self) -> None:
        found = read(RUN_AS_USER="mail", RUN_AS_GROUP="daemon")
        self.assertEqual((found.run_as_user, found.run_as_group), ("mail", "daemon"))

    def test_diagnosis_members(self) -> None:
        self.assertEqual(read(STALWART_DIAGNOSIS='{"port": 2525}').diagnosis, {"port": 2525})

    def test_data_store(self) -> None:
        given = '{"@type": "Sqlite", "path": "hush.sqlite3"}'
        found = read(STALWART_DATA_STORE=given)
        self.assertEqual(found.data_store, {"@type": "Sqlite", "path": "hush.sqlite3"})
        self.assertNotIn("hush", repr(found))
        self.assertIsNone(read().data_store)
        for wrong in ("{path: 1}", "[1]"):
            self.assertIn("STALWART_DATA_STORE", self.refusal(STALWART_DATA_STORE=wrong))

    def test_diagnosis_that_is_no_json_names_the_variable(self) -> None:
        self.assertIn("STALWART_DIAGNOSIS", self.refusal(STALWART_DIAGNOSIS="{port: 1}"))

    def test_diagnosis_that_is_no_object_names_the_variable(self) -> None:
        self.assertIn("STALWART_DIAGNOSIS", self.refusal(STALWART_DIAGNOSIS="[1]"))

    def test_diagnosis_nested_too_deeply_names_the_variable(self) -> None:
        self.assertIn("STALWART_DIAGNOSIS", self.refusal(STALWART_DIAGNOSIS="[" * 100_000))


class RecoveryTests(SynchronousTestCase):
    """http-service 9."""

    def test_administrator_is_split_at_the_first_colon_and_trimmed(self) -> None:
        self.assertEqual(read(STALWART_RECOVERY_ADMIN=" admin : se:cret ").recovery_admin, ("admin", "se:cret"))

    def test_secret_is_not_in_the_repr(self) -> None:
        self.assertNotIn("hush", repr(read(STALWART_RECOVERY_ADMIN="admin:hush")))

    def test_user_name_with_capitals_is_refused_because_logins_are_lower_case(self) -> None:
        refused = self.assertRaises(Invalid, read, STALWART_RECOVERY_ADMIN="Admin:hush")
        self.assertIn("lower case", refused.detail)

    def test_log_level_of_recovery_mode(self) -> None:
        self.assertIs(read(STALWART_RECOVERY_MODE_LOG_LEVEL=" Debug ").recovery_log_level, Level.DEBUG)

    def test_log_level_that_is_none_is_refused(self) -> None:
        refused = self.assertRaises(Invalid, read, STALWART_RECOVERY_MODE_LOG_LEVEL="loud")
        self.assertIn("STALWART_RECOVERY_MODE_LOG_LEVEL", refused.detail)


def _malformed(name: str, value: str) -> Any:
    def test(self: SynchronousTestCase) -> None:
        detail = self.assertRaises(Invalid, read, **{name: value}).detail
        self.assertIn(name, detail)
        self.assertNotIn("hush", detail)

    return test


MALFORMED = {
    "admin_without_colon": ("STALWART_RECOVERY_ADMIN", "hush"),
    "admin_without_user": ("STALWART_RECOVERY_ADMIN", " :hush"),
    "admin_without_secret": ("STALWART_RECOVERY_ADMIN", "admin: "),
    "https_port_zero": ("STALWART_HTTPS_PORT", "0"),
    "https_port_too_large": ("STALWART_HTTPS_PORT", "65536"),
    "https_port_with_a_word": ("STALWART_HTTPS_PORT", "https"),
    "https_port_negative": ("STALWART_HTTPS_PORT", "-1"),
    "https_port_of_other_digits": ("STALWART_HTTPS_PORT", "٤٤٣"),
    "recovery_port_of_many_digits": ("STALWART_RECOVERY_MODE_PORT", "9" * 5000),
    "recovery_port_with_an_underscore": ("STALWART_RECOVERY_MODE_PORT", "8_0"),
    "recovery_mode_yes": ("STALWART_RECOVERY_MODE", "yes"),
    "new_vault_key_2": ("STALWART_NEW_VAULT_KEY", "2"),
    "public_url_without_a_scheme": ("STALWART_PUBLIC_URL", "hush.example.org"),
    "public_url_of_another_scheme": ("STALWART_PUBLIC_URL", "ftp://m.example.org"),
    "public_url_with_a_login": ("STALWART_PUBLIC_URL", "https://a:hush@m.example.org"),
    "public_url_with_a_query": ("STALWART_PUBLIC_URL", "https://m.example.org/?x=hush"),
    "hostname_with_spaces": ("STALWART_HOSTNAME", "bad host name"),
    "hostname_with_a_slash": ("STALWART_HOSTNAME", "https://m.example.org"),
    "diagnosis_of_unknown_members": ("STALWART_DIAGNOSIS", '{"x": 1}'),
}
for _name, _case in MALFORMED.items():
    setattr(RecoveryTests, f"test_malformed_{_name}_is_refused_by_name", _malformed(*_case))


def _mode(text: str, wanted: bool) -> Any:
    def test(self: SynchronousTestCase) -> None:
        self.assertIs(read(STALWART_RECOVERY_MODE=text).recovery_mode, wanted)

    return test


for _text, _wanted in {"1": True, "true": True, " TRUE ": True, "0": False, "false": False, "": False}.items():
    setattr(RecoveryTests, f"test_recovery_mode_{_text.strip()}_is_{_wanted}", _mode(_text, _wanted))


class BaseUrlTests(SynchronousTestCase):
    """http-service 1.5: the first that is known wins."""

    def url(self, service: str, **variables: str) -> str:
        return base_url(read(**variables), service, "node.example.test")

    def test_public_url_comes_first(self) -> None:
        given = {"STALWART_PUBLIC_URL": "http://p.test:81/x/", "STALWART_HTTPS_PORT": "8443"}
        self.assertEqual(self.url("mail.example.test", **given), "http://p.test:81/x")

    def test_port_variable_goes_with_the_name_of_the_node(self) -> None:
        self.assertEqual(self.url("mail.example.test", STALWART_HTTPS_PORT="8443"), "https://node.example.test:8443")

    def test_name_of_the_service_comes_next(self) -> None:
        self.assertEqual(self.url("mail.example.test"), "https://mail.example.test")

    def test_name_of_the_node_comes_last(self) -> None:
        self.assertEqual(self.url(""), "https://node.example.test")
