#!/usr/bin/python3
"""Validates the golden reports against the schema, and checks that the schema refuses invalid ones.

    schema_test.py EXPORTERS_DIRECTORY GOLDEN_DIRECTORY"""

import copy
import json
import pathlib
import sys

import jsonschema

schema = json.loads((pathlib.Path(sys.argv[1]) / "report.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
golden = sorted(pathlib.Path(sys.argv[2]).glob("*.json"))
wrong = [] if len(golden) > 5 else ["only %d golden reports" % len(golden)]
for file in golden:
    wrong += ["%s: %s" % (file.name, jsonschema.exceptions.best_match([error]).message) for error in validator.iter_errors(json.loads(file.read_text()))]


# The parts of the report schema that the preflight schema refers to are copied into it: old validators do not resolve
# references inside a schema that another one refers to.
preflight_text = (pathlib.Path(sys.argv[1]) / "preflight.schema.json").read_text()
jsonschema.Draft202012Validator.check_schema(json.loads(preflight_text))
preflight_validator = jsonschema.Draft202012Validator(
    {**json.loads(preflight_text.replace(schema["$id"] + "#", "#")), "$defs": schema["$defs"]}
)
preflights = sorted((pathlib.Path(sys.argv[2]) / "preflight").glob("*.json"))
wrong += [] if len(preflights) > 5 else ["only %d golden preflights" % len(preflights)]
for file in preflights:
    document = json.loads(file.read_text())
    wrong += ["%s: %s" % (file.name, jsonschema.exceptions.best_match([error]).message) for error in preflight_validator.iter_errors(document)]
    if preflight_validator.is_valid({**document, "extra": 1}) or preflight_validator.is_valid({**document, "readiness": "fine"}):
        wrong.append("the schema of the preflight accepts an invalid one")


def without(report):
    del report["status"]


CHANGES = {
    "a field more": lambda report: report.update(extra=1),
    "a field less": without,
    "another status": lambda report: report.update(status="fine"),
    "a server's port as text": lambda report: report["servers"][0].update(port="53"),
    "a check that is none": lambda report: report["outcomes"].update(no_such_check="clear"),
    "raw octets": lambda report: report["record"].update(strings=["\u001b[31m"]),
}
healthy = json.loads((pathlib.Path(sys.argv[2]) / "healthy.json").read_text())
for title, change in CHANGES.items():
    report = copy.deepcopy(healthy)
    change(report["reports"][0])
    if validator.is_valid(report):
        wrong.append("the schema takes: " + title)
sys.exit("\n".join(wrong) or 0)
