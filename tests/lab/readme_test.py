#!/usr/bin/python3
"""Runs every command of README.md as printed there, in a folder with the files that it names.

    readme_test.py --program PATH

`./run` stands for the program. Commands that query servers get the lab's root hints and port, as from `./run demo`, so
that no packet leaves this machine. A command must end with an exit code that the README explains. The text below a
command that begins with `$` must be the output of the program, apart from times; with DKIMPROBE_WRITE_GOLDEN set, the
output is written into README.md instead."""

import argparse
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile

import run_cases

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
KEYS = ROOT / "tests" / "config" / "vectors" / "keys"
ASKS = ("check", "preflight", "rotation", "serve")
FAULTS = {64: "wrong usage", 70: "internal error", 78: "error in the settings"}
COMMAND = re.compile(r"^ {4,}(\$ )?\./run ([^#\n]*?)(?: +#[^\n]*)?$", re.M)
SESSION = re.compile(r"^    \$ \./run ([^\n]*)\n((?:(?:    [^\n]*)?\n)*)", re.M)
# Times, the port of the lab, and line breaks may differ.
VARIES = re.compile(r"\d+(\.\d+)? (ms|s)\b|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC|:\d+(?=\))|\s+")
SETTINGS = """domains:
  - domain: example.com
    rotation: {selectors: [s1, s2], max_key_age: 90d}
    selectors: [s1, {name: s2, role: pending}]
"""
MESSAGE = """DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=s1; h=from; bh=AAAA; b=AAAA
From: postmaster@example.com

text
"""


def write_files(folder):
    shutil.copy(KEYS / "rsa2048_pkcs8.pem", folder / "s1.pem")
    shutil.copy(KEYS / "rsa2048_public.pem", folder / "s2.pem")
    record = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
    (folder / "s2.txt").write_text(record)
    (folder / "s1.txt").write_text('s1._domainkey IN TXT ( "%s" )\n' % record)
    (folder / "records.txt").write_text("s1._domainkey.example.com\t%s\n" % record)
    (folder / "records.jsonl").write_text(json.dumps({"name": "s1._domainkey.example.com", "txt": [record]}) + "\n")
    (folder / "settings.yaml").write_text(SETTINGS)
    (folder / "zones").mkdir()
    (folder / "zones" / "example.com.zone").write_text('$ORIGIN example.com.\ns1._domainkey TXT "%s"\n' % record)
    (folder / "zones" / "example.com.yaml").write_text("s1._domainkey:\n  type: TXT\n  value: %s\n" % record.replace(";", "\\;"))
    values = {"name": "s1._domainkey.example.com.", "type": "TXT", "rrdatas": ['"%s"' % record]}
    resource = {"address": "google_dns_record_set.s1", "type": "google_dns_record_set", "values": values}
    plan = {"format_version": "1.2", "planned_values": {"root_module": {"resources": [resource]}}}
    (folder / "plan.json").write_text(json.dumps(plan))
    (folder / "mail.eml").write_text(MESSAGE)


def step_words():
    """The steps of rotations, as their outputs name them."""
    schema = json.loads((ROOT / "exporters" / "json" / "rotation.schema.json").read_text())
    return schema["$defs"]["step"]["properties"]["step"]["enum"]


class Readme:
    def __init__(self, program, lab_folder, folder):
        self.program, self.folder = program, folder
        lab = json.loads((lab_folder / "lab.json").read_text())
        self.lab = ["--root-hints", str(lab_folder / "root.hints"), "--port", str(lab["port"]), "--allow-net", "127.0.0.0/8"]
        self.passed, self.wrong, self.outputs = 0, [], {}

    def check(self, holds, words):
        if holds:
            self.passed += 1
        else:
            self.wrong.append(words)

    def arguments(self, printed):
        words = shlex.split(printed.split(" && ")[0])
        if words[0] == "demo":
            words = words[1:]
        is_plan = words[:2] == ["rotation", "plan"]
        asks = words and words[0] in ASKS and not is_plan
        return words + (self.lab if asks or "--against" in words else [])

    def run(self, printed):
        arguments = self.arguments(printed)
        if "--wait" in arguments:  # nothing changes during the wait
            arguments[arguments.index("--wait") + 1] = "1s"
        return subprocess.run([self.program, *arguments], cwd=self.folder, capture_output=True, text=True, timeout=300)

    def play(self, printed):
        if printed.split()[0] in ("demo", "test") and len(printed.split()) == 1:
            return  # commands of `./run` itself; tests/fresh runs them
        if printed.startswith("serve"):
            return self.serve(printed)
        done = self.run(printed)
        self.outputs[printed] = done.stdout
        words = "./run %s: exit code %d (%s)\n%s" % (printed, done.returncode, FAULTS.get(done.returncode), done.stderr)
        self.check(done.returncode not in FAULTS and done.returncode >= 0, words)
        self.check(not any("unknown " + what in done.stderr for what in ("command", "flag", "check", "key")), words)

    def serve(self, printed):
        command = [self.program, *self.arguments(printed), "--web.listen-address", "127.0.0.1:0"]
        process = subprocess.Popen(command, cwd=self.folder, stderr=subprocess.PIPE, text=True)
        log = ""
        for line in process.stderr:
            log += line
            if "msg=listening" in line:
                process.send_signal(signal.SIGTERM)
        self.check(process.wait() == 0 and "msg=listening" in log, "./run %s: %s" % (printed, log))

    def session(self, match):
        printed, shown = match[1], match[2]
        output = self.outputs[printed]
        lines = "".join(("    " + line).rstrip() + "\n" for line in output.strip("\n").split("\n"))
        wanted = "    $ ./run %s\n\n%s\n" % (printed, lines)
        same = VARIES.sub("", shown) == VARIES.sub("", lines)
        if os.environ.get("DKIMPROBE_WRITE_GOLDEN"):
            return wanted if not same else match[0]
        self.check(same, "./run %s prints\n%snot what README.md shows" % (printed, lines))
        return match[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    program = str(pathlib.Path(parser.parse_args().program).resolve())
    text = README.read_text()
    with tempfile.TemporaryDirectory(prefix="readme-") as folder:
        lab_folder, work = pathlib.Path(folder) / "lab", pathlib.Path(folder) / "work"
        lab_folder.mkdir()
        work.mkdir()
        write_files(work)
        process = run_cases.start_lab(str(lab_folder))
        try:
            readme = Readme(program, lab_folder, work)
            commands = [match[2].strip() for match in COMMAND.finditer(text)]
            for printed in commands:
                readme.play(printed)
            for link in re.findall(r"\]\(([^)#:]+)\)", text):
                readme.check((ROOT / link).exists(), "README.md links to %s, which does not exist" % link)
            for word in step_words():
                readme.check("`%s`" % word in text, "README.md does not have the word %s of a step of rotations" % word)
            readme.check(len(commands) > 20, "only %d commands were found" % len(commands))
            text = SESSION.sub(readme.session, text)
            if os.environ.get("DKIMPROBE_WRITE_GOLDEN"):
                README.write_text(text)
        finally:
            process.terminate()
            process.wait()
    for words in readme.wrong:
        print(words)
    print("%d passed, %d failed" % (readme.passed, len(readme.wrong)))
    return 1 if readme.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
