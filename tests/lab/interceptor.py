"""Two network namespaces. The outer one has a small internet on public addresses, with a root, a top-level domain,
nameservers and resolvers. In the inner one, every address belongs to the interceptor: it answers queries to redirected
addresses, and forwards everything else to the intended server. No packet leaves them. This file does not depend on the
tested program. Only root can create namespaces."""

import concurrent.futures
import ctypes
import dataclasses
import os
import pathlib
import selectors
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rdatatype

import lab
import servers
import zonetext
from internet import Server
from rotation_lab import bring_loopback_up

PORT = 53
READY_SECONDS = 20
CLONE_NEWNET = 0x40000000
IP_PKTINFO, IPV6_FREEBIND = 8, 78  # of Linux; Python has no names for them
WORKERS = 16

ROOT4 = """198.41.0.4 170.247.170.2 192.33.4.12 199.7.91.13 192.203.230.10 192.5.5.241 192.112.36.4 198.97.190.53
192.36.148.17 192.58.128.30 193.0.14.129 199.7.83.42 202.12.27.33""".split()
ROOT6 = """2001:503:ba3e::2:30 2801:1b8:10::b 2001:500:2::c 2001:500:2d::d 2001:500:a8::e 2001:500:2f::f
2001:500:12::d0d 2001:500:1::53 2001:7fe::53 2001:503:c27::2:30 2001:7fd::1 2001:500:9f::42 2001:dc3::35""".split()
TLD = ("192.5.6.30", "192.33.14.30", "2001:503:a83e::2:30")
FIRST, SECOND = ("45.1.1.1", "2a10:1::1"), ("46.2.2.2",)  # the nameservers of the domain
ALONE = ("47.3.3.1", "47.3.3.2", "47.3.3.3")  # one machine that serves the root, a top-level domain and a domain
SERVERS = (
    Server("root", "nsd", (*ROOT4, *ROOT6)),
    Server("tld", "knot", TLD),
    Server("first", "nsd", FIRST),
    Server("second", "knot", SECOND),
    Server("alone", "nsd", ALONE),
)
OPEN, CLOSED = "127.0.53.1", "127.0.53.2"  # Unbound that answers the interceptor, and one that refuses RD=0
DOMAIN, LONE_DOMAIN = "example.com", "lone.lab"

SOA = "@ 3600 SOA ns.nowhere. nobody.nowhere. 1 3600 600 86400 300\n"
KEY = '"v=DKIM1; k=ed25519; p=%s"' % zonetext.public_keys()["ed25519"]


def ns_lines(owner, names):
    return "".join("%s 3600 NS %s\n" % (owner, name) for name in names)


def address_lines(owner, addresses):
    return "".join("%s 3600 %s %s\n" % (owner, "AAAA" if ":" in each else "A", each) for each in addresses)


def zone_texts():
    """{server: {zone: text}}"""
    letters = "abcdefghijklm"
    root = "$ORIGIN .\n" + SOA
    for letter, four, six in zip(letters, ROOT4, ROOT6):
        root += ns_lines(".", [letter + ".root-servers.net."])
        root += address_lines(letter + ".root-servers.net.", [four, six])
    tld_names = [letter + ".tld-servers.com." for letter in "abc"]
    tld_lines = ns_lines("com.", tld_names)
    for name, address in zip(tld_names, TLD):
        tld_lines += address_lines(name, [address])
    hosts = address_lines("ns1.example.com.", FIRST) + address_lines("ns2.example.com.", SECOND)
    domain_lines = ns_lines("example.com.", ["ns1.example.com.", "ns2.example.com."]) + hosts
    domain = SOA + domain_lines + "s1._domainkey TXT %s\n" % KEY
    lone_ns = ["ns%d.lone.lab." % (i + 1) for i in range(len(ALONE))]
    lone_hosts = "".join(address_lines(name, [address]) for name, address in zip(lone_ns, ALONE))
    return {
        "root": {".": root + tld_lines},
        "tld": {"com": "$ORIGIN com.\n" + SOA + tld_lines + domain_lines},
        "first": {"example.com": "$ORIGIN example.com.\n" + domain},
        "second": {"example.com": "$ORIGIN example.com.\n" + domain},
        "alone": {
            ".": "$ORIGIN .\n" + SOA + ns_lines(".", lone_ns) + ns_lines("lab.", lone_ns) + lone_hosts,
            "lab": "$ORIGIN lab.\n" + SOA + ns_lines("@", lone_ns) + ns_lines("lone", lone_ns) + lone_hosts,
            "lone.lab": "$ORIGIN lone.lab.\n"
            + SOA
            + ns_lines("@", lone_ns)
            + lone_hosts
            + "s1._domainkey TXT %s\n" % KEY,
        },
    }


def ip(*words):
    subprocess.run([servers.command("ip", "iproute2"), *words], check=True)


