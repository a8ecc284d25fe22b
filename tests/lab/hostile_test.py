#!/usr/bin/python3
"""One hostile domain must harm no other: the daemon watches it beside ten healthy ones, and every figure stays within
its bound. The servers are a part of this script, on 127.77/16.

    hostile_test.py --program PATH [--only GLOB] [--scale FACTOR]

`--scale` multiplies the limits of times, for slow builds."""

import argparse
import concurrent.futures
import contextlib
import fnmatch
import functools
import http.client
import os
import pathlib
import re
import selectors
import signal
import socket
import statistics
import struct
import subprocess
import tempfile
import threading
import time

import run_cases

KEY = "v=DKIM1; k=ed25519; p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M="
A, NS, CNAME, SOA, TXT = 1, 2, 5, 6, 16
ROOT, TLD, GOOD, BAD = "127.77.0.1", "127.77.0.2", ("127.77.1.1", "127.77.1.2"), "127.77.2.%d"
HEALTHY = ["healthy%d.test" % i for i in range(10)]
HOSTILE = "hostile.test"
ADDRESSES = 32
SCENES_AT_ONCE = 3

MOST_MEMORY = 300 << 20
MOST_GAP = 5  # seconds between two messages to the watchdog
MOST_END = 2  # seconds from SIGTERM to the end
SCRAPE = 10  # seconds that a scraper gives
MOST_SCRAPE = 50  # milliseconds until it has the page
LATE = 1  # second: by how much a command may miss its deadline


def wire(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def rr(owner, rtype, rdata, ttl=300):
    return wire(owner) + struct.pack("!2HIH", rtype, 1, ttl, len(rdata)) + rdata


def txt(octets):
    return b"".join(bytes([len(octets[i : i + 255])]) + octets[i : i + 255] for i in range(0, len(octets), 255))


def soa(zone):
    return rr(zone, SOA, wire("ns0." + zone) + wire("root." + zone) + struct.pack("!5I", 1, 3600, 600, 86400, 60))


def message(query, answers=(), authority=(), additional=(), aa=True, rcode=0):
    end = 12
    while query[end]:
        end += 1 + query[end]
    flags = 0x8000 | (0x0400 if aa else 0) | rcode
    counts = struct.pack("!4H", 1, len(answers), len(authority), len(additional))
    return query[:2] + struct.pack("!H", flags) + counts + query[12 : end + 5] + b"".join((*answers, *authority, *additional))


def question_of(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1 : at + 1 + query[at]].decode("ascii", "replace").lower())
        at += 1 + query[at]
    return ".".join(labels), struct.unpack("!H", query[at + 1 : at + 3])[0]


def delegation(zone, servers):
    names = ["ns%d.%s" % (i, zone) for i in range(len(servers))]
    return [rr(zone, NS, wire(name)) for name in names], [
        rr(name, A, socket.inet_aton(address)) for name, addresses in zip(names, servers) for address in addresses
    ]


