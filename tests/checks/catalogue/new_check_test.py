#!/usr/bin/python3
"""To add a check, a row with its function and two vectors are enough: exporters/generate writes all the rest.

    new_check_test.py SOURCE_DIRECTORY BUILD_DIRECTORY

It adds a check to a copy of the sources, compiles that file alone and links it with the libraries of the build."""

import json
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

RULES = "checks/rules/ttl_checks.cpp"
VECTORS = "tests/checks/vectors/zones/"
NAME = "ttl_unlucky"
SUMMARY = "the record has unlucky lifetimes"
FUNCTION = """void find_ttl_unlucky(const Evidence& evidence, Verdict& verdict) {
  for (const ReadText& text : evidence.texts) {
    if (text.published->ttl_seconds == 1313)
      verdict.found({.detail = "the TTL is 1313", .remedy = "Set the TTL to 3600."});
  }
}

"""
ROW = """{.name = "%s",
      .summary = "%s",
      .effect = "none",
      .remedy = "Choose another TTL.",
      .example = {Example::behaviour, "The record has a TTL of 1313."},
      .find = find_ttl_unlucky},
     """ % (NAME, SUMMARY)
FOUND = {"about": "The TTL.", "record": {"txt": "key", "ttl": 1313}, "findings": [{"check": NAME}]}
NEAR = {"about": "Another TTL.", "record": {"txt": "key", "ttl": 1312}, "findings": []}
# What generate writes that names each check, and the lists of all checks.
NAMED_IN = {
    "checks/README.md",
    "exporters/json/report.schema.json",
    "exporters/mixin/alerts.md",
    "exporters/mixin/catalogue.json",
    "exporters/mixin/dkimprobe_alerts.yaml",
}
COPIED = ["checks", "exporters", "tests/checks/vectors"]


class Build:
    def __init__(self, directory):
        self.directory = directory

    def commands(self, target):
        """The commands that make a target, as lists; the last one links it."""
        listed = subprocess.check_output(["ninja", "-t", "commands", target], cwd=self.directory, text=True)
        # Links stand between `: &&` and `&& :`, or other commands.
        return [shlex.split(line.removeprefix(": && ").split(" && ")[0]) for line in listed.splitlines()]

    def compile(self, command, source, target):
        """Compiles another source with the options of a command."""
        cut = {command.index(option) for option in ("-MT", "-MF", "-o", "-c")}
        kept = [part for at, part in enumerate(command) if at not in cut and at - 1 not in cut and part != "-MD"]
        subprocess.run([*kept, "-c", source, "-o", target], cwd=self.directory, check=True)

    def link(self, command, objects, target):
        """Links the objects and what a command links; of two definitions, that of the objects counts."""
        at = command.index("-o")
        rest = command[1:at] + command[at + 2 :]
        linker = [command[0], "-Wl,--allow-multiple-definition"]
        subprocess.run([*linker, *objects, *rest, "-o", target], cwd=self.directory, check=True)


def compiling(steps, what):
    """The first step that compiles a source of this name or room."""
    return next(step for step in steps if "-c" in step and any(what in part for part in step))


def texts(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def add_check(copy):
    """Adds the function before the table of the file, and the row as the table's first."""
    file = copy / RULES
    table = re.compile(r"(^constexpr auto \w+ = rows_of\(.*?\{)(?=\{)", re.M | re.S)
    functions, table, rows = table.split(file.read_text(), 1)
    file.write_text(functions + FUNCTION + table + ROW + rows)


def main(source, directory, copy):
    for folder in COPIED:
        shutil.copytree(source / folder, copy / folder)
    add_check(copy)
    before = texts(copy)

    build = Build(directory)
    steps = build.commands("dkimprobe")
    rules, program = copy / "rules.o", copy / "program"
    build.compile(compiling(steps, "checks_rules"), copy / RULES, rules)
    build.link(steps[-1], [rules], program)
    subprocess.run([copy / "exporters" / "generate", program], check=True)
    after = {name: text for name, text in texts(copy).items() if name not in ("rules.o", "program")}
    changed = {name for name in after if after[name] != before.get(name)}
    wrong = ["%s does not name the new check" % name for name in NAMED_IN if NAME.encode() not in after[name]]
    wrong += ["%s was not to change" % name for name in changed - NAMED_IN]
    if SUMMARY.capitalize().encode() not in after["checks/README.md"]:
        wrong.append("the guide does not say what the new check finds")

    # The test that all checks have.
    steps = build.commands("checks_test")
    vectors = '-DDKIMPROBE_VECTORS="%s"' % (copy / "tests/checks/vectors")
    own = compiling(steps, "rules/server_vectors_test.cpp")
    own = [vectors if part.startswith("-DDKIMPROBE_VECTORS=") else part for part in own]
    test, tester = copy / "test.o", copy / "test"
    build.compile(own, source / "tests/checks/rules/server_vectors_test.cpp", test)
    build.link([part for part in steps[-1] if not part.endswith(".o")], [test, rules], tester)
    if subprocess.run([tester], capture_output=True).returncode == 0:
        wrong.append("the tests pass without vectors of the new check")
    for name, vector in ((NAME, FOUND), (NAME + "_near", NEAR)):
        (copy / VECTORS / (name + ".json")).write_text(json.dumps(vector))
    run = subprocess.run([tester], capture_output=True, text=True)
    if run.returncode != 0:
        wrong.append("the vectors of the new check fail:\n" + run.stdout)

    print("\n".join(wrong) if wrong else "a row, a function and two vectors are enough")
    return 1 if wrong else 0


if len(sys.argv) != 3:
    sys.exit(__doc__)
with tempfile.TemporaryDirectory() as scratch:
    sys.exit(main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), pathlib.Path(scratch)))
