#!/usr/bin/python3
"""Validates the golden histories against the schema, and sees that the schema refuses what is wrong.

    history_schema_test.py EXPORTERS_DIRECTORY GOLDEN_DIRECTORY"""

import copy
import json
import pathlib
import sys

import jsonschema

schema = json.loads((pathlib.Path(sys.argv[1]) / "history.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
golden = {file.stem: json.loads(file.read_text()) for file in pathlib.Path(sys.argv[2]).glob("*.json")}
wrong = [] if len(golden) >= 3 else ["only %d golden histories" % len(golden)]
for name, history in golden.items():
    wrong += ["%s: %s" % (name, error.message[:300]) for error in validator.iter_errors(history)]

CHANGES = {
    "a field more": lambda history: history.update(extra=1),
    "a field less": lambda history: history["selectors"][0]["changes"][0].pop("seen"),
    "another kind": lambda history: history["selectors"][0]["changes"][0].update(kind="moved"),
    "a time that is none": lambda history: history["selectors"][0].update(last_probe="yesterday"),
    "a port as text": lambda history: history["selectors"][0]["changes"][1]["servers"][0].update(port="53"),
    "raw octets": lambda history: history["selectors"][0].update(name="\u001b[31m"),
}
for title, change in CHANGES.items():
    history = copy.deepcopy(golden["life"])
    change(history)
    if validator.is_valid(history):
        wrong.append("the schema takes: " + title)
sys.exit("\n".join(wrong) or 0)
