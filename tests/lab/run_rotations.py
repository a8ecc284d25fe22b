#!/usr/bin/python3
"""Plays whole rotations of keys with real nameservers and real recursive resolvers, a rotation a file of
rotations/, and holds the program's word at each moment against what the resolvers then answer. At the end it
reads the log of all packets: no recursive resolver may have been asked anything by the program but what
--resolver and --ask-resolver allowed it.

    run_rotations.py --program PATH [--only GLOB] [--keep DIRECTORY]

A rotation has TTLs of a few seconds, and some of what it sees can be seen only until one of them is over. Where the
machine was too slow for that, the rotation is played again with TTLs of three and then nine times the length.

It needs root, for a network namespace of its own; without, it says so and tests nothing."""

import argparse
import base64
import collections
import concurrent.futures
import datetime
import fnmatch
import importlib.util
import json
import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import own_namespace

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM_ITSELF = "127.0.0.1"  # the source address that the kernel gives to clients in 127/8; the lab itself uses others
RUN_SECONDS = 600  # only a program that hangs takes so long
LONGEST_WAIT_SECONDS = 20  # the TTLs here are a few seconds
STRETCHES = (1, 3, 9)


class Failure(Exception):
    pass


class Late(Exception):
    """The machine was too slow to see what is visible only for a short time, so there is no result."""


def moment(value):
    """A time in the JSON of the program as seconds since 1970."""
    return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).timestamp()


class Run:
    """One run of the program."""

    def __init__(self, command, done, began):
        self.command, self.began, self.ended = command, began, time.time()
        self.exit, self.stdout, self.stderr = done.returncode, done.stdout, done.stderr

    @property
    def json(self):
        try:
            return json.loads(self.stdout)
        except ValueError:
            raise Failure(
                "no JSON but %r, exit %d, standard error %r\n    by hand: %s"
                % (self.stdout[:200], self.exit, self.stderr[:500], shlex.join(self.command))
            ) from None


