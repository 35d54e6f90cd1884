"""The options of ``twistd stalwart``: what is refused with which words, and what the service is given."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path
from typing import Any

from twisted.application.service import IServiceMaker
from twisted.logger import LogLevel, globalLogPublisher
from twisted.plugin import getPlugins
from twisted.python.usage import UsageError
from twisted.trial.unittest import SynchronousTestCase

from stalwart import __version__
from stalwart.app import environment
from stalwart.app.environment import KNOWN
from stalwart.app.service import StalwartService
from stalwart.app.tap import Options, makeService
from stalwart.app.workers.supervisor import Supervisor

HTTP = "tcp:0:interface=127.0.0.1"


def parsed(*arguments: str) -> Options:
    options = Options()
    options.parseOptions(list(arguments))
    return options


class OptionTests(SynchronousTestCase):
    """Parsing."""

    def refusal(self, *arguments: str) -> str:
        return str(self.assertRaises(UsageError, parsed, *arguments))

    def test_data_alone_is_enough(self) -> None:
        options = parsed("--data", "d")
        self.assertEqual(
            (options["data"], options["config"], options["http"], bool(options["demo"])), ("d", None, [], 0)
        )

    def test_endpoints_may_be_repeated_and_keep_their_order(self) -> None:
        options = parsed("--config", "c", "--http", HTTP, "--http", "unix:/s", "--smtp", HTTP)
        self.assertEqual((options["http"], options["smtp"], options["lmtp"]), ([HTTP, "unix:/s"], [HTTP], []))

    def test_two_parsers_share_nothing(self) -> None:
        parsed("--data", "d", "--http", HTTP)
        self.assertEqual(parsed("--data", "d")["http"], [])

    def test_tls_endpoints_are_for_http(self) -> None:
        tls = "tls:0:interface=127.0.0.1"
        self.assertEqual(parsed("--data", "d", "--http", tls)["http"], [tls])
        self.assertIn("for --http only", self.refusal("--data", "d", "--smtp", tls))
        self.assertIn("tls:nowhere", self.refusal("--data", "d", "--http", "tls:nowhere"))

    def test_the_environment_speaks_where_neither_is_given(self) -> None:
        for variables, expected in (
            ({"STALWART_DATA": "d"}, ("d", None)),
            ({"STALWART_CONFIG": "c"}, (None, "c")),
            ({"STALWART_DATA": "d", "STALWART_CONFIG": "c"}, (None, "c")),
        ):
            self.patch(os, "environ", {**os.environ, **variables})
            options = parsed("--http", HTTP)
            self.assertEqual((options["data"], options["config"]), expected)
            self.assertEqual((parsed("--data", "e")["data"], parsed("--config", "e")["data"]), ("e", None))

    def test_neither_store_says_what_to_give(self) -> None:
        refused = self.refusal("--http", HTTP)
        self.assertIn("--data FOLDER", refused)
        self.assertIn("--config FILE", refused)

    def test_both_stores_are_one_too_many(self) -> None:
        self.assertIn("not both", self.refusal("--data", "d", "--config", "c"))

    def test_demo_needs_a_folder(self) -> None:
        self.assertIn("--demo needs --data", self.refusal("--config", "c", "--demo"))

    def test_unknown_option_is_refused(self) -> None:
        self.assertIn("imap", self.refusal("--data", "d", "--imap", HTTP))

    def test_bare_port_is_no_endpoint_and_an_example_is_given(self) -> None:
        refused = self.refusal("--data", "d", "--http", "8080")
        self.assertTrue(refused.startswith("--http 8080: not a Twisted server endpoint such as tcp:8080"), refused)

    def test_unknown_kind_of_endpoint_is_refused(self) -> None:
        self.assertIn("--submission tpc:25", self.refusal("--data", "d", "--submission", "tpc:25"))

    def test_port_that_is_a_word_is_refused(self) -> None:
        self.assertIn("--lmtp", self.refusal("--data", "d", "--lmtp", "tcp:lmtp"))

    def test_unknown_argument_of_an_endpoint_is_refused(self) -> None:
        self.assertIn("--smtp", self.refusal("--data", "d", "--smtp", "tcp:25:iface=::1"))

    def test_empty_endpoint_is_refused(self) -> None:
        self.assertIn("--http", self.refusal("--data", "d", "--http", ""))

    def test_number_of_workers_is_read(self) -> None:
        found = [parsed("--data", "d", "--workers", text)["workers"] for text in ("1", "3", "64")]
        self.assertEqual((found, parsed("--data", "d")["workers"]), ([1, 3, 64], None))
        self.assertGreaterEqual(parsed("--data", "d", "--workers", "auto")["workers"], 1)

    def test_other_numbers_of_workers_are_refused_with_the_bounds(self) -> None:
        for text in ("0", "65", "-1", "2.5", "many", "", "007"):
            refused = self.refusal("--data", "d", "--workers", text)
            self.assertEqual(
                refused, "--workers must be a number of processes between 1 and 64, or auto for one per CPU."
            )


class HelpTests(SynchronousTestCase):
    """What a person reads first."""

    def test_examples_stand_as_they_are_written(self) -> None:
        lines = Options().getUsage(80).splitlines()
        self.assertIn("  twistd -n stalwart --data /var/lib/stalwart", lines)
        self.assertIn("  twistd -n stalwart --data var --http tcp:8080:interface=127.0.0.1", lines)
        self.assertIn("  twistd -n stalwart --config /etc/stalwart/config.json", lines)

    def test_every_option_is_listed(self) -> None:
        text = Options().getUsage()
        for name in ("config", "data", "demo", "http", "lmtp", "smtp", "submission", "version", "workers", "help"):
            self.assertIn(f"--{name}", text)

    def test_variables_of_the_environment_are_named(self) -> None:
        text = re.sub(r"\s+", " ", Options().getUsage())
        of_clients = {
            "STALWART_PASSWORD",
            "STALWART_SOURCE_PASSWORD",
            "STALWART_TOKEN",
            "STALWART_URL",
            "STALWART_USER",
        }
        for name in (KNOWN - of_clients) | {"SSL_CERT_FILE", "RUN_AS_USER", "RUN_AS_GROUP"}:
            self.assertRegex(text, rf"\b{name}\b")
        read = set(re.findall(r'"(STALWART_\w+)"', Path(environment.__file__).read_text()))
        self.assertLessEqual(read, KNOWN)

    def test_a_misspelled_variable_is_a_warning(self) -> None:
        told: list[Any] = []
        globalLogPublisher.addObserver(told.append)
        self.addCleanup(globalLogPublisher.removeObserver, told.append)
        self.patch(os, "environ", {"STALWART_PUBLIC_ULR": "x"})
        makeService(parsed("--data", "d"))
        warned = [event["sentence"] for event in told if event.get("log_level") == LogLevel.warn]
        self.assertEqual(len(warned), 1)
        self.assertIn("STALWART_PUBLIC_URL", warned[0])

    def test_version_is_printed_and_ends_it(self) -> None:
        output = io.StringIO()
        self.patch(sys, "stdout", output)
        left = self.assertRaises(SystemExit, parsed, "--version")
        self.assertEqual((left.code, output.getvalue()), (0, f"stalwart {__version__}\n"))


class ServiceTests(SynchronousTestCase):
    """From options to a service."""

    def test_plugin_is_found_by_its_name(self) -> None:
        made = {plugin.tapname: plugin.module for plugin in getPlugins(IServiceMaker)}
        self.assertEqual(made["stalwart"], "stalwart.app.tap")

    def test_service_starts_nothing_when_it_is_made(self) -> None:
        data = self.mktemp()
        service = makeService(parsed("--data", data))
        self.assertIsInstance(service, StalwartService)
        self.assertFalse(os.path.exists(data))

    def test_several_workers_have_a_supervisor(self) -> None:
        for arguments, variables, kind in (
            (("--workers", "2"), {}, Supervisor),
            ((), {"STALWART_WORKERS": "3"}, Supervisor),
            (("--workers", "1"), {"STALWART_WORKERS": "3"}, StalwartService),
        ):
            self.patch(os, "environ", variables)
            self.assertIsInstance(makeService(parsed("--data", "d", *arguments)), kind)

    def test_malformed_variable_ends_the_process_with_a_sentence(self) -> None:
        self.patch(os, "environ", {"STALWART_RECOVERY_ADMIN": "hush"})
        left = self.assertRaises(SystemExit, makeService, parsed("--data", "d"))
        self.assertEqual(left.code, "stalwart: STALWART_RECOVERY_ADMIN must be user:secret, both not empty.")
