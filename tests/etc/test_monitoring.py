"""The dashboard, the rules and the sample of a scrape configuration: every name in them is one that can be scraped."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Mapping
from functools import cache

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from stalwart.telemetry import Telemetry
from stalwart.telemetry.events import Level, declared_events
from stalwart.telemetry.figures.families import COUNTED, Parts, bare_name, families
from stalwart.telemetry.measures import declared_measures
from tests.etc.grafana import DASHBOARD, ETC, RULES, Panel, dashboard, filled, metrics_in, panels
from tests.interop.prometheus import promtool

LONGEST = 1500  # lines
WIDTH = 24
PROCESS = ("resident_memory_bytes", "cpu_seconds_total", "start_time_seconds", "open_fds", "max_fds")
"""Of each worker, where there is a /proc."""
ENDINGS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}
GIVEN = {"job", "instance", "le"}
UNITS = {"none", "short", "s", "d", "bytes", "percentunit", "reqps", "ops", "cps"}
RECORDED = re.compile(r"^ +- record: (\S+)$", re.M)


class Keeper:
    """Serves one certificate."""

    def expiries(self) -> Mapping[str, float]:
        return {"mail.example.org": 1.0}


@cache
def scrapeable() -> dict[str, set[str]]:
    """The names of all samples in naming ``openmetrics`` with their labels."""
    found = {f"process_{name}": {"worker"} for name in PROCESS} | {"up": set()}
    labels = {f"stalwart_{measure.name}": set(measure.labels) for measure in declared_measures()}
    for family in families(Parts(Telemetry(), Keeper(), dict.fromkeys(COUNTED, 1))):
        if family.name.startswith("stalwart_"):
            known = labels.get(family.name, {label for given, _ in family.samples for label in given})
            found |= {family.name + ending: known for ending in ENDINGS[family.kind]}
    return found


def labels_in(expression: str) -> set[str]:
    """The labels that an expression selects or groups by."""
    grouped = re.findall(r"\b(?:by|on|without)\s*\(([^)]*)\)", expression)
    selected = re.findall(r"[{,]\s*(\w+)\s*(?:=~|!~|!=|=)\s*\"", expression)
    return {name.strip() for group in grouped for name in group.split(",")} | set(selected)


def expressions() -> list[str]:
    """All of the dashboard."""
    notes = (each["expr"] for each in dashboard()["annotations"]["list"])
    return [*(target.expression for panel in panels() for target in panel.targets), *notes]


def faults() -> set[str]:
    """Counters of what must not go unseen: errors, and telemetry that does not arrive."""
    found = (
        event
        for event in declared_events()
        if event.level >= (Level.WARN if event.id.startswith("telemetry.") else Level.ERROR)
    )
    return {f"stalwart_{bare_name(event.id)}_total" for event in found}


def rules_of(expressions: Iterable[str]) -> str:
    """A file of rules with these expressions."""
    rules = "".join(f"  - record: r{n}\n    expr: '{text}'\n" for n, text in enumerate(expressions))
    return f"groups:\n- name: all\n  rules:\n{rules}"


class ToolCase(SynchronousTestCase):
    def promtool(self, *arguments: str) -> str:
        """Its output; it must be content."""
        if shutil.which("promtool") is None:
            raise SkipTest("promtool missing: install the Debian package prometheus")
        status, output = promtool(*arguments)
        self.assertEqual(status, 0, output)
        return output


class DashboardTests(ToolCase):
    def test_every_expression_parses(self) -> None:
        path = self.mktemp()
        with open(path, "w") as file:
            file.write(rules_of(map(filled, expressions())))
        self.assertIn(f"{len(expressions())} rules found", self.promtool("check", "rules", path))

    def test_every_metric_can_be_scraped(self) -> None:
        found = set().union(*map(metrics_in, expressions()))
        self.assertGreater(len(found), 50)
        self.assertEqual(sorted(found - scrapeable().keys()), [])

    def test_every_label_is_one_of_its_metrics(self) -> None:
        for text in expressions():
            known = GIVEN.union(*(scrapeable()[name] for name in metrics_in(text)))
            self.assertEqual(labels_in(text) - known, set(), text)

    def test_legends_name_labels_that_are_left(self) -> None:
        for panel in panels():
            for target in panel.targets:
                used = set(re.findall(r"{{(\w+)}}", target.legend))
                self.assertLessEqual(used, labels_in(target.expression), target)

    def test_all_follow_the_variables(self) -> None:
        for text in expressions():
            selectors = re.findall(r"\b(?:stalwart|process)_\w+|\bup\b(?={)", text)
            self.assertEqual(text.count('job=~"$job",instance=~"$instance"'), len(selectors), text)

    def test_variables(self) -> None:
        names = [each["name"] for each in dashboard()["templating"]["list"]]
        self.assertEqual(names, ["datasource", "job", "instance"])
        sources = {each["datasource"]["uid"] for each in dashboard()["panels"] if each["type"] != "row"}
        self.assertEqual(sources, {"${datasource}"})

    def test_panels_say_what_they_show(self) -> None:
        shown = [panel for panel in panels() if panel.kind != "row"]
        self.assertEqual({panel.kind for panel in shown}, {"stat", "timeseries"})
        self.assertEqual([panel.title for panel in shown if not panel.description.endswith(".")], [])
        self.assertEqual({panel.unit for panel in shown} - UNITS, set())
        ids = [each["id"] for each in dashboard()["panels"]]
        self.assertEqual(len(ids), len(set(ids)))

    def test_panels_fill_the_grid_without_covering_each_other(self) -> None:
        def cells(panel: Panel) -> set[tuple[int, int]]:
            at = panel.place
            return {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}

        taken: set[tuple[int, int]] = set()
        for panel in panels():
            mine = cells(panel)
            self.assertEqual(mine & taken, set(), panel.title)
            self.assertLessEqual(max(x for x, _ in mine), WIDTH - 1, panel.title)
            taken |= mine
        height = max(y for _, y in taken) + 1
        self.assertEqual(len(taken), WIDTH * height, "there is a hole")

    def test_faults_are_shown(self) -> None:
        shown = set().union(*map(metrics_in, expressions()))
        self.assertEqual(sorted(faults() - shown), [])

    def test_it_can_be_read(self) -> None:
        self.assertLess(len(DASHBOARD.read_text().splitlines()), LONGEST)
        self.assertIn("openmetrics", dashboard()["description"])


class RuleTests(ToolCase):
    def setUp(self) -> None:
        self.text = re.sub(r"^ *(?:#|summary:|description:).*$", "", RULES.read_text(), flags=re.M)

    def test_promtool_is_content(self) -> None:
        self.assertIn("SUCCESS", self.promtool("check", "rules", str(RULES)))

    def test_they_fire_when_they_should(self) -> None:
        self.assertIn("SUCCESS", self.promtool("test", "rules", str(RULES.with_name("stalwart.rules.test.yml"))))

    def test_every_metric_can_be_scraped(self) -> None:
        found = {name for name in metrics_in(self.text) if not re.search(rf":{name}:", self.text)}
        self.assertGreater(len(found), 20)
        self.assertEqual(sorted(found - scrapeable().keys()), [])

    def test_every_recorded_series_is_used(self) -> None:
        recorded = RECORDED.findall(self.text)
        self.assertEqual([name for name in recorded if self.text.count(name) < 2], [])

    def test_faults_raise_an_alert(self) -> None:
        alerts = self.text.split("- alert:", 1)[1]
        self.assertEqual(sorted(name for name in faults() if name not in alerts), [])

    def test_every_alert_is_tried(self) -> None:
        tried = RULES.with_name("stalwart.rules.test.yml").read_text()
        alerts = re.findall(r"- alert: (\w+)", self.text)
        self.assertEqual([name for name in alerts if not re.search(rf"alertname(?:: |=\"){name}\b", tried)], [])


class SampleTests(ToolCase):
    def test_scrape_configuration(self) -> None:
        path = ETC / "prometheus" / "prometheus.yml"
        self.assertIn("SUCCESS", self.promtool("check", "config", "--syntax-only", str(path)))
        self.assertIn("basic_auth", path.read_text())


class NameTests(SynchronousTestCase):
    def test_an_unknown_name_would_be_found(self) -> None:
        self.assertEqual(metrics_in('rate(stalwart_no_such_total{job=~"up"}[1m])'), {"stalwart_no_such_total"})
        self.assertNotIn("stalwart_no_such_total", scrapeable())
