#!/usr/bin/python3
"""Compares the program's verdicts with what resolvers get if the servers on the path to a key disagree, interfere or
fail. Each file in paths/ is a case. For each verdict, real Unbounds, half of them with query name minimisation, ask for
the same name with cold and warm caches; none of their answers may contradict an OK or a SIGN NOW.

    run_paths.py --program PATH [--only GLOB] [--resolvers N] [--keep DIRECTORY]

It needs root to create a network namespace; without root, it prints that and tests nothing."""

import argparse
import collections
import contextlib
import concurrent.futures
import datetime
import difflib
import fnmatch
import json
import os
import pathlib
import random
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time

import own_namespace

HERE = pathlib.Path(__file__).resolve().parent
RUN_SECONDS = 60
AT_ONCE = 4  # runs of the program, and queries to Unbounds
ANSWER_SECONDS = 12  # a mail server gives up by then
RESOLVERS = 40  # twenty with minimised names and twenty without
CASE_FIELDS = {"why", "report", "zones", "boxes", "before", "runs", "gets", "slow"}
RUN_FIELDS = {
    "arguments", "exit", "status", "findings", "may", "readiness", "reasons", "wait", "printed", "not_printed",
    "stderr", "under", "rate_limit", "plain", "signs", "vector",
}  # fmt: skip
DENIED, FAILURE = "denied", "failure"


class CaseError(Exception):
    pass


def load_case(path):
    try:
        case = json.loads(path.read_text())
    except ValueError as error:
        raise CaseError("%s: %s" % (path.name, error)) from None
    runs = [*case.get("runs", []), *case.get("before", {}).get("runs", [])]
    unknown = set(case) - CASE_FIELDS | {field for run in runs for field in set(run) - RUN_FIELDS}
    missing = {"why", "zones", "runs", "gets"} - set(case)
    missing |= {field for run in runs for field in {"arguments", "exit"} - set(run)}
    if unknown or missing:
        raise CaseError(
            "%s: unknown fields %s, missing fields %s" % (path.name, sorted(unknown), sorted(missing))
        )
    if any("status" in run and "findings" not in run for run in runs):
        raise CaseError("%s: a status without findings" % path.name)
    return case


class Answers:
    """The answers of the Unbounds by name: the joined texts, DENIED or FAILURE."""

    def __init__(self):
        self.lock = threading.Lock()
        self.by_name = collections.defaultdict(collections.Counter)

    def add(self, name, answer):
        with self.lock:
            self.by_name[name.lower()][answer] += 1

    def of(self, name):
        return self.by_name[name.lower().rstrip(".")]

    def count(self):
        return sum(sum(answers.values()) for answers in self.by_name.values())


class Verdict:
    """`claims` is the answer that everybody gets according to an OK or SIGN NOW; None for other verdicts."""

    def __init__(self, word, name, claims):
        self.word, self.name, self.claims = word, name, claims

    def contradictions(self, answers):
        if self.claims is None:
            return []
        return [
            "%s reports %s, but Unbound got %s (%d of %d times)"
            % (self.word, shown(self.claims), shown(answer), times, sum(answers.of(self.name).values()))
            for answer, times in answers.of(self.name).items()
            if answer != self.claims
        ]


def shown(answer):
    """An answer, with the name of its public key in keys.txt."""
    for name, key in zonetext.public_keys().items():
        if "p=" + key in answer.replace(" ", "").split(";"):
            return name
    return answer


# ---- The program ----