def every_address_is_here():
    """Packets to any address of both families stay in this namespace."""
    bring_loopback_up()
    ip("-4", "route", "add", "local", "0.0.0.0/0", "dev", "lo")
    ip("-6", "route", "add", "local", "::/0", "dev", "lo")


class World:
    """The internet of the outer namespace; use it in a new namespace."""

    def __init__(self, directory):
        self.directory = directory
        self.sockets = tempfile.mkdtemp(prefix="lab-")
        self.children = []

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
        every_address_is_here()
        for address in sum((server.addresses for server in SERVERS), ()):
            if ":" in address:  # servers bind only addresses of an interface
                ip("-6", "address", "add", address + "/128", "dev", "lo", "nodad")
        hints = "".join(". 3600000 NS %s.root-servers.net.\n" % letter for letter in "abcdefghijklm")
        for letter, four, six in zip("abcdefghijklm", ROOT4, ROOT6):
            hints += address_lines(letter + ".root-servers.net.", [four, six])
        self.directory.mkdir(parents=True)
        (self.directory / "root.hints").write_text(hints)
        for server in SERVERS:
            zones = []
            for zone, text in zone_texts()[server.name].items():
                path = self.directory / ("%s@%s" % ("root" if zone == "." else zone, server.name))
                path.write_text(text)
                zones.append((zone, path))
            command = servers.prepare(
                server, PORT, zones, self.directory / server.name, server.addresses, self.sockets
            )
            self.add(server.name, command)
        self.start_unbound(OPEN)
        self.start_unbound(CLOSED)
        for server in SERVERS:
            for zone in zone_texts()[server.name]:
                self.wait_for(server.addresses[0], zone, 0)
        for resolver in (OPEN, CLOSED):
            self.wait_for(resolver, DOMAIN, dns.flags.RD)

    def start_unbound(self, address):
        directory = self.directory / ("unbound-" + address)
        directory.mkdir()
        lines = [
            "server:",
            "interface: %s@%d" % (address, PORT),
            "port: %d" % PORT,
            "access-control: 127.0.0.0/8 allow",
            'root-hints: "%s"' % (self.directory / "root.hints"),
            'module-config: "iterator"',
            "qname-minimisation: yes",
            "num-threads: 1",
            "do-daemonize: no",
            'chroot: ""',
            'username: ""',
            'directory: "%s"' % directory,
            'pidfile: ""',
            "use-syslog: no",
            'logfile: ""',
            "verbosity: 1",
            "remote-control:",
            "control-enable: no",
        ]
        settings = directory / "unbound.conf"
        settings.write_text("\n".join(lines) + "\n")
        self.add("unbound-" + address, [servers.command("unbound", "unbound"), "-d", "-c", settings])

    def add(self, name, command):
        child = lab.Child(name, [str(word) for word in command], self.directory / (name + ".log"))
        self.children.append(child)

    def wait_for(self, address, zone, flags):
        deadline = time.monotonic() + READY_SECONDS
        query = dns.message.make_query(zone, "SOA")
        query.flags = flags
        while True:
            try:
                if dns.query.udp(query, address, timeout=0.2).answer:
                    return
            except (dns.exception.Timeout, OSError):
                pass
            if time.monotonic() > deadline:
                tails = "\n".join("%s:\n%s" % (child.name, child.tail()) for child in self.children)
                raise RuntimeError("%s does not answer for %s:\n%s" % (address, zone, tails))
            time.sleep(0.02)

    def end(self):
        for child in self.children:
            child.signal_group(signal.SIGTERM)
        deadline = time.monotonic() + lab.STOP_SECONDS
        for child in self.children:
            try:
                child.process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.signal_group(signal.SIGKILL)
                child.process.wait()
        for left in pathlib.Path(self.sockets).iterdir():
            left.unlink()
        os.rmdir(self.sockets)


def everywhere(_):
    return True


def nowhere(_):
    return False


@dataclasses.dataclass(frozen=True)
class Kind:
    """What the interceptor does with a query to an address."""

    redirects: object = everywhere
    aa: object = None  # None leaves the flag as the resolver set it
    ra: object = None
    refuses: bool = False  # forwards RD=0 unchanged, which Unbound refuses
    tcp: str = "answered"  # answered, real or closed
    set_ra_at: tuple = ()  # real servers whose responses get RA=1


@dataclasses.dataclass(frozen=True)
class Seen:
    address: str
    transport: str
    name: str
    redirected: bool


def flagged(message, aa, ra):
    """The message with the bits AA and RA as wanted."""
    first, second = message[2], message[3]
    if aa is not None:
        first = first & ~0x04 | (0x04 if aa else 0)
    if ra is not None:
        second = second & ~0x80 | (0x80 if ra else 0)
    return message[:2] + bytes((first, second)) + message[4:]


def receive_exactly(connection, size):
    data = b""
    while len(data) < size:
        part = connection.recv(size - len(data))
        if not part:
            raise EOFError
        data += part
    return data


