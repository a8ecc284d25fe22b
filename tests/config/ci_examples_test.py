#!/usr/bin/python3
"""Runs the commands of config/examples/ci on files such as their comments describe: one good and one with a fault.

    ci_examples_test.py PROGRAM EXAMPLES"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

import yaml

PROGRAM, EXAMPLES = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2])
KEY = "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="


def plan(text):
    values = {"name": "s1._domainkey", "type": "TXT", "records": [text]}
    resource = {"address": "aws_route53_record.s1", "mode": "managed", "type": "aws_route53_record", "values": values}
    return json.dumps({"format_version": "1.2", "planned_values": {"root_module": {"resources": [resource]}}})


def commands(file):
    """Each command of the example that calls the program, with the file that is shown afterwards."""
    example = yaml.safe_load(file.read_text())
    if "jobs" in example:
        steps = example["jobs"]["lint"]["steps"]
        lines = [step["run"] for step in steps if "run" in step]
        shown = [step["with"]["sarif_file"] for step in steps if "with" in step]
    else:
        lines = [line for job in example.values() for line in job["script"]]
        shown = [job["artifacts"]["reports"]["junit"] for job in example.values()]
    if not lines or len(lines) != len(shown):
        sys.exit("%s: %d commands, %d reports" % (file.name, len(lines), len(shown)))
    return zip(lines, shown)


def run(command, text):
    with tempfile.TemporaryDirectory() as made:
        folder = pathlib.Path(made)
        (folder / "bin").mkdir()
        (folder / "bin" / "dkimprobe").symlink_to(PROGRAM)
        (folder / "zones").mkdir()
        (folder / "zones" / "example.com.zone").write_text('$ORIGIN example.com.\ns1._domainkey TXT "%s"\n' % text)
        (folder / "plan.json").write_text(plan(text))
        environment = {**os.environ, "PATH": "%s:%s" % (folder / "bin", os.environ["PATH"])}
        done = subprocess.run(["sh", "-e", "-c", command], cwd=folder, env=environment, capture_output=True, text=True)
        if done.stderr:
            sys.exit("%s: %s" % (command, done.stderr))
        reports = {path.name: path.read_text() for path in folder.iterdir() if path.suffix in (".sarif", ".xml")}
        return done.returncode, reports


def findings(report):
    if report.startswith("{"):
        return len(json.loads(report)["runs"][0]["results"])
    return int(xml.etree.ElementTree.fromstring(report).get("failures"))


def main():
    files = sorted(EXAMPLES.glob("*.yml"))
    number = 0
    for file in files:
        for command, shown in commands(file):
            for text, code, found in ((KEY, 0, 0), ("v=DKIM1; p=", 2, 1)):
                seen, reports = run(command, text)
                if (seen, set(reports)) != (code, {shown}) or findings(reports[shown]) != found:
                    sys.exit("%s: %s: exit code %d, %s" % (file.name, command, seen, reports))
                number += 1
    if len(files) < 2:
        sys.exit("only %d examples" % len(files))
    print("%d runs of %d examples" % (number, len(files)))


main()