class Stage:
    """What a case needs: the program, the lab, and a folder."""

    def __init__(self, name, case, net, program, guard, folder, beside, store_in=None):
        self.beside = beside  # a pool for concurrent queries
        self.store_in = store_in
        self.name, self.case, self.net, self.program, self.folder = name, case, net, program, folder
        self.environment = {**os.environ, "LD_PRELOAD": guard, "XDG_STATE_HOME": str(folder / "state")}
        self.faults, self.verdicts = [], []
        folder.mkdir()

    def address(self, server):
        return self.net.places.get(server, server)

    def command(self, run, *more):
        own = [
            word.replace("@CASES@", str(HERE / "cases")).replace("@FOLDER@", str(self.folder))
            for word in run["arguments"]
        ]
        if "signs" in run:
            own += ["--config.file", self.settings(*run["arguments"][1:3], run["signs"])]
        rate_limit = [] if run.get("rate_limit") == "default" else ["--rate-limit", "unlimited"]
        lab = ["--root-hints", str(self.net.root_hints), "--allow-net", "127.0.0.0/8"]
        lab += ["--trust-anchor", str(self.net.trust_anchor)]
        return [self.program, *own, *more, *lab, *rate_limit]

    def settings(self, domain, pending, signs):
        """Settings with the selector in use, so that `_domainkey` is known to exist."""
        file = self.folder / "settings.yaml"
        selectors = [signs, {"name": pending, "role": "pending"}]
        file.write_text(json.dumps({"domains": [{"domain": domain, "selectors": selectors}]}))  # YAML too
        return str(file)

    def run(self, command):
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=RUN_SECONDS,
            env=self.environment,
        )

    def play(self, run, final):
        """Runs once, or twice if fragments are compared; verdicts of `final` runs are compared with Unbound."""
        faults = []
        command = self.command(run, *([] if run.get("plain") else ["--json"]))
        looks = not run.get("plain") and ("printed" in run or "not_printed" in run)
        began = time.monotonic()
        try:
            plain = self.beside.submit(self.run, self.command(run, "--color", "never")) if looks else None
            done = self.run(command)
            took = time.monotonic() - began
            faults += self.judge(run, done, final)
            if self.store_in and "vector" in run:
                self.store(run, self.store_in)
            if took > run.get("under", RUN_SECONDS):
                faults.append("it took %.1f s, more than %g s" % (took, run["under"]))
            if "printed" in run or "not_printed" in run:
                faults += words(run, plain.result() if plain else done)
        except subprocess.TimeoutExpired:
            faults.append("no end after %d s" % RUN_SECONDS)
        if faults:
            self.faults += [*faults, "by hand: " + shlex.join(command)]

    def store(self, run, to):
        """Stores what the servers answered as a vector, with the findings that the case states."""
        saved = self.folder / "saved.json"
        self.run(self.command(run, "--save", str(saved)))
        document = json.loads(self.run(self.command(run, "--json")).stdout)
        vector = {
            "about": self.case["why"],
            "trust_anchor": self.net.trust_anchor.read_text().splitlines()[-1],
            "findings": sorted({each["id"] for each in document["reports"][0]["findings"]}),
            "observation": json.loads(saved.read_text()),
        }
        (to / (run["vector"] + ".json")).write_text(json.dumps(vector, separators=(",", ":")) + "\n")

    def judge(self, run, done, final):
        wanted, got = self.wanted(run), {"exit %s" % either(run["exit"], done.returncode)}
        if not run.get("plain"):
            try:
                document = json.loads(done.stdout)
                got |= self.got(run, document)
            except (ValueError, KeyError, TypeError) as error:
                faults = (error, done.stdout[:200], done.stderr[:300])
                return ["no report: %r; %s; standard error: %s" % faults]
            if final:
                self.verdicts += list(verdicts_of(document))
        faults = []
        if wanted != got:
            faults += [line for line in difflib.ndiff(sorted(wanted), sorted(got)) if not line.startswith("?")]
        if run.get("stderr", "") not in done.stderr:
            faults.append("standard error lacks: " + run["stderr"])
        return faults

    def wanted(self, run):
        lines = {"exit %s" % either(run["exit"])}
        for selector, status in run.get("status", {}).items():
            lines.add("%s: status %s" % (selector, either(status)))
        for selector, found in by_selector(run).items():
            lines |= {finding_line(selector, check, self.address(server)) for check, server in found}
        if "readiness" in run:
            lines.add("readiness " + run["readiness"])
        lines |= {"reason " + name for name in run.get("reasons", [])}
        if "wait" in run:
            lines.add("as long as it should")
        return lines

    def got(self, run, document):
        """The lines of the report that a run compares. Findings: all but notices."""
        lines = set()
        if "readiness" in document:
            lines.add("readiness " + document["readiness"])
            listed = run.get("reasons", [])
            lines |= {"reason " + reason["id"] for reason in document["reasons"] if reason["id"] in listed}
            if "wait" in run:
                lines.add(waits(run["wait"], document["safe_to_sign_at"]))
            return lines
        for report in document["reports"]:
            selector = report["selector"]
            status = either(run["status"].get(selector), report["status"])
            lines.add("%s: status %s" % (selector, status))
            listed = {(c, self.address(s)) for c, s in by_selector(run).get(selector, [])}
            for finding in report["findings"]:
                at = address_of(finding["server"])
                if (finding["id"], at) not in listed and self.is_let_pass(run, finding, at):
                    continue
                if finding["severity"] != "notice" or (finding["id"], at) in listed:
                    lines.add(finding_line(selector, finding["id"], at))
        return lines

    def is_let_pass(self, run, finding, at):
        """`may` has names of checks, or pairs of a check and a server."""
        may = [(each, None) if isinstance(each, str) else tuple(each) for each in run.get("may", [])]
        return any(check == finding["id"] and (not s or self.address(s) == at) for check, s in may)


def either(wanted, got=None):
    """The expected value, or one of a list; or the actual value, if it is none of them."""
    each = wanted if isinstance(wanted, list) else [wanted]
    return " or ".join(map(str, each)) if got is None or got in each else str(got)


