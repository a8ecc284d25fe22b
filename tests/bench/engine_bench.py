#!/usr/bin/env python3
"""Compares the query engine with dnsperf: the same names, the same local NSD, alternating rounds, medians.

The server runs on one processor and the client on another, so that they do not slow each other down. The speed of
a machine drifts, so only figures of the same run are compared.
"""

import argparse
import base64
import contextlib
import json
import os
import pathlib
import random
import re
import resource
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time

ZONE = "bench.example"
ADDRESS = "127.0.0.1"


def record(number: int, chance: random.Random) -> str:
    """Text in the form of a key record; each is different."""
    share = number % 20
    if share < 12:
        key_octets, algorithm = 294, "rsa"  # RSA-2048
    elif share < 18:
        key_octets, algorithm = 162, "rsa"  # RSA-1024
    elif share < 19:
        key_octets, algorithm = 550, "rsa"  # RSA-4096
    else:
        key_octets, algorithm = 32, "ed25519"
    key = base64.b64encode(chance.randbytes(key_octets)).decode()
    text = f"v=DKIM1; k={algorithm}; p={key}"
    return " ".join(f'"{text[i:i + 255]}"' for i in range(0, len(text), 255))


def write_zone(folder: pathlib.Path, count: int) -> None:
    chance = random.Random(6376)
    with open(folder / "zone", "w") as zone, open(folder / "names", "w") as names:
        zone.write(f"$ORIGIN {ZONE}.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 900 604800 300\n@ NS ns\nns A {ADDRESS}\n")
        order = []
        for number in range(count):
            zone.write(f"s{number}._domainkey TXT {record(number, chance)}\n")
            order.append(number)
        chance.shuffle(order)
        for number in order:
            names.write(f"s{number}._domainkey.{ZONE} TXT\n")


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind((ADDRESS, 0))
        return udp.getsockname()[1]


def answers(port: int) -> bool:
    query = struct.pack(">6H", 4711, 0, 1, 0, 0, 0)
    query += b"".join(bytes([len(label)]) + label.encode() for label in ZONE.split(".")) + b"\0"
    query += struct.pack(">2H", 6, 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(0.2)
        udp.connect((ADDRESS, port))
        try:
            udp.send(query)
            return udp.recv(4096)[:2] == query[:2]
        except (socket.timeout, ConnectionRefusedError):
            return False


@contextlib.contextmanager
def name_server(folder: pathlib.Path, port: int, processor: int):
    (folder / "nsd.conf").write_text(
        f"""server:
  ip-address: {ADDRESS}@{port}
  server-count: 1
  username: ""
  chroot: ""
  database: ""
  zonesdir: "{folder}"
  pidfile: "{folder}/nsd.pid"
  xfrdfile: "{folder}/xfrd.state"
  xfrdir: "{folder}"
  zonelistfile: "{folder}/zone.list"
  logfile: "{folder}/nsd.log"
  rrl-ratelimit: 0
  rrl-whitelist-ratelimit: 0
  send-buffer-size: 4194304
  receive-buffer-size: 4194304
remote-control:
  control-enable: no
zone:
  name: {ZONE}
  zonefile: zone
"""
    )
    server = subprocess.Popen(
        ["nsd", "-d", "-c", folder / "nsd.conf"],
        start_new_session=True,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {processor}),
    )
    try:
        limit = time.monotonic() + 60
        while not answers(port):
            if server.poll() is not None or time.monotonic() > limit:
                log = folder / "nsd.log"
                sys.exit("nsd did not start: " + (log.read_text() if log.exists() else "no log"))
        yield
    finally:
        # It forks, so end its whole process group.
        os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def run(command: list, processor: int) -> tuple:
    """Returns the output of the command, its wall time and its CPU time."""
    began = time.monotonic()
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {processor}),
    )
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        sys.exit(f"{command[0]} failed:\n{output}")
    return output, time.monotonic() - began, usage.ru_utime + usage.ru_stime


