#!/usr/bin/python3
"""Runs the program against the lab for each case in cases/, and compares its JSON report exactly. At the end it reads
the logs of the lab: nothing may have reached the tripwires, and no query may have had RD=1.

    run_cases.py --program PATH [--lab DIR of a running lab] [--only GLOB] [-j N] [--rejudge]

With --rejudge, the observations of each case are stored and judged again; both reports must be identical.
"""

import argparse
import concurrent.futures
import ctypes
import difflib
import fnmatch
import json
import os
import pathlib
import secrets
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import jsonschema

import dnswire

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = json.loads((HERE.parents[1] / "exporters" / "json" / "report.schema.json").read_text())
# One schema for each kind of output, so that an error names its place.
SCHEMAS = {
    kind: jsonschema.Draft202012Validator({"$ref": "#/$defs/%s_result" % kind, "$defs": SCHEMA["$defs"]})
    for kind in ("check", "message")
}
# The parts of the report schema that it refers to are copied into it: old validators do not resolve references
# inside a schema that another one refers to.
PREFLIGHT_TEXT = (HERE.parents[1] / "exporters" / "json" / "preflight.schema.json").read_text()
PREFLIGHT = jsonschema.Draft202012Validator(
    {**json.loads(PREFLIGHT_TEXT.replace(SCHEMA["$id"] + "#", "#")), "$defs": SCHEMA["$defs"]}
)
ROTATION_SCHEMA = jsonschema.Draft202012Validator(
    json.loads((HERE.parents[1] / "exporters" / "json" / "rotation.schema.json").read_text())
)
CASE_SECONDS = 600  # only a program that hangs takes so long
LOG_SECONDS = 100  # how long the sniffer may take to write its log
KNOWN_FIELDS = {
    "why", "arguments", "exit", "status", "findings", "outcomes", "stderr", "needs", "network", "open_files", "interrupt_when",
    "readiness", "reasons", "progress", "rotation",
}  # fmt: skip
TRIPWIRE = "127.0.0.53"
MISBEHAVING_TRIPWIRE = "127.0.66.253"


class CaseError(Exception):
    pass


def load_case(path):
    try:
        case = json.loads(path.read_text())
    except ValueError as error:
        raise CaseError("%s: %s" % (path.name, error)) from None
    unknown = set(case) - KNOWN_FIELDS
    missing = {"why", "arguments", "exit"} - set(case)
    if unknown or missing:
        raise CaseError(
            "%s: unknown fields %s, missing fields %s" % (path.name, sorted(unknown), sorted(missing))
        )
    if not {"status", "readiness", "rotation", "stderr"} & set(case):
        raise CaseError(
            "%s: a status, a readiness, a rotation or stderr is required" % path.name
        )
    if "status" in case and "findings" not in case:
        raise CaseError("%s: a status without findings; for none, give an empty list" % path.name)
    return case


def command_of(program, case, lab):
    """Replaces @PORT@ and @DIRECTORY@ by those of the lab, and @CASES@ by the folder of the cases."""
    # `unshare -n` gives a network without an active interface.
    prefix = ["unshare", "-n", "--"] if case.get("network") == "none" else []
    if "open_files" in case:
        prefix += ["prlimit", "--nofile=%d" % case["open_files"]]
    own = [
        word.replace("@PORT@", str(lab["port"]))
        .replace("@DIRECTORY@", str(pathlib.Path(lab["root_hints"]).parent))
        .replace("@CASES@", str(HERE / "cases"))
        for word in case["arguments"]
    ]
    return [
        *prefix,
        program,
        *own,
        "--json",
        "--root-hints",
        lab["root_hints"],
        "--port",
        str(lab["port"]),
        "--allow-net",
        "127.0.0.0/8",
        "--allow-net",
        "::1/128",
        "--rate-limit",
        "unlimited",
    ]


def address_of(server):
    """The address of the server of a finding, which may have a port."""
    if server is None:
        return None
    if server.startswith("["):
        return server[1:].partition("]")[0]
    return server.partition(":")[0].partition("#")[0] if server.count(":") == 1 or "#" in server else server


def reports_of(stdout):
    """The reports of a run; for a message, those of all its domains."""
    document = json.loads(stdout)
    checks = document["checks"] if "checks" in document else [document]
    return [report for check in checks for report in check["reports"]]


