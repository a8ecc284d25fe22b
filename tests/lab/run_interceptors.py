#!/usr/bin/python3
"""Runs the program in networks that answer in place of the nameservers, in each known way, with a real Unbound behind
the interceptor. The program must report it, in one sentence and within five seconds, and no name at or below
`_domainkey` may reach the interceptor. Similar networks without interception must not be reported.

    run_interceptors.py --program PATH [--only GLOB] [--keep DIRECTORY]

It needs root to create network namespaces; without root, it prints that and tests nothing."""

import argparse
import fnmatch
import json
import os
import pathlib
import shlex
import sys
import tempfile

import own_namespace

RUN_SECONDS = 30
MOST_SECONDS = 5
SENTENCE = "this network answers DNS itself"


def some_roots(address):
    return address in (*ROOT4[::2], TLD[0], FIRST[0])


def ipv6(address):
    return ":" in address


def kinds():
    """Each kind of interception, and additional arguments of the program."""
    pinned = ["--nameserver", "ns1.example.com=" + FIRST[0], "--nameserver", "ns2.example.com=" + SECOND[0]]
    return {
        "resolver": (Kind(), []),
        "authority-faked": (Kind(aa=True), []),
        "authority-faked-recursion-hidden": (Kind(aa=True, ra=False), []),
        "refused": (Kind(refuses=True), []),
        "udp-alone": (Kind(tcp="real"), []),
        "udp-alone-authority-faked": (Kind(aa=True, tcp="real"), []),
        "tcp-closed": (Kind(tcp="closed"), []),
        "ipv6-alone": (Kind(redirects=ipv6), []),
        "ipv6-alone-authority-faked": (Kind(redirects=ipv6, aa=True), []),
        "some-addresses": (Kind(redirects=some_roots), []),
        "some-addresses-authority-faked": (Kind(redirects=some_roots, aa=True), []),
        "top-level-domain-and-below": (Kind(redirects=lambda a: a not in (*ROOT4, *ROOT6)), []),
        "given-servers": (Kind(), pinned),
        "given-servers-refused": (Kind(refuses=True), pinned),
        "given-servers-authority-faked": (Kind(aa=True), pinned),
    }


def sound():
    """Similar networks without interception: kind, domain, arguments, exit code."""
    pinned = ["--nameserver", "ns1.example.com=" + FIRST[0]]
    return {
        "nothing-between": (Kind(redirects=nowhere), DOMAIN, [], 0),
        "one-root-server-is-a-resolver": (Kind(redirects=lambda a: a == ROOT4[0]), DOMAIN, [], 0),
        "one-root-server-refuses": (Kind(redirects=lambda a: a == ROOT4[0], refuses=True), DOMAIN, [], 0),
        "top-level-domain-offers-recursion": (Kind(redirects=nowhere, set_ra_at=TLD), DOMAIN, [], 0),
        "nameservers-offer-recursion": (Kind(redirects=nowhere, set_ra_at=(*FIRST, *SECOND)), DOMAIN, [], 0),
        "given-server-offers-recursion": (Kind(redirects=nowhere, set_ra_at=FIRST), DOMAIN, pinned, 0),
        "one-nameserver-is-a-resolver": (Kind(redirects=lambda a: a in SECOND), DOMAIN, [], 1),
        "one-machine-is-root-and-all": (Kind(redirects=nowhere), LONE_DOMAIN, ["--root-hints", "@LONE@"], 0),
    }


class Runs:
    def __init__(self, interceptor, program, guard, directory):
        self.interceptor, self.program, self.directory = interceptor, program, directory
        self.environment = dict(os.environ, LD_PRELOAD=guard, NO_COLOR="1")
        self.faults = []

    def run(self, kind, arguments):
        hints = self.directory / "lone.hints"
        if not hints.exists():
            hints.write_text(
                "".join(". 3600000 NS ns%d.lone.lab.\nns%d.lone.lab. 3600000 A %s\n" % (i, i, a)
                        for i, a in enumerate(ALONE, 1))
            )
        command = [self.program, *(str(hints) if each == "@LONE@" else each for each in arguments)]
        environment = {**self.environment, "XDG_STATE_HOME": tempfile.mkdtemp(dir=self.directory)}
        done, seen, took = self.interceptor.run(kind, command, environment, RUN_SECONDS)
        return command, done, seen, took

    def expect(self, holds, command, done, what):
        if not holds:
            self.faults.append(
                "%s\n            %s\n            exit %d, %s"
                % (what, shlex.join(command), done.returncode, (done.stderr or done.stdout)[:600])
            )

    def keeps_names(self, command, done, seen):
        leaks = sorted({each.name for each in seen if each.redirected and "_domainkey" in each.name.lower()})
        self.expect(not leaks, command, done, "the interceptor heard %s" % ", ".join(leaks))

    def intercepted(self, kind, arguments, more):
        command, done, seen, took = self.run(kind, [*arguments, *more])
        self.expect(done.returncode == 3, command, done, "exit %d, not 3" % done.returncode)
        self.expect(took < MOST_SECONDS, command, done, "took %.1f s" % took)
        self.expect(any(each.redirected for each in seen), command, done, "nothing was redirected")
        self.keeps_names(command, done, seen)
        return command, done, took


