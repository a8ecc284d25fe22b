#!/usr/bin/python3
"""The exit code does not depend on whether anybody reads standard error.

    closed_stderr_test.py PROGRAM"""

import os
import subprocess
import sys

UNREADABLE = b"\xff\xfev\x00=\x00"  # UTF-16
# Exit code, arguments and standard input.
CASES = [
    (64, ["check"], b""),
    (78, ["judge", "no/such/file"], b""),
    (3, ["history", "example.com", "--storage.path", "."], b""),
    (3, ["lint"], UNREADABLE),
    (3, ["lint"], b"\n".join([UNREADABLE] * 11)),
    (0, ["record", "example.com", "--adsp", "discardable"], b""),
]


def main():
    wrong = []
    for code, arguments, given in CASES:
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([sys.argv[1], *arguments], input=given, stdout=subprocess.PIPE, stderr=writing)
        os.close(writing)
        if done.returncode != code:
            wrong.append("%s: exit code %d, not %d" % (" ".join(arguments), done.returncode, code))
    if wrong:
        sys.exit("\n".join(wrong))


main()
