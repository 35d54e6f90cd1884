"""The command line as a whole: global options in both places, the environment, contradictions, help."""

from __future__ import annotations

import argparse
import io
import os
import sys
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from stalwart import __version__
from stalwart.cli import diagnose
from stalwart.cli import main as module
from stalwart.cli.main import main, parser, run


class CommandLineCase(SynchronousTestCase):
    """Runs command lines whose command only notes its options."""

    def setUp(self) -> None:
        self.output, self.errors = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", self.output)
        self.patch(sys, "stderr", self.errors)
        self.patch(os, "environ", {})
        self.seen: list[argparse.Namespace] = []
        self.patch(diagnose, "run", self._note)

    def _note(self, options: argparse.Namespace) -> int:
        self.seen.append(options)
        return 1

    def options(self, *arguments: str, **environment: str) -> argparse.Namespace:
        """What the command was given."""
        os.environ.clear()
        os.environ.update(environment)
        self.assertEqual(run([*arguments, "diagnose", "x.test"] if "diagnose" not in arguments else arguments), 1)
        return self.seen[-1]

    def status(self, *arguments: str) -> Any:
        return self.assertRaises(SystemExit, main, list(arguments)).code


class GlobalOptionTests(CommandLineCase):
    """settings A.14: accepted before and after the command."""

    def test_before_the_command(self) -> None:
        found = self.options("--url", "u", "--user", "a", "--password", "p", "-k", "--no-color", "diagnose", "x")
        self.assertEqual(
            (found.url, found.user, found.password, found.insecure, found.no_color), ("u", "a", "p", True, True)
        )

    def test_after_the_command(self) -> None:
        found = self.options("diagnose", "x", "--url", "u", "--api-key", "k", "--insecure", "--no-color")
        self.assertEqual((found.url, found.api_key, found.insecure, found.no_color), ("u", "k", True, True))

    def test_on_both_sides_of_the_command(self) -> None:
        found = self.options("--url", "u", "--insecure", "diagnose", "x", "--user", "a")
        self.assertEqual((found.url, found.user, found.insecure, found.no_color), ("u", "a", True, False))

    def test_nearer_value_wins(self) -> None:
        self.assertEqual(self.options("--url", "far", "diagnose", "x", "--url", "near").url, "near")

    def test_environment_stands_in(self) -> None:
        found = self.options(STALWART_URL="u", STALWART_USER="a", STALWART_PASSWORD="p")
        self.assertEqual((found.url, found.user, found.password, found.api_key), ("u", "a", "p", None))

    def test_option_wins_over_the_environment(self) -> None:
        self.assertEqual(self.options("--url", "u", STALWART_URL="v").url, "u")
        self.assertEqual(self.options("diagnose", "x", "--url", "u", STALWART_URL="v").url, "u")

    def test_empty_variable_counts_as_absent(self) -> None:
        self.assertIsNone(self.options(STALWART_URL="").url)

    def test_given_key_wins_over_the_user_of_the_environment(self) -> None:
        found = self.options("--api-key", "k", STALWART_USER="a")
        self.assertEqual((found.api_key, found.user), ("k", None))

    def test_exit_code_is_that_of_the_command(self) -> None:
        self.assertEqual(self.status("diagnose", "x"), 1)


class UsageTests(CommandLineCase):
    """Wrong usage is status 2 with a sentence."""

    def refused(self, *arguments: str) -> str:
        self.assertEqual(self.status(*arguments), 2)
        self.assertEqual(self.seen, [])
        return self.errors.getvalue()

    def test_key_and_user_contradict_each_other(self) -> None:
        self.assertIn("not both", self.refused("--api-key", "k", "diagnose", "x", "--user", "a"))

    def test_key_and_user_contradict_each_other_in_the_other_spelling(self) -> None:
        self.assertIn("not both", self.refused("--api-key=k", "--user=a", "diagnose", "x"))

    def test_no_command(self) -> None:
        self.assertIn("COMMAND", self.refused())

    def test_unknown_command(self) -> None:
        self.assertIn("frobnicate", self.refused("frobnicate"))

    def test_unknown_option(self) -> None:
        self.assertIn("--frobnicate", self.refused("diagnose", "x", "--frobnicate"))

    def test_options_are_not_abbreviated(self) -> None:
        self.refused("--api", "k", "diagnose", "x")
        self.refused("diagnose", "x", "--transc")

    def test_timeout_that_is_no_number(self) -> None:
        self.assertIn("--timeout", self.refused("diagnose", "x", "--timeout", "abc"))

    def test_family_that_is_none(self) -> None:
        self.assertIn("--ip", self.refused("diagnose", "x", "--ip", "5"))


class HelpTests(CommandLineCase):
    """What a person reads first."""

    def test_version(self) -> None:
        self.assertEqual((self.status("--version"), self.output.getvalue()), (0, f"stalwart-cli {__version__}\n"))

    def test_help_lists_commands_and_exit_codes(self) -> None:
        text = parser().format_help()
        for part in ("diagnose", "exit codes: 0", "STALWART_URL", "NO_COLOR"):
            self.assertIn(part, text)

    def test_help_of_a_command_lists_the_global_options_too(self) -> None:
        self.assertEqual(self.status("diagnose", "--help"), 0)
        for part in ("--url", "--api-key", "--insecure", "--transcript", "--trust-anchor", "--demo"):
            self.assertIn(part, self.output.getvalue())

    def test_help_of_a_command_has_its_examples_as_they_are_written(self) -> None:
        self.status("diagnose", "--help")
        self.assertIn("\n  stalwart-cli diagnose --demo\n", self.output.getvalue())

    def test_secrets_of_the_environment_are_not_in_the_help(self) -> None:
        os.environ.update(STALWART_PASSWORD="hush", STALWART_TOKEN="hush")
        self.assertNotIn("hush", module.parser().format_help())