class Stage:
    """What a rotation works with: its zones, the program, and a client of the resolvers."""

    def __init__(self, name, module, net, program, guard, folder):
        self.name, self.net, self.program, self.folder = name, net, program, folder
        self.environment = {**os.environ, "LD_PRELOAD": guard, "XDG_STATE_HOME": str(folder / "state")}
        self.zones = {zone: net.zones[zone] for zone in module.ZONES}
        self.zone = next(iter(self.zones.values()))
        self.began = time.time()
        self.faults = []  # the failed expectations
        self.late = None  # why this run has no result
        self.second = None  # the last one for which wait_for_second waited
        self.records = {}  # the names of the created keys by the text of their records
        self.to_come = []  # threads with later expectations
        self.looks, self.asks = collections.Counter(), collections.Counter()  # by (resolver, name)
        folder.mkdir()

    def fault(self, text):
        self.faults.append("at %.2f s: %s" % (time.time() - self.began, text))

    def expect(self, what, got, wanted):
        if got != wanted:
            self.fault("%s: %s, not %s" % (what, self.shown(got), self.shown(wanted)))

    def in_time(self, until, at=None):
        """The next expectation holds only before `until`, and is tested `at` a time, or now."""
        over = (at or time.time()) - until
        if over >= 0:
            raise Late("what is visible until %.2f s was tested %.2f s too late" % (until - self.began, over))

    def shown(self, value):
        text = repr(value)
        for record, name in self.records.items():
            text = text.replace(repr(record), "key " + name)
        return text

    # ---- Keys and records ----

    def make_key(self, name):
        """Returns the file of a new private key, and the text of its record."""
        file = self.folder / (name + ".pem")
        openssl = ["openssl", "pkey", "-in", file, "-pubout", "-outform", "DER"]
        subprocess.run(
            ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", file],
            check=True,
            capture_output=True,
        )
        file.chmod(0o600)
        der = subprocess.run(openssl, check=True, capture_output=True).stdout
        record = "v=DKIM1; k=rsa; p=" + base64.b64encode(der).decode()
        self.records[record] = name
        return file, record

    # ---- The program ----

    def run(self, *words):
        command = [self.program, *map(str, words), "--json", "--root-hints", str(self.net.root_hints)]
        command += ["--allow-net", "127.0.0.0/8", "--rate-limit", "unlimited"]
        began = time.time()
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="backslashreplace",
            timeout=RUN_SECONDS,
            env=self.environment,
        )
        return Run(command, done, began)

    def preflight(self, selector, key, *more, never_used=False, resolvers=(), public=False):
        """Runs preflight with the history of the earlier runs of this rotation."""
        domain = self.zone.name
        words = ["preflight", domain, selector, "--key", key, "--storage.path", self.folder / "history"]
        words += ["--never-used"] if never_used else []
        for resolver in resolvers:
            words += ["--resolver", resolver]
            # Over UDP, and over TCP if the response is truncated.
            self.looks[resolver, "%s._domainkey.%s." % (selector, domain)] += 2
        words += ["--ask-resolver"] if public else []
        run = self.run(*words, *more)
        if public and run.json["public_answer"]["answers"]:
            for resolver in resolvers:
                self.asks[resolver, "%s._domainkey.%s." % (selector, domain)] += 2
        return run

    def rotation(self, *words):
        return self.run("rotation", self.zone.name, *words, "--storage.path", self.folder / "history")

    def is_ready(self, run):
        self.expect("readiness", (run.exit, run.json["readiness"]), (0, "ready"))

    def is_waiting(self, run, earliest, latest, cause, among=False):
        """The safe time is between two times, and `cause` is one of the latest reasons, or `among` all reasons with a
        time."""
        self.in_time(earliest, run.ended)
        self.expect("exit", run.exit, 1)
        safe_at = self.time_of(
            {"readiness": run.json["readiness"], "at": run.json["safe_to_sign_at"]}, earliest, latest
        )
        causes = [(reason["id"], reason["until"]) for reason in run.json["reasons"] if reason["until"]]
        latest_causes = [name for name, until in causes if among or until == causes[0][1]]
        if cause not in latest_causes:
            self.fault("the reason for the time is %s, not %s" % (" and ".join(latest_causes), cause))
        if self.faults:
            for given in run.json["reasons"]:
                self.fault("reason %(id)s until %(until)s: %(detail)s" % given)
        return safe_at

    def until(self, run, reason):
        """The latest time of one reason."""
        untils = [moment(b["until"]) for b in run.json["reasons"] if b["id"] == reason and b["until"]]
        if not untils:
            raise Failure("%s is not a reason for the time: %s" % (reason, run.json["reasons"]))
        return max(untils)

    def is_not_ready(self, run, **progress):
        """`progress` by the name of the server in the lab."""
        self.expect("readiness", (run.exit, run.json["readiness"]), (2, "not_ready"))
        self.has_progress(run.json, **progress)

    def time_of(self, safe, earliest, latest):
        """Returns the time to wait for, which must be between two times."""
        self.expect("readiness", safe["readiness"], "wait")
        at = moment(safe["at"])
        if not earliest <= at <= latest:
            self.fault(
                "the reported time is %.2f s, not %.2f to %.2f"
                % tuple(t - self.began for t in (at, earliest, latest))
            )
        return at

    def has_progress(self, answer, **progress):
        """`answer` is the object with the list of servers."""
        answer = {server["address"].partition(":")[0]: server["progress"] for server in answer["servers"]}
        wanted = {
            server.addresses[0]: progress[server.name]
            for server in rotation_lab.SERVERS
            if server.name in progress
        }
        self.expect("servers", {address: answer.get(address) for address in wanted}, wanted)

    # ---- The resolvers ----

    def public(self, name, resolver=None):
        """Returns what the public gets now: the texts, empty if denied. This fills the cache of the resolver."""
        return rotation_lab.text_in(
            rotation_lab.ask(resolver or rotation_lab.OPEN, name, "TXT", recursion=True)
        )

    def publics_get(self, what, name, wanted, resolvers=None, until=None):
        """Expects an answer from the resolvers; from `until` on, it is no longer required."""
        for resolver in resolvers or rotation_lab.RESOLVERS:
            got = self.public(name, resolver)
            if got != wanted and until:
                self.in_time(until)
            self.expect("%s, by %s" % (what, resolver), got, wanted)

    def publics_will_get(self, when, *what, until=None):
        """The same at a later time, in a thread; wait_until waits for it."""

        def then():
            time.sleep(max(0, when - time.time()))
            try:
                self.publics_get(*what, until=until)
            except Late as late:
                self.late = str(late)
            except Exception:
                self.fault(traceback.format_exc())

        self.to_come.append(threading.Thread(target=then))
        self.to_come[-1].start()

    def wait_for_second(self):
        """Waits for a new second: what a cache gets early in a second stays there longest."""
        self.second = int(time.time()) + 1
        self.wait_until(self.second)

    def wait_for_what_is_to_come(self):
        while self.to_come:
            self.to_come.pop().join()

    def wait_until(self, when):
        if when > time.time() + LONGEST_WAIT_SECONDS * rotation_lab.SECOND:
            raise Failure("the reported time is %.0f s away" % (when - time.time()))
        self.wait_for_what_is_to_come()
        if self.late:
            raise Late(self.late)
        time.sleep(max(0, when - time.time()))


# ---- The check of all packets ----


