"""The unit of systemd, and the environment that operations.md has it read."""

from __future__ import annotations

import re
import shlex
from configparser import ConfigParser
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.environment import read_environment
from stalwart.app.tap import Options
from stalwart.store.config_file import blob_folder, embedded_store_config

ROOT = Path(__file__).parents[2]
PLACE = "/etc/stalwart/environment"


def unit() -> ConfigParser:
    """What it says, the last of several lines of a name."""
    found = ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(ROOT / "etc" / "stalwart.service")
    return found


class UnitTests(SynchronousTestCase):
    def test_its_data_are_in_the_one_folder_that_it_may_write_to(self) -> None:
        service = unit()["Service"]
        options = Options()
        words = shlex.split(service["ExecStart"])
        options.parseOptions(words[words.index("stalwart") + 1 :])
        self.assertEqual(options["data"], f"/var/lib/{service['StateDirectory']}")
        self.assertIsNone(options["config"])

    def test_a_start_that_fails_is_tried_again_for_as_long_as_it_takes(self) -> None:
        found = unit()
        self.assertEqual(found["Unit"]["StartLimitIntervalSec"], "0")
        self.assertEqual((found["Service"]["Restart"], found["Service"]["RestartSec"]), ("on-failure", "5"))

    def test_the_environment_of_the_manual_is_read_and_has_values_kept_below_the_data(self) -> None:
        self.assertEqual(unit()["Service"]["EnvironmentFile"], f"-{PLACE}")
        text = (ROOT / "docs" / "operations.md").read_text()
        (lines,) = re.findall(rf"in `{PLACE}`:\n\n((?: {{4}}STALWART.*\n)+)", text)
        variables = dict(shlex.split(line)[0].split("=", 1) for line in lines.splitlines())
        environment = read_environment(variables, "one.test")
        data = Path(self.mktemp())
        config = embedded_store_config(data, environment.data_store)
        self.assertEqual(config["authSecret"]["variableName"], "STALWART_DATABASE_PASSWORD")
        self.assertIn("STALWART_DATABASE_PASSWORD", variables)
        folder = blob_folder(config, data / "config.json")
        assert folder is not None
        self.assertEqual(folder.parent, data.absolute())
