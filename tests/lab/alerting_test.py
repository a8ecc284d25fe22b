#!/usr/bin/python3
"""From a failing nameserver to the notification about it: real nameservers, `serve` with TLS and a password on ::1, a
real Prometheus with the rules of the mixin, a real Alertmanager, and a receiver of its notifications. A server breaks
and is fixed, maintenance is announced, the settings become invalid, the program ends; and every expression of every
dashboard has a result.

    alerting_test.py --program PATH"""

import argparse
import base64
import contextlib
import http.server
import json
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import warnings

import run_cases
import yaml
from serve_test import HANGS_SECONDS, INTERVAL, KEY, OTHER_KEY, Daemon, Part, wait_for

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "mixin"))
import dashboards  # noqa: E402

MIXIN = HERE.parents[1] / "exporters" / "mixin"
# The waits of the alerts are seconds here, not minutes; everything else is as rendered. Prometheus needs five seconds
# to find its first target; until then, missing series must cause no alert.
FASTER = """(import 'mixin.libsonnet') + { _config+:: {
  wait: std.mapWithKey(
    function(name, wait) if name == 'down' then '9s' else if name == 'maintenance' then '0s' else '2s', super.wait
  ),
  statusUrl: 'https://{{ $labels.instance }}',
  alertLabels: { team: 'mail' },
} }"""
# These exist only while something is wrong, or if the settings define it.
SOMETIMES = {"dkimprobe_textfile_written_timestamp_seconds"}
# All alerts that may fire. At offsite.test the next key is printed in a public document, so the change to it is
# blocked, and two keys that stopped signing long ago are still published.
MAY_FIRE = {
    ("DkimSecondaryStale", "stale.example", "s1"),
    ("DkimServersDiffer", "stale.example", "s1"),
    ("DkimServersDiffer", "healthy.example", "s1"),
    ("DkimKeyBlocklisted", "offsite.test", "s2"),
    ("DkimRotationBlocked", "offsite.test", "s2"),
    ("DkimOldKeyStillPublished", "offsite.test", "old"),
    ("DkimOldKeyStillPublished", "offsite.test", "older"),
    ("DkimprobeReloadFailed", None, None),
    ("DkimprobeDown", None, None),
}
USER, PASSWORD = "prometheus", "correct horse"

SETTINGS = """interval: %ds
probe: {rate_limit: unlimited}
maintenance:
  - {domain: differing.example, until: 2038-01-01, reason: "the provider moves it"}
%sdomains:
  - {domain: healthy.example, selectors: [s1, big]}
  - {domain: stale.example, selectors: [s1]}
  - {domain: differing.example, selectors: [s1]}
  - domain: offsite.test
    rotation: {selectors: [s1, s2], max_key_age: 90d}
    selectors:
      - {name: s1, role: active}
      - {name: s2, role: standby, never_used: yes}
      - {name: old, role: retired, since: 2026-01-01, last_signature: 2026-01-01}
      - {name: older, role: retired, since: 2026-01-01, last_signature: 2026-01-01}
"""
STALE_MAINTENANCE = '  - {domain: stale.example, until: 2038-01-01, reason: "its secondary is replaced"}\n'


def free_port():
    with socket.socket() as any_socket:
        any_socket.bind(("127.0.0.1", 0))
        return any_socket.getsockname()[1]


class Receiver:
    """Receives the notifications of Alertmanager, as the person on call would."""

    def __init__(self):
        self.notified = []  # all notifications, in order
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.notified += message["alerts"]
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def last(self, **labels):
        """The last notification about the alert with these labels."""
        for alert in reversed(self.notified):
            if labels.items() <= alert["labels"].items():
                return alert
        return None

    def wait_for(self, status, **labels):
        def notified():
            alert = self.last(**labels)
            return alert if alert and alert["status"] == status else None

        try:
            return wait_for("%s is %s" % (labels, status), notified)
        except AssertionError as error:
            notified = [alert for alert in self.notified if labels.items() <= alert["labels"].items()]
            raise AssertionError("%s; it was notified: %s" % (error, notified)) from None


