#!/usr/bin/python3
"""Passes the outputs of `check` for other programs to these programs: the textfile to promtool, the plugin text to
Monitoring::Plugin::Performance, the CheckCommand to Icinga. It covers every selector of the lab with its hostile texts,
wrong usage, timeouts and interruption.

    outlets_test.py --program PATH

If a program is not installed, its part is skipped with a message."""

import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time

import run_cases

HERE = pathlib.Path(__file__).resolve().parent
HANGS_SECONDS = 1_200  # only a program that hangs takes so long
COMMAND_FILE = HERE.parents[1] / "config" / "packaging" / "icinga2" / "dkimprobe.conf"
PARSE = r"""
use Monitoring::Plugin::Performance use_die => 1;
for (Monitoring::Plugin::Performance->parse_perfstring(join ' ', @ARGV)) {
  my $value = $_;
  print join("\t", map { my $field = $value->$_; defined $field ? "$field" : "" }
    qw(label value uom warning critical min max)), "\n";
}
"""


class Outlets:
    def __init__(self, program, lab, folder):
        self.program, self.lab, self.folder = program, lab, folder
        self.passed, self.failures, self.skipped = 0, [], []

    def check(self, good, what, details=""):
        if good:
            self.passed += 1
        else:
            self.failures.append(what)
            print("FAILED %s\n%s" % (what, details), flush=True)

    def missing(self, program, package, part):
        self.skipped.append(part)
        print("SKIPPED %s: %s of the package %s is not installed" % (part, program, package), flush=True)

    def command(self, *arguments):
        return [
            self.program, *arguments, "--root-hints", self.lab["root_hints"], "--port", str(self.lab["port"]),
            "--allow-net", "127.0.0.0/8", "--allow-net", "::1/128", "--rate-limit", "unlimited",
        ]  # fmt: skip

    def run(self, *arguments, **more):
        return subprocess.run(
            self.command(*arguments), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=HANGS_SECONDS, **more
        )

    def settings(self, name):
        """A settings file with every domain and selector of the cases of the lab."""
        domains = {}
        for path in sorted((HERE / "cases").glob("*.json")):
            case = json.loads(path.read_text())
            words = case["arguments"]
            # Flags and their values may occur among them.
            names = [word for at, word in enumerate(words[1:], 1)
                     if not word.startswith("-") and not words[at - 1].startswith("--")]  # fmt: skip
            if words[0] != "check" or len(names) < 2 or case["exit"] > 3:
                continue
            known = domains.setdefault(names[0].lower().rstrip("."), [])
            known += [name.lower() for name in names[1:] if name.lower() not in known]
        text = "domains:\n"
        for domain, selectors in domains.items():
            text += "  - domain: %s\n    selectors: %s\n" % (
                json.dumps(domain), json.dumps([{"name": selector} for selector in selectors]),
            )  # fmt: skip
        file = self.folder / ("%s.yaml" % name)
        file.write_text(text)
        return file, sum(map(len, domains.values()))

    # ---- node_exporter ----

    def promtool(self, file, what):
        if not shutil.which("promtool"):
            return self.missing("promtool", "prometheus", what)
        with open(file) as stream:
            done = subprocess.run(["promtool", "check", "metrics"], stdin=stream, capture_output=True, text=True)
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line]
        self.check(not lines, "promtool accepts " + what, "\n".join(lines[:20]))

    def textfile(self):
        settings, selectors = self.settings("textfile")
        file = self.folder / "dkim.prom"
        file.write_text("what was there before\n")
        done = self.run("check", "--config.file", str(settings), "--textfile", str(file), "--probe-timeout", "1s",
                        preexec_fn=lambda: os.umask(0o077))  # fmt: skip
        text = file.read_text()
        self.check(
            done.returncode == 2 and done.stdout == "", "the textfile replaces all other output",
            "%d %s %s" % (done.returncode, done.stdout[:500], done.stderr[:500]),
        )  # fmt: skip
        statuses = re.findall(r"^dkim_selector_status\{.*\} [0-3]$", text, re.M)
        self.check(
            len(statuses) == selectors > 100, "a status for each selector", "%d of %d" % (len(statuses), selectors)
        )
        self.check(stat.S_IMODE(file.stat().st_mode) == 0o644, "everybody may read it despite the umask")
        self.check(not list(self.folder.glob("*unfinished*")), "nothing unfinished is left")
        self.check(not re.search(r" [-+0-9.e]+ [0-9]+$", text, re.M), "no sample has a timestamp")
        self.check("script" not in text and "\x1b" not in text, "no text of a record is in it")
        self.promtool(file, "the lab with all its hostile texts")

        storage = self.folder / "history"
        for _ in range(2):
            self.run("check", "healthy.example", "s1", "--storage.path", str(storage), "--textfile", str(file))
        text = file.read_text()
        self.check(
            "dkim_key_first_seen_timestamp_seconds{" in text, "a history gives the time of the key", text
        )
        self.promtool(file, "a selector with a history")

        before = file.stat().st_ino
        done = self.run("check", "healthy.example", "s1", "--textfile", str(self.folder / "none" / "a.prom"))
        self.check(
            done.returncode == 78 and "No such file" in done.stderr, "a missing folder is reported", done.stderr
        )
        done = self.run("check", "healthy.example", "s1", "--textfile", str(self.folder))
        self.check(done.returncode == 78 and "it is not a regular file" in done.stderr, "a folder is no file", done.stderr)
        self.check(file.stat().st_ino == before, "the file of before stays")
        done = self.run("check", "healthy.example", "s1", "--textfile", str(self.folder / "dkim.txt"))
        self.check(
            done.returncode == 0 and "end with .prom" in done.stderr, "a name without .prom causes a warning", done.stderr
        )

    # ---- the plugin ----

    def values(self, text, what):
        """The performance data by label, as read by Monitoring::Plugin."""
        first, _, rest = text.partition("\n")
        self.check(first.count("|") == 1 and "|" not in rest, "one `|`: " + what, text[:1000])
        found = subprocess.run(["perl", "-MMonitoring::Plugin::Performance", "-e", "1"], capture_output=True)
        if found.returncode != 0:
            return self.missing("Monitoring::Plugin", "libmonitoring-plugin-perl", "performance data, " + what)
        data = first.partition(" | ")[2]
        done = subprocess.run(["perl", "-e", PARSE, data], capture_output=True, text=True)
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        self.check(
            done.returncode == 0 and not done.stderr and len(rows) == data.count("="),
            "Monitoring::Plugin reads every value: " + what,
            data + "\n" + done.stdout + done.stderr,
        )
        return {row[0]: row[1:] for row in rows}

    def plugin(self):
        done = self.run("check", "healthy.example", "s1", "--plugin")
        self.check(
            done.returncode == 0 and done.stdout.startswith("DKIM OK - s1 at healthy.example: "),
            "a healthy selector is OK",
            done.stdout + done.stderr,
        )
        values = self.values(done.stdout, "a healthy selector")
        if values is not None:
            self.check(values.get("s1 key_bits", [])[:4] == ["2048", "", "2048:", "1024:"], "key bits", str(values))
            self.check(values.get("s1 bytes_plain", [])[1:3] == ["B", "512"], "bytes over plain UDP", str(values))
            self.check(values.get("s1 bytes_edns", [])[1:3] == ["B", "1232"], "bytes with EDNS", str(values))
            servers = values.get("s1 servers", [])
            self.check(
                servers and servers[0] == servers[5] and servers[2] == servers[0] + ":", "servers", str(values)
            )
            self.check(values.get("s1 response_time", ["", ""])[1] == "s", "response time", str(values))
            self.check(values.get("s1 negative_ttl", ["", ""])[1] == "s", "negative TTL", str(values))

        done = self.run("check", "stale.example", "s1", "--plugin")
        self.check(
            done.returncode == 2 and done.stdout.startswith("DKIM CRITICAL - ") and "\nfix: " in done.stdout,
            "a stale server is CRITICAL, with the fix on further lines",
            done.stdout,
        )
        settings, _ = self.settings("plugin")

        def all_domains(*flags):
            began = time.monotonic()
            done = self.run("check", "--config.file", str(settings), "--plugin", *flags)
            return done, time.monotonic() - began

        # All domains share nine seconds. A run with one second shows how much more a busy machine needs.
        _, short = all_domains("--probe-timeout", "1s")
        done, took = all_domains()
        self.check(
            took < 9 + 3 + 2 * (short - 1), "all domains together end before the runner gives up",
            "%.1f s, with one second for each %.1f s" % (took, short),
        )  # fmt: skip
        self.check(done.returncode == 2 and len(done.stdout) <= 8192, "the text is within its limit", done.stdout)
        self.values(done.stdout, "all of the lab")

        zone = (HERE / "zones" / "records.example.zone").read_text()
        records = list(dict.fromkeys(re.findall(r"^(\S+)\._domainkey\s", zone, re.M)))
        for at in range(0, len(records), 10):
            done = self.run("check", "records.example", *records[at : at + 10], "--plugin")
            self.check(
                done.returncode in (0, 1, 2, 3) and re.fullmatch(r"[ -;=?-~\n]*", done.stdout),
                "hostile texts are printed harmlessly: " + " ".join(records[at : at + 10]),
                repr(done.stdout),
            )
            self.values(done.stdout, "records %d to %d" % (at, at + 9))

    def plugin_unknown(self):
        wrong = self.folder / "wrong.yaml"
        wrong.write_text("domains: 5\nnonsense: yes\n")
        for what, arguments in {
            "wrong usage": ["check", "healthy.example", "a..b", "--plugin"],
            "wrong flag": ["check", "healthy.example", "s1", "--plugin", "--plugn"],
            "no check": ["preflight", "--plugin"],
            "help": ["check", "--help", "--plugin"],
            "wrong settings": ["check", "--config.file", str(wrong), "--plugin"],
            "missing settings": ["check", "--config.file", str(self.folder / "none.yaml"), "--plugin"],
            "no servers": ["check", "healthy.example", "s1", "--plugin", "--nameserver", "x.example=127.0.9.1"],
            "two outputs": ["check", "healthy.example", "s1", "--plugin", "--json"],
            "unwritable": ["check", "healthy.example", "s1", "--plugin", "--save", str(self.folder)],
        }.items():
            done = self.run(*arguments)
            self.check(
                done.returncode == 3 and done.stdout.startswith("DKIM UNKNOWN - "), "3 for " + what,
                "%d\n%s%s" % (done.returncode, done.stdout, done.stderr),
            )  # fmt: skip
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                self.command("check", "healthy.example", "s1", "--plugin"), stdout=full, stderr=subprocess.PIPE
            )
        self.check(done.returncode == 3, "the exit code is 3 if the output cannot be written", str(done.returncode))

        for name, signals in {"SIGINT": [signal.SIGINT], "SIGTERM twice": [signal.SIGTERM] * 2}.items():
            asked = "s%d._domainkey.x.example." % len(signals)
            silent = self.command("check", "x.example", asked.partition(".")[0], "--plugin", "--nameserver",
                                  "ns.x.example=127.0.9.2")  # fmt: skip
            process = subprocess.Popen(silent, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            while process.poll() is None and not run_cases.times_asked(self.lab, asked):
                time.sleep(0.02)
            for each in signals:
                process.send_signal(each)
            stdout, stderr = process.communicate(timeout=HANGS_SECONDS)
            said = stdout.startswith("DKIM UNKNOWN - interrupted") or len(signals) > 1
            self.check(process.returncode == 3 and said, "3 after " + name, stdout + stderr)

    # ---- Icinga ----

    def icinga(self):
        if not shutil.which("icinga2"):
            return self.missing("icinga2", "icinga2-bin", "the CheckCommand")

        # Started by root, Icinga switches to another user, who must be able to read and write there.
        own_folder = self.folder / "icinga2"
        own_folder.mkdir()
        own_folder.chmod(0o777)
        self.folder.chmod(0o755)

        def verdict(services):
            file = own_folder / "icinga2.conf"
            file.write_text(
                'include <itl>\ninclude "%s"\nobject Host "mail" { check_command = "dummy" }\n%s'
                % (COMMAND_FILE, services)
            )
            own = ["--define=%s=%s" % (name, own_folder) for name in ("CacheDir", "DataDir", "LogDir", "InitRunDir")]
            done = subprocess.run(
                ["icinga2", "daemon", "-C", "-c", str(file), *own, "--define=VarsPath=%s" % (own_folder / "vars")],
                capture_output=True, text=True,
            )  # fmt: skip
            return done.returncode, done.stdout + done.stderr

        service = 'object Service "dkim" { host_name = "mail"; check_command = "%s"; vars.dkim_domain = "a.example" }\n'
        code, output = verdict(service % "dkimprobe")
        self.check(
            code == 0 and "warning/" not in output and "Instantiated 1 Service" in output, "Icinga takes it", output
        )
        code, output = verdict(service % "dkimprob")
        self.check(code != 0, "Icinga refuses an unknown command, so the test is effective", output)
        named = set(re.findall(r'^    "(-[^"]*)" = {', COMMAND_FILE.read_text(), re.M))
        help_text = subprocess.run([self.program, "check", "--help", "all"], capture_output=True, text=True).stdout
        unknown = [flag for flag in named if not re.search(r"^  %s\b" % re.escape(flag), help_text, re.M)]
        self.check(len(named) > 8 and not unknown, "the program has each flag of the command", str(unknown))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    program = str(pathlib.Path(parser.parse_args().program).resolve())
    os.umask(0o022)
    with tempfile.TemporaryDirectory(prefix="outlets-") as folder:
        lab_folder = pathlib.Path(folder) / "lab"
        lab_folder.mkdir()
        process = run_cases.start_lab(str(lab_folder))
        try:
            lab = json.loads((lab_folder / "lab.json").read_text())
            outlets = Outlets(program, lab, pathlib.Path(folder))
            # They mostly wait for servers that do not respond.
            parts = (outlets.textfile, outlets.plugin, outlets.plugin_unknown, outlets.icinga)
            with concurrent.futures.ThreadPoolExecutor(len(parts)) as pool:
                for done in [pool.submit(part) for part in parts]:
                    done.result()
        finally:
            process.terminate()
            process.wait()
    print("%d passed, %d failed" % (outlets.passed, len(outlets.failures)))
    return 1 if outlets.failures else 0


if __name__ == "__main__":
    sys.exit(main())
