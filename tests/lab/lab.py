#!/usr/bin/python3
"""A small internet on 127/8: root, top-level domains and domains on real nameservers of four implementations, and one
that misbehaves, all on one port. See README.md.

    lab.py start --directory DIR --port PORT     runs in the foreground until SIGTERM, SIGINT or SIGHUP
    lab.py zones                                 lists the domains, their purpose and their servers"""

import argparse
import ctypes
import functools
import json
import os
import pathlib
import random
import select
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import dnswire
import internet
import mute
import servers
import sniffer
import zonetext

HERE = pathlib.Path(__file__).resolve().parent
READY_SECONDS = 200  # only a server that hangs takes so long
RETRY_SECONDS = 0.02  # after which an unanswered SOA query is repeated
STOP_SECONDS = 5
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36


class LabError(Exception):
    pass


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


def can_bind(address, port):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(family, kind) as probe:
            if kind == socket.SOCK_STREAM:  # connections of an earlier lab may linger in TIME_WAIT
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError:
                return False
    return True


def claim_port(wanted, addresses, logs):
    """Returns a port that is free on every address, and the two mute servers on it, whose sockets keep other labs from
    using the port."""
    # below the ephemeral ports, so that no client uses it
    candidates = [wanted] if wanted else random.SystemRandom().sample(range(20000, 32000), 50)
    busy = None
    for port in candidates:
        claimed = []
        try:
            for address, log in logs.items():
                busy = address
                claimed.append(mute.Mute(address, port, log))
            busy = next((address for address in addresses if not can_bind(address, port)), None)
        except OSError:
            pass
        if busy is None:
            return port, claimed
        for each in claimed:
            each.close()
    tried = "port %d is not" % wanted if wanted else "none of 50 ports is"
    raise LabError("%s free for UDP and TCP on %s" % (tried, busy))


def misbehaving_modes():
    script = HERE / "misbehaving.py"
    listed = subprocess.run([sys.executable, script, "--list"], capture_output=True, text=True)
    if listed.returncode != 0:
        raise LabError("%s --list failed: %s" % (script.name, listed.stderr.strip()))
    return [line.split(None, 2) for line in listed.stdout.splitlines()]


def served_zones(ipv6, modes):
    """{server name: [(zone, file in zones/, values, signed)]}"""
    placed = {server.name: [] for server in internet.SERVERS}
    good_server, good_address = internet.GOOD_BESIDE_MISBEHAVING
    for zone in internet.ZONES:
        if zone.ipv6 and not ipv6:
            continue
        values = dict(zone.values)
        if zone.name == internet.FAULT_PARENT:
            values["DELEGATIONS"] = "\n".join(
                "{0} NS ns1.{0}\n{0} NS ns2.{0}\nns1.{0} A {1}{2}\nns2.{0} A {3}".format(
                    mode.replace("_", "-"), internet.MISBEHAVING_PREFIX, octet, good_address
                )
                for mode, octet, _ in modes
            )
        for place in zone.on.split():
            name, _, stem = place.partition("=")
            file = stem + ".zone" if stem else zone.file or zone.name + ".zone"
            placed[name].append((zone.name, file, values, zone.signed))
    for mode, octet, _ in modes:
        origin = "%s.%s" % (mode.replace("_", "-"), internet.FAULT_PARENT)
        values = {"ORIGIN": origin, "BAD": internet.MISBEHAVING_PREFIX + octet}
        placed[good_server].append((origin, "fault.zone.template", values, ""))
    return placed


def write_zones(placed, directory):
    """Writes each zone file once, signs those that are signed, and returns {server name: [(zone, path)]}."""
    directory.mkdir(parents=True)
    keys = zonetext.public_keys()
    paths, to_sign, on = {}, [], {}
    for server, entries in placed.items():
        on[server] = []
        for name, file, values, signed in entries:
            if (name, file) not in paths:
                stem = "root" if name == "." else name
                variant = "" if file in (stem + ".zone", "adsp.zone", "fault.zone.template") else "@" + server
                path = paths[name, file] = directory / (stem + variant)
                try:
                    path.write_text(zonetext.expand((zonetext.ZONES / file).read_text(), keys, values))
                except zonetext.ZoneTextError as error:
                    raise LabError("zones/%s: %s" % (file, error)) from None
                if signed:
                    to_sign.append((name, path, signed))
            on[server].append((name, paths[name, file]))
    (directory / "keys").mkdir()
    zonetext.sign(
        to_sign,
        directory / "keys",
        servers.command("dnssec-keygen", "bind9-utils"),
        servers.command("dnssec-signzone", "bind9-utils"),
    )
    return on