def play_intercepted(runs, kind, more):
    """Runs every command in the same network. Returns the longest duration in seconds."""
    command, done, took = runs.intercepted(kind, ["check", DOMAIN, "s1", "new", "--json"], more)
    reports = json.loads(done.stdout or "{}").get("reports", [])
    runs.expect(len(reports) == 2, command, done, "%d reports" % len(reports))
    for report in reports:
        found = [finding["id"] for finding in report["findings"]]
        runs.expect(report["status"] == "unknown", command, done, "status " + report["status"])
        runs.expect(found == ["path_intercepted"], command, done, "findings %s" % found)
    command, done, again = runs.intercepted(kind, ["check", DOMAIN, "s1"], more)
    runs.expect(SENTENCE in done.stdout, command, done, "the sentence is missing")
    took = max(took, again)
    command, done, again = runs.intercepted(kind, ["check", DOMAIN, "s1", "--plugin"], more)
    runs.expect(done.stdout.startswith("DKIM UNKNOWN"), command, done, "the plugin's line")
    took = max(took, again)
    command, done, again = runs.intercepted(kind, ["preflight", DOMAIN, "new", "--json"], more)
    preflight = json.loads(done.stdout or "{}")
    reasons = [reason["id"] for reason in preflight.get("reasons", [])]
    runs.expect(preflight.get("readiness") == "unknown", command, done, "readiness")
    runs.expect(reasons == ["path_intercepted"], command, done, "reasons %s" % reasons)
    took = max(took, again)
    command, done, again = runs.intercepted(kind, ["rotation", DOMAIN, "s1", "new"], more)
    return max(took, again)


def play_sound(runs, kind, domain, more, exit_code):
    # The root of this lab is not signed by the published keys.
    command, done, seen, took = runs.run(kind, ["check", domain, "s1", "--json", "--dnssec", "no", *more])
    runs.expect(done.returncode == exit_code, command, done, "exit %d, not %d" % (done.returncode, exit_code))
    found = [finding["id"] for report in json.loads(done.stdout)["reports"] for finding in report["findings"]]
    runs.expect("path_intercepted" not in found, command, done, "a false alarm")
    runs.keeps_names(command, done, seen)
    return took


def play_all(program, only, directory):
    guard = build_resolver_guard(directory)
    passed = failed = 0
    with World(directory / "internet"):
        interceptor = Interceptor()
        try:
            plays = {name: (play_intercepted, how) for name, how in kinds().items()}
            plays.update({"sound-" + name: (play_sound, how) for name, how in sound().items()})
            for name, (play, how) in plays.items():
                if not fnmatch.fnmatchcase(name, only):
                    continue
                runs = Runs(interceptor, program, guard, directory)
                took = play(runs, *how)
                passed, failed = passed + (not runs.faults), failed + bool(runs.faults)
                print("%-7s %s (%.2f s)" % ("FAILED" if runs.faults else "ok", name, took), flush=True)
                for line in runs.faults:
                    print("        " + line)
        finally:
            interceptor.end()
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    parser.add_argument("--only", default="*", help="names of kinds, with * and ?")
    parser.add_argument(
        "--keep", type=pathlib.Path, help="an empty directory in which all files are kept"
    )
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    with tempfile.TemporaryDirectory(prefix="interceptors-") as temporary:
        return play_all(program, arguments.only, arguments.keep or pathlib.Path(temporary))


if __name__ == "__main__":
    own_namespace.run_inside("interceptors")
    from interceptor import (
        ALONE,
        DOMAIN,
        FIRST,
        LONE_DOMAIN,
        ROOT4,
        ROOT6,
        SECOND,
        TLD,
        Interceptor,
        Kind,
        World,
        nowhere,
    )
    from run_cases import build_resolver_guard

    sys.exit(main())
