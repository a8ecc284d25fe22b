#!/usr/bin/python3
"""The daemon while its nameservers fail at random, settings are read again and again, and scrapers ask for probes: no
record is ever called missing, and memory and descriptors stay as they are.

    soak_test.py --program PATH [--seconds N] [--seed N] [--scale FACTOR]

No server ever says that a record is missing: it refuses, fails, is silent, cuts its answer short, or closes the
connection. `--scale` multiplies the limits of times, for slow builds."""

import argparse
import http.client
import os
import pathlib
import random
import re
import signal
import tempfile
import threading
import time

import hostile_test as hostile

SERVFAIL, REFUSED = 2, 5
MODES = ("good", "good", "good", "silent", "servfail", "refused", "malformed", "large")
MOST_GROWTH = 24 << 20  # of the memory, from one half of the time to the other
PART = 0.2  # seconds between two changes of a server


class FailingInternet(hostile.Internet):
    """The healthy domains alone; each of their two servers changes its mode at random."""

    def __init__(self, seed):
        super().__init__(hostile.flood)
        self.random = random.Random(seed)
        self.modes = dict.fromkeys(hostile.GOOD, "good")
        self.changes = 0

    def fail_at_random(self, ended):
        while not ended.wait(PART):
            self.modes[self.random.choice(hostile.GOOD)] = self.random.choice(MODES)
            self.changes += 1
        self.modes = dict.fromkeys(hostile.GOOD, "good")

    def answer(self, address, query):
        mode = self.modes.get(address, "good")
        if mode == "silent":
            raise OSError  # nothing is sent, and a connection stays open
        if mode == "servfail":
            return hostile.message(query, aa=False, rcode=SERVFAIL)
        if mode == "refused":
            return hostile.message(query, aa=False, rcode=REFUSED)
        response = super().answer(address, query)
        if mode == "malformed":
            return response[: 12 + self.random.randrange(max(1, len(response) - 12))]
        if mode == "large":  # TC over UDP
            return response + bytes(600)
        return response


def missing_in(page):
    return [line for line in page.splitlines() if re.match(r'dkim_finding\{.*"(selector_missing_\w+|domain_nxdomain)"', line)]


class Soak:
    def __init__(self, program, seconds, seed):
        self.internet = FailingInternet(seed)
        self.internet.start()
        self.folder = tempfile.TemporaryDirectory(prefix="soak-")
        self.daemon = hostile.Daemon(program, self.internet, pathlib.Path(self.folder.name), hostile.HEALTHY)
        self.seconds = seconds
        self.ended = threading.Event()
        self.missing, self.errors = [], []
        self.counts = {"scrapes": 0, "probes": 0, "reloads": 0}

    def repeat(self, what, work):
        while not self.ended.is_set():
            try:
                work()
                self.counts[what] += 1
            except (OSError, http.client.HTTPException) as error:
                self.errors.append("%s: %r" % (what, error))
                return

    def scrape(self):
        status, page = self.daemon.ask("/metrics")
        self.missing += missing_in(page)
        if status != 200:
            raise OSError("status %d" % status)
        time.sleep(0.02)

    def probe(self):
        domain = self.internet.random.choice(hostile.HEALTHY)
        _, page = self.daemon.ask("/probe?target=" + domain, X_Prometheus_Scrape_Timeout_Seconds="3")
        self.missing += missing_in(page)

    def reload(self):
        self.daemon.process.send_signal(signal.SIGHUP)
        time.sleep(0.02)

    def memory(self):
        status = pathlib.Path("/proc/%d/status" % self.daemon.process.pid).read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) << 10

    def descriptors(self):
        return len(os.listdir("/proc/%d/fd" % self.daemon.process.pid))

    def settled_descriptors(self, most):
        """Once nobody asks: what waits for silent servers ends by itself."""
        until = time.monotonic() + 60
        while self.descriptors() > most and time.monotonic() < until:
            time.sleep(0.1)
        return self.descriptors()

    def run(self, results, scale):
        self.daemon.seconds_until_seen(300)
        at_first = self.descriptors()
        works = [("scrapes", self.scrape), ("reloads", self.reload)] + [("probes", self.probe)] * 4
        threads = [threading.Thread(target=self.repeat, args=each) for each in works]
        threads.append(threading.Thread(target=self.internet.fail_at_random, args=(self.ended,)))
        for thread in threads:
            thread.start()
        self.ended.wait(self.seconds / 2)
        at_half = self.memory()
        self.ended.wait(self.seconds / 2)
        growth = self.memory() - at_half
        self.ended.set()
        for thread in threads:
            thread.join()
        print(", ".join("%d %s" % (count, what) for what, count in self.counts.items()),
              "and %d changes of a server" % self.internet.changes)
        for line in [*self.missing[:5], *self.errors]:
            print("    " + line)
        results.bound("records called missing", len(self.missing), 0, "")
        results.bound("failed requests", len(self.errors), 0, "")
        results.bound("kinds of work that did not happen", list(self.counts.values()).count(0), 0, "")
        results.bound("growth of the memory", growth / 2**20, MOST_GROWTH / 2**20, "MiB")
        results.bound("more descriptors", self.settled_descriptors(at_first + 8) - at_first, 8, "")
        results.bound("gap of the watchdog", self.daemon.longest_gap(), hostile.MOST_GAP * scale, "s")
        results.bound("end", self.daemon.end(), hostile.MOST_END * scale, "s")
        results.bound("exit code", abs(self.daemon.process.returncode), 0, "")
        noise = [line for line in self.daemon.log if "Sanitizer" in line or "runtime error" in line]
        results.bound("lines of a sanitizer", len(noise), 0, "")
        if noise:
            print("\n".join(self.daemon.log[-80:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--scale", type=float, default=1, help="for slow builds")
    arguments = parser.parse_args()
    print("seed %d" % arguments.seed)
    results = hostile.Results("soak")
    soak = Soak(str(pathlib.Path(arguments.program).resolve()), arguments.seconds, arguments.seed)
    soak.run(results, arguments.scale)
    print("\n".join(results.lines))
    print("%d passed, %d failed" % (results.passed, results.failed))
    return 1 if results.failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
