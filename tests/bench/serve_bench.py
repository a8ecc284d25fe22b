#!/usr/bin/env python3
"""The daemon at the size of a fleet: the program runs on one processor and watches 1,000 domains on four addresses of
a local NSD, while clients scrape it, keep connections open, and request probes.

    serve_bench.py PROGRAM [--domains 1000] [--selectors 1] [--interval 30] [--rate-limit 0] [--seconds 30] [--ns-ttl 0]

Without a rate limit, an interval of 30 s is ten times the load of one of 300 s. `--rate-limit 5 --interval 300` are the
defaults of the program; the first probes of 1,000 domains then take some minutes.

With --ns-ttl the settings name no servers: the program discovers them from the root, below one top-level domain, and
the queries to the servers above the domains are printed for each domain and TTL of its NS records."""

import argparse
import collections
import concurrent.futures
import contextlib
import gzip
import http.client
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import dns.name

import upper_servers

ADDRESSES = ["127.0.0.%d" % number for number in range(1, 5)]
KEY = (
    "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAzHBV5gLitMcfkLTXn8Vb55rINk4BgwifKv//oDj0CiSy3wLsr2DavVzJSfOXf4sK"
    "Xyd8Jfvo5tVb0c53KPFVpUL8kwUxIypFUyjl9frzTkxXENZjx/yQ4khk7Ps2b8TfuA1odtKP6AT8qF3qVeORVTRxL+Zw6ba846emZIDmB8/D"
    "jUFwMy47dY96PIyvNfvBLRAQbDfVx9ffb6cj00iWTIrdcIww9TkHrpFEQ9gf1ElHumiU3/lEpEjNzT2HktANFzfW2bzTdkku2+8x09Zx/SzQ"
    "0Qu38CY6u8KoWlCnC/CSF8DiaLNLsQOf+iyZ3NWrSXcaebhWxzfu34R3wAVNSQIDAQAB"
)
SLOW_CLIENTS = 60
PROBES = 8
LONGEST_SMALL_PAGE = 1  # milliseconds; a response that waits for a delayed acknowledgement takes 40 ms


def domain_name(number, arguments):
    return "d%d.%s" % (number, "example" if arguments.ns_ttl else "bench.example")


def write_nameserver(folder, port, arguments):
    record = "v=DKIM1; k=rsa; p=" + KEY
    strings = " ".join('"%s"' % record[at : at + 255] for at in range(0, len(record), 255))
    servers = "\n".join("@ NS ns%d.bench.example." % number for number in range(1, len(ADDRESSES) + 1))
    if arguments.ns_ttl:
        servers = "\n".join(
            "@ %d NS ns%d\nns%d %d A %s" % (arguments.ns_ttl, number, number, arguments.ns_ttl, address)
            for number, address in enumerate(ADDRESSES, 1)
        )
    names = ["s%d._domainkey TXT %s\n" % (number, strings) for number in range(1, arguments.selectors + 1)]
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
    for number in range(arguments.domains):
        text += "zone:\n  name: %s\n  zonefile: zone\n" % domain_name(number, arguments)
    (folder / "nsd.conf").write_text(text)


def free_port():
    """A port that is free for UDP and TCP on every address, below the ephemeral ports."""
    for port in random.sample(range(20000, 32000), 50):
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for address in ADDRESSES + upper_servers.ROOT + upper_servers.TOP_LEVEL:
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    stack.enter_context(socket.socket(socket.AF_INET, kind)).bind((address, port))
            return port
    sys.exit("serve_bench: no port is free")


def wait_for(server, folder, port):
    limit = time.monotonic() + 60
    while time.monotonic() < limit and server.poll() is None:
        with socket.socket() as tcp:
            if tcp.connect_ex((ADDRESSES[-1], port)) == 0:
                return
        time.sleep(0.05)
    sys.exit("serve_bench: nsd did not start: " + (folder / "nsd.log").read_text()[-500:])


@contextlib.contextmanager
def running_nsd(folder, port):
    """Runs on the first processor."""
    server = subprocess.Popen(
        ["nsd", "-d", "-c", folder / "nsd.conf"],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: os.sched_setaffinity(0, {0}),
    )
    try:
        wait_for(server, folder, port)
        yield
    finally:
        # It forks, so end its whole process group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait()


def write_settings(folder, port, arguments):
    servers = ["ns%d.bench.example=%s:%d" % (number, address, port) for number, address in enumerate(ADDRESSES, 1)]
    lines = ["interval: %ds" % arguments.interval, "groups: {fleet: {nameservers: %s}}" % servers, "domains:"]
    if arguments.ns_ttl:
        (folder / "root.hints").write_text(
            "".join(". 3600000 NS %s.hints.\n%s.hints. 3600000 A %s\n" % ("ab"[at], "ab"[at], address)
                    for at, address in enumerate(upper_servers.ROOT))
        )  # fmt: skip
        probe = "{root_hints: root.hints, port: %d, allow_networks: [127.0.0.0/8]}" % port
        lines[1] = "groups: {fleet: {}}\nprobe: " + probe
    names = ", ".join("s%d" % number for number in range(1, arguments.selectors + 1))
    for number in range(arguments.domains):
        name = domain_name(number, arguments)
        lines.append("  - {domain: %s, group: fleet, selectors: [%s]}" % (name, names))
    (folder / "settings.yaml").write_text("\n".join(lines) + "\n")


