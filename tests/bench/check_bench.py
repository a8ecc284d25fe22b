#!/usr/bin/python3
"""How long one `check` takes as a process, in the lab and without a rate limit: 20 alternating runs of each domain.

    check_bench.py --program PATH [--runs N]"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
LAB = HERE.parent / "lab" / "lab.py"
DOMAINS = [
    ("healthy.example", ["s1"], "five addresses of four makes"),
    ("healthy.example", ["s1", "ed", "big"], "the same, three selectors"),
    ("cname.example", ["s1"], "an alias into a provider's zone"),
    ("dead.example", ["s1"], "one address closed, one silent, two good"),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--runs", type=int, default=20)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lab-") as directory:
        lab_process = subprocess.Popen(
            [sys.executable, LAB, "start", "--directory", directory, "--port", "0"], stdout=subprocess.PIPE, text=True
        )
        try:
            if not lab_process.stdout.readline().startswith("lab ready"):
                sys.exit("check_bench: the lab did not start")
            lab = json.loads((pathlib.Path(directory) / "lab.json").read_text())
            flags = ["--root-hints", lab["root_hints"], "--port", str(lab["port"]), "--rate-limit", "unlimited"]
            flags += ["--allow-net", "127.0.0.0/8", "--allow-net", "::1/128", "--json"]
            seconds = {number: [] for number in range(len(DOMAINS))}
            for _ in range(arguments.runs):
                for number, (domain, selectors, _) in enumerate(DOMAINS):
                    began = time.monotonic()
                    subprocess.run(
                        [arguments.program, "check", domain, *selectors, *flags], stdout=subprocess.DEVNULL, timeout=60
                    )
                    seconds[number].append(time.monotonic() - began)
        finally:
            lab_process.terminate()
            lab_process.wait()
    print("%-44s %9s %9s %9s" % ("check, as a process, milliseconds", "min", "median", "max"))
    for number, (domain, selectors, what) in enumerate(DOMAINS):
        run = seconds[number]
        print(
            "%-44s %9.1f %9.1f %9.1f   %s"
            % (" ".join([domain, *selectors]), *(1000 * f(run) for f in (min, statistics.median, max)), what)
        )


if __name__ == "__main__":
    main()
