#!/usr/bin/python3
"""Tests the daemon in the lab with real nameservers, signals, files, sockets and disks. Each part has its own daemons
and domains; all run at once, in about a minute.

    serve_test.py --program PATH [--only GLOB]

At the end the logs of the lab are checked: nothing may have reached the tripwires, and no query may have had RD=1."""

import argparse
import concurrent.futures
import contextlib
import ctypes
import fnmatch
import gzip
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

import run_cases

HERE = pathlib.Path(__file__).resolve().parent
PICTURE = HERE.parents[1] / "exporters" / "status" / "status-page.png"  # shown by README.md
SILENT = "127.0.9.2"
INTERVAL = 10  # seconds; the shortest interval
HANGS_SECONDS = 300  # only a program that hangs takes so long
QUIET_SECONDS = 6  # the page is rendered at least every five seconds
BROKEN = "domains: 5\nnonsense: yes\n"
KEY = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
OTHER_KEY = "v=DKIM1; k=ed25519; p=vvcbTSHCKV21vt1i3aDhrjzH6ltPN2fVTJDhzqISL7M="


def wait_for(what, ready, seconds=HANGS_SECONDS):
    """Waits until `ready` returns something true, and returns it."""
    deadline = time.monotonic() + seconds
    while True:
        got = ready()
        if got:
            return got
        if time.monotonic() > deadline:
            raise AssertionError("not within %d s: %s" % (seconds, what))
        time.sleep(0.05)


class Answer:
    def __init__(self, response):
        self.status, self.headers, self.body = response.status, response.headers, response.read()
        self.text = self.body.decode("utf-8", "replace")