def check_packets(net, stages):
    """Returns the failures; prints a summary."""
    failures = []
    reached = net.tripwire_log.read_text().splitlines() if net.tripwire_log.exists() else ["no log"]
    print("tripwire: %d queries" % len(reached))
    failures += ["the tripwire was reached: " + line for line in reached[:5]]
    if not wait_for_sniffer(net):
        failures.append("the log of all queries is incomplete")
    looks, asks = collections.Counter(), collections.Counter()
    for stage in stages:
        looks.update(stage.looks)
        asks.update(stage.asks)
    seen_probes, seen_asks, queries = collections.Counter(), collections.Counter(), 0
    for line in net.queries_log.read_text().splitlines():
        packet = json.loads(line)
        if "dropped" in packet:
            failures.append(
                "the log of all queries lacks %d packets that the kernel dropped" % packet["dropped"]
            )
            continue
        if packet["from"].partition("#")[0] != PROGRAM_ITSELF or packet["qr"]:
            continue
        queries += 1
        to, name = packet["to"].partition("#")[0], (packet["qname"] or "").lower()
        if to in rotation_lab.RESOLVERS and packet["qtype"] == "TXT":
            (seen_asks if packet["rd"] else seen_probes)[to, name] += 1
        elif packet["rd"] or to in (*rotation_lab.RESOLVERS, rotation_lab.TRIPWIRE):
            failures.append("the program sent this: " + line)
    print(
        "all servers: %d queries of the program; to resolvers %d with RD=1, %d with RD=0"
        % (queries, sum(seen_asks.values()), sum(seen_probes.values()))
    )
    if not queries:
        failures.append("the log of all queries shows none of the program")
    for what, seen, allowed in (("RD=1", seen_asks, asks), ("RD=0", seen_probes, looks)):
        for asked, times in seen.items():
            if times > allowed[asked]:
                failures.append(
                    "%d queries with %s to %s for %s, %d allowed" % (times, what, *asked, allowed[asked])
                )
        for asked in allowed:
            if not seen[asked]:
                failures.append("no query with %s to %s for %s" % (what, *asked))
    return failures


def wait_for_sniffer(net):
    name = "flush-%d.lab." % os.getpid()
    deadline = time.monotonic() + 100
    while name not in net.queries_log.read_text():
        rotation_lab.ask("127.0.1.1", name, "SOA")
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


# ---- The run ----


def load(path):
    spec = importlib.util.spec_from_file_location("rotation_" + path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def play(stage, module):
    try:
        module.play(stage)
    except Late as late:
        stage.late = str(late)
    except Failure as failure:
        stage.fault(str(failure))
    except Exception:
        stage.fault(traceback.format_exc())
    stage.wait_for_what_is_to_come()
    return time.time() - stage.began


def play_together(modules, program, guard, directory):
    """Runs all at once, since each mostly waits. Returns the stages by name, with the failures of their packets."""
    zones = [
        rotation_lab.Zone(name, **how) for module in modules.values() for name, how in module.ZONES.items()
    ]
    directory.mkdir()
    with rotation_lab.Internet(directory / "internet", zones) as net:
        stages = {
            name: Stage(name, module, net, program, guard, directory / name)
            for name, module in modules.items()
        }
        with concurrent.futures.ThreadPoolExecutor(len(modules)) as pool:
            times = list(pool.map(lambda name: play(stages[name], modules[name]), modules))
        for (name, stage), seconds in zip(stages.items(), times):
            end = "FAILED" if stage.faults else "late" if stage.late else "ok"
            print("%-7s %s (%.1f s)" % (end, name, seconds))
            for line in [*stage.faults, *([stage.late] if stage.late else [])]:
                print("        " + line)
        return stages, check_packets(net, stages.values())


def play_all(program, only, directory):
    files = [
        path for path in sorted((HERE / "rotations").glob("*.py")) if fnmatch.fnmatchcase(path.stem, only)
    ]
    if not files:
        raise SystemExit("no rotation has such a name")
    guard = build_resolver_guard(directory)
    passed, failed, failures = 0, 0, []
    for stretch in STRETCHES:
        rotation_lab.SECOND = stretch  # before loading the modules, which compute with it
        modules = {path.stem: load(path) for path in files}
        stages, wrong = play_together(modules, program, guard, directory / ("seconds-of-%d" % stretch))
        failures += wrong
        late = {name for name, stage in stages.items() if stage.late and not stage.faults}
        passed += sum(not stage.faults and not stage.late for stage in stages.values())
        failed += sum(bool(stage.faults) for stage in stages.values())
        files = [path for path in files if path.stem in late]
        if not files:
            break
    failures += ["%s is late even with TTLs %d times as long" % (path.stem, stretch) for path in files]
    for failure in failures:
        print("FAILED  " + failure)
    print("%d passed, %d failed" % (passed + (not failures), failed + bool(failures)))
    return 1 if failed or failures else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    parser.add_argument("--only", default="*", help="names of rotations, with * and ?")
    parser.add_argument(
        "--keep", type=pathlib.Path, help="an empty directory in which all files are kept"
    )
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    with tempfile.TemporaryDirectory(prefix="rotations-") as temporary:
        return play_all(program, arguments.only, arguments.keep or pathlib.Path(temporary))


if __name__ == "__main__":
    own_namespace.run_inside("rotations")
    import rotation_lab
    from run_cases import build_resolver_guard

    rotation_lab.bring_loopback_up()
    sys.exit(main())
