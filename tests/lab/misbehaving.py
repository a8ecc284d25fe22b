#!/usr/bin/python3
"""An authoritative nameserver that misbehaves: one fault, the mode, on each address 127.0.66.N.

Every mode serves the zone MODE.fault.test ('_' becomes '-') from zones/fault.zone.template. 127.0.66.254 is
the source of responses from a wrong address. Hostile referrals and extra records point to 127.0.66.253: it logs and
never responds, and the log must show no query there."""

import argparse
import asyncio
import pathlib
import signal
import sys

from misbehaving import modes, server


def print_modes(long: bool) -> None:
    for mode in modes.MODES:
        if not long:
            print(mode.name, mode.octet, mode.sentence)
            continue
        edns = mode.edns_outcome or mode.outcome
        findings = ",".join(mode.findings) or "-"
        print(mode.name, mode.octet, mode.outcome, edns, mode.tcp_outcome, findings, mode.sentence, sep="\t")


def main() -> int:
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=raw)
    parser.add_argument("--list", action="store_true", help="print MODE N SENTENCE for each mode, and end")
    parser.add_argument("--long", action="store_true",
                        help="with --list, tab-separated: mode, N, the outcome a probe should report by UDP "
                        "without EDNS (and what follows it), with EDNS, by TCP, the findings, the sentence")
    parser.add_argument("--port", type=int, help="UDP and TCP port of all addresses")
    parser.add_argument("--log", type=pathlib.Path, help="file to append a JSON line to for each query")
    arguments = parser.parse_args()
    if arguments.list:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        print_modes(arguments.long)
        return 0
    if arguments.port is None or arguments.log is None:
        parser.error("--port and --log are needed, or --list")
    try:
        asyncio.run(server.serve(arguments.port, arguments.log))
    except OSError as error:
        print(f"misbehaving: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
