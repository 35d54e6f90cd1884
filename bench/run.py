"""Runs every benchmark one after the other and prints the table of docs/benchmarks.md; ``--write`` puts it there.

make bench .venv/bin/python bench/run.py --write .venv/bin/python -m bench.get --rounds 20       one of them alone,
see --help

Ratios and CPU times travel between machines, wall times do not. A benchmark that the machine cannot run is named with
the reason.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # started as a file, as make does

from bench.measure import Result, show  # noqa: E402  # only importable from the root

BENCHMARKS = (
    "diagnosis",
    "get",
    "settings",
    "identity",
    "streams",
    "live",
    "metrics",
    "renewals",
    "tls",
    "mail",
    "mail_size",
    "mail_search",
    "mail_queue",
    "submission",
    "push",
    "dav_calendar",
    "dav_contacts",
    "dav_lists",
    "jmap_collaboration",
    "workers",
    "nodes",
    "start",
)
BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"

PAGE = f"""\
# Benchmarks

Written by `bench/run.py --write`. To repeat it: `make bench` (about ten minutes; the first lines need root and the
packages of [interop.md](interop.md)).

{BEGIN}
{END}

How each number is taken is told at the top of the module in `bench/`. Ratios come from rounds in turn inside one run;
CPU time is the server's own, from `/proc`.
"""


def outcome(name: str) -> tuple[list[Result], str | None]:
    """The results of one benchmark, or why there are none."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", f"bench.{name}", "--json"]
    done = subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return [], f"failed: {done.stderr.strip()[-2000:]}"
    answer = json.loads(done.stdout)
    return [Result(**one) for one in answer["results"]], answer["skipped"]


def machine() -> str:
    """What the numbers were taken on."""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


def page(table: str, old: str) -> str:
    """The page with the table in its place."""
    before, _, rest = (old if BEGIN in old else PAGE).partition(BEGIN)
    return before + BEGIN + "\n" + table + "\n" + END + rest.partition(END)[2]


def main() -> int:
    """0 if every limit holds and nothing failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--write", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("names", nargs="*", default=BENCHMARKS, help="which ones [all]")
    options = parser.parse_args()
    results: list[Result] = []
    left_out: list[str] = []
    for name in options.names:
        found, reason = outcome(name)
        results += found
        if reason:
            left_out.append(f"{name}: {reason}")
    text = "\n\n".join([f"{machine()}.", show(results), *left_out])
    if options.json:
        figures = [{"name": one.name, "value": one.value, "unit": one.unit, "limit": one.limit} for one in results]
        print(json.dumps({"machine": machine(), "results": figures, "leftOut": left_out}))
    else:
        print(text)
    if options.write:
        path = ROOT / "docs" / "benchmarks.md"
        path.write_text(page(text, path.read_text() if path.exists() else ""))
    return 0 if all(one.holds for one in results) and not any("failed: " in one for one in left_out) else 1


if __name__ == "__main__":
    sys.exit(main())
