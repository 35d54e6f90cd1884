"""The container file: what it runs are options of the server, and what it exposes is what these listen on."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from stalwart.app.tap import Options

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "etc" / "Containerfile").read_text()


def words(instruction: str) -> list[str]:
    """Those of an instruction in its JSON form; the last one of that name counts."""
    found: list[str] = json.loads(re.findall(rf"(?m)^{instruction} (\[.*\])$", TEXT)[-1])
    return found


class ContainerTests(SynchronousTestCase):
    def test_it_runs_with_options_of_the_server(self) -> None:
        (data,) = re.findall(r"STALWART_DATA=(\S+)", TEXT)
        self.patch(os, "environ", {**os.environ, "STALWART_DATA": data})
        options = Options()
        options.parseOptions(words("CMD"))
        self.assertEqual(options["data"], data)
        self.assertEqual(words("ENTRYPOINT")[-1], "stalwart")
        (volume,) = re.findall(r"(?m)^VOLUME (\S+)$", TEXT)
        self.assertEqual(volume, data)

    def test_it_exposes_what_it_listens_on(self) -> None:
        (exposed,) = re.findall(r"(?m)^EXPOSE (.*)$", TEXT)
        self.assertEqual(sorted(exposed.split()), sorted(re.findall(r"tcp:(\d+)", " ".join(words("CMD")))))

    def test_the_extras_that_it_installs_exist(self) -> None:
        (named,) = re.findall(r'"\.\[(.*)\]"', TEXT)
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        self.assertLessEqual(set(named.split(",")), set(project["optional-dependencies"]))
        self.assertEqual({"postgresql", "s3", "redis", "nats"} - set(named.split(",")), set(), "drivers are missing")
