#!/usr/bin/python3
"""Checks the mixin: the rendered files match the sources, every check of the catalogue has an alert, every alert has a
case in which it fires and one in which it does not, an alert that inhibits another fires before it, the program exports
every metric that is used, and promtool and amtool accept all files.

    mixin_test.py [TEST...]"""

import copy
import filecmp
import functools
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import yaml

import dashboards

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MIXIN = ROOT / "exporters" / "mixin"
ALERTS = MIXIN / "dkimprobe_alerts.yaml"
RULES = MIXIN / "dkimprobe_rules.yaml"
ALERTMANAGER = MIXIN / "alertmanager.yml"
CHECK_GUIDE = "http://{{ $labels.instance }}/checks#"
ROTATION_GUIDE = "http://{{ $labels.instance }}/domains/{{ $labels.domain }}#rotation"
METRIC = re.compile(r"\b(dkim(?:probe)?_[a-z0-9_]+)")
RECORDED = re.compile(r"\b[a-z_]+:[a-z0-9_]+:[a-z0-9_]+")


def jsonnet(expression):
    done = subprocess.run(["jsonnet", "-e", expression], capture_output=True, text=True, cwd=MIXIN)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


@functools.cache
def read_yaml(path):
    return yaml.load(path.read_text(), yaml.CSafeLoader)


def promtool(*arguments):
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def catalogue():
    """The checks that the daemon runs: all but those of signatures, since it sees no messages."""
    checks = json.loads((MIXIN / "catalogue.json").read_text())["checks"]
    return [check for check in checks if check["scope"] != "signature"]


def rotation_faults():
    return json.loads((MIXIN / "catalogue.json").read_text())["rotation_faults"]


def rules():
    return [rule for group in read_yaml(ALERTS)["groups"] for rule in group["rules"]]


def minutes(duration):
    return int(duration[:-1]) * {"s": 1 / 60, "m": 1, "h": 60, "d": 1440}[duration[-1]]


# What a template adds from a query of these series, up to its last end.
QUERY = re.compile(r"{{ with printf `(\w+)(?:(?!{{ with ).)*{{ end }}")


def without_queries(template):
    return QUERY.sub("", template)


# ---- Which alert inhibits which ----


def matches(matcher, labels):
    name, operator, value = re.fullmatch(r'(\w+)(=~|!~|!=|=)"(.*)"', matcher).groups()
    actual = labels.get(name, "")
    found = re.fullmatch(value, actual) is not None if "~" in operator else actual == value
    return found != operator.startswith("!")


def match(matchers, labels):
    return all(matches(matcher, labels) for matcher in matchers)


def example_labels(rule):
    """Labels that an alert of the rule has: those of its kind of series."""
    labels = {"alertname": rule["alert"], **rule["labels"], "instance": "probe:9815", "job": "dkimprobe"}
    if labels["severity"].startswith("{"):
        labels["severity"] = "critical"
    for name in ("domain", "selector"):
        if "$labels.%s }}" % name in rule["annotations"]["summary"]:
            labels[name] = "a"
    return labels


def inhibiting(labels, source):
    """The inhibition rules by which an alert with the labels `source` mutes one with `labels`."""
    return [
        rule
        for rule in read_yaml(ALERTMANAGER)["inhibit_rules"]
        if match(rule["source_matchers"], source)
        and match(rule["target_matchers"], labels)
        and all(labels.get(name, "") == source.get(name, "") for name in rule["equal"])
    ]