GOOD_SERVERS = [[address] for address in GOOD]
BAD_SERVERS = [[BAD % (1 + i), BAD % (17 + i)] for i in range(ADDRESSES // 2)]


class Internet(threading.Thread):
    """A root, a top-level domain, two good servers, and 32 addresses of a hostile one."""

    def __init__(self, hostile):
        super().__init__(daemon=True)
        self.hostile = hostile
        self.selector = selectors.DefaultSelector()
        addresses = [ROOT, TLD, *GOOD, *(BAD % (1 + i) for i in range(ADDRESSES))]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind((ROOT, 0))
            self.port = free.getsockname()[1]
        for address in addresses:
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.bind((address, self.port))
            tcp = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tcp.bind((address, self.port))
            tcp.listen(256)
            for each in (udp, tcp):
                each.setblocking(False)
            self.selector.register(udp, selectors.EVENT_READ, (self.datagram, address))
            self.selector.register(tcp, selectors.EVENT_READ, (self.connection, address))
        self.streams = {}
        self.connections = self.octets = 0  # over TCP

    def run(self):
        while True:
            for key, _ in self.selector.select():
                handler, address = key.data
                with contextlib.suppress(OSError):
                    handler(key.fileobj, address)

    def datagram(self, udp, address):
        query, peer = udp.recvfrom(4096)
        response = self.answer(address, query)
        if len(response) > 512:
            response = response[:2] + bytes([response[2] | 2]) + message(query)[3:]  # TC=1
        udp.sendto(response, peer)

    def connection(self, tcp, address):
        stream, _ = tcp.accept()
        stream.setblocking(False)
        self.selector.register(stream, selectors.EVENT_READ, (self.stream, address))

    def stream(self, stream, address):
        if stream in self.streams:
            with contextlib.suppress(BlockingIOError):
                left = self.streams[stream]
                sent = stream.send(left)
                self.octets += sent
                del left[:sent]
                if not left and self.hostile is endless:
                    left += OTHER_MESSAGE
            return
        query = stream.recv(4096)
        if len(query) < 14:
            self.selector.unregister(stream)
            return stream.close()
        response = self.answer(address, query[2:])
        self.connections += 1
        octets = bytearray(struct.pack("!H", len(response)) + response)
        if self.hostile is endless and address not in GOOD:
            octets = bytearray(OTHER_MESSAGE)
        sent = stream.send(octets)
        self.octets += sent
        if sent < len(octets):
            self.streams[stream] = octets[sent:]
            self.selector.modify(stream, selectors.EVENT_WRITE, (self.stream, address))

    def answer(self, address, query):
        name, qtype = question_of(query)
        if address == ROOT:
            if not name and qtype == NS:
                return message(query, [rr("", NS, wire("a.root"))], (), [rr("a.root", A, socket.inet_aton(ROOT))])
            if not name:
                return message(query, (), [soa("")])
            ns, glue = delegation("test", [[TLD]])
            return message(query, (), ns, glue, aa=False)
        if address == TLD:
            zone = ".".join(name.split(".")[-2:])
            if zone == "test":
                return message(query, delegation("test", [[TLD]])[0] if qtype == NS and name == "test" else (), [soa("test")])
            is_good = zone in HEALTHY or self.hostile in ON_GOOD_SERVERS
            ns, glue = delegation(zone, GOOD_SERVERS if is_good else BAD_SERVERS)
            return message(query, (), ns, glue, aa=False)
        zone = ".".join(name.split(".")[-2:])
        if zone not in HEALTHY and self.hostile is lame:
            return message(query, aa=False, rcode=5)
        servers = GOOD_SERVERS if address in GOOD else BAD_SERVERS
        if name == zone and qtype in (NS, SOA):
            return message(query, delegation(zone, servers)[0] if qtype == NS else [soa(zone)])
        for i, addresses in enumerate(servers):
            if name == "ns%d.%s" % (i, zone):
                return message(query, [rr(name, A, socket.inet_aton(each)) for each in addresses] if qtype == A else (), [soa(zone)])
        if zone not in HEALTHY:
            return self.hostile(query, name, qtype)
        if qtype == TXT and name == "s1._domainkey." + zone:
            return message(query, [rr(name, TXT, txt(KEY.encode()))])
        exists = name in (zone, "_domainkey." + zone, "s1._domainkey." + zone)
        return message(query, (), [soa(zone)], rcode=0 if exists else 3)


def alias_from(name):
    number = re.match(r"c(\d+)\.", name)
    step = int(number[1]) + 1 if number else 0
    return rr(name, CNAME, wire("c%d.%s" % (step, HOSTILE)))


def many_records(query, name, qtype):
    """A thousand TXT records and an alias, twelve times."""
    if qtype != TXT:
        return message(query, (), [soa(HOSTILE)])
    return message(query, [alias_from(name)] + [rr(name, TXT, b"\x08" + os.urandom(8)) for _ in range(1000)])


def most_records(query, name, qtype):
    """As much as is kept of a response, different each time, and an alias, twelve times."""
    if qtype != TXT:
        return message(query, (), [soa(HOSTILE)])
    return message(query, [alias_from(name)] + [rr(name, TXT, txt(b"v=DKIM1; p=" + os.urandom(490))) for _ in range(32)])


def one_random(query, name, qtype):
    """One large TXT record, different each time."""
    if qtype != TXT:
        return message(query, (), [soa(HOSTILE)])
    return message(query, [rr(name, TXT, txt(os.urandom(16_000)))])


def flood(query, name, qtype):
    """Messages of 60 kB."""
    if qtype != TXT:
        return message(query, (), [soa(HOSTILE)])
    return message(query, [rr(name, TXT, txt(os.urandom(60_000)))])


def endless(query, name, qtype):
    """Over TCP, an endless stream of messages that are not the answer."""
    return flood(query, name, qtype)


def lame(query, name, qtype):
    """Five domains delegated to the servers of the healthy ones, which refuse them."""


def same_servers(query, name, qtype):
    """The servers of the healthy domains are the hostile domain's too."""
    return many_records(query, name, qtype)


ON_GOOD_SERVERS = (lame, same_servers)
SCENES = {
    each.__name__.replace("_", "-"): each
    for each in (many_records, most_records, one_random, flood, endless, lame, same_servers)
}
OTHER_MESSAGE = struct.pack("!H", 65_535) + bytes(65_535)


class Daemon:
    def __init__(self, program, internet, folder, domains):
        self.folder = folder
        rows = "".join("  - {domain: %s, selectors: [s1]}\n" % domain for domain in domains)
        hints = folder / "root.hints"
        hints.write_text(". 3600 NS a.root.\na.root. 3600 A %s\n" % ROOT)
        self.settings = folder / "settings.yaml"
        self.settings.write_text(
            "interval: 10s\nprobe:\n  port: %d\n  root_hints: %s\n  allow_networks: [127.0.0.0/8]\ndomains:\n%s"
            % (internet.port, hints, rows)
        )
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = str(folder / "notify")
        self.notify.bind(path)
        self.beats, self.scrapes, self.most_memory = [time.monotonic()], [], 0
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [program, "serve", "--config.file", self.settings, "--web.listen-address", "127.0.0.1:0",
             "--storage.path", folder / "store"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
            env={**os.environ, "NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"},
            preexec_fn=run_cases.end_with_us,
        )  # fmt: skip
        self.log = []
        for work in (self.read_log, self.read_beats, self.read_memory):
            threading.Thread(target=work, daemon=True).start()
        while not (listening := next((line for line in self.log if "msg=listening" in line), "")):
            if self.process.poll() is not None:
                raise AssertionError("\n".join(self.log))
            time.sleep(0.02)
        self.port = int(re.search(r" port=(\d+)", listening)[1])

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))

    def read_beats(self):
        while True:
            if self.notify.recv(4096) == b"WATCHDOG=1":
                self.beats.append(time.monotonic())

    def read_memory(self):
        with contextlib.suppress(OSError, TypeError):
            while self.process.poll() is None:
                status = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
                self.most_memory = max(self.most_memory, int(re.search(r"VmRSS:\s+(\d+)", status)[1]) << 10)
                time.sleep(0.05)

    def ask(self, path, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={key.replace("_", "-"): value for key, value in headers.items()})
            response = connection.getresponse()
            return response.status, response.read().decode("utf-8", "replace")

    def healthy_seen(self):
        began = time.monotonic()
        page = self.ask("/metrics")[1]
        self.scrapes.append(time.monotonic() - began)
        return sum('dkim_selector_status{domain="%s",selector="s1"} 0' % domain in page for domain in HEALTHY)

    def seconds_until_seen(self, most):
        while self.healthy_seen() < len(HEALTHY):
            if time.monotonic() - self.began > most:
                return float("inf")
            time.sleep(0.1)
        return time.monotonic() - self.began

    def wait_for_probes(self, number, most):
        """Until the hostile domain was probed that many times."""
        seen, until = set(), time.monotonic() + most
        while len(seen) < number and time.monotonic() < until:
            pattern = r'dkim_selector_last_probe_timestamp_seconds\{domain="%s",.*\} (\S+)' % re.escape(HOSTILE)
            seen.update(re.findall(pattern, self.ask("/metrics")[1]))
            time.sleep(0.1)
        return len(seen)

    def probe(self):
        began = time.monotonic()
        status, _ = self.ask("/probe?target=" + HOSTILE, X_Prometheus_Scrape_Timeout_Seconds=str(SCRAPE))
        return status, time.monotonic() - began

    def longest_gap(self):
        beats = [*self.beats, time.monotonic()]
        return max(after - before for before, after in zip(beats, beats[1:]))

    def end(self):
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(120)
        return time.monotonic() - began

    def store_bytes(self):
        return sum(file.stat().st_size for file in (self.folder / "store").rglob("*") if file.is_file())


