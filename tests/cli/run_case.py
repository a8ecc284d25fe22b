#!/usr/bin/python3
"""Runs the program with the arguments of a case and compares its exit code and output.

    run_case.py PROGRAM CASE.json

A case has `why`, `arguments`, `exit`, and `stderr`: all its lines, in order. `stdout` is a list of fragments of
standard output, which begins with the first; without `stdout`, nothing may be printed there. `stdin` is the input. With
`schema`, each line of the output must conform to exporters/json/report.schema.json; with "whole", the output as a
whole; with "rotation", the whole output to exporters/json/rotation.schema.json. File names are relative to the folder
of the case. No case asks a server; cases that do are in tests/lab."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
KNOWN_FIELDS = {"why", "arguments", "exit", "stderr", "stdout", "stdin", "schema"}


def schema_errors(kind, output):
    name = "rotation.schema.json" if kind == "rotation" else "report.schema.json"
    schema = json.loads((HERE.parents[1] / "exporters" / "json" / name).read_text())
    lines = [output] if kind in ("rotation", "whole") else output.splitlines()
    validator = jsonschema.Draft202012Validator(schema)
    for number, line in enumerate(lines, 1):
        for error in validator.iter_errors(json.loads(line)):
            yield "line %d: %s" % (number, error.message[:300])


def main():
    program, path = sys.argv[1], pathlib.Path(sys.argv[2])
    case = json.loads(path.read_text())
    if set(case) - KNOWN_FIELDS or {"why", "arguments", "exit", "stderr"} - set(case):
        sys.exit("%s: fields missing or unknown: %s" % (path.name, sorted(case)))
    with tempfile.TemporaryDirectory() as state:
        done = subprocess.run(
            [str(pathlib.Path(program).resolve()), *case["arguments"]],
            input=case.get("stdin", ""),
            capture_output=True,
            text=True,
            timeout=600,  # only a program that hangs takes so long
            cwd=path.parent,
            env={**os.environ, "XDG_STATE_HOME": state},
        )
    wrong = []
    if done.returncode != case["exit"]:
        wrong.append("exit code %d, wanted %d" % (done.returncode, case["exit"]))
    if done.stderr.splitlines() != case["stderr"]:
        wrong.append("standard error:\n%swanted:\n%s" % (done.stderr, "\n".join(case["stderr"])))
    texts = case.get("stdout", [])
    if not texts and done.stdout:
        wrong.append("standard output must be empty:\n" + done.stdout)
    if texts and not done.stdout.startswith(texts[0]):
        wrong.append("standard output does not begin with %r:\n%s" % (texts[0], done.stdout))
    wrong += ["standard output lacks %r" % text for text in texts if text not in done.stdout]
    if case.get("schema"):
        wrong += schema_errors(case["schema"], done.stdout)
    # Lines for programs may be longer than 80 columns.
    for_programs = case.get("schema") or {"--plugin", "--json"} & set(case["arguments"])
    too_wide = [] if for_programs else [line for line in done.stdout.splitlines() if len(line) > 80]
    wrong += ["a line has %d columns: %s" % (len(line), line) for line in too_wide]
    if wrong:
        sys.exit("%s (%s)\n%s" % (path.name, case["why"], "\n".join(wrong)))


main()