class Daemon:
    def __init__(self, program, folder, rate_limit):
        self.log = open(folder / "serve.log", "w+")
        self.process = subprocess.Popen(
            [program, "serve", "--config.file", folder / "settings.yaml", "--storage.path", folder / "store",
             "--web.listen-address", "127.0.0.1:0", "--rate-limit", str(rate_limit) if rate_limit else "unlimited"],
            stderr=self.log,
            preexec_fn=lambda: os.sched_setaffinity(0, {1}),
        )  # fmt: skip
        self.port = None
        while not self.port:
            time.sleep(0.05)
            if self.process.poll() is not None:
                raise SystemExit("serve_bench: the daemon has ended: " + self.said())
            found = re.search(r"listening port=(\d+)", self.said())
            self.port = found and int(found.group(1))

    def said(self):
        return pathlib.Path(self.log.name).read_text()

    def get(self, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers or {})
            return connection.getresponse().read()

    def metrics(self):
        rows = (line.rpartition(" ") for line in self.get("/metrics").decode().splitlines() if not line.startswith("#"))
        return {series: float(value) for series, _, value in rows}

    def about(self):
        """Returns CPU seconds, resident MiB, and their peak."""
        fields = pathlib.Path("/proc/%d/stat" % self.process.pid).read_text().rpartition(")")[2].split()
        status = pathlib.Path("/proc/%d/status" % self.process.pid).read_text()
        return (
            (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"),
            int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024,
            int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024,
        )

    def end(self):
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(60)
        return code, time.monotonic() - began


def slow_clients(port):
    """Some send nothing, some stop in the header or in the body, some read no response."""
    clients = []
    for number in range(SLOW_CLIENTS):
        client = socket.create_connection(("127.0.0.1", port))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        starts = (
            b"",
            b"GET /metr",
            b"POST /-/reload HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nx",
            b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n",
        )
        client.sendall(starts[number % 4])
        clients.append(client)
    return clients


def time_scrapes(port, count, pause, headers=None, path="/metrics"):
    """Scrapes over one connection, as Prometheus does. Returns sorted milliseconds."""
    times, size = [], 0
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        for _ in range(count):
            began = time.perf_counter()
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            body = response.read()
            times.append((time.perf_counter() - began) * 1e3)
            if response.status != 200:
                raise SystemExit("serve_bench: %s returned %d" % (path, response.status))
            size = len(body)
            time.sleep(pause)
    return sorted(times), size


def percentiles(times):
    return "median %.2f ms, 99%% %.2f ms, worst %.2f ms" % (
        times[len(times) // 2], times[min(len(times) - 1, len(times) * 99 // 100)], times[-1],
    )  # fmt: skip


def wait_until_seen(daemon, arguments):
    began = time.monotonic()
    reported = 0
    while (now := daemon.metrics())["dkimprobe_domains_never_probed"] > 0 or now["dkimprobe_domains"] < arguments.domains:
        time.sleep(0.2)
        if time.monotonic() - began > reported + 60:
            reported += 60
            print("  %d s: %d domains never probed" % (reported, now["dkimprobe_domains_never_probed"]), flush=True)
    print("all %d domains probed after %.1f s" % (arguments.domains, time.monotonic() - began), flush=True)


def watch(daemon, arguments):
    """Watches probes, CPU and memory for some time."""

    def rounds(metrics):
        return sum(value for series, value in metrics.items() if series.startswith("dkimprobe_domain_probes_total{"))

    before, (cpu_before, _, _), began = daemon.metrics(), daemon.about(), time.monotonic()
    time.sleep(arguments.seconds)
    after, (cpu_after, resident, highest) = daemon.metrics(), daemon.about()
    passed = time.monotonic() - began
    print(
        "%.0f probes in %.0f s (at most %.0f planned), %.0f of them late, %.0f behind schedule, %.1f%% of a processor, "
        "%.0f MiB resident, %.0f at most"
        % (rounds(after) - rounds(before), passed, arguments.domains * passed / arguments.interval / 0.9,
           after["dkimprobe_domain_probes_late_total"] - before["dkimprobe_domain_probes_late_total"],
           after["dkimprobe_domain_probes_behind_schedule"], 100 * (cpu_after - cpu_before) / passed, resident, highest)
    )  # fmt: skip
    if "dkimprobe_rate_limit_sufficient" in after:
        print("the rate limit is %ssufficient" % ("" if after["dkimprobe_rate_limit_sufficient"] else "not "))


def measure_politeness(daemon, upper, arguments):
    """The queries to the servers above the domains in any interval as long as the TTL of the NS records."""
    wait_until_seen(daemon, arguments)
    asked_before, began = len(upper.asked), time.monotonic()
    watch(daemon, arguments)
    spans = (time.monotonic() - began) / arguments.ns_ttl
    print("queries for each name directly below, within one NS TTL (%d s):" % arguments.ns_ttl)
    for title, zone, names in (
        ("the root's servers", dns.name.root, {upper_servers.TOP}),
        ("the top-level domain's servers", upper_servers.TOP,
         {dns.name.from_text(domain_name(number, arguments)) for number in range(arguments.domains)}),
    ):  # fmt: skip
        times = collections.defaultdict(list)
        for moment, origin, name in upper.asked:
            if origin == zone and name in names:
                times[name].append(moment)
        count = sum(origin == zone and name in names for _, origin, name in upper.asked[asked_before:])
        spans_of = [upper_servers.most_in_one_period(each, arguments.ns_ttl) for each in times.values()]
        print("  %s: %.2f once all were probed; at most %d since the start, %d names had more than two"
              % (title, count / spans / len(names), max(spans_of, default=0), sum(most > 2 for most in spans_of)))
    others = sum(name is None for _, _, name in upper.asked)
    print("  and %d for their own zones" % others)
    print("ended with %d after %.2f s" % daemon.end())


def measure(daemon, arguments):
    wait_until_seen(daemon, arguments)
    watch(daemon, arguments)
    packed = {"Accept-Encoding": "gzip"}
    page, small = daemon.get("/metrics"), daemon.get("/metrics", packed)
    series = sum(not line.startswith(b"#") for line in page.splitlines())
    assert len(gzip.decompress(small)) > len(page) * 0.9
    print("a page of %d series, %d KiB, %d KiB with gzip" % (series, len(page) // 1024, len(small) // 1024))
    times, _ = time_scrapes(daemon.port, 1000, 0, path="/-/healthy")
    print("small pages:       " + percentiles(times))
    if times[len(times) // 2] >= LONGEST_SMALL_PAGE:
        raise SystemExit("serve_bench: half of the small pages take over %g ms" % LONGEST_SMALL_PAGE)
    times, _ = time_scrapes(daemon.port, 200, 0.05, packed)
    print("scrapes with gzip: " + percentiles(times))
    times, _ = time_scrapes(daemon.port, 100, 0.05)
    print("scrapes without:   " + percentiles(times))

    over = threading.Event()

    def probe(number):
        count = 0
        while not over.is_set():
            # With a rate limit they may wait until they give up.
            if b"probe_success 1" not in daemon.get("/probe?target=d%d.bench.example" % number) and not arguments.rate_limit:
                raise SystemExit("serve_bench: a probe failed")
            count += 1
        return count

    clients = slow_clients(daemon.port)
    with concurrent.futures.ThreadPoolExecutor(PROBES) as pool:
        try:
            probing = [pool.submit(probe, number) for number in range(PROBES)]
            times, _ = time_scrapes(daemon.port, 300, 0.05, packed)
        finally:
            over.set()
        probes = sum(each.result() for each in probing)
    for client in clients:
        client.close()
    crowd = "with %d slow clients and %d probes at a time (%d in all)" % (SLOW_CLIENTS, PROBES, probes)
    print("%s: %s" % (crowd, percentiles(times)))
    print("%.0f MiB resident, %.0f at most" % daemon.about()[1:])
    print("ended with %d after %.2f s" % daemon.end())
    warnings = [line for line in daemon.said().splitlines() if "level=info" not in line]
    if warnings:
        print("it said:\n  " + "\n  ".join(warnings[:5]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--domains", type=int, default=1000)
    parser.add_argument("--selectors", type=int, default=1, help="of each domain; 6 make a page of 100,000 series")
    parser.add_argument("--interval", type=int, default=30)
    parser.add_argument("--rate-limit", type=float, default=0, help="queries a second to one address; 0: unlimited")
    parser.add_argument("--seconds", type=int, default=30, help="how long to watch once all domains were probed")
    parser.add_argument("--ns-ttl", type=int, default=0, help="discover the servers; TTL of their NS records")
    arguments = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="serve-bench-") as directory:
        folder = pathlib.Path(directory)
        write_nameserver(folder, port, arguments)
        write_settings(folder, port, arguments)
        with contextlib.ExitStack() as stack:
            stack.enter_context(running_nsd(folder, port))
            os.sched_setaffinity(0, {0})
            domains = {dns.name.from_text(domain_name(number, arguments)) for number in range(arguments.domains)}
            upper = arguments.ns_ttl and stack.enter_context(
                upper_servers.UpperServers(
                    port, arguments.ns_ttl,
                    lambda cut: cut in domains
                    and [("ns%d.%s" % (number, cut), address) for number, address in enumerate(ADDRESSES, 1)],
                )
            )  # fmt: skip
            daemon = Daemon(arguments.program, folder, arguments.rate_limit)
            try:
                if upper:
                    measure_politeness(daemon, upper, arguments)
                else:
                    measure(daemon, arguments)
            finally:
                if daemon.process.poll() is None:
                    daemon.process.kill()
                    daemon.process.wait()


if __name__ == "__main__":
    main()