def rotation_lines(rotation):
    """A rotation as lines of text, for a case and for the program."""
    lines = ["status %s" % rotation["status"]]
    lines += ["fault %s of %s" % tuple(fault) for fault in rotation["faults"]]
    for change in rotation["changes"]:
        lines += ["from %s to %s: %s" % (change["from"], change["to"], step) for step in change["steps"]]
    return lines


def actual_rotation(stdout):
    rotation = json.loads(stdout)
    for error in ROTATION_SCHEMA.iter_errors(rotation):
        yield "not as the schema wants it, at %s: %s" % (error.json_path, error.message[:200])
    rotation["faults"] = [(fault["name"], fault["selector"]) for fault in rotation["faults"]]
    for change in rotation["changes"]:
        # A proposed name contains the date.
        change["to"] = "new" if change["to_is_new"] else change["to"]
        change["steps"] = ["%s %s" % (step["step"], step["state"]) for step in change["steps"]]
    yield from rotation_lines(rotation)


def expected_lines(case):
    """The expected results as sorted lines of text, to compare and to read."""
    lines = ["exit %d" % case["exit"]]
    if "rotation" in case:
        lines += rotation_lines(case["rotation"])
    selectors = list(case.get("status", {}))
    for selector, status in case.get("status", {}).items():
        lines.append("%s: status %s" % (selector, status))
    findings = case.get("findings", [])
    if isinstance(findings, list):
        findings = {selectors[0]: findings} if selectors else {}
    for selector, found in findings.items():
        lines += [
            "%s: finding %s%s" % (selector, check, " at " + server if server else "")
            for check, server in found
        ]
    for address, outcome in case.get("outcomes", {}).items():
        lines.append("outcome of %s: %s" % (address, outcome))
    if "readiness" in case:
        lines.append("readiness %s" % case["readiness"])
        lines += ["reason %s" % name for name in case.get("reasons", [])]
    for address, progress in case.get("progress", {}).items():
        lines.append("progress of %s: %s" % (address, progress))
    return sorted(lines)


def preflight_lines(case, document):
    lines = [
        "not as the schema wants it, at %s: %s" % (error.json_path, error.message[:200])
        for error in PREFLIGHT.iter_errors(document)
    ]
    lines.append("readiness %s" % document["readiness"])
    lines += ["reason %s" % reason["id"] for reason in document["reasons"]]
    lines += [
        "progress of %s: %s" % (server["address"], server["progress"])
        for server in document["servers"]
        if server["address"] in case.get("progress", {})
    ]
    return lines


def actual_lines(case, done):
    lines = ["exit %d" % done.returncode]
    if "readiness" in case:
        return sorted({*lines, *preflight_lines(case, json.loads(done.stdout))})
    if "rotation" in case:
        return sorted(lines + list(actual_rotation(done.stdout)))
    if "status" not in case:
        if done.stdout.strip():
            lines.append("standard output must be empty: %s" % done.stdout.strip()[:200])
        return lines
    lines += [
        "not as the schema wants it, at %s: %s" % (error.json_path, error.message[:200])
        for error in SCHEMAS["message" if "--message" in case["arguments"] else "check"].iter_errors(
            json.loads(done.stdout)
        )
    ]
    for report in reports_of(done.stdout):
        selector = report["selector"]
        lines.append("%s: status %s" % (selector, report["status"]))
        for finding in report["findings"]:
            server = address_of(finding.get("server"))
            lines.append("%s: finding %s%s" % (selector, finding["id"], " at " + server if server else ""))
        for server in report.get("servers", []):
            if address_of(server["address"]) in case.get("outcomes", {}):
                lines.append("outcome of %s: %s" % (address_of(server["address"]), server["outcome"]))
    return sorted(set(lines))


def build_resolver_guard(directory):
    """The library that ends a program if it calls the resolver of the system."""
    library = pathlib.Path(directory) / "no_resolver.so"
    compiler = os.environ.get("CC", "clang-19")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, HERE / "no_resolver.c"], check=True)
    return str(library)