def by_selector(run):
    findings = run.get("findings", {})
    return dict.fromkeys(run["status"], findings) if isinstance(findings, list) else findings


def finding_line(selector, check, server):
    return "%s: finding %s%s" % (selector, check, " at " + server if server else "")


def waits(bounds, at):
    if at is None:
        return "no time is said"
    seconds = datetime.datetime.fromisoformat(at.replace("Z", "+00:00")).timestamp() - time.time()
    return "as long as it should" if bounds[0] <= seconds <= bounds[1] else "%.0f s" % seconds


def words(run, done):
    printed = " ".join((done.stdout + done.stderr).split())
    faults = ["this is not printed: " + text for text in run.get("printed", []) if text not in printed]
    faults += ["this must not be printed: " + text for text in run.get("not_printed", []) if text in printed]
    return faults + (["it printed: " + printed] if faults else [])


def verdicts_of(document):
    if "readiness" in document:
        ready = document["readiness"] == "ready"
        word = "SIGN NOW" if ready else document["readiness"]
        yield Verdict(word, document["name"], text_of(document, ready))
        return
    for report in document["reports"]:
        ok = report["status"] == "ok"
        yield Verdict("OK" if ok else report["status"], report["name"], text_of(report, ok))


def text_of(report, claimed):
    if not claimed:
        return None
    return "".join(report["record"]["strings"]) or DENIED


# ---- The resolvers ----


class Beside:
    """Every Unbound asks for every name, each in its own order."""

    def __init__(self, net, stages):
        self.net, self.stages, self.answers = net, stages, Answers()

    def ask(self, resolver, name):
        """Repeats after a temporary failure, as a mail server does."""
        first = self.ask_once(resolver, name)
        return self.ask_once(resolver, name) if first == FAILURE else first

    def ask_once(self, resolver, name):
        try:
            texts = rotation_lab.text_in(
                rotation_lab.ask(resolver, name, "TXT", recursion=True, seconds=ANSWER_SECONDS)
            )
        except (rotation_lab.RotationLabError, dns.exception.Timeout):
            return FAILURE
        return " and ".join(texts) or DENIED

    def ask_twice(self, stage, resolver, name):
        cold = self.ask(resolver, name)
        self.answers.add(name, cold)
        if cold == FAILURE and stage.case.get("slow"):
            return
        for zone in stage.case["zones"]:  # with time, a cache also learns the zones' own NS records
            with contextlib.suppress(dns.exception.Timeout):
                rotation_lab.ask(resolver, zone, "NS", recursion=True, seconds=ANSWER_SECONDS)
        if "before" not in stage.case:
            self.net.forget(resolver, name)
        self.answers.add(name, self.ask(resolver, name))

    def before(self):
        """Fills the caches with the earlier state."""
        asked = [name for stage in self.stages for name in stage.case.get("before", {}).get("asked", [])]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda pair: self.ask(*pair), [(r, n) for n in asked for r in self.net.resolvers]))

    def now(self):
        jobs = [(s, r, n) for s in self.stages for n in s.case["gets"] for r in self.net.resolvers]
        slow = [job for job in jobs if job[0].case.get("slow")]
        fast = [job for job in jobs if not job[0].case.get("slow")]
        random.shuffle(fast)
        # Slow ones wait and do not work: all at once.
        with concurrent.futures.ThreadPoolExecutor(len(slow) or 1) as waiting:
            slower = [waiting.submit(self.ask_twice, *job) for job in slow]
            with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
                for future in [*[pool.submit(self.ask_twice, *job) for job in fast], *slower]:
                    future.result()

    def judge(self, stage):
        """Returns lines about failures, the number of verdicts, and how many were contradicted."""
        faults, contradicted = [], 0
        for name, wanted in stage.case["gets"].items():
            got = sorted({shown(answer) for answer in self.answers.of(name)})
            surely = {answer for answer in wanted if not answer.endswith("?")}
            if not surely <= set(got) <= {answer.rstrip("?") for answer in wanted}:
                faults.append("the Unbounds get %s for %s, not %s" % (got, name, sorted(wanted)))
        beside = [verdict for verdict in stage.verdicts if self.answers.of(verdict.name)]
        alone = {v.name for v in stage.verdicts if v.claims is not None} - {v.name for v in beside}
        faults += ["no Unbound was asked for %s; add it to `gets`" % name for name in sorted(alone)]
        for verdict in beside:
            wrong = verdict.contradictions(self.answers)
            contradicted += bool(wrong)
            faults += ["CONTRADICTED " + line for line in wrong]
        claims = sum(verdict.claims is not None for verdict in beside)
        return faults, len(beside), claims, contradicted


