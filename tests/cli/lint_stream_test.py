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
    if many[1] - few[1] > MOST_GROWTH_KIB:
        sys.exit("memory grows with the input")


main()