def rejudged(program, command, stored, report):
    """Lines about how the report differs when the stored observation is judged again."""
    same = []
    flags = ["--role", "--config.file", "--message"]
    # A history that could not be written cannot be used to judge.
    if "--storage.path" in command:
        directory = command[command.index("--storage.path") + 1]
        flags += ["--storage.path"] if os.path.exists(os.path.join(directory, "history.sqlite")) else []
    for flag in flags:
        if flag in command:
            same += [flag, command[command.index(flag) + 1]]
    if not os.path.exists(stored):
        return ["    nothing was stored"]
    again = subprocess.run(
        [program, "judge", stored, "--json", *same],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=CASE_SECONDS,
    )
    if again.stdout == report:
        return []
    lines = list(difflib.unified_diff(report.splitlines(), again.stdout.splitlines(), lineterm=""))
    return ["    judged again, the report differs; standard error: %s" % again.stderr[:300]] + [
        "    " + line for line in lines[:40]
    ]


def times_asked(lab, name):
    """How many queries for a name the silent server received."""
    return [(line["qname"] or "").lower() for line in lines_since(lab["silent_log"], 0)].count(name)


def has_come(event, lab, stderr):
    """Whether the program has printed a text to standard error, or queried the silent server that often for a name."""
    if "said" in event:
        return event["said"].encode() in os.pread(stderr.fileno(), 1 << 20, 0)
    return times_asked(lab, event["asked"]) >= event["times"]


def interrupt_when(event, process, lab, stderr):
    """Interrupts the program during its work, however long it takes to get there."""
    while process.poll() is None and not has_come(event, lab, stderr):
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)