class Stage:
    """The programs and how they are connected."""

    def __init__(self, part, stack):
        self.part, self.folder, self.stack = part, part.folder, stack
        self.receiver = Receiver()
        self.prometheus, self.alertmanager = free_port(), free_port()
        self.context = ssl.create_default_context(cafile=str(self.make_certificate()))

    def make_certificate(self):
        files = ["-keyout", "server.key", "-out", "server.pem"]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=dkimprobe", "-addext", "subjectAltName=IP:::1,IP:127.0.0.1", *files],
            cwd=self.folder, check=True, capture_output=True,
        )  # fmt: skip
        return self.folder / "server.pem"

    def start(self, name, command):
        with open(self.folder / (name + ".log"), "wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder,
                preexec_fn=run_cases.end_with_us,
            )  # fmt: skip

        def end():
            process.terminate()
            process.wait()

        self.stack.callback(end)

    def serve(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import crypt
        (self.folder / "web.yml").write_text(
            "tls_server_config: {cert_file: server.pem, key_file: server.key}\nbasic_auth_users: {%s: %s}\n"
            % (USER, crypt.crypt(PASSWORD, "$2b$04$abcdefghijklmnopqrstuu"))
        )
        host = "[::1]" if self.part.lab["ipv6"] else "127.0.0.1"
        flags = ["--web.listen-address", host + ":0", "--web.config.file", self.folder / "web.yml"]
        flags += ["--storage.path", self.folder / "history"]
        self.daemon = Daemon(self.part, SETTINGS % (INTERVAL, ""), *flags, listen=False)
        self.address = "%s:%d" % (host, self.daemon.port)

    def watch(self):
        for name in ("Alerts", "Rules"):
            # Rules are YAML; JSON is YAML too.
            rules = subprocess.run(
                ["jsonnet", "-e", "(%s).prometheus%s" % (FASTER, name)], cwd=MIXIN, capture_output=True, check=True
            )
            (self.folder / (name + ".rules")).write_bytes(rules.stdout)
        (self.folder / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["Alerts.rules", "Rules.rules"],
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["127.0.0.1:%d" % self.alertmanager]}]}]},
            "scrape_configs": [{
                "job_name": "dkimprobe",
                "scheme": "https",
                "tls_config": {"ca_file": "server.pem"},
                "basic_auth": {"username": USER, "password": PASSWORD},
                "static_configs": [{"targets": [self.address]}],
            }],
        }))  # fmt: skip
        example = yaml.safe_load((MIXIN / "alertmanager.yml").read_text())
        (self.folder / "alertmanager.yml").write_text(json.dumps({
            "route": {**example["route"], "group_wait": "0s", "group_interval": "1s"},
            "inhibit_rules": example["inhibit_rules"],
            "receivers": [{
                "name": "on-call",
                "webhook_configs": [{"url": "http://127.0.0.1:%d/" % self.receiver.server.server_port}],
            }, {"name": "nobody"}],
        }))  # fmt: skip
        self.start("alertmanager", [
            "prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=alertmanager",
            "--web.listen-address=127.0.0.1:%d" % self.alertmanager, "--cluster.listen-address=",
        ])  # fmt: skip
        self.start("prometheus", [
            "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=prometheus",
            "--web.listen-address=127.0.0.1:%d" % self.prometheus, "--rules.alert.resend-delay=2s",
        ])  # fmt: skip
        wait_for("the program is scraped", lambda: self.ask("up == 1"))

    def ask(self, expression):
        """The series that Prometheus returns."""
        query = urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen("http://127.0.0.1:%d/api/v1/query?%s" % (self.prometheus, query)) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            if error.code == 503:
                return []  # it begins
            raise AssertionError("%s: %s" % (expression, error.read().decode())) from None
        except (ConnectionError, urllib.error.URLError):
            return []  # it begins

    def muted(self, **labels):
        """The alert with these labels, if Alertmanager mutes it."""
        with urllib.request.urlopen("http://127.0.0.1:%d/api/v2/alerts" % self.alertmanager) as answer:
            for alert in json.load(answer):
                if labels.items() <= alert["labels"].items() and alert["status"]["inhibitedBy"]:
                    return alert
        return None

    def rules(self):
        with urllib.request.urlopen("http://127.0.0.1:%d/api/v1/rules" % self.prometheus) as answer:
            return json.load(answer)["data"]["groups"]

    def page(self, url):
        """A page of the program, fetched with the password."""
        credentials = base64.b64encode(("%s:%s" % (USER, PASSWORD)).encode()).decode()
        request = urllib.request.Request(url, headers={"Authorization": "Basic " + credentials})
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=HANGS_SECONDS) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    def settle(self, text):
        self.daemon.settings.write_text(text)
        self.daemon.send(signal.SIGHUP)