def anchors(path):
    """The anchors of the headings, as Markdown renderers make them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


class Rendered(unittest.TestCase):
    def test_what_is_rendered_is_what_the_sources_say(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([MIXIN / "render", folder], check=True)
            fresh = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file())
            names = [path.relative_to(folder) for path in fresh]
            self.assertEqual(len(names), 3 + len(dashboards.read()))
            _, differing, missing = filecmp.cmpfiles(folder, MIXIN, names, shallow=False)
            self.assertEqual(differing + missing, [], "run exporters/mixin/render")

    def test_the_sources_are_formatted(self):
        files = sorted(MIXIN.rglob("*sonnet"))
        self.assertGreater(len(files), 10)
        done = subprocess.run(["jsonnetfmt", "--test", *files], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, "run jsonnetfmt -i on these files\n" + done.stdout + done.stderr)

    def test_promtool_has_nothing_to_say(self):
        code, output = promtool("check", "rules", "--lint-fatal", ALERTS, RULES)
        self.assertEqual(code, 0, output)
        self.assertEqual(
            [line for line in output.splitlines() if line and not re.match(r"Checking |  SUCCESS: ", line)], []
        )

    def test_other_settings_reach_the_rules(self):
        document = jsonnet(
            "((import 'mixin.libsonnet') + { _config+:: { programSelector: 'job=\"x\"', worldSelector: 'team=\"y\"',"
            " alertLabels: { team: 'z' }, wait+: { critical: '1s' } } }).prometheusAlerts"
        )
        of_all = [rule for group in document["groups"] for rule in group["rules"]]
        self.assertFalse([rule for rule in of_all if rule["labels"]["team"] != "z"])
        first = next(rule for rule in of_all if "check" in rule["labels"])
        self.assertIn('{check="selector_missing_nxdomain",severity=~"critical|warning",team="y"}', first["expr"])
        self.assertEqual(first["for"], "1s")
        self.assertIn('up{job="x"} == 0', [rule["expr"] for rule in of_all])
        document = jsonnet("((import 'mixin.libsonnet') + { _config+:: { withDaemon: false } }).prometheusAlerts")
        self.assertNotIn("dkimprobe", [group["name"] for group in document["groups"]])


class Alerts(unittest.TestCase):
    def test_every_check_has_one_that_says_what_the_catalogue_says(self):
        by_check = {rule["labels"]["check"]: rule for rule in rules() if "check" in rule["labels"]}
        self.assertEqual(set(by_check), {check["name"] for check in catalogue()})
        for check in catalogue():
            rule = by_check[check["name"]]
            said = rule["annotations"]
            with self.subTest(check["name"]):
                self.assertTrue(without_queries(said["summary"]).endswith(check["summary"]))
                self.assertIn("dkim_finding_servers_info", said["summary"])
                self.assertIn("`dkimprobe explain %s`" % check["name"], said["description"])
                self.assertIn(check["effect"][1:], said["description"])
                named = check["remedy"].replace("SELECTOR", "{{ $labels.selector }}")
                self.assertIn(named.replace("DOMAIN", "{{ $labels.domain }}"), said["description"])
                self.assertEqual(said["runbook_url"], CHECK_GUIDE + check["name"])
                self.assertRegex(rule["alert"], r"^Dkim[A-Z][A-Za-z0-9]+$")

    def test_each_says_all_that_people_need(self):
        for rule in rules():
            with self.subTest(rule["alert"]):
                said = rule["annotations"]
                self.assertEqual(set(said) - {"runbook_url"}, {"summary", "description"})
                self.assertIn("ALERTS_FOR_STATE", said["description"], "since when")
                self.assertRegex(without_queries(said["description"]), r"\.|Status page: \S+$")
                if rule["alert"] != "DkimMaintenance":
                    self.assertIn(rule["labels"]["severity"], {"critical", "warning", "{{ $labels.severity }}"})
                if rule["labels"]["severity"].startswith("{"):
                    self.assertIn('severity=~"critical|warning"', rule["expr"])
                self.assertIn("for", rule)

    def test_runbooks_lead_somewhere(self):
        guide = anchors(ROOT / "checks" / "README.md")
        page = (ROOT / "exporters" / "status" / "domain_page.cpp").read_text()
        self.assertIn('{"id", "rotation"}', page)
        for rule in rules():
            url = rule["annotations"].get("runbook_url")
            with self.subTest(rule["alert"]):
                if "check" in rule["labels"]:
                    self.assertIn(url.removeprefix(CHECK_GUIDE), guide)
                elif url:
                    self.assertIn(url, {ROTATION_GUIDE, CHECK_GUIDE + "{{ $labels.check }}"})
        # The other alerts have a link if the site publishes alerts.md.
        document = jsonnet(
            "((import 'mixin.libsonnet') + { _config+:: { alertsUrl: 'https://wiki.example/alerts' } }).prometheusAlerts"
        )
        described = anchors(MIXIN / "alerts.md")
        for rule in [rule for group in document["groups"] for rule in group["rules"]]:
            url = rule["annotations"]["runbook_url"]
            if url.startswith("https://wiki.example/alerts#"):
                self.assertIn(url.split("#")[1], described)

    def test_without_the_daemon_nothing_links_to_it(self):
        document = jsonnet("((import 'mixin.libsonnet') + { _config+:: { withDaemon: false } }).prometheusAlerts")
        self.assertNotIn("http://", json.dumps(document))

    def test_maintenance_mutes_what_is_about_the_world(self):
        # Maintenance of a domain does not explain why it is not probed.
        about_the_prober = {
            "DkimSelectorBlind", "DkimSelectorNeverProbed", "DkimSelectorWithoutStatus", "DkimTextfileOld",
            "DkimMaintenance",
        }  # fmt: skip
        maintenance = {"alertname": "DkimMaintenance", "severity": "none", "domain": "a", "selector": "a"}
        for rule in rules():
            labels = example_labels(rule)
            of_program = rule["alert"].startswith("Dkimprobe") or rule["alert"] in about_the_prober
            with self.subTest(rule["alert"]):
                self.assertEqual(not inhibiting(labels, maintenance), of_program)
                self.assertFalse(inhibiting({**labels, "domain": "b"}, maintenance))
                # A fault in maintenance must stay an alert: else its end is reported though it remains.
                if rule["alert"] != "DkimMaintenance":
                    self.assertNotIn("dkim_maintenance_info", rule["expr"])

    def test_an_alert_that_inhibits_another_fires_before_it(self):
        inhibited = set()
        for source in rules():
            for target in rules():
                if inhibiting(example_labels(target), example_labels(source)):
                    inhibited.add((source["alert"], target["alert"]))
                    with self.subTest(source["alert"] + " inhibits " + target["alert"]):
                        self.assertLess(minutes(source["for"]), minutes(target["for"]))
        self.assertFalse([pair for pair in inhibited if pair[0] == pair[1]])
        for pair in [
            ("DkimMaintenance", "DkimServersDiffer"), ("DkimSigningKeyMismatch", "DkimServersDiffer"),
            ("DkimNoNameserverAnswers", "DkimNsUnreachable"), ("DkimNoNameserverAnswers", "DkimSelectorUnknown"),
            ("DkimprobePathIntercepted", "DkimPathIntercepted"),
        ]:  # fmt: skip
            self.assertIn(pair, inhibited)

    def test_each_inhibition_rule_has_a_source_and_targets(self):
        for inhibition in read_yaml(ALERTMANAGER)["inhibit_rules"]:
            for matchers in (inhibition["source_matchers"], inhibition["target_matchers"]):
                self.assertTrue([rule for rule in rules() if match(matchers, example_labels(rule))], matchers)

    def test_what_a_broken_network_inhibits_is_what_is_told_of_domains(self):
        broken = example_labels(next(rule for rule in rules() if rule["alert"] == "DkimprobePathIntercepted"))
        inhibited = {rule["alert"] for rule in rules() if inhibiting(example_labels(rule), broken)}
        of_program = {rule["alert"] for rule in rules() if rule["alert"].startswith("Dkimprobe")}
        self.assertEqual(
            inhibited,
            {rule["alert"] for rule in rules()} - of_program - {"DkimMaintenance"} | {"DkimprobeProbesFailing"},
        )

    def test_alertmanager_groups_what_is_wrong_at_a_domain_and_notifies_nobody_of_maintenance(self):
        def amtool(*arguments):
            done = subprocess.run(["amtool", *map(str, arguments)], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            return done.stdout.strip()

        amtool("check-config", ALERTMANAGER)
        for rule in rules()[::40]:
            labels = ["%s=%s" % pair for pair in example_labels(rule).items()]
            receiver = amtool("config", "routes", "test", "--config.file", ALERTMANAGER, *labels)
            self.assertEqual(receiver, "nobody" if rule["alert"] == "DkimMaintenance" else "on-call", labels)
        # Findings and rotation faults have no other label in common that says what is wrong.
        self.assertEqual(read_yaml(ALERTMANAGER)["route"]["group_by"], ["domain"])

    def test_faults_of_rotations_are_those_of_the_program(self):
        faults = {fault["name"]: fault for fault in rotation_faults()}
        by_fault = {rule["labels"]["fault"]: rule for rule in rules() if "fault" in rule["labels"]}
        self.assertEqual(set(by_fault), set(faults))
        checks = {check["name"] for check in catalogue()}
        waits = jsonnet("(import 'mixin.libsonnet')._config.wait")
        for name, rule in by_fault.items():
            fault, alert, said = faults[name], faults[name]["alert"], rule["annotations"]
            with self.subTest(name):
                self.assertEqual(rule["alert"], alert["name"])
                self.assertEqual(rule["for"], waits[alert["wait"]])
                self.assertTrue(said["summary"].endswith(": " + fault["summary"]))
                self.assertTrue(said["description"].startswith("%s %s" % (fault["effect"], fault["remedy"])))
                self.assertIn('fault="%s"' % name, rule["expr"])
                redundant = re.findall(r'check="(\w+)"', rule["expr"])
                self.assertEqual(redundant, [alert["redundant_with"]] if alert["redundant_with"] else [])
                self.assertLessEqual(set(redundant), checks)

    def test_a_rotation_may_have_any_fault_of_the_program(self):
        schema = json.loads((ROOT / "exporters" / "json" / "rotation.schema.json").read_text())
        names = schema["$defs"]["fault"]["properties"]["name"]["enum"]
        self.assertEqual(set(names), {fault["name"] for fault in rotation_faults()})


class Metrics(unittest.TestCase):
    def test_each_that_is_named_is_one_of_the_program(self):
        known = {"up", "ALERTS", "ALERTS_FOR_STATE"}
        for path in sorted((ROOT / "exporters" / "metrics").glob("*.cpp")):
            for name in re.findall(r'"(dkim(?:probe)?_[a-z0-9_]+)"', path.read_text()):
                known |= {name, name + "_total", name + "_bucket"}
        recorded = {rule["record"] for group in read_yaml(RULES)["groups"] for rule in group["rules"]}
        texts = [rule["expr"] for rule in rules()]
        texts += [rule["expr"] for group in read_yaml(RULES)["groups"] for rule in group["rules"]]
        texts += [expression for _, _, expression in dashboards.expressions({})]
        self.assertGreater(len(texts), 200)
        for text in texts:
            self.assertEqual(set(RECORDED.findall(text)) - recorded, set(), text)
            named = set(METRIC.findall(re.sub(r'"[^"]*"', '""', RECORDED.sub("", text))))
            self.assertEqual(named - known, set(), text)


class Dashboards(unittest.TestCase):
    variables = {"job": ".*", "instance": ".*", "domain": "a.example", "selector": ".*"}

    def test_promtool_takes_every_expression(self):
        asked = list(dashboards.expressions(self.variables))
        self.assertGreater(len(asked), 50)
        groups = []
        for at, (name, panel, expression) in enumerate(asked):
            self.assertNotIn("$", expression, "%s, %s" % (name, panel))
            groups.append({"name": "%s, %s, %d" % (name, panel, at), "rules": [{"record": "a:b", "expr": expression}]})
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"groups": groups}, file)
            file.flush()
            code, output = promtool("check", "rules", file.name)
            self.assertEqual(code, 0, output)

    def test_what_a_table_leaves_in_is_there(self):
        # The columns of a table are labels of its queries or their values.
        for name, dashboard in dashboards.read().items():
            for panel in dashboards.panels(dashboard):
                if panel["type"] != "table":
                    continue
                labels = set(re.findall(r"\w+", " ".join(target["expr"] for target in panel["targets"])))
                values = {"Value"} | {"Value #" + target["refId"] for target in panel["targets"]}
                for step in panel["transformations"]:
                    for column in step["options"].get("include", {}).get("names", []):
                        # Labels that an info metric adds.
                        known = labels | values | {"reason"}
                        self.assertIn(column, known, "%s, %s" % (name, panel["title"]))

    def test_links_lead_to_dashboards_that_exist(self):
        text = json.dumps(dashboards.read())
        uids = [dashboard["uid"] for dashboard in dashboards.read().values()]
        self.assertEqual(len(set(uids)), 3)
        linked = set(re.findall(r"/d/([\w-]+)", text))
        self.assertEqual(linked - set(uids), set())
        self.assertTrue(linked)

    def test_panels_do_not_overlap(self):
        for name, dashboard in dashboards.read().items():
            taken = set()
            for panel in dashboard["panels"]:
                at = panel["gridPos"]
                cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
                self.assertFalse(cells & taken, "%s, %s" % (name, panel["title"]))
                self.assertLessEqual(at["x"] + at["w"], 24)
                taken |= cells
            ids = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(ids), len(set(ids)), name)


# ---- Cases in which alerts fire, and cases in which they do not ----


def labels_of(domain, check, severity):
    return {
        "check": check, "domain": domain, "instance": "probe:9815", "job": "dkimprobe", "selector": "s1",
        "severity": severity,
    }  # fmt: skip


def series(metric, labels, values):
    return {
        "series": "%s{%s}" % (metric, ",".join('%s="%s"' % pair for pair in sorted(labels.items()))),
        "values": values,
    }


def case_of(wait, pairs):
    """A case for checks whose alerts wait equally long. All of them are found at a.example, each at one server; for the
    role of c.example they are notices. Then they are fixed."""
    wait = minutes(wait)
    step = max(1, wait // 30)
    during = "1x%d" % ((wait + 10 * step) // step)
    found, fires = [], {}
    for check, rule in pairs:
        name = check["name"]
        severity = check["severity"] if check["severity"] != "notice" else "warning"
        labels = labels_of("a.example", name, severity)
        found += [
            series("dkim_finding", labels, during),
            series("dkim_finding_servers_info", {**labels, "servers": "ns1 and 2 more"}, during),
            series("dkim_finding", labels_of("c.example", name, "notice"), during),
        ]
        fires.setdefault(rule["alert"], []).append({
            "exp_labels": labels,
            "exp_annotations": {"summary": "s1 at a.example: %s (ns1 and 2 more)" % check["summary"]},
        })  # fmt: skip
    return {
        "name": "checks that wait %d minutes" % wait,
        "interval": "%dm" % step,
        "input_series": found,
        "alert_rule_test": [
            {"alertname": alert, "eval_time": "%dm" % at, "exp_alerts": wanted if at == wait + 5 * step else []}
            for alert, wanted in fires.items()
            for at in (wait - step, wait + 5 * step, wait + 20 * step)
        ],
    }


def rotation_cases():
    cases = read_yaml(HERE / "rotation.yaml")
    for words in cases["faults"]:
        text = json.dumps(cases["fault_test"])
        for word, value in words.items():
            text = text.replace(word, value)
        yield json.loads(text)
    yield from cases["tests"]


def expanded(template, labels, since, findings):
    """The text that Prometheus makes of the template of a description or link."""

    def answer(query):
        if query.group(1) == "ALERTS_FOR_STATE":
            return " Since %s." % since if since else ""
        return " Findings: %s." % findings if findings else ""

    return re.sub(r"{{ \$labels\.(\w+) }}", lambda label: labels.get(label.group(1), ""), QUERY.sub(answer, template))


def completed(test, by_name):
    """Adds the annotations that the test leaves out, with the texts of the alert: promtool compares all of them. A case
    says in `since` when the alert became active, if it was not at the beginning, and in `findings` which findings the
    alert names."""
    test = copy.deepcopy(test)
    # Prometheus looks back for five minutes only.
    is_known = minutes(test.get("interval", "1m")) <= 5
    for each in test["alert_rule_test"]:
        for wanted in each["exp_alerts"]:
            labels = wanted["exp_labels"]
            since = wanted.pop("since", "00:00")
            findings = wanted.pop("findings", None)
            rule = next(
                rule for rule in by_name[each["alertname"]]
                if {name: labels.get(name) for name in ("check", "fault") if name in rule["labels"]}.items()
                <= rule["labels"].items()
            )  # fmt: skip
            for name, text in rule["annotations"].items():
                said = expanded(text, labels, "1970-01-01 %s UTC" % since if is_known else None, findings)
                wanted["exp_annotations"].setdefault(name, said)
    return test


class Cases(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rules = rules()
        by_check = {rule["labels"]["check"]: rule for rule in cls.rules if "check" in rule["labels"]}
        by_wait = {}
        for check in catalogue():
            rule = by_check[check["name"]]
            by_wait.setdefault(rule["for"], []).append((check, rule))
        cls.tests = [case_of(*each) for each in by_wait.items()]
        cls.by_hand = list(rotation_cases())
        for name in ("findings", "blind", "program"):
            cls.by_hand += read_yaml(HERE / (name + ".yaml"))

    def test_each_alert_fires_in_one_and_not_in_another(self):
        fires, quiet = set(), set()
        for test in self.tests + self.by_hand:
            for each in test["alert_rule_test"]:
                (fires if each["exp_alerts"] else quiet).add(each["alertname"])
        names = {rule["alert"] for rule in self.rules}
        self.assertEqual((fires, quiet), (names, names))

    def test_summaries_are_written_by_hand(self):
        for test in self.by_hand:
            for each in test["alert_rule_test"]:
                for wanted in each["exp_alerts"]:
                    self.assertIn("summary", wanted["exp_annotations"], test["name"])

    def test_promtool_agrees(self):
        by_name = {}
        for rule in self.rules:
            by_name.setdefault(rule["alert"], []).append(rule)
        tests = [completed(test, by_name) for test in self.tests + self.by_hand]
        for test in tests:
            test.setdefault("interval", "1m")
        steps = sorted({test["interval"] for test in tests})
        groups = [group["name"] for path in (RULES, ALERTS) for group in read_yaml(path)["groups"]]
        with tempfile.TemporaryDirectory() as folder:
            # Rules are evaluated once per step; one file for each step.
            for step in steps:
                file = pathlib.Path(folder) / (step + ".json")
                file.write_text(json.dumps({
                    "rule_files": [str(ALERTS), str(RULES)],
                    "evaluation_interval": step,
                    "group_eval_order": groups,
                    "tests": [test for test in tests if test["interval"] == step],
                }))  # fmt: skip
                code, output = promtool("test", "rules", file)
                self.assertEqual(code, 0, output[:5000])


if __name__ == "__main__":
    sys.exit(unittest.main())
