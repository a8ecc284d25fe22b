"""An internet with real recursive resolvers, whose zones change during a rotation. Unlike lab.py, it needs port 53,
since Unbound queries delegated servers only there, and therefore its own network namespace, which run_rotations.py
creates. This file does not depend on the tested program."""

import fcntl
import os
import pathlib
import re
import selectors
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

import lab
import mute
import servers
import sniffer
import zonetext
from internet import Server

PORT = 53
# The unit of TTLs in rotations, in seconds: longer if the machine is too slow.
SECOND = 1
# Only a server that hangs takes so long.
READY_SECONDS = 200
RELOAD_SECONDS = 100
ASK_SECONDS = 50
# Longer than any rotation, also with a clock that is moved on.
ALGORITHM = "ECDSAP256SHA256"
SIGNED_SECONDS = 4 * 365 * 86400
HERE = pathlib.Path(__file__).resolve().parent

SERVERS = (
    Server("root", "nsd", ("127.0.1.1",)),
    Server("tld", "knot", ("127.0.1.11",)),
    Server("nsd", "nsd", ("127.0.2.1",)),
    Server("knot", "knot", ("127.0.3.1",)),
    Server("bind", "bind", ("127.0.0.1",)),  # BIND uses only addresses of an interface
    Server("provider", "nsd", ("127.0.4.1",)),
    Server("provider2", "knot", ("127.0.5.1",)),
)
TOP_LEVEL = ("example", "test")

OPEN = "127.0.53.1"  # Unbound that shows its cache
CLOSED = "127.0.53.2"  # Unbound that does not (its default)
SETRD = "127.0.53.3"  # Unbound that recurses with RD=0 too
VALIDATING = "127.0.53.4"  # Unbound that shows its cache, validates, and denies names from NSEC records
RESOLVERS = {OPEN: "allow_snoop", CLOSED: "allow", SETRD: "allow_setrd", VALIDATING: "allow_snoop"}
TRIPWIRE = "127.0.0.53"  # a recursor that the program must not query
LAB_ITSELF = "127.0.99.1"  # source address of the lab's own queries
UNBOUND_ITSELF = "127.0.53.99"  # source address of Unbound


class RotationLabError(Exception):
    pass


def bring_loopback_up():
    siocgifflags, siocsifflags, up = 0x8913, 0x8914, 1
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        name = b"lo".ljust(16, b"\0")
        flags = struct.unpack("16sh", fcntl.ioctl(any_socket, siocgifflags, name + bytes(2)))[1]
        fcntl.ioctl(any_socket, siocsifflags, name + struct.pack("h", flags | up))


def ask(address, name, rdtype, recursion=False, seconds=ASK_SECONDS):
    """A query of the lab itself, from its own address."""
    query = dns.message.make_query(name, rdtype)
    query.flags = dns.flags.RD if recursion else 0
    response, _ = dns.query.udp_with_fallback(query, address, timeout=seconds, port=PORT, source=LAB_ITSELF)
    return response


def text_in(response):
    """The joined texts of the TXT records of an answer, sorted; an empty list means that they are denied."""
    if response.rcode() not in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
        raise RotationLabError("%s for %s" % (dns.rcode.to_text(response.rcode()), response.question[0]))
    return sorted(
        b"".join(record.strings).decode()
        for rrset in response.answer
        if rrset.rdtype == dns.rdatatype.TXT
        for record in rrset
    )


