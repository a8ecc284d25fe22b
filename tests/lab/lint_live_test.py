#!/usr/bin/python3
"""Runs `lint --against live` on files about domains of the lab: the servers that differ are those that the lab makes
differ, in every form of output, and no recursive resolver hears of a name.

    lint_live_test.py --program PATH"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import jsonschema

import run_cases

SCHEMA = jsonschema.Draft202012Validator(run_cases.SCHEMA)
STALE = {"ns4.stale.example"}


class Lint:
    def __init__(self, program, lab_folder):
        self.program = program
        lab = json.loads((lab_folder / "lab.json").read_text())
        self.asking = ["--root-hints", str(lab_folder / "root.hints"), "--port", str(lab["port"]),
                       "--allow-net", "127.0.0.0/8", "--allow-net", "::1/128"]
        self.wrong, self.passed = [], 0

    def run(self, *arguments, text=None):
        command = [self.program, *arguments, *self.asking]
        done = subprocess.run(command, input=text, capture_output=True, text=True, timeout=300)
        return done.returncode, done.stdout, done.stderr

    def strings(self, domain, selector):
        report = json.loads(self.run("check", domain, selector, "--json")[1])["reports"][0]
        return report["record"]["strings"]

    def live(self, text, form="--json"):
        return self.run("lint", "--format", "zone", "--against", "live", form, text=text)

    def expect(self, what, seen, wanted):
        if seen == wanted:
            self.passed += 1
        else:
            self.wrong.append("%s: %s, wanted %s" % (what, seen, wanted))


def entry(name, strings):
    return "%s. TXT %s\n" % (name, " ".join('"%s"' % each for each in strings))


def faults(output):
    """The faults, after each line has been compared with the schema."""
    objects = [json.loads(line) for line in output.splitlines()]
    for each in objects:
        SCHEMA.validate(each)
    return [each for each in objects if "fault" in each]


def play(lint):
    good = lint.strings("stale.example", "s1")
    text = entry("s1._domainkey.stale.example", good)
    code, output, errors = lint.live(text)
    found = faults(output)
    lint.expect("stale.example", (code, [(f["line"], f["fault"]) for f in found], errors), (1, [(1, "server_differs")], ""))
    lint.expect("stale.example names its server", [s for s in STALE if s in found[0]["error"]], list(STALE))

    # The other forms say the same.
    code, output, _ = lint.live(text, "--sarif")
    results = json.loads(output)["runs"][0]["results"]
    lint.expect("SARIF", (code, [r["ruleId"] for r in results if r["ruleId"].startswith("server_")]), (1, ["server_differs"]))
    code, output, _ = lint.live(text, "--junit")
    suite = xml.etree.ElementTree.fromstring(output)
    lint.expect("JUnit", (code, suite.get("tests"), suite.get("failures"), suite.get("errors")), (1, "2", "1", "0"))
    code, output, _ = lint.run("lint", "--format", "zone", "--against", "live", text=text)
    lint.expect("text", output.splitlines()[-1], "4 answers compared with the files: 1 differ, 0 unknown")

    # The split into strings does not matter; a changed letter does, on every server.
    code, output, _ = lint.live(entry("s1._domainkey.stale.example", ["".join(good)[:200], "".join(good)[200:]]))
    lint.expect("another split", (code, len(faults(output))), (1, 1))
    code, output, _ = lint.live(entry("s1._domainkey.stale.example", [each.replace("k=rsa", "k=RSA") for each in good]))
    lint.expect("other letters", len(faults(output)), 4)
    code, output, _ = lint.live(entry("none._domainkey.stale.example", good))
    lint.expect("no such name", (len(faults(output)), all("NXDOMAIN" in f["error"] for f in faults(output))), (4, True))
    # Two selectors and two domains at once, and names that nobody is asked for.
    text = entry("s1._domainkey.stale.example", good) + entry("s2._domainkey.stale.example", good)
    text += entry("*._domainkey.stale.example", good) + entry("_adsp._domainkey.stale.example", ["dkim=all"])
    code, output, _ = lint.live(text + entry("s1._domainkey.alldead.example", good))
    found = [(f["line"], f["fault"]) for f in faults(output)]
    lint.expect("stale at two selectors", [f for f in found if f[0] == 1], [(1, "server_differs")])
    lint.expect("the second selector", [f for f in found if f[0] == 2], [(2, "server_differs")] * 4)
    lint.expect("names that are not asked for", [f for f in found if f[0] in (3, 4)], [])
    lint.expect("no server answers", (code, {f[1] for f in found if f[0] == 5}), (3, {"server_unknown"}))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, type=pathlib.Path)
    program = str(parser.parse_args().program.resolve())
    with tempfile.TemporaryDirectory(prefix="lint-live-") as folder:
        process = run_cases.start_lab(folder)
        try:
            lint = Lint(program, pathlib.Path(folder))
            play(lint)
        finally:
            process.terminate()
            process.wait()
        tripwire = (pathlib.Path(folder) / "tripwire.log").read_text()
        lint.expect("the tripwire", tripwire, "")
    for words in lint.wrong:
        print(words)
    print("%d passed, %d failed" % (lint.passed, len(lint.wrong)))
    return 1 if lint.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
