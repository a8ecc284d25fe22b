#!/usr/bin/python3
"""Validates the JSON of the status page against its schema, and checks that the schema refuses invalid ones.

    status_schema_test.py EXPORTERS_DIRECTORY RENDER_PAGES"""

import copy
import json
import pathlib
import subprocess
import sys
import tempfile

import jsonschema

exporters = pathlib.Path(sys.argv[1])


def whole(node, base):
    """Makes references within the schema absolute, so that other schemas resolve them too: urljoin knows no URN."""
    if isinstance(node, list):
        return [whole(each, base) for each in node]
    if not isinstance(node, dict):
        return node
    own = isinstance(node.get("$ref"), str) and node["$ref"].startswith("#")
    return {key: base + value if key == "$ref" and own else whole(value, base) for key, value in node.items()}


schemas = [json.loads(file.read_text()) for file in exporters.glob("*.schema.json")]
known = {schema["$id"]: whole(schema, schema["$id"]) for schema in schemas}
schema = known["urn:dkimprobe:status:2"]
jsonschema.Draft202012Validator.check_schema(schema)
resolver = jsonschema.RefResolver.from_schema(schema, store=known)
validator = jsonschema.Draft202012Validator(schema, resolver=resolver)

with tempfile.TemporaryDirectory() as directory:
    pages = pathlib.Path(directory)
    subprocess.run([sys.argv[2], directory], check=True, stdout=subprocess.DEVNULL)
    manifest = json.loads((pages / "manifest.json").read_text())
    answers = {
        answer["target"]: json.loads((pages / answer["file"]).read_text())
        for answer in manifest["answers"]
        if "json" in answer["type"]
    }

wrong = []
kinds = {answer["schema"] for answer in answers.values()}
for kind in ("status", "status-domain", "status-selector", "status-probes"):
    if "dkimprobe.%s/2" % kind not in kinds:
        wrong.append("no sample of dkimprobe.%s/2" % kind)
for target, answer in sorted(answers.items()):
    # Of the five alternatives, report the errors of the one with the same kind.
    name = answer["schema"].removeprefix("dkimprobe.").removesuffix("/2").removeprefix("status-")
    part = {"$ref": "urn:dkimprobe:status:2#/$defs/" + ("overview" if name == "status" else name)}
    errors = jsonschema.Draft202012Validator(part, resolver=resolver).iter_errors(answer)
    wrong += ["%s: %s: %s" % (target, error.json_path, error.message[:300]) for error in errors]
    if not validator.is_valid(answer):
        wrong.append("%s: it has none of the five kinds" % target)



def sample(kind):
    return next(answer for answer in answers.values() if answer["schema"] == "dkimprobe.%s/2" % kind)


def selector(answer):
    """The first probed selector of a page."""
    lines = answer["domains"][0]["selectors"] if "domains" in answer else answer["selectors"]
    return next(line for line in lines if line["last_probe"])


CHANGES = [
    ("a field more", "status", lambda answer: answer.update(extra=1)),
    ("a field less", "status", lambda answer: answer.pop("reload")),
    ("another status", "status", lambda answer: answer["domains"][0].update(status="fine")),
    ("a time that is none", "status", lambda answer: answer.update(at="yesterday")),
    ("an unknown check", "status", lambda answer: selector(answer).update(worst_finding="bad_luck")),
    ("raw octets", "status", lambda answer: selector(answer).update(headline="\u001b[31m")),
    ("another report", "status-domain", lambda answer: selector(answer)["report"].update(extra=1)),
    ("another history", "status-selector", lambda answer: answer.update(history={})),
    ("a probe without a target", "status-probes", lambda answer: answer["probes"][0].pop("target")),
]
for title, kind, change in CHANGES:
    answer = copy.deepcopy(sample(kind))
    change(answer)
    if validator.is_valid(answer):
        wrong.append("the schema takes: " + title)
sys.exit("\n".join(wrong) or 0)
