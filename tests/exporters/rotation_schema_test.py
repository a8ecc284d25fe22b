#!/usr/bin/python3
"""Validates the golden rotations against their schema, and checks that the schema refuses invalid ones.

    rotation_schema_test.py EXPORTERS_DIRECTORY GOLDEN_DIRECTORY"""

import copy
import json
import pathlib
import sys

import jsonschema

schema = json.loads((pathlib.Path(sys.argv[1]) / "rotation.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
golden = {file.stem: json.loads(file.read_text()) for file in pathlib.Path(sys.argv[2]).glob("*.json")}
wrong = [] if len(golden) >= 12 else ["only %d golden rotations" % len(golden)]
for name, rotation in sorted(golden.items()):
    wrong += ["%s: %s: %s" % (name, error.json_path, error.message[:200]) for error in validator.iter_errors(rotation)]

CHANGES = {
    "a field more": lambda rotation: rotation.update(extra=1),
    "a field less": lambda rotation: rotation.pop("state"),
    "another status": lambda rotation: rotation.update(status="fine"),
    "a step that is none": lambda rotation: rotation["changes"][0]["steps"][0].update(step="hope"),
    "a time that is none": lambda rotation: rotation["changes"][0]["steps"][0].update(since="yesterday"),
    "an unknown fault": lambda rotation: rotation["faults"][0].update(name="bad_luck"),
    "raw octets": lambda rotation: rotation.update(headline="\u001b[31m"),
}
for title, change in CHANGES.items():
    rotation = copy.deepcopy(golden["removed_too_early"])
    change(rotation)
    if validator.is_valid(rotation):
        wrong.append("the schema takes: " + title)
sys.exit("\n".join(wrong) or 0)
