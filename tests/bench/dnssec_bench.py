#!/usr/bin/python3
"""What DNSSEC validation costs: the processor time of `check` over many signed domains, and over as many unsigned ones
on the same servers, in alternating runs. Needs root, for a network namespace.

    dnssec_bench.py --program PATH [--domains N] [--runs N]"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

LAB = pathlib.Path(__file__).resolve().parent.parent / "lab"
sys.path.insert(0, str(LAB))
import own_namespace  # noqa: E402


def domains(kind, number):
    return ["%s%d.sec" % (kind, each) for each in range(number)]


def processor_seconds(command):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, stdout=subprocess.DEVNULL, timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        sys.exit("dnssec_bench: check ended with %d" % done.returncode)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main():
    import paths_lab
    import rotation_lab

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--domains", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    rotation_lab.bring_loopback_up()
    record = ["s1._domainkey TXT {v=DKIM1; k=rsa; p=<rsa2048>}"]
    zones = {
        name: {"on": "ns1 ns2", "signed": kind == "signed", "records": record}
        for kind in ("signed", "unsigned")
        for name in domains(kind, arguments.domains)
    }
    seconds = {"signed": [], "unsigned": []}
    with tempfile.TemporaryDirectory(prefix="dnssec-bench-") as directory:
        folder = pathlib.Path(directory)
        with paths_lab.Internet(folder / "internet", {"bench": {"zones": zones}}, 0) as net:
            flags = ["--root-hints", net.root_hints, "--trust-anchor", net.trust_anchor, "--json"]
            flags += ["--allow-net", "127.0.0.0/8", "--rate-limit", "unlimited"]
            for kind in seconds:
                settings = [{"domain": name, "selectors": ["s1"]} for name in domains(kind, arguments.domains)]
                (folder / kind).write_text(json.dumps({"domains": settings}))
            for _ in range(arguments.runs):
                for kind, runs in seconds.items():
                    command = [arguments.program, "check", "--config.file", folder / kind, *flags]
                    runs.append(processor_seconds([str(word) for word in command]))
    print("%-34s %8s %8s %8s" % ("check, processor time, seconds", "min", "median", "max"))
    for kind, runs in seconds.items():
        print("%-34s %8.2f %8.2f %8.2f" % ("%d %s domains" % (arguments.domains, kind), min(runs),
                                           statistics.median(runs), max(runs)))  # fmt: skip
    print("signed to unsigned: %.2f" % (statistics.median(seconds["signed"]) / statistics.median(seconds["unsigned"])))


if __name__ == "__main__":
    own_namespace.run_inside("measurements of DNSSEC")
    main()
