#!/usr/bin/python3
"""How many records a second one core judges: medians of interleaved rounds of judge_bench, and of badkeys if a checkout
of it is given. badkeys judges the same keys; it looks at the key alone, so compare it with the lines about fresh keys.

    judge_bench.py BENCH [--rounds N] [--badkeys PATH]

OpenDKIM has no row: it reads records in libopendkim, whose headers are not among the packages that builds need, and
`opendkim-testkey` is a process and a DNS query for each key."""

import argparse
import base64
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time


def badkeys_from(path):
    """What judges a public key in PEM."""
    sys.path.insert(0, str(path))
    try:
        from badkeys.checks import checkpubkey
    except ImportError as missing:
        sys.exit("badkeys of %s cannot be imported: %s" % (path, missing))
    return checkpubkey


def pem_of(record):
    key = base64.b64decode(record.rpartition("p=")[2])
    return "-----BEGIN PUBLIC KEY-----\n%s-----END PUBLIC KEY-----\n" % base64.encodebytes(key).decode()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=pathlib.Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--badkeys", type=pathlib.Path)
    arguments = parser.parse_args()
    check = badkeys_from(arguments.badkeys) if arguments.badkeys else None
    times = {}
    with tempfile.NamedTemporaryFile("r") as records:
        for _ in range(arguments.rounds):
            printed = subprocess.run([arguments.bench, records.name], check=True, capture_output=True, text=True).stdout
            for line in printed.splitlines():
                what, microseconds = line.split("\t")
                times.setdefault(what, []).append(float(microseconds))
            if check:
                keys = [pem_of(line) for line in pathlib.Path(records.name).read_text().splitlines()]
                began = time.process_time()
                for key in keys:
                    check(key)
                times.setdefault("badkeys, a key", []).append(1e6 * (time.process_time() - began) / len(keys))
    print("%-44s %12s %12s" % ("one record of an RSA key of 2048 bits", "records/s", "us"))
    for what, each in times.items():
        median = statistics.median(each)
        print("%-44s %12.0f %12.1f" % (what, 1e6 / median, median))


if __name__ == "__main__":
    main()