def samples(text):
    """{series: value} of a page of metrics."""
    rows = (line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#"))
    return {series: float(value) for series, _, value in rows}


class Daemon:
    """`dkimprobe serve` with its settings, port and log."""

    def __init__(self, part, settings, *flags, environment=None, prefix=(), pass_fds=(), listen=True, reads_log=True):
        self.part = part
        self.settings = part.folder / "settings.yaml"
        self.settings.write_text(settings)
        command = part.command("serve", "--config.file", self.settings, *flags)
        if listen:
            command += ["--web.listen-address", "127.0.0.1:0"]
        self.process = subprocess.Popen(
            [*prefix, *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="backslashreplace",
            env={**os.environ, "LD_PRELOAD": part.guard, **(environment or {})},
            pass_fds=pass_fds,
            preexec_fn=run_cases.end_with_us,
        )
        self.log = []
        self.reader = threading.Thread(target=self.read_log, daemon=True)
        part.daemons.append(self)
        if not reads_log:  # but for its first lines
            while not self.said("msg=listening"):
                self.log.append(self.process.stderr.readline().rstrip("\n"))
        else:
            self.reader.start()
        wait_for("listening", lambda: self.said("msg=listening") or self.process.poll() is not None)
        listening = self.said("msg=listening")
        self.port = int(re.search(r" port=(\d+)", listening)[1]) if listening else None

    def read_log(self):
        for line in self.process.stderr:
            self.log.append(line.rstrip("\n"))

    def said(self, *texts):
        """The last line of the log that contains all these texts, or an empty text."""
        return next((line for line in reversed(self.log) if all(text in line for text in texts)), "")

    def wait_said(self, *texts):
        """Waits for that line, which another thread reads."""
        return wait_for("the log says " + " and ".join(texts), lambda: self.said(*texts))

    def ask(self, path, method="GET", headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=HANGS_SECONDS)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers or {})
            return Answer(connection.getresponse())

    def metrics(self):
        return samples(self.ask("/metrics").text)

    def value(self, series):
        return self.metrics().get(series)

    def status(self, domain, selector="s1"):
        return self.value(series("dkim_selector_status", domain, selector))

    def wait_seen(self):
        """Waits until every domain was probed and the results are confirmed: no probe has run for a while."""
        since = time.monotonic()

        def settled():
            nonlocal since
            now = self.metrics()
            if now["dkimprobe_domains_never_probed"] > 0 or now["dkimprobe_domain_probes_running"] > 0:
                since = time.monotonic()
            return time.monotonic() > since + QUIET_SECONDS

        wait_for("all domains seen", settled)

    def wait_status(self, domain, wanted):
        wait_for("%s has status %s" % (domain, wanted), lambda: self.status(domain) == wanted)

    def send(self, number):
        self.process.send_signal(number)

    def end(self, number=signal.SIGTERM):
        """Returns the exit code and the duration."""
        began = time.monotonic()
        self.send(number)
        code = self.process.wait(HANGS_SECONDS)
        took = time.monotonic() - began
        self.reader.join()
        return code, took


def series(name, domain, selector="s1", **labels):
    more = "".join(',%s="%s"' % label for label in labels.items())
    return '%s{domain="%s",selector="%s"%s}' % (name, domain, selector, more)


def settings_of(domains, more=""):
    """Settings with an interval of 10 s; `domains` are pairs of a domain and its selectors."""
    rows = "".join("  - {domain: %s, selectors: [%s]}\n" % pair for pair in domains)
    return "interval: %ds\n%sdomains:\n%s" % (INTERVAL, more, rows)


@contextlib.contextmanager
def stopped_thread(process, name):
    """Stops one thread of a process, as a fault would."""
    seize, interrupt, detach, wall = 0x4206, 0x4207, 17, 0x40000000
    tasks = pathlib.Path("/proc/%d/task" % process)
    thread = next(int(task.name) for task in tasks.iterdir() if (task / "comm").read_text().strip() == name)
    libc = ctypes.CDLL(None, use_errno=True)

    def trace(request):
        if libc.ptrace(ctypes.c_long(request), ctypes.c_long(thread), ctypes.c_long(0), ctypes.c_long(0)) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")

    trace(seize)
    trace(interrupt)
    os.waitpid(thread, wall)
    try:
        yield
    finally:
        trace(detach)


class Nameserver(threading.Thread):
    """Two addresses that answer every name and can lose packets on request, unlike real servers."""

    def __init__(self, addresses, port):
        super().__init__(daemon=True)
        self.sockets = {}
        for address in addresses:
            self.sockets[address] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sockets[address].bind((address, port))
            self.sockets[address].settimeout(0.1)
        self.texts = {address: KEY for address in addresses}
        self.lose_at = None  # the address that loses all packets for 150 ms after the next query
        self.lost = 0
        self.lose_until = None
        self.answered = []  # (time, address, text) of each response with a key
        self.over = False

    def run(self):
        def serve(address):
            while not self.over:
                with contextlib.suppress(TimeoutError):
                    octets, client = self.sockets[address].recvfrom(65535)
                    if self.loses(address):
                        continue
                    self.sockets[address].sendto(self.answer(address, octets), client)

        with concurrent.futures.ThreadPoolExecutor(len(self.sockets)) as pool:
            list(pool.map(serve, self.sockets))
        for each in self.sockets.values():
            each.close()

    def loses(self, address):
        if self.lose_at != address:
            return False
        now = time.monotonic()
        self.lose_until = self.lose_until or now + 0.15
        if now > self.lose_until:
            self.lose_at, self.lose_until = None, None
            return False
        self.lost += 1
        return True

    def answer(self, address, octets):
        query = dns.message.from_wire(octets)
        question = query.question[0]
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA
        name, rdtype = str(question.name).lower(), question.rdtype
        zone = ".".join(name.split(".")[-3:])
        soa = dns.rrset.from_text(zone, 300, "IN", "SOA", "ns.%s hostmaster.%s 1 7200 900 1209600 300" % (zone, zone))
        if rdtype == dns.rdatatype.TXT and name.startswith("s1._domainkey."):
            text = self.texts[address]
            self.answered.append((time.monotonic(), address, text))
            response.answer.append(dns.rrset.from_text(question.name, 300, "IN", "TXT", '"%s"' % text))
        elif rdtype == dns.rdatatype.SOA and name == zone:
            response.answer.append(soa)
        elif rdtype == dns.rdatatype.NS and name == zone:
            response.answer.append(dns.rrset.from_text(zone, 300, "IN", "NS", "ns1." + zone, "ns2." + zone))
        else:
            if not name.startswith(("_domainkey.", zone)):
                response.set_rcode(dns.rcode.NXDOMAIN)
            response.authority.append(soa)
        return response.to_wire()


class Part:
    """One part of the test: its folder, its daemons, and its results."""

    def __init__(self, name, program, lab, folder, guard, browser_folder):
        self.name, self.program, self.lab, self.guard = name, program, lab, guard
        self.browser_folder = browser_folder
        self.folder = folder / name
        self.folder.mkdir()
        self.daemons, self.passed, self.failures, self.skipped = [], 0, [], []

    def check(self, good, what, details=""):
        if good:
            self.passed += 1
        else:
            self.failures.append("FAILED %s: %s\n%s" % (self.name, what, details))

    def command(self, *arguments):
        words = [
            self.program, *arguments, "--root-hints", self.lab["root_hints"], "--port", self.lab["port"],
            "--allow-net", "127.0.0.0/8", "--allow-net", "::1/128", "--rate-limit", "unlimited",
        ]  # fmt: skip
        return [str(word) for word in words]

    def run(self, *words):
        return subprocess.run(
            [str(word) for word in words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=2 * HANGS_SECONDS
        )

    def refused(self, what, *flags, texts):
        """A daemon that must refuse to start and print a reason."""
        done = self.run(*self.command("serve", "--config.file", self.folder / "settings.yaml", *flags))
        self.check(
            done.returncode == 78 and all(text in done.stderr for text in texts), what,
            "%d %s" % (done.returncode, done.stderr),
        )  # fmt: skip

    def change_zone(self, domain, server, edit):
        """Changes the text of a zone on one server of the lab; returns when all its addresses serve it."""
        file = self.folder.parent / "lab" / "zones" / domain
        before = file.read_text()
        serial = int(re.search(r"\bSOA\b.*?(\d{10})", before).group(1)) + 1
        edited = re.sub(r"(\bSOA\b.*?)\d{10}", r"\g<1>%d" % serial, edit(before), count=1)
        file.write_text(edited)
        os.utime(file, (time.time() + serial % 1000, time.time() + serial % 1000))  # some servers compare whole seconds
        os.kill(self.lab["pids"][server], signal.SIGHUP)
        query = dns.message.make_query(domain, "SOA")
        query.flags = dns.flags.Flag(0)

        def serves(address):
            with contextlib.suppress(dns.exception.Timeout):
                answer = dns.query.udp(query, address, timeout=0.5, port=self.lab["port"]).answer
                return answer and answer[0][0].serial == serial
            return False

        mine = [address for address, name in self.lab["domains"][domain].items() if name == server]
        wait_for("%s serves the new %s" % (server, domain), lambda: all(serves(address) for address in mine))

    # ---- Pages ----

    def browser(self):
        """Every linked page in Chromium: differing servers are visible, and hostile text is text."""
        if not self.browser_folder:
            self.skipped.append("SKIPPED the pages in a browser: no --browser DIRECTORY")
            return
        domains = [("records.example", "hostile, tiny, revoked, notes"), ("stale.example", "s1"), ("cname.example", "s1")]
        domains += [(name + ".example", "s1") for name in ("healthy", "differing", "halfmissing", "lame", "signed")]
        daemon = Daemon(self, settings_of(domains), "--storage.path", self.folder / "store")
        daemon.wait_seen()
        self.check(daemon.ask("/probe?target=stale.example").status == 200, "an on-demand probe for the page of probes")
        expected = [
            {"path": "/", "words": ["stale.example", "records.example", "critical"]},
            {"path": "/domains/stale.example", "words": ["ns4.stale.example", "differs"]},
            {"path": "/domains/stale.example/selectors/s1", "words": ["ns4.stale.example", "ns_stale", "Make ns4.stale.example"]},
            {"path": "/domains/records.example/selectors/hostile", "words": ["<script>alert(1)</script>", "\\x1b[31mred"]},
            {"path": "/probes", "words": ["stale.example"]},
            {"path": "/api/v1/domains/stale.example"},
        ]
        file = self.folder / "expected.json"
        file.write_text(json.dumps(expected))
        done = subprocess.run(
            [str(HERE.parent / "browser" / "live_test.sh"), self.browser_folder, "http://127.0.0.1:%d" % daemon.port, file],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=4 * HANGS_SECONDS,
        )  # fmt: skip
        self.skipped += [line for line in done.stdout.splitlines() if line.startswith("SKIPPED")]
        self.check(done.returncode == 0, "Chromium shows the pages", done.stdout)
        picture = pathlib.Path(self.browser_folder) / "screenshots" / "status-page.png"
        if done.returncode != 0 or not picture.exists():
            return
        if os.environ.get("DKIMPROBE_WRITE_GOLDEN"):
            shutil.copy(picture, PICTURE)
        for shown in (picture, PICTURE):
            fits = shown.stat().st_size < 200_000 and shown.read_bytes().startswith(b"\x89PNG\r\n")
            self.check(fits, "%s is a PNG under 200 kB" % shown)

    def pages(self):
        """The daemon shows the same as `check`, whatever the records contain."""
        zone = (HERE / "zones" / "records.example.zone").read_text()
        records = list(dict.fromkeys(re.findall(r"^(\S+)\._domainkey\s", zone, re.M)))
        domains = [("records.example", ", ".join(json.dumps(name) for name in records))]
        domains += [("healthy.example", "s1, ed, big"), ("cname.example", "s1, s2"), ("txt-ansi.fault.test", "s1")]
        domains += [(name + ".example", "s1") for name in ("stale", "differing", "halfmissing", "lame", "delegated")]
        daemon = Daemon(self, settings_of(domains))
        daemon.wait_seen()
        answer = daemon.ask("/metrics")
        shown = samples(answer.text)

        file = self.folder / "check.prom"
        done = self.run(*self.command("check", "--config.file", daemon.settings, "--textfile", file))
        said = {
            line: value for line, value in samples(file.read_text()).items()
            if line.startswith("dkim_") and not line.startswith("dkim_response_")
        }  # fmt: skip
        differ = sorted(
            "%s: check %s, serve %s" % (line, value, shown.get(line))
            for line, value in said.items()
            if shown.get(line) != value
        )
        findings = {line for line in shown if line.startswith(("dkim_finding", "dkim_selector_status"))}
        # The domains of the lab share keys. Without a history, `check` knows only one domain at a time.
        reused = {line for line in findings - said.keys() if 'check="key_reused",severity="notice"' in line}
        self.check(reused, "a key at several domains is reported")
        differ += ["serve alone: " + line for line in sorted(findings - said.keys() - reused)]
        self.check(
            done.returncode == 2 and len(said) > 300 and not differ, "metrics agree with `check`",
            "%d series\n%s" % (len(said), "\n".join(differ[:30])),
        )  # fmt: skip
        self.check(not re.search(r" [-+0-9.e]+ [0-9]+$", answer.text, re.M), "no sample has a timestamp")
        self.check("script" not in answer.text and "\x1b" not in answer.text, "no text of a record is on the page")
        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=answer.body, capture_output=True)
            self.check(
                checked.returncode == 0 and not checked.stdout + checked.stderr, "promtool accepts the metrics",
                (checked.stdout + checked.stderr).decode(),
            )  # fmt: skip
        else:
            self.skipped.append("SKIPPED promtool: the package prometheus is not installed")


        def same_when_packed():
            packed = daemon.ask("/metrics", headers={"Accept-Encoding": "gzip"})
            if packed.headers["Content-Encoding"] != "gzip":
                raise AssertionError("not packed: %s" % packed.headers)
            return samples(gzip.decompress(packed.body).decode()).keys() == daemon.metrics().keys()

        wait_for("the packed page is the same", same_when_packed)
        openmetrics = daemon.ask("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
        self.check(
            openmetrics.headers["Content-Type"].startswith("application/openmetrics-text; version=1.0.0")
            and openmetrics.text.endswith("\n# EOF\n"),
            "OpenMetrics on request",
            openmetrics.text[-200:],
        )
        self.check(daemon.ask("/-/healthy").status == 200 and daemon.ask("/-/ready").status == 200, "it is ready")
        self.check(daemon.end()[0] == 0, "it ends well")

    # ---- Settings ----

    def reload(self):
        two = [("healthy.example", "s1"), ("stale.example", "s1")]
        daemon = Daemon(self, settings_of(two))
        daemon.wait_seen()
        before = daemon.metrics()
        self.check(
            daemon.status("healthy.example") == 0 and daemon.status("stale.example") == 2, "both are watched",
            str(before),
        )

        daemon.settings.write_text(settings_of(two[:1]))
        daemon.send(signal.SIGHUP)
        gone = wait_for("no series of a removed domain", lambda: "stale.example" not in daemon.ask("/metrics").text)
        self.check(gone, "SIGHUP removes the series of a removed domain")
        wait_for("one domain", lambda: daemon.value("dkimprobe_domains") == 1)
        self.check(daemon.status("healthy.example") == 0, "and those of the other stay")

        daemon.settings.write_text(settings_of(two))
        answer = daemon.ask("/-/reload", "POST")
        self.check((answer.status, answer.text) == (200, "reloaded\n"), "POST /-/reload", answer.text)
        daemon.wait_status("stale.example", 2)
        self.check(daemon.ask("/-/reload").status == 405, "GET reloads nothing")

        daemon.settings.write_text(BROKEN)
        answer = daemon.ask("/-/reload", "POST")
        self.check(
            answer.status == 500 and "the old settings stay in use" in answer.text
            and answer.text.count("settings.yaml:") == 2,
            "each error of an invalid file is reported to the client", answer.text,
        )  # fmt: skip
        daemon.send(signal.SIGHUP)
        wait_for("metric of the reload", lambda: daemon.value("dkimprobe_config_last_reload_successful") == 0)
        now = daemon.metrics()
        daemon.wait_said("the old settings stay in use", "nonsense", "level=error")
        self.check(
            now["dkimprobe_domains"] == 2 and now[series("dkim_selector_status", "stale.example")] == 2,
            "the previous domains are still watched", str(now),
        )  # fmt: skip
        success = "dkimprobe_config_last_reload_success_timestamp_seconds"
        broken_since = now[success]
        daemon.settings.write_text(settings_of(two))
        daemon.send(signal.SIGHUP)
        wait_for("fixed", lambda: daemon.value("dkimprobe_config_last_reload_successful") == 1)
        self.check(daemon.value(success) > broken_since, "a valid file is accepted again, with its time")
        self.check(daemon.end()[0] == 0, "it ends well")

    def files(self):
        """Target files are watched: added, changed, removed, made invalid and fixed."""
        folder = self.folder / "targets"
        folder.mkdir()
        one, two = folder / "one.json", folder / "two.yml"

        def targets(*names):
            return json.dumps([{"targets": list(names), "labels": {"selector": "s1", "interval": "10s"}}])

        one.write_text(targets("family.example"))
        more = "target_files: [targets/*.json, targets/*.yml]\n"
        daemon = Daemon(self, settings_of([("healthy.example", "s1")], more))
        daemon.wait_status("family.example", 0)
        two.write_text("- targets: [glueless.test/s1]\n  labels:\n    interval: 10s\n    role: standby\n")
        daemon.wait_status("glueless.test", 0)
        self.check(daemon.status("healthy.example") == 0, "the targets of a new file are watched")

        new = folder / "new"
        new.write_text(targets("adsp-unknown.example", "family.example"))
        new.replace(one)
        two.unlink()
        daemon.wait_status("adsp-unknown.example", 0)
        page = daemon.ask("/metrics").text
        self.check("glueless.test" not in page and daemon.status("family.example") == 0, "one that is removed leaves")

        new.write_text('[{"targets": ["family.example/s1"')
        new.replace(one)
        daemon.wait_said("the old settings stay in use", "one.json")
        wait_for("metric of the reload", lambda: daemon.value("dkimprobe_config_last_reload_successful") == 0)
        self.check(daemon.status("adsp-unknown.example") == 0, "an invalid file changes nothing")
        times = sum("the old settings stay in use" in line for line in daemon.log)
        new.write_text(targets("family.example"))
        new.replace(one)
        wait_for("fixed", lambda: daemon.value("dkimprobe_config_last_reload_successful") == 1)
        self.check(times == 1, "the error is logged once, not at each check", str(daemon.log))
        wait_for("gone", lambda: "adsp-unknown.example" not in daemon.ask("/metrics").text)
        wait_for("the daemon watches the targets of the files", lambda: daemon.value("dkimprobe_domains") == 2)

        # YAML can be parsed although its second half is missing.
        group = "- targets: [%s/s1]\n  labels: {interval: 10s}\n"
        new.write_text("".join(group % name for name in ("glueless.test", "adsp-unknown.example", "lame.example")))
        new.replace(two)
        wait_for("the targets of the YAML file", lambda: daemon.value("dkimprobe_domains") == 5)
        whole = two.read_text()
        with two.open("w") as writer:
            writer.write(whole[:50])
            writer.flush()
            daemon.wait_said("rewritten in place", "two.yml", "rename it")
            self.check(daemon.value("dkimprobe_domains") == 5, "a half-written file drops no target")
            writer.write(whole[50:])
        new.write_text(group % "glueless.test")
        new.replace(two)
        wait_for("a renamed shorter file", lambda: daemon.value("dkimprobe_domains") == 3, 30)
        self.check(daemon.end()[0] == 0, "it ends well")

    def pipes(self):
        """A pipe without a writer in the place of any file stops nothing, and is refused with the reason."""
        folder = self.folder / "targets"
        folder.mkdir()
        web, hints = self.folder / "web.yml", self.folder / "hints"
        web.write_text("")
        hints.write_text(pathlib.Path(self.lab["root_hints"]).read_text())
        notify_path = self.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(str(notify_path))
            more = "target_files: [targets/*.yml]\nprobe: {root_hints: hints}\n"
            good = settings_of([("healthy.example", "s1")], more)
            daemon = Daemon(self, good, "--web.config.file", web, environment={"NOTIFY_SOCKET": str(notify_path)})
            daemon.wait_status("healthy.example", 0)
            beats = []
            over = threading.Event()

            def listen():
                notify.settimeout(0.1)
                while not over.is_set():
                    with contextlib.suppress(TimeoutError):
                        if notify.recv(4096) == b"WATCHDOG=1":
                            beats.append(time.monotonic())

            listener = threading.Thread(target=listen)
            listener.start()
            places = ((folder / "pipe.yml", None), (hints, hints.read_text()), (daemon.settings, good), (web, ""))
            for place, text in places:
                place.unlink(missing_ok=True)
                os.mkfifo(place)
                answer = daemon.ask("/-/reload", "POST")
                wanted = 200 if place == web else 500
                self.check(
                    answer.status == wanted, "a reload with a pipe as %s responds" % place.name,
                    "%d %s" % (answer.status, answer.text),
                )  # fmt: skip
                daemon.send(signal.SIGHUP)
                daemon.wait_said(place.name, "not a regular file")
                self.check(daemon.status("healthy.example") == 0, "the page comes with a pipe as %s" % place.name)
                place.unlink()
                if text is not None:
                    place.write_text(text)
            os.mkfifo(folder / "pipe.yml")
            daemon.send(signal.SIGHUP)
            code, took = daemon.end()
            over.set()
            listener.join()
            self.check(code == 0 and took < 2, "SIGTERM ends it", "%d after %.2f s" % (code, took))
            gap = max(after - before for before, after in zip(beats, beats[1:]))
            self.check(gap < 5, "the watchdog hears from it", "a gap of %.1f s" % gap)

    def log(self):
        """A log that nobody reads keeps nobody waiting; what is lost is counted, and said when it is read again."""
        daemon = Daemon(self, settings_of([("healthy.example", "s1")]), "--log.level", "debug", reads_log=False)
        daemon.wait_status("healthy.example", 0)
        times = []
        dropped = "dkimprobe_log_lines_dropped_total"
        while not daemon.value(dropped):
            began = time.monotonic()
            for _ in range(100):
                daemon.ask("/-/healthy?" + "x" * 400)
            times.append((time.monotonic() - began) / 100)
        self.check(max(times) < 0.5, "requests are answered", "%.3f s for one" % max(times))
        daemon.reader.start()
        daemon.wait_said("log lines were dropped", "lines=")
        self.check(re.search(r" lines=([1-9]\d*)$", daemon.said("log lines were dropped")), "the log says how many")
        self.check(daemon.end()[0] == 0, "it ends well")

        daemon = Daemon(self, settings_of([("healthy.example", "s1")]), "--log.level", "debug", reads_log=False)
        while not daemon.value(dropped):
            daemon.ask("/-/healthy?" + "x" * 400)
        began = time.monotonic()
        daemon.send(signal.SIGTERM)
        code = daemon.process.wait(HANGS_SECONDS)
        took = time.monotonic() - began
        self.check(code == 0 and took < 2, "SIGTERM ends it meanwhile", "%d after %.2f s" % (code, took))
        daemon.reader.start()

    def crowd(self):
        """Idle clients take no descriptor that probes need, and a program with too few does not start."""
        names = [name for name in self.lab["domains"] if name.startswith("healthy")]
        domains = [(name, "s1") for name in names]
        for prefix, hard in (("prlimit", "--nofile=400:400"), 400), (("prlimit", "--nofile=100:1024"), 1024):
            daemon = Daemon(self, settings_of(domains), prefix=prefix)
            with contextlib.ExitStack() as stack:
                for _ in range(hard):
                    stack.enter_context(socket.create_connection(("127.0.0.1", daemon.port)))
                daemon.wait_seen()
                now = daemon.metrics()
                unknown = [line for line, value in now.items() if line.startswith("dkim_selector_status{") and value == 3]
                self.check(not unknown, "each domain is seen beside %d idle clients" % hard, str(unknown))
                local = sum(value for line, value in now.items() if 'outcome="local_error"' in line)
                self.check(local == 0 and now["dkimprobe_http_accept_failures_total"] == 0, "no descriptor is missing")
                times = []
                for _ in range(21):
                    began = time.monotonic()
                    daemon.ask("/metrics")
                    times.append(time.monotonic() - began)
                self.check(sorted(times)[10] < 0.05, "a scrape takes under 50 ms", "%.3f s" % sorted(times)[10])
                code, took = daemon.end()
                self.check(code == 0 and took < 2, "SIGTERM ends it", "%d after %.2f s" % (code, took))
        done = self.run("prlimit", "--nofile=64:64", *self.command("serve", "--config.file", daemon.settings,
                                                                   "--web.listen-address", "127.0.0.1:0"))  # fmt: skip
        self.check(
            done.returncode == 78 and "the limit of open files is 64, and at least 352 are needed" in done.stderr,
            "with too few descriptors it does not start", "%d %s" % (done.returncode, done.stderr),
        )  # fmt: skip

    # ---- On-demand probes ----

    def probe(self):
        more = "groups: {silent: {nameservers: ['ns.silent.example=%s']}}\n" % SILENT
        text = settings_of([("healthy.example", "s1, ed"), ("halfmissing.example", "s1")], more)
        text += "  - {domain: silent.example, group: silent, selectors: [s1], interval: 1h}\n"
        # A probe of the silent domain takes longer than any scraper here waits.
        slow_tries = ("--initial-timeout", "2s", "--attempts", "4")
        daemon = Daemon(self, text, "--timeout-offset", "4s", *slow_tries)
        for query, wanted in {
            "": 400,
            "?target=": 400,
            "?target=..": 400,
            "?target=healthy.example&selector=a..b": 400,
            "?target=healthy.example&module=nothing": 400,
            "?target=stale.example": 403,
            "?target=healthy.example&selector=big": 403,
            "?target=127.0.0.53": 400,
            "?target=localhost": 403,
        }.items():
            answer = daemon.ask("/probe" + query)
            text = "%d %s" % (answer.status, answer.text)
            self.check(answer.status == wanted, "/probe%s is %d" % (query, wanted), text)
        refused = daemon.metrics()

        good = daemon.ask("/probe?target=HEALTHY.example.")
        values = samples(good.text)
        self.check(
            good.status == 200 and values["probe_success"] == 1
            and {0} == {values[series("dkim_selector_status", "healthy.example", each)] for each in ("s1", "ed")},
            "a good domain", good.text,
        )  # fmt: skip
        one = samples(daemon.ask("/probe?target=healthy.example&selector=ed").text)
        self.check(series("dkim_selector_status", "healthy.example") not in one, "only the named selector is probed")
        bad = daemon.ask("/probe?target=halfmissing.example")
        self.check(
            bad.status == 200 and samples(bad.text)["probe_success"] == 0 and "dkim_finding{" in bad.text,
            "a failed probe has a response too", bad.text,
        )  # fmt: skip
        debug = daemon.ask("/probe?target=halfmissing.example&debug=true")
        self.check(
            debug.status == 200 and "CRITICAL" in debug.text and "halfmissing.example" in debug.text, "debug",
            debug.text,
        )  # fmt: skip

        # Four of the scraper's eight seconds are reserved, so that a busy machine has enough time.
        began = time.monotonic()
        slow = daemon.ask("/probe?target=silent.example", headers={"X-Prometheus-Scrape-Timeout-Seconds": "8"})
        took = time.monotonic() - began
        self.check(
            slow.status == 200 and samples(slow.text)["probe_success"] == 0 and 3.8 < took < 8,
            "the response arrives before the scraper gives up", "%d %.2f s" % (slow.status, took),
        )  # fmt: skip

        headers = {"X-Prometheus-Scrape-Timeout-Seconds": "16"}
        with concurrent.futures.ThreadPoolExecutor(30) as pool:
            asked = [pool.submit(daemon.ask, "/probe?target=silent.example", headers=headers) for _ in range(30)]
            ended = concurrent.futures.as_completed(asked)
            refused_now = [next(ended).result().status for _ in range(14)]
            daemon.metrics()
            waiting = sum(not each.done() for each in asked)
            codes = refused_now + [each.result().status for each in ended]
        self.check(codes == [503] * 14 + [200] * 16, "16 at a time, the others get 503", str(codes))
        self.check(waiting == 16, "a scrape does not wait for them", "%d are still running" % waiting)
        counts = wait_for("counted", lambda: self.probes_counted(daemon, 5 + 16))
        self.check(
            counts and daemon.value("dkimprobe_probe_requests_refused_total") >= refused["dkimprobe_probe_requests_refused_total"],
            "probes are counted",
        )
        self.check(daemon.end()[0] == 0, "it ends well")

    @staticmethod
    def probes_counted(daemon, wanted):
        return daemon.value("dkimprobe_probe_requests_total") == wanted

    # ---- Changes ----

    def change(self):
        """A key disappears from one server of the lab and returns."""
        store = self.folder / "store"
        daemon = Daemon(self, settings_of([("offsite.test", "s1")]), "--storage.path", store)
        daemon.wait_seen()
        self.check(daemon.status("offsite.test") == 0, "all is well at first")
        confirming = daemon.value("dkimprobe_domain_probes_confirming_total")

        def without_key(text):
            return "".join(line for line in text.splitlines(True) if "_domainkey" not in line)

        zone = self.folder.parent / "lab" / "zones" / "offsite.test"
        whole = zone.read_text()
        self.change_zone("offsite.test", "knot", without_key)
        daemon.wait_status("offsite.test", 2)
        now = daemon.metrics()
        found = [line for line in now if line.startswith("dkim_finding{") and 'severity="critical"' in line]
        self.check(found, "the finding is there", str(sorted(now)))
        wait_for(
            "a second probe confirms it", lambda: daemon.value("dkimprobe_domain_probes_confirming_total") > confirming
        )
        self.change_zone("offsite.test", "knot", lambda text: re.sub(r"\d{10}", re.search(r"\d{10}", text)[0], whole))
        daemon.wait_status("offsite.test", 0)
        daemon.wait_said("the state of a selector has changed", "offsite.test", "from=critical to=ok", "level=info")
        changes = [line for line in daemon.log if "the state of a selector has changed" in line]
        self.check(
            len(changes) == 2 and "level=warn" in changes[0] and "from=ok to=critical" in changes[0]
            and "finding=" in changes[0] and "servers=" in changes[0],
            "the log has one line for each change of state", "\n".join(daemon.log),
        )  # fmt: skip
        left = [line for line in daemon.metrics() if line.startswith("dkim_finding{") and 'severity="critical"' in line]
        self.check(not left, "the alert series is gone when the key is back", str(left))
        shown = self.run(self.program, "history", "offsite.test", "s1", "--storage.path", store, "--json")
        self.check(
            shown.returncode == 0 and '"vanished"' in shown.stdout and '"appeared"' in shown.stdout,
            "the history shows both while the daemon runs", shown.stdout[:2000] + shown.stderr,
        )  # fmt: skip
        self.change_zone("offsite.test", "knot", without_key)
        daemon.wait_status("offsite.test", 2)
        daemon.end(signal.SIGKILL)
        after = self.run(self.program, "history", "offsite.test", "s1", "--storage.path", store, "--json")
        self.check(
            after.stdout.count('"vanished"') == shown.stdout.count('"vanished"') + 1,
            "a change that the metrics show survives kill -9", after.stdout[:2000] + after.stderr,
        )  # fmt: skip

    def clock(self):
        """What is seen while the clock shows the past is neither used nor stored."""
        store, past, library = (self.folder / name for name in ("store", "past", "past_clock.so"))
        compiler = os.environ.get("CC", "clang-19")
        subprocess.run((compiler, "-shared", "-fPIC", "-o", library, HERE / "past_clock.c"), check=True)
        past.touch()
        environment = {"LD_PRELOAD": "%s:%s" % (self.guard, library), "PAST_CLOCK": str(past)}
        daemon = Daemon(self, settings_of([("healthy.example", "s1")]), "--storage.path", store, environment=environment)
        said = daemon.wait_said("the clock of this machine cannot be right", "time=197")
        wait_for("a second probe", lambda: self.rounds(daemon) >= 2)
        self.check(daemon.status("healthy.example") is None, "nothing seen then is shown")
        past.unlink()
        daemon.wait_status("healthy.example", 0)
        first = self.shown_since(daemon)
        self.check(first and min(first.values()) > time.time() - 3600, "the age of the key is right", str(first))
        self.check(daemon.log.count(said) == 1, "it is logged once", "\n".join(daemon.log))
        self.check(daemon.end()[0] == 0, "it ends well")
        shown = self.run(self.program, "history", "healthy.example", "s1", "--storage.path", store, "--json")
        seen = re.findall(r'"first_seen": *"(...)', shown.stdout)
        self.check(seen and "197" not in seen, "the history is right", shown.stdout)

    def flap(self):
        """One probe with losses changes nothing; a real change is confirmed at once."""
        addresses = ("127.0.7.1", "127.0.7.2")
        server = Nameserver(addresses, self.lab["port"])
        server.start()
        names = ", ".join("ns%d.flap.example.=%s" % pair for pair in enumerate(addresses, 1))
        settings = settings_of([], "groups: {here: {nameservers: [%s]}}\n" % names)
        settings += "  - {domain: flap.example, group: here, selectors: [s1]}\n"
        daemon = Daemon(self, settings, "--attempts", "1", "--initial-timeout", "2s")
        daemon.wait_seen()
        answers = [series("dkim_nameserver_answer", "flap.example", nameserver="ns%d.flap.example" % at, address="%s:%d"
                          % (address, self.lab["port"])) for at, address in enumerate(addresses, 1)]  # fmt: skip
        before = daemon.metrics()
        self.check([before.get(each) for each in answers] == [1, 1], "both answer at first", str(sorted(before)))
        status = daemon.status("flap.example")

        confirming = before["dkimprobe_domain_probes_confirming_total"]
        server.lose_at = addresses[1]
        seen = set()
        hangs, confirmed = time.monotonic() + HANGS_SECONDS, None
        while time.monotonic() < (confirmed + 2 if confirmed else hangs):
            now = daemon.metrics()
            seen.add((now[series("dkim_selector_status", "flap.example")], *(now.get(each) for each in answers)))
            if now["dkimprobe_domain_probes_confirming_total"] > confirming:
                confirmed = confirmed or time.monotonic()
            time.sleep(0.05)
        after = daemon.value("dkimprobe_domain_probes_confirming_total")
        changes = [line for line in daemon.log if "the state of a selector has changed" in line]
        self.check(len(changes) == (status != 0), "one lost round is not logged as a change", "\n".join(daemon.log))
        self.check(
            server.lost >= 1 and after > confirming and seen == {(status, 1, 1)}, "one lost round does not flap",
            "%d lost, %s to %s confirming probes, seen %s" % (server.lost, confirming, after, seen),
        )  # fmt: skip

        begun = len(server.answered)
        server.texts = {address: OTHER_KEY for address in addresses}

        def new_probes():
            return [at for at, address, text in server.answered[begun:] if (address, text) == (addresses[0], OTHER_KEY)]

        first = wait_for("a round sees the change", lambda: new_probes() and new_probes()[0])
        key = re.compile(r"^dkim_key_info\{.*sha256=\"(\w+)\"", re.M)
        old = key.search("\n".join(before)).group(1)
        wait_for("the new key", lambda: old not in daemon.ask("/metrics").text)
        took = time.monotonic() - first
        # Otherwise the next regular probe would confirm it.
        self.check(took < 0.9 * INTERVAL, "a change is confirmed at once", "shown %.2f s after its first probe" % took)
        # Findings are on the page at once, the program's counters within seconds.
        wait_for("a confirming round", lambda: daemon.value("dkimprobe_domain_probes_confirming_total") > after)
        self.check(daemon.end()[0] == 0, "it ends well")
        server.over = True
        server.join()

    # ---- Start and stop ----

    def ends(self):
        store = self.folder / "store"
        more = "groups: {silent: {nameservers: ['ns.silent.example=%s']}}\n" % SILENT
        settings = settings_of([("healthy.example", "s1"), ("stale.example", "s1")], more)
        settings += "  - {domain: silent.example, group: silent, selectors: [s1]}\n"
        settings += "  - {domain: asked.example, group: silent, selectors: [s1], interval: 1h}\n"
        daemon = Daemon(self, settings, "--storage.path", store)
        daemon.wait_status("stale.example", 2)
        daemon.wait_status("healthy.example", 0)

        self.refused("a second daemon on the same history is refused", "--web.listen-address", "127.0.0.1:0",
                     "--storage.path", store, texts=["store", "another dkimprobe"])  # fmt: skip
        began = time.monotonic()
        self.refused("a port in use is refused and named", "--web.listen-address", "127.0.0.1:%d" % daemon.port,
                     texts=["127.0.0.1:%d" % daemon.port, "in use"])  # fmt: skip
        usual = time.monotonic() - began  # the time for start and stop
        done = self.run(*self.command("check", "healthy.example", "s1", "--storage.path", store))
        self.check(done.returncode == 0, "`check` can use the same history", done.stderr)

        # During regular probes, an on-demand probe, and a request of a slow client.
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            name = "s1._domainkey.asked.example."
            asked = self.asked_of_silent_server(name)
            client = socket.create_connection(("127.0.0.1", daemon.port))
            client.sendall(b"GET /metr")
            slow = pool.submit(daemon.ask, "/probe?target=asked.example")
            wait_for("a question", lambda: run_cases.times_asked(self.lab, name) > asked)
            code, took = daemon.end()
            self.check(slow.result().status in (200, 503), "who waits gets an answer", str(slow.result().status))
            client.close()
        # Waiting for clients would take five seconds.
        self.check(code == 0 and took < 2 + 3 * usual, "SIGTERM ends it", "%d after %.2f s" % (code, took))
        first = self.first_seen(store)
        self.check(first, "the history was stored")

        daemon = Daemon(self, settings, "--storage.path", store)
        wait_for("probes", lambda: daemon.status("healthy.example") == 0 and daemon.status("stale.example") == 2)
        shown = self.shown_since(daemon)
        time.sleep(1.5)
        code, _ = daemon.end(signal.SIGKILL)
        daemon = Daemon(self, settings, "--storage.path", store)
        wait_for("probes", lambda: daemon.status("healthy.example") == 0 and daemon.status("stale.example") == 2)
        self.check(code == -signal.SIGKILL and self.first_seen(store) == first, "kill -9: the history goes on",
                   "%s %s" % (first, self.first_seen(store)))  # fmt: skip
        again = self.shown_since(daemon)
        self.check(len(shown) == 2 and shown == again, "its metric too", "%s %s" % (shown, again))
        code, took = daemon.end(signal.SIGINT)
        self.check(code in (0, 130) and took < 2 + 3 * usual, "SIGINT ends it as well", "%d after %.2f s" % (code, took))

    def asked_of_silent_server(self, name):
        """How often the silent server was asked for a name, after the first probes have ended."""
        known = [(-1, 0.0)]

        def is_quiet():
            count = run_cases.times_asked(self.lab, name)
            if count != known[-1][0]:
                known.append((count, time.monotonic()))
            return count > 0 and time.monotonic() > known[-1][1] + QUIET_SECONDS

        wait_for("no more questions for " + name, is_quiet)
        return known[-1][0]

    def first_seen(self, store):
        """When each key of the history was first seen; each appeared only once."""
        seen = {}
        for domain in ("healthy.example", "stale.example"):
            shown = self.run(self.program, "history", domain, "s1", "--storage.path", store, "--json")
            document = json.loads(shown.stdout or "{}")
            seen[domain] = re.findall(r'"first_seen": "([^"]+)"', json.dumps(document))
        return all(seen.values()) and seen

    @staticmethod
    def shown_since(daemon):
        return {
            line: value
            for line, value in daemon.metrics().items()
            if line.startswith("dkim_key_first_seen_timestamp_seconds")
        }

    def systemd(self):
        """Notifications to systemd over its socket, and listeners that systemd opened."""
        path = self.folder / "notify"
        listener = socket.create_server(("127.0.0.1", 0))
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, listener:
            notify.bind(str(path))
            notify.settimeout(0.1)
            messages = []

            def heard(*starts):
                with contextlib.suppress(TimeoutError):
                    messages.append(notify.recv(4096).decode())
                return all(any(each.startswith(start) for each in messages) for start in starts)

            # LISTEN_PID must be the process itself: the shell becomes it by `exec`.
            shell = ("bash", "-c", 'exec 3<&"$0"; export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"', str(listener.fileno()))
            environment = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "6000000"}
            daemon = Daemon(self, settings_of([("healthy.example", "s1")]), "--web.systemd-socket", listen=False,
                            environment=environment, prefix=shell, pass_fds=(listener.fileno(),))  # fmt: skip
            given = listener.getsockname()[1]
            self.check(daemon.port == given, "it listens on the given socket", str(daemon.log))
            self.check(wait_for("READY", lambda: heard("READY=1")), "READY")
            self.check(daemon.ask("/-/ready").status == 200, "when it is")
            daemon.wait_seen()
            messages.clear()
            before = time.clock_gettime(time.CLOCK_MONOTONIC)
            daemon.send(signal.SIGHUP)
            wait_for("RELOADING and READY", lambda: heard("RELOADING=1", "READY=1"))
            reloading = next(each for each in messages if each.startswith("RELOADING=1"))
            moment = re.search(r"^MONOTONIC_USEC=(\d+)$", reloading, re.M)
            self.check(
                moment and before <= int(moment[1]) / 1e6 <= time.clock_gettime(time.CLOCK_MONOTONIC),
                "RELOADING with its time, as Type=notify-reload requires", reloading,
            )  # fmt: skip
            order = [each.partition("\n")[0] for each in messages if not each.startswith("WATCHDOG")]
            self.check(order == ["RELOADING=1", "READY=1"], "RELOADING comes before READY", str(messages))
            messages.clear()
            daemon.settings.write_text(BROKEN)
            daemon.send(signal.SIGHUP)
            wait_for("READY after a broken file", lambda: heard("RELOADING=1", "READY=1"))
            messages.clear()
            beats = []

            def next_beat():
                """Waits for a heartbeat, or more than twice as long as one may take."""
                heard("WATCHDOG=1")
                beats.extend(time.monotonic() for each in messages if each == "WATCHDOG=1")
                messages.clear()

            wait_for("four beats", lambda: next_beat() or len(beats) >= 4)
            gaps = [after - before for before, after in zip(beats, beats[1:])]
            # A busy machine can make gaps longer, but not shorter.
            self.check(min(gaps) < 4.5, "WATCHDOG is sent twice in its interval", str(gaps))
            try:
                with stopped_thread(daemon.process.pid, "asking"):
                    began = time.monotonic()
                    beats[:] = [began]
                    wait_for("no beat", lambda: next_beat() or time.monotonic() > beats[-1] + 12)
                    self.check(
                        beats[-1] - began > 8, "no WATCHDOG while the probing thread is stopped",
                        "the last after %.1f s" % (beats[-1] - began),
                    )  # fmt: skip
                    for path in ("/-/healthy", "/-/ready"):
                        answer = daemon.ask(path)
                        self.check(
                            answer.status == 503 and "the probing thread has not moved" in answer.text,
                            "%s tells so" % path, "%d %s" % (answer.status, answer.text),
                        )  # fmt: skip
            except PermissionError:
                self.skipped.append("SKIPPED a stopped thread: this machine does not allow to stop threads")
            self.check(wait_for("WATCHDOG", lambda: heard("WATCHDOG=1")), "and again when it moves")
            self.check(daemon.ask("/-/healthy").text == "healthy\n", "and it is healthy")
            messages.clear()
            daemon.send(signal.SIGTERM)
            self.check(wait_for("STOPPING", lambda: heard("STOPPING=1")), "STOPPING")
            self.check(daemon.process.wait(HANGS_SECONDS) == 0, "it ends well")

        daemon.settings.write_text(settings_of([("healthy.example", "s1")]))
        self.refused("it refuses to start without a socket", "--web.systemd-socket", texts=["systemd passed no sockets"])

    def disk(self):
        """The disk of the history becomes full and gets space again."""
        inner = self.folder / "disk"
        inner.mkdir()
        script = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
        prefix = ("unshare", "--mount", "--map-root-user", "--", "bash", "-c", script, str(inner))
        if subprocess.run([*prefix, "true"], capture_output=True).returncode != 0:
            self.skipped.append("SKIPPED a full disk: no disk can be mounted here")
            return
        store = inner / "store"
        daemon = Daemon(self, settings_of([("healthy.example", "s1, ed")]), "--storage.path", store, prefix=prefix)
        daemon.wait_seen()
        self.check(daemon.value("dkimprobe_history_writable") == 1, "at first it can be written")
        seen_inside = pathlib.Path("/proc/%d/root" % daemon.process.pid) / str(inner)[1:]
        filler = seen_inside / "filler"
        with contextlib.suppress(OSError), open(filler, "wb", buffering=0) as file:
            while True:
                file.write(bytes(4096))
        wait_for("the metric says so", lambda: daemon.value("dkimprobe_history_writable") == 0)
        daemon.wait_said("cannot be written", "full")
        rounds = self.rounds(daemon)
        wait_for("probing goes on", lambda: self.rounds(daemon) > rounds)
        self.check(daemon.value("dkimprobe_history_failures_total") >= 1, "failures are counted")
        self.check(daemon.status("healthy.example") == 0, "and metrics are as before")
        filler.unlink()
        wait_for("it is stored again", lambda: daemon.value("dkimprobe_history_writable") == 1)
        daemon.wait_said("is written again")
        lines = [line for line in daemon.log if "cannot be written" in line]
        self.check(len(lines) == 1, "the failure is logged once", str(daemon.log))
        self.check(daemon.end()[0] == 0, "it ends well")

    def limit(self):
        """A limit on the size of files does not end the daemon."""
        daemon = Daemon(self, settings_of([("healthy.example", "s1")]), "--storage.path", self.folder / "store")
        daemon.wait_seen()
        before = resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))
        wait_for("the metric says so", lambda: daemon.value("dkimprobe_history_writable") == 0)
        rounds = self.rounds(daemon)
        wait_for("probing goes on", lambda: self.rounds(daemon) > rounds)
        daemon.wait_said("cannot be written")
        resource.prlimit(daemon.process.pid, resource.RLIMIT_FSIZE, before)
        wait_for("it is stored again", lambda: daemon.value("dkimprobe_history_writable") == 1)
        self.check(daemon.end()[0] == 0, "it ends well")

    @staticmethod
    def rounds(daemon):
        now = daemon.metrics()
        return sum(value for line, value in now.items() if line.startswith("dkimprobe_domain_probes_total{"))