class Results:
    def __init__(self, name):
        self.passed = self.failed = 0
        self.lines = [name]

    def bound(self, what, value, most, unit):
        good = value <= most
        self.passed += good
        self.failed += not good
        self.lines.append("%s  %-40s %8.1f %s (at most %.1f)" % ("ok    " if good else "FAILED", what, value, unit, most))


def command_times(program, internet, daemon, results, scale):
    """How long the commands for one domain take, beyond the time that they may."""
    probe = ["--config.file", str(daemon.settings)]
    for what, limit, flags in (("check", 5, ["--probe-timeout=5s"]), ("check --plugin", 9, ["--plugin"])):
        began = time.monotonic()
        subprocess.run([program, "check", *probe, *flags, HOSTILE, "s1"], capture_output=True, timeout=300, check=False)
        results.bound(what, time.monotonic() - began, limit + LATE * scale, "s")


def seen_alone(program):
    """How long the healthy domains take where there are no others, in seconds."""
    internet = Internet(SCENES["flood"])
    internet.start()
    with tempfile.TemporaryDirectory(prefix="hostile-") as directory:
        daemon = Daemon(program, internet, pathlib.Path(directory), HEALTHY)
        took = daemon.seconds_until_seen(300)
        daemon.end()
    return took


def play(name, program, scale, time_alone):
    results = Results(name)
    internet = Internet(SCENES[name])
    internet.start()
    with tempfile.TemporaryDirectory(prefix="hostile-") as directory:
        others = [HOSTILE, *("lame%d.test" % i for i in range(4) if internet.hostile is lame)]
        daemon = Daemon(program, internet, pathlib.Path(directory), [*HEALTHY, *others])
        results.bound("healthy domains seen", daemon.seconds_until_seen(300), 2 * time_alone, "s")
        results.bound("a scrape", 1000 * statistics.median(daemon.scrapes), MOST_SCRAPE * scale, "ms")
        results.bound("hostile domain not seen", 1 - daemon.wait_for_probes(1, 120), 0, "times")
        status, took = daemon.probe()
        results.bound("/probe", took, SCRAPE, "s")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            times = [each[1] for each in pool.map(lambda _: daemon.probe(), range(8))]
        results.bound("/probe, eight at once", max(times), SCRAPE + LATE * scale, "s")
        command_times(program, internet, daemon, results, scale)
        results.bound("gap of the watchdog", daemon.longest_gap(), MOST_GAP * scale, "s")
        results.bound("memory", daemon.most_memory / 2**20, MOST_MEMORY / 2**20, "MiB")
        results.bound("history", daemon.store_bytes() / 2**20, 64, "MiB")
        results.bound("end", daemon.end(), MOST_END * scale, "s")
        results.bound("exit code", daemon.process.returncode, 0, "")
        # What is read, and what the buffers of the sockets hold.
        results.bound("octets of one TCP connection", internet.octets / max(internet.connections, 1) / 2**10, 1024, "KiB")
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    parser.add_argument("--only", default="*", help="names of scenes, with * and ?")
    parser.add_argument("--scale", type=float, default=1, help="for slow builds")
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    time_alone = seen_alone(program)
    names = [name for name in SCENES if fnmatch.fnmatchcase(name, arguments.only)]
    passed = failed = 0
    # They mostly wait.
    with concurrent.futures.ProcessPoolExecutor(SCENES_AT_ONCE) as pool:
        for results in pool.map(functools.partial(play, program=program, scale=arguments.scale, time_alone=time_alone), names):
            print("\n".join(results.lines), flush=True)
            passed += results.passed
            failed += results.failed
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    raise SystemExit(main())