def run_engine(options, port: int, names: pathlib.Path) -> dict:
    command = [options.engine, ADDRESS, str(port), str(names), str(options.window)]
    output, _, _ = run(command, options.client_processor)
    figures = json.loads(output)
    processor = figures["user_seconds"] + figures["system_seconds"]
    return {
        "queries_per_second": figures["answered"] / figures["wall_seconds"],
        "microseconds": processor / figures["answered"] * 1e6,
        "user_microseconds": figures["user_seconds"] / figures["answered"] * 1e6,
        "answers_per_processor_second": figures["answered"] / processor,
        "lost": figures["lost"],
    }


def run_dnsperf(options, port: int, names: pathlib.Path) -> dict:
    command = ["dnsperf", "-s", ADDRESS, "-p", str(port), "-d", names, "-n", "1", "-e", "-c", "1", "-T", "1"]
    command += ["-q", str(options.window), "-b", "4096"]
    output, _, processor = run(command, options.client_processor)
    completed = int(re.search(r"Queries completed:\s+(\d+)", output).group(1))
    seconds = float(re.search(r"Run time \(s\):\s+([\d.]+)", output).group(1))
    lost = int(re.search(r"Queries lost:\s+(\d+)", output).group(1))
    return {
        "queries_per_second": completed / seconds,
        "microseconds": processor / completed * 1e6,
        "answers_per_processor_second": completed / processor,
        "lost": lost,
    }


def system_calls(options, port: int, names: pathlib.Path, count: int) -> float:
    """System calls of the engine for each query, counted by strace in a separate run, which it slows down."""
    command = ["strace", "-f", "-c", "-U", "calls,name", options.engine, ADDRESS, str(port), str(names)]
    output, _, _ = run(command + [str(options.window)], options.client_processor)
    return int(re.search(r"^\s*(\d+)\s+total", output, re.MULTILINE).group(1)) / count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("engine", help="the engine_bench program")
    parser.add_argument("--names", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--window", type=int, default=1_000, help="queries outstanding")
    parser.add_argument("--server-processor", type=int, default=0)
    parser.add_argument("--client-processor", type=int, default=1)
    parser.add_argument("--serve", action="store_true", help="start the server, print how to query it, and wait")
    options = parser.parse_args()
    # Allow each client as many sockets as the machine permits.
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory(prefix="dkimprobe-bench-") as name:
        folder = pathlib.Path(name)
        write_zone(folder, options.names)
        port = free_port()
        with name_server(folder, port, options.server_processor):
            if options.serve:
                print(ADDRESS, port, folder / "names", flush=True)
                sys.stdin.read()
                return
            compare(options, port, folder / "names")


def compare(options, port: int, names: pathlib.Path) -> None:
    clients = {"dnsperf": run_dnsperf, "engine": run_engine}
    rounds = {client: [] for client in clients}
    for number in range(options.rounds + 1):
        for client, start in clients.items():
            figures = start(options, port, names)
            if number > 0:  # the first round warms up the server
                rounds[client].append(figures)
    print(f"{options.names} names, {options.window} outstanding, medians of {options.rounds} rounds")
    print(f"{'client':<8} {'queries/s':>10} {'CPU us/query':>13} {'of it user':>11} {'lost':>6}")
    for client, figures in rounds.items():
        rate, cpu, user = (
            statistics.median(f.get(key, float("nan")) for f in figures)
            for key in ("queries_per_second", "microseconds", "user_microseconds")
        )
        lost = sum(f["lost"] for f in figures)
        print(f"{client:<8} {rate:>10.0f} {cpu:>13.2f} {user:>11.2f} {lost:>6}")
    for key, meaning in (
        ("answers_per_processor_second", "answers a CPU second"),
        ("queries_per_second", "queries a second of wall time"),
    ):
        ratios = [e[key] / d[key] for e, d in zip(rounds["engine"], rounds["dnsperf"])]
        print(f"engine to dnsperf, {meaning}: {statistics.median(ratios):.2f} (from {min(ratios):.2f} to {max(ratios):.2f})")
    with contextlib.suppress(FileNotFoundError):
        print(f"engine, system calls a query: {system_calls(options, port, names, options.names):.3f}")


if __name__ == "__main__":
    main()
