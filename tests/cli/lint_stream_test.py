#!/usr/bin/python3
"""Lints many records through a pipe: memory use stays constant, the output has the order of the input, and each line of
output comes as soon as its line of input has arrived.

    lint_stream_test.py PROGRAM"""

import json
import os
import subprocess
import sys
import threading

LINES = 200_000
MOST_GROWTH_KIB = 16 * 1024
RECORD = "s%d._domainkey.example.com\tv=DKIM1; n=%s; p=\n"
# AddressSanitizer keeps freed memory for a while, which would look like a leak.
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}


def lint(program, lines):
    """Returns the exit code and the peak memory in KiB; fails if a line is missing or out of order."""
    process = subprocess.Popen(
        [program, "lint"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT
    )

    def feed():
        for number in range(lines):
            process.stdin.write((RECORD % (number, "x" * (number % 200))).encode())
        process.stdin.close()

    feeder = threading.Thread(target=feed)
    feeder.start()
    numbers = 0
    for line in process.stdout:
        if line.startswith(b"line "):
            numbers += 1
            if not line.startswith(b"line %d: critical s%d." % (numbers, numbers - 1)):
                sys.exit("expected line %d of the input next: %s" % (numbers, line))
    feeder.join()
    _, status, usage = os.wait4(process.pid, 0)
    if numbers != lines:
        sys.exit("%d lines, wanted %d" % (numbers, lines))
    return os.waitstatus_to_exitcode(status), usage.ru_maxrss


def lint_zone(program, records):
    """Returns the peak memory in KiB for a zone with a key in every hundredth record."""
    process = subprocess.Popen(
        [program, "lint", "--origin", "example.com"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, env=ENVIRONMENT,
    )

    def feed():
        for number in range(0, records, 100):
            process.stdin.write(b"s%d._domainkey TXT (\n  \"v=DKIM1; \"\n  \"p=\" )\n" % number)
            process.stdin.write(b"".join(b"a%d 3600 IN A 192.0.2.1\n" % (number + i) for i in range(99)))
        process.stdin.close()

    feeder = threading.Thread(target=feed)
    feeder.start()
    found = sum(line.startswith(b"line ") for line in process.stdout)
    feeder.join()
    _, _, usage = os.wait4(process.pid, 0)
    if found != records // 100:
        sys.exit("%d keys in the zone, wanted %d" % (found, records // 100))
    return usage.ru_maxrss


def answers_at_once(program):
    process = subprocess.Popen(
        [program, "lint", "--json"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=ENVIRONMENT
    )
    for number in (1, 2):
        process.stdin.write(b"v=DKIM1; p=\n")
        process.stdin.flush()
        if json.loads(process.stdout.readline())["line"] != number:
            sys.exit("a line of output does not belong to its line of input")
    process.stdin.close()
    process.wait()


def main():
    program = sys.argv[1]
    answers_at_once(program)
    few, many = lint(program, 2_000), lint(program, LINES)
    print("%d KiB for 2000 records, %d KiB for %d" % (few[1], many[1], LINES))
    if few[0] != 2 or many[0] != 2:
        sys.exit("exit codes %d and %d, wanted 2" % (few[0], many[0]))
    zone = lint_zone(program, 1_000_000)
    print("%d KiB for a zone of 1000000 records" % zone)
    if max(many[1], zone) - few[1] > MOST_GROWTH_KIB:
        sys.exit("memory grows with the input")


main()
