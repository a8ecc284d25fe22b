#!/usr/bin/python3
"""Kills a writer of histories many times at random moments, and fills its disk: no probe that was reported as stored
may be lost, and no file may be corrupted.

    history_kill_test.py history_driver [--kills N]"""

import argparse
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

SECOND_ZERO = 1767225600000  # 2026-01-01, the second 0 of the driver, in milliseconds
KEPT_SPANS = 100  # fewer than a timeline holds, so that none was merged
MOST_PROBES = 20  # in one run, before it is killed
HANGS_SECONDS = 3_600  # only a program that hangs takes so long
HELD = "another process has locked it"


def texts_of(file, selector):
    """The numbers in the texts of server 1, whose text changes at each probe."""
    database = sqlite3.connect(file)
    if database.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        raise AssertionError("the file is damaged")
    if database.execute("PRAGMA foreign_key_check").fetchall():
        raise AssertionError("a row belongs to none")
    rows = database.execute(
        "SELECT first_seen, strings FROM selectors s JOIN timelines t ON selector_id = s.id "
        "JOIN periods ON timeline_id = t.id JOIN texts x ON x.id = texts_id "
        "WHERE selector = ? AND address = '192.0.2.1'",
        (selector,),
    ).fetchall()
    last = database.execute("SELECT last_probe FROM selectors WHERE selector = ?", (selector,)).fetchall()
    database.close()
    found = {}
    for first_seen, strings in rows:
        number = int(strings[4:].split(b"n=")[1].split(b";")[0])
        found[(first_seen - SECOND_ZERO) // 1000] = number
    return found, (last[0][0] - SECOND_ZERO) // 1000 if last else -1


class QueryRate:
    """Returns how long a writer takes to its first probe, and from one to the next, on this machine as it is now. The
    moment of a kill is counted in probes and not in time, so that it falls into the work of the writer."""

    def __init__(self):
        self.first = self.each = 0.0

    def let_work(self, writer):
        """Reads the output of the writer until it is to be killed; some are killed before their first probe."""
        looks = random.choice((0, random.randint(1, MOST_PROBES)))
        began = time.monotonic()
        lines = [writer.stdout.readline() for _ in range(min(looks, 1))]
        self.first = time.monotonic() - began if lines else self.first
        began = time.monotonic()
        lines += [writer.stdout.readline() for _ in range(looks - len(lines))]
        self.each = (time.monotonic() - began) / (looks - 1) if looks > 1 else self.each
        time.sleep(random.uniform(0, self.each if looks else self.first))
        return "".join(lines)


def kill_loop(driver, kills):
    committed = []
    pace = QueryRate()
    with tempfile.TemporaryDirectory(prefix="dkimprobe-kill-") as directory:
        file = pathlib.Path(directory) / "history.sqlite"
        for kill in range(kills):
            first = committed[-1] + 2 if committed else 0  # the next one may have been written without being printed
            writer = subprocess.Popen([driver, directory, str(first), "1000000"], stdout=subprocess.PIPE, text=True)
            # Some are killed before the first probe, while the file is created or recovered.
            output = pace.let_work(writer)
            writer.send_signal(signal.SIGKILL)
            output += writer.communicate()[0]
            for line in output.split("\n")[:-1]:
                if not line.isdigit():
                    raise AssertionError("kill %d: the writer says: %s" % (kill, line))
                committed.append(int(line))
            if not file.exists():
                continue
            try:
                found = {}
                for selector in ("s0", "s1", "s2") if committed else ():
                    texts, last = texts_of(file, selector)
                    found.update(texts)
                    mine = [number for number in committed if number % 3 == int(selector[1])]
                    if mine and last < mine[-1]:
                        raise AssertionError("the last probe of %s is %d, not %d" % (selector, last, mine[-1]))
            except sqlite3.DatabaseError as error:
                raise AssertionError("kill %d: %s" % (kill, error)) from None
            lost = [number for number in committed[-KEPT_SPANS:] if found.get(number) != number]
            if lost:
                raise AssertionError("kill %d: reported as stored but lost: %s" % (kill, lost))
        if len(committed) < kills:
            raise AssertionError("only %d probes stored in %d runs: nothing was tested" % (len(committed), kills))
    return "%d kills, %d probes stored, none lost, no file corrupted" % (kills, len(committed))


def full_disk(driver):
    """In its own mount namespace: a disk of 3 MB becomes full, gets space again, and becomes read-only."""
    with tempfile.TemporaryDirectory(prefix="dkimprobe-full-") as directory:
        script = """
set -e
mount -t tmpfs -o size=3m none "$1"
mkdir "$1/store"
head -c 2600k /dev/zero >"$1/filler"
"$0" "$1/store" 0 300 >"$1.first"
rm "$1/filler"
"$0" "$1/store" 300 30 >"$1.second"
cp "$1/store/history.sqlite" "$1.copy"
mount -o remount,ro "$1"
"$0" "$1/store" 330 2 >"$1.third"
"""
        inner = pathlib.Path(directory) / "disk"
        inner.mkdir()
        done = subprocess.run(
            ["unshare", "--mount", "--map-root-user", "--", "bash", "-c", script, driver, str(inner)],
            stderr=subprocess.PIPE,
            text=True,
        )
        if "unshare" in done.stderr or "mount:" in done.stderr:
            return "SKIPPED: no disk can be mounted here: " + done.stderr.strip()
        if done.returncode != 0:
            raise AssertionError("the driver ended with %d: %s" % (done.returncode, done.stderr))
        first, second, third = (
            pathlib.Path("%s.%s" % (inner, name)).read_text().splitlines() for name in ("first", "second", "third")
        )
        if not first[0].isdigit() or "the disk is full" not in first[-1]:
            raise AssertionError("the disk did not become full: %s ... %s" % (first[0], first[-1]))
        if second != [str(number) for number in range(300, 330)]:
            raise AssertionError("probes are not stored although there is space again: %s" % second)
        if len(third) != 2 or not all("the history cannot be opened" in line for line in third):
            raise AssertionError("on a read-only disk: %s" % third)
        stored = [int(line) for line in first if line.isdigit()] + list(range(300, 330))
        for selector in ("s0", "s1", "s2"):
            last = texts_of("%s.copy" % inner, selector)[1]
            if last != max(number for number in stored if number % 3 == int(selector[1])):
                raise AssertionError("%s ends with look %d" % (selector, last))
        return "a full disk: %d probes stored before, %d reported as not stored; %d after" % (
            sum(line.isdigit() for line in first),
            sum(not line.isdigit() for line in first),
            len(second),
        )


def many_at_once(driver):
    """Several processes create the file at the same moment and write to it."""
    with tempfile.TemporaryDirectory(prefix="dkimprobe-many-") as directory:
        writers = [
            subprocess.Popen([driver, directory, str(n * 100), "20"], stdout=subprocess.PIPE, text=True) for n in range(8)
        ]
        lines = [line for writer in writers for line in writer.communicate()[0].splitlines()]
        # On a busy machine, a process may wait too long for its turn. It reports that, and stores these probes when
        # the others have ended.
        held = [line.partition(" ")[0] for line in lines if HELD in line]
        for number in held:
            again = subprocess.run([driver, directory, number, "1"], stdout=subprocess.PIPE, text=True)
            lines += again.stdout.splitlines()
        wrong = [line for line in lines if not line.isdigit() and HELD not in line]
        stored = {int(line) for line in lines if line.isdigit()}
        if stored != {n * 100 + look for n in range(8) for look in range(20)} or wrong or len(held) > 80:
            raise AssertionError("%d of 160 probes, %d delayed, %s" % (len(stored), len(held), wrong[:3]))
        texts_of(pathlib.Path(directory) / "history.sqlite", "s0")
    return "8 writers at once: 160 probes, %d of them at the second attempt" % len(held)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("driver")
    parser.add_argument("--kills", type=int, default=200)
    arguments = parser.parse_args()
    driver = str(pathlib.Path(arguments.driver).resolve())
    signal.alarm(HANGS_SECONDS)
    seed = random.randrange(1 << 32)
    random.seed(seed)
    began = time.monotonic()
    failed = False
    for test in (lambda: kill_loop(driver, arguments.kills), lambda: full_disk(driver), lambda: many_at_once(driver)):
        try:
            print(test())
        except AssertionError as error:
            failed = True
            print("FAILED (seed %d): %s" % (seed, error))
    print("%.0f s" % (time.monotonic() - began))
    sys.exit(failed)


main()