def prctl(option, value):
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def die_with_parent():
    # on SIGTERM, NSD, Knot, BIND and PowerDNS all end with their children
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


class Child:
    """A server process with its log, in its own session and process group."""

    def __init__(self, name, command, log, pass_fds=(), env=None):
        self.name = name
        self.log = log
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,
                cwd=log.parent,
                pass_fds=pass_fds,
                env=env,
            )
        self.pidfd = os.pidfd_open(self.process.pid)

    def tail(self, lines=15):
        # BIND logs "query failed" for each query of the lab itself.
        shown = [line for line in self.log.read_text(errors="replace").splitlines() if "query failed" not in line]
        return "\n".join("    " + line for line in shown[-lines:])

    def signal_group(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


class Lab:
    def __init__(self, directory, port):
        self.directory = directory
        self.state = directory / "lab.json"  # exists while the lab is ready
        self.wanted_port = port
        self.sockets = tempfile.mkdtemp(
            prefix="lab-"
        )  # for control sockets of Knot and PowerDNS, which are not used
        self.children = []
        self.mutes = []
        self.selector = selectors.DefaultSelector()
        self.stopping = False
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.wakeup, wakeup_in = os.pipe()
        for end in (self.wakeup, wakeup_in):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wakeup_in)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self.stop_soon)
        self.selector.register(self.wakeup, selectors.EVENT_READ, lambda: os.read(self.wakeup, 64))

    def stop_soon(self, *_):
        self.stopping = True

    def start(self):
        began = time.monotonic()
        self.directory.mkdir(parents=True, exist_ok=True)
        self.state.unlink(missing_ok=True)
        for leftover in ("zones", *(server.name for server in internet.SERVERS)):
            shutil.rmtree(self.directory / leftover, ignore_errors=True)

        ipv6 = has_ipv6()
        modes = misbehaving_modes()
        addresses = {
            server.name: [a for a in server.addresses if ipv6 or ":" not in a] for server in internet.SERVERS
        }
        bad_addresses = [internet.MISBEHAVING_PREFIX + octet for _, octet, _ in modes]
        logs = {
            internet.TRIPWIRE: self.directory / "tripwire.log",
            internet.SILENT: self.directory / "silent.log",
        }
        port, self.mutes = claim_port(
            self.wanted_port,
            [internet.DEAD, *sum(addresses.values(), []), *bad_addresses, *internet.MISBEHAVING_OTHERS],
            logs,
        )
        for each in self.mutes:
            each.serve(self.selector)

        placed = served_zones(ipv6, modes)
        zones = write_zones(placed, self.directory / "zones")
        queries_log = self.start_sniffer(port)
        for server in internet.SERVERS:
            command = servers.prepare(
                server,
                port,
                zones[server.name],
                self.directory / server.name,
                addresses[server.name],
                self.sockets,
            )
            self.add(server.name, command)
        misbehaving_log = self.directory / "misbehaving.log"
        misbehaving_log.unlink(missing_ok=True)
        self.add(
            "misbehaving",
            [sys.executable, HERE / "misbehaving.py", "--port", str(port), "--log", misbehaving_log],
        )
        self.wait_until_ready(port, zones, addresses)

        root_hints = self.directory / "root.hints"
        root_hints.write_text(internet.ROOT_HINTS)
        domains = {}
        for server in internet.SERVERS:
            for zone, _ in zones[server.name]:
                domains.setdefault(zone, {}).update(
                    (address, server.name) for address in addresses[server.name]
                )
        for mode, octet, _ in modes:
            domains["%s.%s" % (mode.replace("_", "-"), internet.FAULT_PARENT)][
                internet.MISBEHAVING_PREFIX + octet
            ] = "misbehaving"
        described = {
            "port": port,
            "root_hints": str(root_hints),
            "ipv6": ipv6,
            "pid": os.getpid(),
            "pids": {child.name: child.process.pid for child in self.children},
            "logs": {child.name: str(child.log) for child in self.children},
            "tripwire_log": str(logs[internet.TRIPWIRE]),
            "silent_log": str(logs[internet.SILENT]),
            "misbehaving_log": str(misbehaving_log),
            "queries_log": queries_log and str(queries_log),
            "left_out": [zone.name for zone in internet.ZONES if zone.ipv6 and not ipv6],
            "modes": {
                mode: {
                    "domain": "%s.%s" % (mode.replace("_", "-"), internet.FAULT_PARENT),
                    "address": internet.MISBEHAVING_PREFIX + octet,
                    "answer": sentence,
                }
                for mode, octet, sentence in modes
            },
            "domains": domains,
        }
        partial = self.state.with_suffix(".json.partial")
        partial.write_text(json.dumps(described, indent=1) + "\n")
        partial.replace(self.state)
        print("lab ready: port %d, root hints %s" % (port, root_hints), flush=True)
        print(
            "ready after %.2f s%s%s"
            % (
                time.monotonic() - began,
                "" if ipv6 else "; no IPv6 on loopback",
                "" if queries_log else "; queries are not logged (needs root)",
            ),
            file=sys.stderr,
        )

    def start_sniffer(self, port):
        """Returns the log of all queries, or None if the user may not open packet sockets."""
        log = self.directory / "queries.jsonl"
        log.unlink(missing_ok=True)
        try:
            sniffing = sniffer.open_socket(port)
        except PermissionError:
            return None
        with sniffing:
            self.add(
                "sniffer",
                [sys.executable, HERE / "sniffer.py", str(sniffing.fileno()), str(port), log],
                (sniffing.fileno(),),
            )
        return log

    def add(self, name, command, pass_fds=()):
        # misbehaving.log is the query log of that server itself
        log = self.directory / (name + (".out" if name == "misbehaving" else ".log"))
        child = Child(name, [str(word) for word in command], log, pass_fds)
        self.children.append(child)
        self.selector.register(child.pidfd, selectors.EVENT_READ, functools.partial(self.child_died, child))

    def child_died(self, child):
        raise LabError(
            "%s ended with status %s; the end of %s:\n%s"
            % (child.name, child.process.wait(), child.log, child.tail())
        )

    def turn(self, seconds=None):
        """Waits for events and handles them."""
        for key, _ in self.selector.select(seconds):
            key.data()
        if self.stopping:
            raise KeyboardInterrupt

    def wait_until_ready(self, port, zones, addresses):
        """Asks each server for the SOA of each of its zones, and each address over UDP and TCP."""
        waiting, done = {}, set()  # id -> (server, address, zone)
        for server in internet.SERVERS:
            first = addresses[server.name][0]
            asked = [(first, zone) for zone, _ in zones[server.name]]
            asked += [(address, zones[server.name][0][0]) for address in addresses[server.name][1:]]
            for address, zone in asked:
                waiting[len(waiting) + 1] = (server.name, address, zone)
        clients = {False: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)}
        if any(":" in address for _, address, _ in waiting.values()):
            clients[True] = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        deadline = time.monotonic() + READY_SECONDS

        def receive(client):
            message = client.recv(65535)
            number = int.from_bytes(message[:2], "big")
            if number in waiting and dnswire.is_good_answer(message, number):
                done.add(waiting.pop(number)[0])

        for client in clients.values():
            client.setblocking(False)
            self.selector.register(client, selectors.EVENT_READ, functools.partial(receive, client))
        misbehaving = next(child for child in self.children if child.name == "misbehaving")
        while waiting or "ready" not in misbehaving.log.read_text():
            tried = set()
            for number, (server, address, zone) in list(waiting.items()):
                if (
                    server in done or server not in tried
                ):  # until its first response, one query to a server is enough
                    tried.add(server)
                    clients[":" in address].sendto(
                        dnswire.question(zone, dnswire.SOA, number), (address, port)
                    )
            pause = time.monotonic() + RETRY_SECONDS
            while (left := pause - time.monotonic()) > 0:
                self.turn(left)
            if time.monotonic() > deadline:
                late = sorted({server for server, _, _ in waiting.values()}) or ["misbehaving"]
                unanswered = ", ".join(
                    "%s at %s" % (zone, address) for _, address, zone in list(waiting.values())[:5]
                )
                tails = "\n".join(
                    "the end of %s:\n%s" % (c.log, c.tail()) for c in self.children if c.name in late
                )
                raise LabError(
                    "not ready after %d s: %s (no SOA: %s)\n%s"
                    % (READY_SECONDS, ", ".join(late), unanswered or "-", tails)
                )
        for client in clients.values():
            self.selector.unregister(client)
            client.close()
        for server in internet.SERVERS:
            for address in addresses[server.name]:
                self.check_tcp(server, address, port, zones[server.name][0][0])

    def check_tcp(self, server, address, port, zone):
        query = dnswire.question(zone, dnswire.SOA, 1)
        try:
            with socket.create_connection((address, port), timeout=100) as stream:
                stream.sendall(len(query).to_bytes(2, "big") + query)
                answer = stream.makefile("rb").read(14)[2:]
        except OSError as error:
            raise LabError("%s answers no SOA over TCP at %s: %s" % (server.name, address, error)) from None
        if not dnswire.is_good_answer(answer, 1):
            raise LabError("%s answers no SOA over TCP at %s" % (server.name, address))

    def run(self):
        while True:
            self.turn()

    def end(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for child in self.children:
            child.signal_group(signal.SIGTERM)
        poll = select.poll()
        for child in self.children:
            poll.register(child.pidfd, select.POLLIN)
        alive, deadline = {child.pidfd for child in self.children}, time.monotonic() + STOP_SECONDS
        while alive and (left := deadline - time.monotonic()) > 0:
            for pidfd, _ in poll.poll(left * 1000):
                poll.unregister(pidfd)
                alive.discard(pidfd)
        for child in self.children:  # leaders that hang, and children that outlived their leader
            child.signal_group(signal.SIGKILL)
            child.process.wait()
        try:
            while True:  # orphans become children of this process: reap all of them
                os.waitpid(-1, 0)
        except ChildProcessError:
            pass
        for each in self.mutes:
            each.close()
        self.state.unlink(missing_ok=True)
        shutil.rmtree(self.sockets, ignore_errors=True)


def running_in(directory):
    """The process id of a lab that already runs in the directory, or None."""
    try:
        pid = json.loads((directory / "lab.json").read_text())["pid"]
        os.kill(pid, 0)
        return pid
    except (OSError, ValueError, KeyError):
        return None


def start(arguments):
    directory = pathlib.Path(arguments.directory).resolve()
    if pid := running_in(directory):
        print("lab: one already runs in %s, process %d" % (directory, pid), file=sys.stderr)
        return 1
    lab = Lab(directory, arguments.port)
    if arguments.end_with_parent:
        die_with_parent()
    try:
        lab.start()
        lab.run()
    except KeyboardInterrupt:
        return 0
    except (LabError, servers.MissingCommand, zonetext.ZoneTextError, OSError) as error:
        print("lab: %s" % error, file=sys.stderr)
        return 1
    finally:
        lab.end()


def list_zones(_):
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # so that `zones | head` is not an error
    for zone in internet.ZONES:
        file = zone.file or zone.name + ".zone"
        where = zone.on + (" signed:" + zone.signed if zone.signed else "")
        print("%-32s %s\n    %s" % (zone.name, where, zonetext.summary(file)))
    for mode, octet, sentence in misbehaving_modes():
        print(
            "%-32s misbehaving %s%s\n    %s"
            % (
                "%s.%s" % (mode.replace("_", "-"), internet.FAULT_PARENT),
                internet.MISBEHAVING_PREFIX,
                octet,
                sentence,
            )
        )
    return 0


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="start|zones")
    starting = commands.add_parser("start")
    starting.add_argument(
        "--directory", required=True, help="for settings, zones, logs, lab.json and root.hints"
    )
    starting.add_argument(
        "--port", type=int, default=0, help="UDP and TCP port of all servers; 0: a free one"
    )
    starting.add_argument("--end-with-parent", action="store_true", help="end when the starting process dies")
    starting.set_defaults(run=start)
    commands.add_parser("zones").set_defaults(run=list_zones)
    arguments = parser.parse_args()
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