def with_more_keys(zone):
    """offsite.test gets a next key, and two keys that no longer sign."""
    keys = {"s2": KEY, "old": OTHER_KEY, "older": OTHER_KEY}
    return zone + "".join('%s._domainkey TXT "%s"\n' % pair for pair in keys.items())


def without(name):
    return lambda zone: re.sub(r"(?m)^%s\._domainkey\s.*\n" % name, "", zone)


def change_on_both(part, edit):
    """Two servers share the zone file of offsite.test."""
    part.change_zone("offsite.test", "nsd", edit)
    part.change_zone("offsite.test", "knot", lambda zone: zone)


def see_what_was_wrong_before(stage):
    """A fault that exists from the start is reported with all necessary details."""
    check = stage.part.check
    alert = stage.receiver.wait_for("firing", alertname="DkimSecondaryStale", domain="stale.example")
    wanted = {"severity": "critical", "selector": "s1", "check": "ns_stale", "team": "mail"}
    check(wanted.items() <= alert["labels"].items(), "the alert has the check, the place and the severity", str(alert))
    said = alert["annotations"]
    check(re.match(r"s1 at stale.example: .* \(\S+ \([0-9a-f:.]+\)\)$", said["summary"]), "it names the server", str(said))
    check(re.search(r" Since 20\d\d-\d\d-\d\d \d\d:\d\d UTC\.", said["description"]), "it says since when", str(said))
    status, page = stage.page(said["runbook_url"].split("#")[0].replace("http://", "https://"))
    check(status == 200 and 'id="ns_stale"' in page, "its runbook exists", said["runbook_url"])
    check(said["runbook_url"].endswith("/checks#ns_stale"), "it says where to read more", str(said))
    link = re.search(r"Status page: (https://\S+)", said["description"])
    status, page = stage.page(link.group(1)) if link else (0, "")
    check(status == 200 and "stale.example" in page, "its link leads to the status page", "%s %s" % (link, status))


def break_things(stage):
    """An old key is removed; then a server breaks, and the settings become invalid. The order matters: a server that
    loads one changed zone loads all of them."""
    change_on_both(stage.part, without("older"))
    began = time.monotonic()
    stage.part.change_zone("healthy.example", "nsd", without("s1"))
    stage.settle("domains: 5\n")
    stage.receiver.wait_for("firing", alertname="DkimServersDiffer", domain="healthy.example", severity="critical")
    print("        the broken server is reported after %.1f s" % (time.monotonic() - began), flush=True)
    stage.part.check(True, "the broken server is reported")
    stage.receiver.wait_for("firing", alertname="DkimprobeReloadFailed")
    stage.part.check(True, "wrong settings are reported")


def check_dashboards(stage):
    variables = {"job": ".*", "instance": ".*", "domain": "offsite.test", "selector": ".*", "__rate_interval": "1m"}
    # The dashboard of the fleet shows all domains.
    asked = [
        (name, panel, expression)
        for fleet in (True, False)
        for name, panel, expression in dashboards.expressions({**variables, "domain": ".*"} if fleet else variables)
        if fleet == (name == "dkim-fleet.json")
    ]
    empty = []

    def all_answer():
        empty[:] = ["%s, %s: %s" % each for each in asked if not stage.ask(each[2])]
        return not empty

    with contextlib.suppress(AssertionError):
        wait_for("every expression has a result", all_answer)
    good = len(asked) > 50 and not empty
    stage.part.check(good, "every expression of the dashboards has a result", "\n".join(empty))
    empty = [
        "%s, %s" % (name, variable)
        for name, variable, series, label in dashboards.variable_queries(variables)
        if not [found for found in stage.ask(series) if found["metric"].get(label)]
    ]
    stage.part.check(not empty, "every variable of the dashboards has values", "\n".join(empty))


def check_rules(stage):
    check = stage.part.check
    status, page = stage.page("https://%s/metrics" % stage.address)
    check(status == 200, "the metrics need TLS and the password", str(status))
    shown = set(re.findall(r"^(\w+)(?:\{.*\})? \S+$", page, re.M)) | {"up"}
    rules = (MIXIN / "dkimprobe_alerts.yaml").read_text() + (MIXIN / "dkimprobe_rules.yaml").read_text()
    named = set()
    for expression in re.findall(r"expr: \|-\n +(.*)", rules):
        named |= set(re.findall(r"\b(?:dkim\w*|up)\b", re.sub(r'"[^"]*"|\w+:\w+:\w+', "", expression)))
    check(len(named) > 20, "the rules name metrics", str(named))
    check(named - SOMETIMES <= shown, "the program exports the metrics of the rules", str(named - SOMETIMES - shown))
    failed = [rule for group in stage.rules() for rule in group["rules"] if rule["health"] != "ok"]
    check(not failed, "Prometheus can evaluate every rule", str(failed)[:2000])