class Interceptor:
    """Every address of the inner namespace. `run` starts a command there."""

    def __init__(self):
        self.kind = Kind()
        self.seen = []
        self.lock = threading.Lock()
        # A thread inherits the namespace of its creator: these send their queries in the outer one.
        self.outer = concurrent.futures.ThreadPoolExecutor(WORKERS)
        barrier = threading.Barrier(WORKERS)
        list(self.outer.map(lambda _: barrier.wait(), range(WORKERS)))
        self.inner = concurrent.futures.ThreadPoolExecutor(1)
        self.stopping = threading.Event()
        self.selector = selectors.DefaultSelector()
        self.listeners = []
        self.inner.submit(self.enter).result()

    def enter(self):
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        every_address_is_here()
        for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            udp = socket.socket(family, socket.SOCK_DGRAM)
            if family == socket.AF_INET:
                udp.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
            else:
                udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
                udp.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)  # to respond from any queried address
            udp.bind((any_address, PORT))
            udp.setblocking(False)
            self.selector.register(udp, selectors.EVENT_READ, self.take_datagram)
        threading.Thread(target=self.serve).start()

    def listen(self, wanted):
        """TCP is open or closed everywhere."""
        for listener in self.listeners:
            self.selector.unregister(listener)
            listener.close()
        self.listeners = []
        for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")) if wanted else ():
            tcp = socket.socket(family, socket.SOCK_STREAM)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                tcp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            tcp.bind((any_address, PORT))
            tcp.listen(64)
            self.selector.register(tcp, selectors.EVENT_READ, self.take_connection)
            self.listeners.append(tcp)

    def serve(self):
        while not self.stopping.is_set():
            for key, _ in self.selector.select(0.05):
                key.data(key.fileobj)

    def take_datagram(self, udp):
        message, ancillary, _, peer = udp.recvmsg(65535, 256)
        _, kind, data = ancillary[0]
        if udp.family == socket.AF_INET:
            address = socket.inet_ntop(socket.AF_INET, data[8:12])
            source = (socket.IPPROTO_IP, IP_PKTINFO, struct.pack("=I4s4s", 0, data[8:12], bytes(4)))
        else:
            address = socket.inet_ntop(socket.AF_INET6, data[:16])
            source = (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, data[:16] + bytes(4))

        def work():
            answer = self.answer(address, message, "udp")
            if answer is not None:
                udp.sendmsg([answer], [source], 0, peer)

        self.outer.submit(work)

    def take_connection(self, listener):
        connection, _ = listener.accept()
        connection.setblocking(True)
        address = connection.getsockname()[0]

        def work():
            with connection:
                try:
                    while True:
                        size = struct.unpack("!H", receive_exactly(connection, 2))[0]
                        answer = self.answer(address, receive_exactly(connection, size), "tcp")
                        if answer is None:
                            return
                        connection.sendall(struct.pack("!H", len(answer)) + answer)
                except (EOFError, OSError):
                    pass

        self.outer.submit(work)

    def answer(self, address, message, transport):
        kind = self.kind
        redirected = kind.redirects(address) and (transport == "udp" or kind.tcp == "answered")
        name = dns.message.from_wire(message).question[0].name.to_text()
        with self.lock:
            self.seen.append(Seen(address, transport, name, redirected))
        if not redirected:
            answer = self.ask(address, message, transport)
            return flagged(answer, None, True) if answer and address in kind.set_ra_at else answer
        if kind.refuses:
            return self.ask(CLOSED, message, transport)
        wanted = message[:2] + bytes((message[2] | 0x01,)) + message[3:]
        answer = self.ask(OPEN, wanted, transport)
        if answer is None:
            return None
        answer = answer[:2] + bytes((answer[2] & ~0x01,)) + answer[3:]
        return flagged(answer, kind.aa, kind.ra)

    @staticmethod
    def ask(address, message, transport):
        """Runs in the outer namespace."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        with socket.socket(family, kind) as upstream:
            upstream.settimeout(3)
            try:
                upstream.connect((address, PORT))
                if transport == "udp":
                    upstream.send(message)
                    return upstream.recv(65535)
                upstream.sendall(struct.pack("!H", len(message)) + message)
                return receive_exactly(upstream, struct.unpack("!H", receive_exactly(upstream, 2))[0])
            except (OSError, EOFError):
                return None

    def run(self, kind, command, environment, seconds):
        """Returns the finished command, the queries during its run, and its duration."""
        return self.inner.submit(self.run_inside, kind, command, environment, seconds).result()

    def run_inside(self, kind, command, environment, seconds):
        self.listen(kind.tcp != "closed")
        self.kind = kind
        with self.lock:
            self.seen = []
        began = time.monotonic()
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            timeout=seconds,
        )
        took = time.monotonic() - began
        with self.lock:
            return done, list(self.seen), took

    def end(self):
        self.stopping.set()
        self.inner.shutdown()
        self.outer.shutdown()