class Zone:
    """One zone, with its own text on each of its servers. Changes are made here and reach the servers with
    Internet.load."""

    def __init__(self, name, on, soa_ttl=4, minimum=4, ns_ttl=60, parent_ns_ttl=60, signed=False):
        self.name = name
        self.on = on.split()
        self.delegated_to = list(self.on)
        self.soa_ttl, self.minimum, self.ns_ttl, self.parent_ns_ttl = soa_ttl, minimum, ns_ttl, parent_ns_ttl
        self.signed = signed
        self.serial = {server: 0 for server in self.on}
        self.records = {server: {} for server in self.on}
        self.key = None  # the base name of the files of the signing key
        self.ds = []
        self.children = []

    def new_serial(self, server, generation):
        self.serial[server] = generation

    algorithm = ALGORITHM

    def signing(self, _server):
        return "good" if self.signed else "none"

    def put(self, owner, rdtype, data, ttl, on=None):
        """Publishes or replaces; `data` is the text of a TXT, or another type's rdata, or a list of them."""
        data = [data] if isinstance(data, str) else data
        if rdtype == "TXT":
            data = [quoted(text) for text in data]
        for server in [on] if isinstance(on, str) else on or self.on:
            self.records[server][owner, rdtype] = (ttl, data)

    def take(self, owner, rdtype, on=None):
        for server in [on] if isinstance(on, str) else on or self.on:
            del self.records[server][owner, rdtype]

    def host(self, server):
        return "%s.ns.%s." % (server, self.name)

    def delegation(self):
        """The records of the parent for this zone."""
        if not self.delegated_to:
            return []
        lines = ["%s. %d NS %s" % (self.name, self.parent_ns_ttl, self.host(s)) for s in self.delegated_to]
        lines += [
            "%s %d A %s" % (self.host(s.name), self.parent_ns_ttl, s.addresses[0])
            for s in SERVERS
            if s.name in self.delegated_to
        ]
        return lines + self.ds

    def text(self, server):
        origin = "." if self.name == "." else self.name + "."
        first = self.host(self.on[0]) if self.name != "." else "root.ns."
        lines = [
            "%s %d SOA %s hostmaster.%s %d 1800 900 604800 %d"
            % (origin, self.soa_ttl, first, first, self.serial[server], self.minimum)
        ]
        if self.name == ".":
            lines += [". 86400 NS root.ns.", "root.ns. 86400 A 127.0.1.1"]
        else:
            lines += [
                "%s %d NS %s" % (origin, self.ns_ttl, self.host(s)) for s in self.delegated_to or self.on
            ]
            lines += ["%s %d A %s" % (self.host(s.name), self.ns_ttl, s.addresses[0]) for s in SERVERS]
        for (owner, rdtype), (ttl, data) in sorted(self.records[server].items()):
            name = origin if owner == "@" else "%s.%s" % (owner, origin.lstrip("."))
            lines += ["%s %d %s %s" % (name, ttl, rdtype, rdata) for rdata in data]
        for child in self.children:
            lines += child.delegation()
        return "\n".join(lines) + "\n"


def quoted(text):
    """The rdata of a TXT record, in strings of 255 bytes."""
    pieces = [text[at : at + 255] for at in range(0, len(text), 255)]
    return " ".join('"%s"' % piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)