# ---- The run ----


def play_programs(stages, which, final):
    """The runs of a case keep their order, since they may share a history."""

    def play(stage):
        for run in which(stage.case):
            stage.play(run, final)

    # Slow ones wait and do not work: all at once.
    slow = [stage for stage in stages if stage.case.get("slow")]
    fast = [stage for stage in stages if not stage.case.get("slow")]
    with concurrent.futures.ThreadPoolExecutor(len(slow) or 1) as waiting:
        slower = [waiting.submit(play, stage) for stage in slow]
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for future in [*[pool.submit(play, stage) for stage in fast], *slower]:
                future.result()


def play_all(cases, program, directory, resolvers, store):
    guard = build_resolver_guard(directory)
    began = time.monotonic()
    with (
        concurrent.futures.ThreadPoolExecutor(len(cases)) as second,
        paths_lab.Internet(directory / "internet", cases, resolvers) as net,
    ):
        print("ready after %.1f s" % (time.monotonic() - began), flush=True)
        stages = [
            Stage(name, case, net, program, guard, directory / name, second, store)
            for name, case in cases.items()
        ]
        beside = Beside(net, stages)
        beside.before()
        play_programs(stages, lambda case: case.get("before", {}).get("runs", []), final=False)
        net.move_on()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            asking = pool.submit(beside.now)
            play_programs(stages, lambda case: case["runs"], final=True)
            print("the program has ended after %.1f s" % (time.monotonic() - began), flush=True)
            asking.result()
        print("the Unbounds have their answers after %.1f s" % (time.monotonic() - began), flush=True)
    failed = verdicts = claims = contradicted = 0
    for stage in stages:
        faults, *counts = beside.judge(stage)
        verdicts, claims, contradicted = (a + b for a, b in zip((verdicts, claims, contradicted), counts))
        faults = stage.faults + faults
        failed += bool(faults)
        if faults:
            print("FAILED  %s\n        the case: %s" % (stage.name, stage.case["why"]))
            print("\n".join("        " + line for line in faults), flush=True)
        else:
            print("ok      " + stage.name)
    print("%d answers of %d Unbounds; %d OK or SIGN NOW" % (beside.answers.count(), resolvers, claims))
    print("%d verdicts beside Unbound, %d contradicted" % (verdicts, contradicted))
    print("%d passed, %d failed" % (len(stages) - failed, failed))
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    parser.add_argument("--only", default="*", help="names of cases, with * and ?")
    parser.add_argument("--resolvers", type=int, default=RESOLVERS, help="how many Unbounds (%d)" % RESOLVERS)
    parser.add_argument("--keep", type=pathlib.Path, help="an empty directory for all files, which stay there")
    parser.add_argument("--store", type=pathlib.Path, help="where the answers to runs with a `vector` go")
    arguments = parser.parse_args()
    cases = {
        path.stem: load_case(path)
        for path in sorted((HERE / "paths").glob("*.json"))
        if fnmatch.fnmatchcase(path.stem, arguments.only)
    }
    if not cases:
        raise SystemExit("no case has such a name")
    program = str(pathlib.Path(arguments.program).resolve())
    with tempfile.TemporaryDirectory(prefix="paths-") as temporary:
        return play_all(cases, program, arguments.keep or pathlib.Path(temporary), arguments.resolvers, arguments.store)


def play_in_namespaces(argv):
    """All cases beside each other; one that failed is played again alone, since servers written in Python may have
    been too slow for it beside all the others. A contradiction is never played again."""
    command = ["unshare", "-n", "--", sys.executable, *argv]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    print(output, end="", flush=True)
    failed = [line.split()[1] for line in output.splitlines() if line.startswith("FAILED ")]
    verdicts = re.search(r"^(\d+) verdicts beside Unbound, (\d+) contradicted$", output, re.MULTILINE)
    counts = re.search(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
    if not failed or "--only" in argv or not verdicts or not counts or verdicts[2] != "0":
        return 0 if counts and counts[2] == "0" else 1
    for name in failed:
        again = subprocess.run([*command, "--only", name], stdout=subprocess.PIPE, text=True)
        print("played again alone: %s\n%s" % (name, again.stdout), flush=True)
        failed = [other for other in failed if other != name or again.returncode != 0]
    print(verdicts[0])
    print("%d passed, %d failed" % (int(counts[1]) + int(counts[2]) - len(failed), len(failed)))
    return 1 if failed else 0


if __name__ == "__main__":
    own_namespace.run_inside("paths of resolvers", play_in_namespaces)
    import dns.exception

    import paths_lab
    import rotation_lab
    import zonetext
    from run_cases import address_of, build_resolver_guard

    rotation_lab.bring_loopback_up()
    sys.exit(main())