def fix_everything(stage, whole):
    """The server and the settings are restored, and maintenance is announced."""
    check, receiver = stage.part.check, stage.receiver
    stage.part.change_zone("healthy.example", "nsd", lambda _: whole.replace("2026112201", "2026112202"))
    stage.settle(SETTINGS % (INTERVAL, STALE_MAINTENANCE))
    receiver.wait_for("resolved", alertname="DkimServersDiffer", domain="healthy.example")
    check(True, "the fixed server is reported")
    receiver.wait_for("resolved", alertname="DkimprobeReloadFailed")
    check(True, "fixed settings are reported")
    wait_for("maintenance mutes", lambda: stage.muted(alertname="DkimSecondaryStale", domain="stale.example"))
    time.sleep(4)  # several times the interval of notifications
    last = receiver.last(alertname="DkimSecondaryStale", domain="stale.example")
    check(last["status"] == "firing", "a fault in maintenance is not reported as resolved", str(last))
    stage.settle(SETTINGS % (INTERVAL, ""))
    wait_for("maintenance ends", lambda: not stage.muted(alertname="DkimSecondaryStale", domain="stale.example"))
    last = receiver.last(alertname="DkimSecondaryStale", domain="stale.example")
    check(last["status"] == "firing", "nor when maintenance ends", str(last))
    found = stage.ask('dkim_finding{domain="differing.example",severity="critical"}')
    notified = receiver.last(domain="differing.example")
    check(found and not notified, "maintenance suppresses the alert of an initial fault", str(notified))


def play(part, stack):
    change_on_both(part, with_more_keys)
    whole = (part.folder.parent / "lab" / "zones" / "healthy.example").read_text()
    stage = Stage(part, stack)
    stage.serve()
    stage.watch()
    see_what_was_wrong_before(stage)
    break_things(stage)
    check_dashboards(stage)
    check_rules(stage)
    fix_everything(stage, whole)
    stage.daemon.end()
    stage.receiver.wait_for("firing", alertname="DkimprobeDown")
    part.check(True, "the end of the program is reported")
    notified = {tuple(alert["labels"].get(name) for name in ("alertname", "domain", "selector"))
            for alert in stage.receiver.notified}  # fmt: skip
    part.check(notified == MAY_FIRE, "nothing else is reported", "%s" % (notified ^ MAY_FIRE))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    program = str(pathlib.Path(parser.parse_args().program).resolve())
    missing = [name for name in ("prometheus", "prometheus-alertmanager", "jsonnet") if not shutil.which(name)]
    if missing:
        print("SKIPPED: not installed: " + ", ".join(missing))
        print("0 passed, 0 failed")
        return 1
    with tempfile.TemporaryDirectory(prefix="alerting-") as directory:
        folder = pathlib.Path(directory)
        (folder / "lab").mkdir()
        process = run_cases.start_lab(str(folder / "lab"))
        try:
            lab = json.loads((folder / "lab" / "lab.json").read_text())
            if not lab["ipv6"]:
                print("SKIPPED: IPv6: this machine has no ::1; 127.0.0.1 is used instead")
            part = Part("alerting", program, lab, folder, run_cases.build_resolver_guard(directory), None)
            logs = [lab["tripwire_log"], lab["misbehaving_log"], lab["queries_log"]]
            offsets = {log: run_cases.size_of(log) for log in logs if log}
            try:
                with contextlib.ExitStack() as stack:
                    play(part, stack)
            except AssertionError as error:
                part.failures.append("FAILED: %s" % error)
            finally:
                for daemon in part.daemons:
                    if daemon.process.poll() is None:
                        daemon.end()
            part.failures += ["FAILED " + failure for failure in run_cases.check_logs(lab, offsets)]
            for failure in part.failures:
                print(failure)
            if part.failures:
                for log in sorted(part.folder.glob("*.log")):
                    print("---- the end of %s\n%s" % (log.name, log.read_text(errors="replace")[-3000:]))
                print("---- the end of the log of the program\n" + "\n".join(part.daemons[-1].log[-20:]))
        finally:
            process.terminate()
            process.wait()
    print("%d passed, %d failed" % (part.passed, len(part.failures)))
    return 1 if part.failures else 0


if __name__ == "__main__":
    sys.exit(main())
