#!/usr/bin/python3
"""The exit code does not depend on whether anybody reads standard error.

    closed_stderr_test.py PROGRAM"""

import os
import subprocess
import sys

CASES = {64: ["check"], 78: ["judge", "no/such/file"], 3: ["history", "example.com", "--storage.path", "."]}


def main():
    wrong = []
    for code, arguments in CASES.items():
        reading, writing = os.pipe()
        os.close(reading)
        done = subprocess.run([sys.argv[1], *arguments], input=b"", stdout=subprocess.PIPE, stderr=writing)
        os.close(writing)
        if done.returncode != code:
            wrong.append("%s: exit code %d, not %d" % (" ".join(arguments), done.returncode, code))
    if wrong:
        sys.exit("\n".join(wrong))


main()