PARTS = ("browser", "pages", "reload", "files", "probe", "change", "flap", "ends", "systemd", "disk", "limit",
         "pipes", "log", "crowd", "clock")


def play(part):
    """Runs a part to its end, even after failures; its daemons end with it."""
    began = time.monotonic()
    try:
        getattr(part, part.name)()
    except Exception as error:  # reported as a failure
        part.check(False, "%s: %s" % (type(error).__name__, error))
    for daemon in part.daemons:
        if daemon.process.poll() is None:
            daemon.process.kill()
            daemon.process.wait()
        daemon.reader.join()
        noise = [line for line in daemon.log if "Sanitizer" in line or "runtime error" in line]
        if noise:
            part.check(False, "a sanitizer speaks", "\n".join(daemon.log[:60]))
    if part.failures:
        logs = ["    " + line for daemon in part.daemons for line in daemon.log[-20:]]
        part.failures[-1] += "\n  the logs of its daemons:\n" + "\n".join(logs)
    for line in part.failures + part.skipped:
        print(line, flush=True)
    print("%-8s %d passed, %d failed, %.1f s" % (part.name, part.passed, len(part.failures), time.monotonic() - began))
    return part


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    parser.add_argument("--browser", help="folder for npm packages and screenshots")
    parser.add_argument("--only", default="*", help="names of parts, with * and ?, separated by commas")
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    chosen = [name for name in PARTS if any(fnmatch.fnmatchcase(name, each) for each in arguments.only.split(","))]
    with tempfile.TemporaryDirectory(prefix="serve-") as directory:
        folder = pathlib.Path(directory)
        lab_folder = folder / "lab"
        lab_folder.mkdir()
        process = run_cases.start_lab(str(lab_folder))
        try:
            lab = json.loads((lab_folder / "lab.json").read_text())
            guard = run_cases.build_resolver_guard(directory)
            logs = [lab["tripwire_log"], lab["misbehaving_log"], lab["queries_log"]]
            offsets = {log: run_cases.size_of(log) for log in logs if log}
            with concurrent.futures.ThreadPoolExecutor(len(PARTS)) as pool:
                played = list(pool.map(play, [Part(name, program, lab, folder, guard, arguments.browser) for name in chosen]))
            failures = run_cases.check_logs(lab, offsets)
            for failure in failures:
                print("FAILED " + failure)
        finally:
            process.terminate()
            process.wait()
    failed = sum(len(part.failures) for part in played) + len(failures)
    print("%d passed, %d failed" % (sum(part.passed for part in played), failed))
    return 1 if failed or not played else 0


if __name__ == "__main__":
    raise SystemExit(main())