def run_case(name, case, program, lab, resolver_guard, store=None):
    """Returns None if the case passed, or what to print. `store` is a directory for its observations."""
    command = command_of(program, case, lab)
    stored = os.path.join(store, name + ".json") if store and case["arguments"][0] == "check" else None
    if stored:
        command += ["--save", stored]
    began = time.monotonic()
    # Each case begins without a memory of earlier ones.
    with tempfile.TemporaryDirectory() as state, tempfile.TemporaryFile() as stderr_file:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr_file,
            text=True,
            errors="backslashreplace",
            env={**os.environ, "LD_PRELOAD": resolver_guard, "XDG_STATE_HOME": state},
        )
        if "interrupt_when" in case:
            event = (case["interrupt_when"], process, lab, stderr_file)
            threading.Thread(target=interrupt_when, args=event).start()
        faults = []
        try:
            stdout, _ = process.communicate(timeout=CASE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            faults = ["    not ended after %d s; killed" % CASE_SECONDS]
        stderr_file.seek(0)
        stderr = stderr_file.read().decode(errors="backslashreplace")
    if not faults:
        done = subprocess.CompletedProcess(command, process.returncode, stdout, stderr)
        wanted = expected_lines(case)
        try:
            got = actual_lines(case, done)
        except (ValueError, KeyError, TypeError) as error:
            faults.append("    the report cannot be read: %s: %s" % (type(error).__name__, error))
            faults.append("    standard output: %s" % (done.stdout[:300] or "(nothing)"))
            got = ["exit %d" % done.returncode]
            wanted = [line for line in wanted if line.startswith("exit")]
        if wanted != got:
            faults += ["    %s" % line for line in difflib.ndiff(wanted, got) if not line.startswith("?")]
        if stored and "status" in case:
            faults += rejudged(program, command, stored, done.stdout)
        if case.get("stderr", "") not in stderr:
            faults.append("    standard error lacks: %s" % case["stderr"])
    if not faults:
        return None
    head = [
        "FAILED %s (%.1f s)" % (name, time.monotonic() - began),
        "    why it is so: %s" % case["why"],
        "    '-' was expected and is missing, '+' was not expected",
    ]
    tail = ["    standard error: %s" % line for line in stderr.strip().splitlines()[-5:]]
    return "\n".join(head + faults + tail + ["    by hand: %s" % shlex.join(command)])


def lines_since(path, offset):
    with open(path, "rb") as log:
        log.seek(offset)
        for line in log:
            if line.endswith(b"\n"):
                yield json.loads(line)


def size_of(path):
    return os.path.getsize(path) if path and os.path.exists(path) else 0


def wait_for_sniffer(lab):
    """Sends a query of its own (RD=0) and waits until the log has it, and thus all before it."""
    name = "flush-%s.lab." % secrets.token_hex(8)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(dnswire.question(name, dnswire.SOA, 1), ("127.0.1.1", lab["port"]))
    deadline = time.monotonic() + LOG_SECONDS
    offset = max(0, size_of(lab["queries_log"]) - 65536)
    while name.encode() not in pathlib.Path(lab["queries_log"]).read_bytes()[offset:]:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def check_logs(lab, offsets):
    """Checks the logs of the whole run; prints a summary and returns the failures."""
    failures = []

    def seen(title, path, wrong, what):
        lines = list(lines_since(path, offsets[path]))
        bad = [line for line in lines if wrong(line)]
        print("%s: %d queries, %d %s" % (title, len(lines), len(bad), what))
        if bad:
            failures.append(
                "%s: %s\n%s" % (title, what, "\n".join("    " + json.dumps(line) for line in bad[:10]))
            )
        return lines

    seen("tripwire", lab["tripwire_log"], lambda line: True, "reached it")
    misbehaving = lab["misbehaving_log"]
    seen("misbehaving server", misbehaving, lambda line: line.get("rd"), "with RD=1")
    seen(
        "misbehaving server",
        misbehaving,
        lambda line: line.get("address") == MISBEHAVING_TRIPWIRE,
        "to the address in hostile responses",
    )
    queries = lab["queries_log"]
    if not queries:
        print("all servers: not checked, since only root can read packets")
        return failures
    if not wait_for_sniffer(lab):
        failures.append("the log of all queries is incomplete after %d s" % LOG_SECONDS)
    seen(
        "all packets", queries, lambda line: line.get("to", "").startswith(TRIPWIRE + "#"), "to the tripwire"
    )
    lines = seen("all servers", queries, lambda line: line.get("rd"), "with RD=1")
    dropped = sum(line.get("dropped", 0) for line in lines)
    if dropped:
        failures.append("the log of all queries lacks %d packets that the kernel dropped" % dropped)
    return failures


def end_with_us():
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG


def start_lab(directory):
    process = subprocess.Popen(
        [sys.executable, HERE / "lab.py", "start", "--directory", directory, "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=end_with_us,
    )
    if not process.stdout.readline().startswith("lab ready"):
        process.wait()
        raise CaseError("the lab did not start")
    return process


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    parser.add_argument("--lab", help="directory of a running lab; else one is started for the run")
    parser.add_argument("--only", default="*", help="names of cases, with * and ?")
    parser.add_argument("--rejudge", action="store_true", help="store and judge the observations again")
    parser.add_argument("-j", type=int, default=8, dest="jobs", help="how many cases at a time (8)")
    parser.add_argument("--cases", default=HERE / "cases", type=pathlib.Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()

    process, directory = None, arguments.lab
    passed, failures, skipped = 0, [], []
    with tempfile.TemporaryDirectory(prefix="lab-") as temporary:
        try:
            if not directory:
                directory = temporary
                process = start_lab(directory)
            lab = json.loads((pathlib.Path(directory) / "lab.json").read_text())
            logs = [lab["tripwire_log"], lab["misbehaving_log"]] + (
                [lab["queries_log"]] if lab["queries_log"] else []
            )
            offsets = {log: size_of(log) for log in logs}

            chosen = []
            for path in sorted(arguments.cases.glob("*.json")):
                if fnmatch.fnmatchcase(path.stem, arguments.only):
                    case = load_case(path)
                    unmet = None
                    if case.get("needs") == "ipv6" and not lab["ipv6"]:
                        unmet = "this machine has no IPv6 on loopback"
                    if case.get("network") == "none" and os.geteuid() != 0:
                        unmet = "only root can create a network namespace"
                    if unmet:
                        skipped.append((path.stem, unmet))
                    else:
                        chosen.append((path.stem, case))
            program = str(pathlib.Path(arguments.program).resolve())
            guard = build_resolver_guard(temporary)
            store = tempfile.mkdtemp(dir=temporary) if arguments.rejudge else None
            with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
                for failure in pool.map(lambda named: run_case(*named, program, lab, guard, store), chosen):
                    if failure is None:
                        passed += 1
                    else:
                        failures.append(failure)
                        print(failure + "\n", flush=True)
            for name, unmet in skipped:
                print("SKIPPED %s: %s" % (name, unmet))
            for failure in check_logs(lab, offsets):
                failures.append(failure)
                print("FAILED " + failure)
            if failures and process:
                print(
                    "a lab to repeat this by hand: %s start --directory %s --port %d"
                    % (HERE / "lab.py", directory, lab["port"])
                )
        except (CaseError, OSError, subprocess.CalledProcessError) as error:
            failures.append(str(error))
            print("run_cases: %s" % error, file=sys.stderr)
        finally:
            if process:
                process.terminate()
                process.wait()
    print("%d passed, %d failed" % (passed, len(failures)))
    return 1 if failures or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
