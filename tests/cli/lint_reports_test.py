#!/usr/bin/python3
"""The three outputs of lint for programs say the same: --sarif and --junit are compared with --json, and each keeps the
rules of its format. The schema of SARIF is not kept here, since its licence does not say that it may be; what the
standard requires of the members in use is checked instead, and with sarif-multitool in the path, that program validates
it as well.

    lint_reports_test.py PROGRAM"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
RECORDS = pathlib.Path(__file__).resolve().parent / "cases" / "records"
LEVELS = {"critical": "error", "warning": "warning", "notice": "note"}
MIXED = r"""$ORIGIN example.com.
good._domainkey TXT "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="
revoked._domainkey TXT "v=DKIM1; p="
testing._domainkey TXT "v=DKIM1; t=y; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="
odd._domainkey TXT "v=DKIM1; n=<&>\"'\000\255]]>; k=\"<script>; p=AAAA"
_adsp._domainkey TXT "dkim=all"
broken._domainkey TXT "v=DKIM1
$INCLUDE <&.zone
"""


def need(holds, what):
    if not holds:
        sys.exit(what)


def lint(form, *files, text=None):
    done = subprocess.run([PROGRAM, "lint", form, *files], input=text, capture_output=True, text=True, cwd=RECORDS)
    return done.returncode, done.stdout


def keep_sarif(log):
    """What section 3 of SARIF 2.1.0 requires of the members in use."""
    need(set(log) == {"$schema", "version", "runs"} and log["version"] == "2.1.0", "not a log of SARIF 2.1.0")
    ((run,)) = log["runs"]
    need(set(run) == {"tool", "results"} and set(run["tool"]) == {"driver"}, "members of the run")
    driver = run["tool"]["driver"]
    need(set(driver) == {"name", "semanticVersion", "rules"}, "members of the driver")
    rules = [rule["id"] for rule in driver["rules"]]
    need(len(set(rules)) == len(rules) > 80, "the rules have unique ids")
    for rule in driver["rules"]:
        need({"id", "name", "shortDescription", "fullDescription", "help", "defaultConfiguration"} <= set(rule), rule)
        need(set(rule) - {"helpUri"} == set(list(rule)[:6]), rule)
        for text in ("shortDescription", "fullDescription", "help"):
            need(set(rule[text]) == {"text"} and rule[text]["text"].strip(), rule)
        need(rule["defaultConfiguration"]["level"] in LEVELS.values(), rule)
        need(re.fullmatch(r"https://www\.rfc-editor\.org/rfc/rfc\d+(#section-[\d.]*\d)?", rule.get("helpUri", "https://www.rfc-editor.org/rfc/rfc1")), rule)
    for result in run["results"]:
        need(set(result) == {"ruleId", "level", "message", "locations", "partialFingerprints"}, result)
        need(result["ruleId"] in rules and result["level"] in LEVELS.values(), result)
        need(set(result["message"]) == {"text"} and result["message"]["text"].isascii(), result)
        (location,) = result["locations"]
        place = location["physicalLocation"]
        need(re.fullmatch(r"(?:[A-Za-z0-9._~/:-]|%[0-9A-F]{2})+", place["artifactLocation"]["uri"]), result)
        need(place["region"]["startLine"] >= 1, result)
        need(all(re.fullmatch("[0-9a-f]{64}", value) for value in result["partialFingerprints"].values()), result)
    return [(place_of(result), result["ruleId"], result["level"]) for result in run["results"]]


def place_of(result):
    place = result["locations"][0]["physicalLocation"]
    return place["artifactLocation"]["uri"], place["region"]["startLine"]


def keep_junit(text):
    suites = xml.etree.ElementTree.fromstring(text)
    (suite,) = suites
    need((suites.tag, suite.tag) == ("testsuites", "testsuite"), "tags of JUnit")
    cases = list(suite)
    for element in (suites, suite):
        for attribute, tag in (("failures", "failure"), ("errors", "error")):
            need(int(element.get(attribute)) == sum(case.find(tag) is not None for case in cases), attribute)
        need(int(element.get("tests")) == len(cases), "tests")
    return [
        (case.get("file"), int(case.get("line")), next((child.tag for child in case), None), "".join(case.itertext()))
        for case in cases
    ]


def compare(what, *files, text=None):
    code, output = lint("--json", *files, text=text)
    objects = [json.loads(line) for line in output.splitlines()]
    sarif_code, sarif = lint("--sarif", *files, text=text)
    junit_code, junit = lint("--junit", *files, text=text)
    need(code == sarif_code == junit_code, "exit codes of %s: %s" % (what, (code, sarif_code, junit_code)))
    wanted = []
    for each in objects:
        place = each["file"], each["line"]
        if "fault" in each:
            wanted.append((place, each["fault"], "note" if each["status"] == "ok" else "error"))
        wanted += [(place, finding["id"], LEVELS[finding["severity"]]) for finding in each.get("findings", [])]
    need(keep_sarif(json.loads(sarif)) == wanted, "SARIF of %s is not the JSON" % what)
    cases = keep_junit(junit)
    need(len(cases) == len(objects), "JUnit of %s is not the JSON" % what)
    for (file, line, kind, text_of_case), each in zip(cases, objects):
        need((file, line) == (each["file"], each["line"]), each)
        if "fault" in each:
            need(kind == ("system-out" if each["status"] == "ok" else "error"), each)
            continue
        kinds = {"critical": "failure", "warning": "failure", "ok": "system-out" if each["findings"] else None}
        need(kind == kinds[each["status"]], each)
        need(all(finding["detail"] in text_of_case for finding in each["findings"]), each)
    return sarif, len(wanted)


def fingerprints(text):
    return [r["partialFingerprints"] for r in json.loads(lint("--sarif", text=text)[1])["runs"][0]["results"]]


def validate(sarif):
    if shutil.which("sarif-multitool") is None:
        print("sarif-multitool is not installed: it validated nothing")
        return
    with tempfile.TemporaryDirectory() as folder:
        log = pathlib.Path(folder) / "lint.sarif"
        log.write_text(sarif)
        done = subprocess.run(["sarif-multitool", "validate", str(log), "--level", "Error"], capture_output=True, text=True)
        need(done.returncode == 0, done.stdout + done.stderr)


def main():
    total = 0
    sarif, found = compare("a zone with everything", text=MIXED)
    need(found >= 8, "only %d findings" % found)
    validate(sarif)
    for name in ("example.com.zone", "route53-plan.json"):
        total += compare(name, "--origin=example.com", "--allow-include", name)[1]
    total += found + compare("several files", "example.com.zone", "short.txt")[1]
    compare("nothing", text="")
    # A fingerprint stays when lines move, and differs between faults and between records.
    need(fingerprints(MIXED) == fingerprints(MIXED.replace("good.", "; a comment\ngood.")), "fingerprints change")
    need(len({str(each) for each in fingerprints(MIXED)}) == found, "fingerprints are not unique")
    print("%d findings compared, 0 differ" % total)


main()
