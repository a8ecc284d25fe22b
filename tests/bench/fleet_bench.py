#!/usr/bin/env python3
"""What watching a fleet costs: domains on the same four addresses of a local NSD, rounds as the daemon makes them.

    fleet_bench.py PROGRAM [--domains 1000] [--interval 30] [--pace 0] [--seconds 90]

Without a pace an interval of 30 s stands for ten times the load of one of 300 s. Server and program have a
processor each."""

import argparse
import contextlib
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

ADDRESSES = ["127.0.0.%d" % number for number in range(1, 5)]
KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzHBV5gLitMcfkLTXn8Vb55rINk4BgwifKv//oDj0CiSy3wLsr2DavVzJSfOXf4sK"
    "Xyd8Jfvo5tVb0c53KPFVpUL8kwUxIypFUyjl9frzTkxXENZjx/yQ4khk7Ps2b8TfuA1odtKP6AT8qF3qVeORVTRxL+Zw6ba846emZIDmB8/D"
    "jUFwMy47dY96PIyvNfvBLRAQbDfVx9ffb6cj00iWTIrdcIww9TkHrpFEQ9gf1ElHumiU3/lEpEjNzT2HktANFzfW2bzTdkku2+8x09Zx/SzQ"
    "0Qu38CY6u8KoWlCnC/CSF8DiaLNLsQOf+iyZ3NWrSXcaebhWxzfu34R3wAVNSQIDAQAB"
)


def write_configuration(folder, port, domains, selectors=1):
    record = "v=DKIM1; k=rsa; p=" + KEY
    strings = " ".join('"%s"' % record[at : at + 255] for at in range(0, len(record), 255))
    servers = "\n".join("@ NS ns%d.bench.example." % number for number in range(1, len(ADDRESSES) + 1))
    names = ["s%d._domainkey TXT %s\n" % (number, strings) for number in range(1, selectors + 1)]
    (folder / "zone").write_text(
        "$TTL 3600\n@ SOA ns1.bench.example. hostmaster 1 3600 900 604800 300\n%s\n%s" % (servers, "".join(names))
    )
    options = ["ip-address: %s@%d" % (address, port) for address in ADDRESSES]
    options += ["server-count: 1", 'username: ""', 'chroot: ""', 'database: ""', "rrl-ratelimit: 0"]
    options += ["rrl-whitelist-ratelimit: 0", "tcp-count: 400"]
    for option, name in (
        ("zonesdir", ""),
        ("pidfile", "nsd.pid"),
        ("xfrdfile", "xfrd.state"),
        ("xfrdir", ""),
        ("zonelistfile", "zone.list"),
        ("logfile", "nsd.log"),
    ):
        options.append('%s: "%s"' % (option, folder / name))
    text = "server:\n" + "".join("  %s\n" % option for option in options)
    text += "remote-control:\n  control-enable: no\n"
    for number in range(domains):
        text += "zone:\n  name: d%d.bench.example\n  zonefile: zone\n" % number
    (folder / "nsd.conf").write_text(text)


def free_port():
    """For UDP and TCP on every address; below those that clients' sockets have."""
    for port in random.sample(range(20000, 32000), 50):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for address in ADDRESSES:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    stack.enter_context(socket.socket(socket.AF_INET, kind)).bind((address, port))
            return port
    sys.exit("fleet_bench: no port is free")


def wait_for(server, folder, port):
    limit = time.monotonic() + 60
    while time.monotonic() < limit and server.poll() is None:
        with socket.socket() as tcp:
            if tcp.connect_ex((ADDRESSES[-1], port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("fleet_bench: nsd did not start: " + (folder / "nsd.log").read_text()[-500:])


@contextlib.contextmanager
def running_nsd(folder, port):
    """On the first processor."""
    server = subprocess.Popen(
        ["nsd", "-d", "-c", folder / "nsd.conf"],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {0}),
    )
    try:
        wait_for(server, folder, port)
        yield
    finally:
        # It forks: its whole group ends.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--domains", type=int, default=1000)
    parser.add_argument("--interval", type=int, default=30)
    parser.add_argument("--pace", type=float, default=0, help="queries a second to one address; 0 lifts the pace")
    parser.add_argument("--seconds", type=int, default=90)
    arguments = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="fleet-") as directory:
        folder = pathlib.Path(directory)
        write_configuration(folder, port, arguments.domains)
        with running_nsd(folder, port):
            command = [arguments.program, port, arguments.domains, len(ADDRESSES), arguments.interval]
            command += [arguments.pace, arguments.seconds]
            subprocess.run(
                [str(word) for word in command], check=True, preexec_fn=lambda: os.sched_setaffinity(0, {1})
            )


if __name__ == "__main__":
    main()