class Internet:
    """Servers, resolvers, tripwire and sniffer over the given zones; a context manager."""

    servers = SERVERS

    def __init__(self, directory, zones, resolver_environment=None):
        self.directory = pathlib.Path(directory)
        self.resolver_environment = resolver_environment
        self.zones = {zone.name: zone for zone in zones}
        root = self.zones["."] = Zone(".", "root", signed=True, soa_ttl=86400, minimum=86400)
        for name in TOP_LEVEL:
            # Denials of the parent can be cached for a day, so that they never help the change of a zone below.
            self.zones[name] = Zone(name, "tld", signed=True, soa_ttl=86400, minimum=86400)
            root.children.append(self.zones[name])
        for zone in zones:
            self.parent_of(zone).children.append(zone)
        self.children = {}
        self.locks = {server.name: threading.Lock() for server in SERVERS}
        self.generation = int(time.time())
        self.loading = threading.Lock()
        self.sockets = tempfile.mkdtemp(prefix="lab-")
        self.stopping = threading.Event()
        self.root_hints = self.directory / "root.hints"
        self.tripwire_log = self.directory / "tripwire.log"
        self.queries_log = self.directory / "queries.jsonl"

    def parent_of(self, zone):
        labels = zone.name.split(".")
        return next(
            self.zones[name]
            for name in (".".join(labels[at:]) or "." for at in range(1, len(labels) + 1))
            if name in self.zones
        )

    # ---- Zone files ----

    def path(self, zone, server):
        return self.directory / "zones" / ("%s@%s" % ("root" if zone.name == "." else zone.name, server))

    def make_key(self, zone):
        keys = self.directory / "keys"
        keygen = servers.command("dnssec-keygen", "bind9-utils")
        zone.key = zonetext.run(
            [keygen, "-q", "-a", zone.algorithm, "-f", "KSK", "-K", keys, "-T", "DNSKEY", zone.name], keys
        ).strip()
        dsfromkey = servers.command("dnssec-dsfromkey", "bind9-utils")
        output = zonetext.run([dsfromkey, "-2", keys / (zone.key + ".key")], keys)
        zone.ds = ["%s %d %s" % (line.split()[0], 60, line.split("IN", 1)[1]) for line in output.splitlines()]

    def signed(self, zone, text, file, how):
        """The signed zone, a record a line; `how` says when its signatures are valid."""
        keys = self.directory / "keys"
        begin = {"expired": "now-20d", "future": "now+3d"}.get(how, "now-1h")
        end = {"expired": "now-3d", "future": "now+20d", "soon": "now+60", "half": "now+1h"}
        unsigned, signed = pathlib.Path("%s.unsigned" % file), pathlib.Path("%s.signed" % file)
        unsigned.write_text(text + (keys / (zone.key + ".key")).read_text())
        signzone = servers.command("dnssec-signzone", "bind9-utils")
        times = ["-s", begin, "-e", end.get(how, "now+%d" % SIGNED_SECONDS)]
        folders = ["-K", keys, "-d", keys]
        files = ["-o", zone.name, "-O", "full", "-f", signed, unsigned, zone.key]
        zonetext.run([signzone, "-q", "-z", "-P", *times, *folders, *files], keys)
        return signed.read_text()

    def write(self, zone, server):
        self.generation += 1
        zone.new_serial(server, self.generation)
        file = self.path(zone, server)
        text, fresh = zone.text(server), pathlib.Path(str(file) + ".new")
        how = zone.signing(server)
        if how == "spliced":  # the record, in a zone whose NSEC records do not know it
            is_record = re.compile(r"s1\._domainkey\S*\s.*\s(TXT|RRSIG\s+TXT)\s").match
            others = "".join(line + "\n" for line in text.splitlines() if not line.startswith("s1._domainkey"))
            record = [line for line in self.signed(zone, text, file, how).splitlines() if is_record(line)]
            fresh.write_text(self.signed(zone, others, file, how) + "\n".join(record) + "\n")
        elif how == "altered":
            fresh.write_text(self.signed(zone, text, file, how).replace('"v=DKIM1; ', '"v=DKIM1; n=altered; '))
        elif how != "none":
            fresh.write_text(self.signed(zone, text, file, how))
        else:
            fresh.write_text(text)
        # Servers detect a changed file by its time, some of them in whole seconds.
        os.utime(fresh, (self.generation, self.generation))
        fresh.replace(file)

    # ---- Start ----

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def start(self):
        for name in ("zones", "keys"):
            (self.directory / name).mkdir(parents=True)
        for zone in self.zones.values():
            if zone.signed:
                self.make_key(zone)
        for zone in self.zones.values():
            for server in zone.on:
                self.write(zone, server)
        self.root_hints.write_text(". 3600000 NS root.ns.\nroot.ns. 3600000 A 127.0.1.1\n")
        self.watch()
        self.start_servers()
        for resolver in RESOLVERS:
            self.start_unbound(resolver)
        self.wait_for_servers()
        deadline = time.monotonic() + READY_SECONDS
        for resolver in RESOLVERS:
            self.wait_for_resolver(resolver, deadline)

    def start_servers(self):
        for server in self.servers:
            served = [
                (zone.name, self.path(zone, server.name))
                for zone in self.zones.values()
                if server.name in zone.on
            ]
            command = servers.prepare(
                server, PORT, served, self.directory / server.name, server.addresses, self.sockets
            )
            self.add(server.name, command)

    def wait_for_servers(self):
        for zone in self.zones.values():
            for server in zone.on:
                self.wait_for(zone, server, READY_SECONDS)

    def wait_for_resolver(self, resolver, deadline):
        while True:
            try:
                if ask(resolver, "example.", "SOA", True, 0.2).answer:
                    break
            except dns.exception.Timeout:
                pass
            if time.monotonic() > deadline:
                raise RotationLabError("the resolver at %s does not answer" % resolver)
            time.sleep(0.02)

    def start_unbound(self, address):
        name = "unbound-" + address
        directory = self.directory / name
        directory.mkdir()
        modules = "iterator"
        more = []
        if address == VALIDATING:
            modules = "validator iterator"
            anchor = self.directory / "keys" / (self.zones["."].key + ".key")
            more = ['trust-anchor-file: "%s"' % anchor, "aggressive-nsec: yes"]
        lines = [
            "server:",
            "interface: %s@%d" % (address, PORT),
            "port: %d" % PORT,
            "access-control: 127.0.0.0/8 %s" % RESOLVERS[address],
            "outgoing-interface: %s" % UNBOUND_ITSELF,
            "do-not-query-localhost: no",
            'local-zone: "test." nodefault',
            'root-hints: "%s"' % self.root_hints,
            'module-config: "%s"' % modules,
            "qname-minimisation: yes",
            "cache-min-ttl: 0",
            "do-ip6: no",
            "num-threads: 1",
            "do-daemonize: no",
            'chroot: ""',
            'username: ""',
            'directory: "%s"' % directory,
            'pidfile: ""',
            "use-syslog: no",
            'logfile: ""',
            "verbosity: 1",
            *more,
            "remote-control:",
            "control-enable: no",
        ]
        settings = directory / "unbound.conf"
        settings.write_text("\n".join(lines) + "\n")
        self.add(name, [servers.command("unbound", "unbound"), "-d", "-c", settings], env=self.resolver_environment)

    def add(self, name, command, pass_fds=(), env=None):
        log = self.directory / (name + ".log")
        self.children[name] = lab.Child(name, [str(word) for word in command], log, pass_fds, env)

    def watch(self):
        """Starts the tripwire in a thread, and the sniffer."""
        selector = selectors.DefaultSelector()
        tripwire = mute.Mute(TRIPWIRE, PORT, self.tripwire_log)
        tripwire.serve(selector)

        def turn():
            while not self.stopping.is_set():
                for key, _ in selector.select(0.1):
                    key.data()
            tripwire.close()

        threading.Thread(target=turn).start()
        with sniffer.open_socket(PORT) as sniffing:
            self.add(
                "sniffer",
                [sys.executable, HERE / "sniffer.py", sniffing.fileno(), PORT, self.queries_log],
                (sniffing.fileno(),),
            )

    def end(self):
        self.stopping.set()
        for child in self.children.values():
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + lab.STOP_SECONDS
        for child in self.children.values():
            try:
                child.process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.signal_group(signal.SIGKILL)
                child.process.wait()
        for left in pathlib.Path(self.sockets).iterdir():
            left.unlink()
        os.rmdir(self.sockets)

    # ---- Changes ----

    def wait_for(self, zone, server, seconds=RELOAD_SECONDS):
        """Waits until each address of the server returns the last written serial of the zone."""
        deadline = time.monotonic() + seconds
        wanted = zone.serial[server]
        for address in next(s for s in self.servers if s.name == server).addresses:
            while True:
                child = self.children[server]
                if child.process.poll() is not None:
                    raise RotationLabError("%s has ended:\n%s" % (server, child.tail()))
                try:
                    answer = ask(address, zone.name, "SOA", seconds=0.2).answer
                    if answer and answer[0].rdtype == dns.rdatatype.SOA and answer[0][0].serial >= wanted:
                        break
                except (dns.exception.Timeout, OSError):
                    pass
                if time.monotonic() > deadline:
                    raise RotationLabError(
                        "%s does not serve %s with serial %d:\n%s" % (server, zone.name, wanted, child.tail())
                    )
                time.sleep(0.01)

    def load(self, *zones, on=None):
        """Writes the zones and lets their servers load them; with `on`, only these, so that the others stay stale.
        Returns when each of them serves the new text, with the time just before the first could."""
        before = time.time()
        with self.loading:
            touched = [(z, s) for z in zones for s in z.on if on is None or s in on]
            for zone, server in touched:
                self.write(zone, server)
            for server in sorted({server for _, server in touched}):
                os.kill(self.children[server].process.pid, signal.SIGHUP)
            for zone, server in touched:
                self.wait_for(zone, server)
        return before
