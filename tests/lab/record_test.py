#!/usr/bin/python3
"""Publishes the output of `record` on real nameservers and reads it back: NSD and Knot load the zone format, BIND the
nsupdate script; the formats of Route 53 and Windows are decoded. Every published record must be accepted by this
program, by opendkim-testkey, and by dkimpy with a message signed by the private key. No resolver of the machine is
queried: dkimpy and OpenDKIM ask the server of this test.

    record_test.py --program PROGRAM"""

import argparse
import base64
import dataclasses
import json
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

import dkim
import dns.message
import dns.query
import dns.rdatatype

import servers

ZONE = "record.example"
ADDRESS = "127.0.0.1"
NOTES = "it's; a=\"b\" \\ \u00fc %s 'c' \u2019"
ALL_TAGS = ["--hash", "sha256", "--service", "email", "--flags", "s", "--notes", NOTES]
MESSAGE = b"From: a@record.example\r\nTo: b@example.com\r\nSubject: test\r\nDate: Sun, 22 Nov 2026 05:00:00 +0000\r\n\r\nbody\r\n"

wrong = []
checked = 0


def check(holds, words, *details):
    global checked
    checked += 1
    if not holds:
        wrong.append(words + "".join("\n    %r" % (detail,) for detail in details))


@dataclasses.dataclass
class Record:
    """The arguments of `record`, and the expected results."""

    selector: str
    arguments: list
    key: pathlib.Path = None  # the private key that signs
    findings: tuple = ()
    exit: int = 0

    @property
    def name(self):
        return "%s._domainkey.%s" % (self.selector, ZONE)


class Program:
    def __init__(self, path):
        self.path = str(path)

    def record(self, record, *more):
        words = [ZONE] if "--adsp" in record.arguments else [ZONE, record.selector]
        return subprocess.run([self.path, "record", *map(str, record.arguments), *words, *more], capture_output=True,
                              text=True, timeout=600)

    def text(self, record, output):
        done = self.record(record, "--format", output)
        check(done.returncode == record.exit, "%s as %s" % (record.selector, output), done.returncode, done.stderr)
        return done.stdout

    def facts(self, record):
        return json.loads(self.record(record, "--json").stdout)

    def lint(self, name, text):
        done = subprocess.run([self.path, "lint", "--json", "--role", "pending"], input="%s\t%s\n" % (name, text),
                              capture_output=True, text=True, timeout=600)
        return json.loads(done.stdout)


@dataclasses.dataclass
class Make:
    """The fields of a server that `servers` needs."""

    name: str
    kind: str


class Server:
    """A nameserver of one implementation, with the zone."""

    def __init__(self, make, zone_text, directory, edit=lambda settings: settings):
        self.directory = directory / make
        self.directory.mkdir()
        zone = self.directory / "zone"
        zone.write_text(zone_text)
        self.port = random.SystemRandom().randrange(20_000, 32_000)
        command = servers.prepare(Make(make, make), self.port, [(ZONE, zone)], self.directory, [ADDRESS], self.directory)
        if make == "bind":
            settings = self.directory / "named.conf"
            settings.write_text(edit(settings.read_text()))
        self.log = open(self.directory / "log", "wb")
        self.process = subprocess.Popen([str(word) for word in command], stdout=self.log, stderr=self.log,
                                        stdin=subprocess.DEVNULL)

    def __enter__(self):
        end = time.monotonic() + 200
        while time.monotonic() < end:
            try:
                if self.ask(ZONE, "SOA").answer:
                    return self
            except OSError:
                pass
            except dns.exception.DNSException:
                pass
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        sys.exit("the server does not start:\n" + (self.directory / "log").read_text(errors="replace")[-3000:])

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.log.close()

    def ask(self, name, kind, edns=None):
        query = dns.message.make_query(name, kind, use_edns=edns, payload=1232 if edns is not None else None)
        query.flags = 0
        answer = dns.query.udp(query, ADDRESS, port=self.port, timeout=20)
        if answer.flags & dns.flags.TC:
            answer = dns.query.tcp(query, ADDRESS, port=self.port, timeout=20)
        return answer

    def txt(self, name):
        """The strings of each TXT record."""
        return [list(rdata.strings) for rrset in self.ask(name, "TXT").answer
                if rrset.rdtype == dns.rdatatype.TXT for rdata in rrset]


def zone_of(lines):
    return "$TTL 300\n@ SOA ns1 hostmaster 1 3600 600 86400 300\n@ NS ns1\nns1 A 127.0.0.1\n" + "".join(lines)


def test_published(program, server, record, make):
    facts = program.facts(record)
    name = facts["record"]["name"]
    published = server.txt(name)
    planned = [text.encode() for text in facts["record"]["strings"]]
    check(published == [planned], "%s at %s: other strings" % (name, make), published, planned)
    check(all(len(string) <= 255 for strings in published for string in strings), "%s: a string is too long" % name)
    # the program reports the size of a response to which the server adds nothing
    tcp = dns.message.make_query(name, "TXT", use_edns=None)
    tcp.flags = 0
    wire = dns.query.tcp(tcp, ADDRESS, port=server.port, timeout=20)
    wire.authority, wire.additional = [], []
    if wire.answer and wire.answer[0].rdtype == dns.rdatatype.TXT:
        check(len(wire.to_wire()) == facts["size"]["direct"], "%s: another size" % name, facts["size"])
    text = b"".join(published[0] if published else [b""]).decode()
    read = program.lint(name, text)
    found = [finding["id"] for finding in read["findings"]]
    check(tuple(found) == record.findings, "%s: lint finds %s" % (name, found), text)


def opendkim_settings(server, directory):
    """OpenDKIM with the resolver of libunbound, which knows only the server of this test."""
    resolver = directory / "resolver.conf"
    resolver.write_text(
        "server:\n  module-config: iterator\n  do-not-query-localhost: no\n  do-ip6: no\n  use-syslog: no\n"
        'stub-zone:\n  name: "%s"\n  stub-addr: %s@%d\n' % (ZONE, ADDRESS, server.port)
    )
    settings = directory / "opendkim.conf"
    settings.write_text("ResolverConfiguration %s\n" % resolver)
    return settings


def opendkim(settings, selector, key=None):
    command = ["opendkim-testkey", "-vvv", "-x", settings, "-d", ZONE, "-s", selector]
    done = subprocess.run([*map(str, command), *(["-k", str(key)] if key else [])], capture_output=True, text=True,
                          timeout=600)
    return done.returncode, done.stdout + done.stderr


def dkimpy_accepts(server, record):
    """Verifies a message signed by the private key with the published record."""

    def lookup(name, timeout=5):
        found = server.txt(name.decode() if isinstance(name, bytes) else name)
        return b"".join(found[0]) if found else None

    signing = {"selector": record.selector.encode(), "domain": ZONE.encode()}
    if "ed25519" in record.key.name:
        der = subprocess.run(["openssl", "pkey", "-in", record.key, "-outform", "DER"], check=True,
                             capture_output=True).stdout
        field = dkim.sign(MESSAGE, privkey=base64.b64encode(der[-32:]), signature_algorithm=b"ed25519-sha256", **signing)
    else:
        field = dkim.sign(MESSAGE, privkey=record.key.read_bytes(), **signing)
    return dkim.verify(field + MESSAGE, dnsfunc=lookup, minkey=1024)


def decode_route53(batch):
    """The name and the strings of a change batch, by the rules of Route 53 (octal codes)."""
    sets = [change["ResourceRecordSet"] for change in json.loads(batch)["Changes"]]
    check([change["Action"] for change in json.loads(batch)["Changes"]] == ["UPSERT"], "route53: one UPSERT", batch)
    value = sets[0]["ResourceRecords"][0]["Value"]
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', value)
    check(" ".join('"%s"' % string for string in strings) == value, "route53: quotation marks", value)
    decode = lambda m: chr(int(m.group(1), 8)) if m.group(1)[0] in "01234567" else m.group(1)
    return sets[0]["Name"], [re.sub(r"\\([0-7]{3}|.)", decode, string) for string in strings], sets[0]["TTL"]


def decode_powershell(command):
    words = [word.replace("''", "'") if quoted else bare
             for quoted, word, bare in re.findall(r"(')((?:[^']|'')*)'|(\S+)", command)]
    if words[0] == "dnscmd.exe":
        check(words[1] == "/RecordAdd" and words[5] == "TXT", "dnscmd: the order of its words", words)
        return "%s.%s." % (words[3], words[2]), words[6:], int(words[4])
    flags = dict(zip(words, words[1:]))
    hours, minutes, seconds = map(int, flags["-TimeToLive"].split(":"))
    check(words[0] == "Add-DnsServerResourceRecord" and "-Txt" in words and len(flags["-DescriptiveText"]) <= 254,
          "powershell", words)
    return ("%s.%s." % (flags["-Name"], flags["-ZoneName"]), [flags["-DescriptiveText"]],
            hours * 3_600 + minutes * 60 + seconds)


def make_records(directory):
    keys = {}
    for bits in (1024, 2048, 3072, 4096):
        keys[bits] = directory / ("rsa%d.pem" % bits)
        subprocess.run(["openssl", "genrsa", "-traditional", "-out", keys[bits], str(bits)], check=True,
                       capture_output=True)
    keys["ed"] = directory / "ed25519.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "ED25519", "-out", keys["ed"]], check=True)
    for key in keys.values():
        key.chmod(0o600)
    large = ("udp512_exceeded",)
    return [
        Record("r2048", ["--key", keys[2048]], keys[2048]),
        Record("r2048all", ["--key", keys[2048], *ALL_TAGS], keys[2048], large, exit=1),  # without its notes it would fit
        Record("r3072", ["--key", keys[3072]], keys[3072], large),
        Record("r4096", ["--key", keys[4096], "--hash", "sha256"], keys[4096], large),
        Record("ed", ["--key", keys["ed"]], keys["ed"]),
        Record("edall", ["--key", keys["ed"], *ALL_TAGS], keys["ed"]),
        Record("two.labels", ["--key", keys["ed"]], keys["ed"]),
        Record("revoked", ["--revoke"]),
        Record("_adsp", ["--adsp", "discardable"], findings=("adsp_present_historic",)),
    ]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, type=pathlib.Path)
    program = Program(parser.parse_args().program.resolve())
    with tempfile.TemporaryDirectory(prefix="dkimprobe-record-") as name:
        directory = pathlib.Path(name)
        records = make_records(directory)
        zone = zone_of(program.text(record, "zone") for record in records)
        dmarc = program.record(records[-1], "--format", "zone").stderr.splitlines()[-1] + "\n"

        for make in ("nsd", "knot"):
            with Server(make, zone + dmarc, directory) as server:
                for record in records:
                    test_published(program, server, record, make)
                check(server.txt("_dmarc." + ZONE) == [[b"v=DMARC1; p=reject"]], "DMARC in place of ADSP")
                if make == "knot":
                    continue
                settings = opendkim_settings(server, directory)
                for record in records:
                    if record.key is None:
                        continue
                    check(dkimpy_accepts(server, record), "dkimpy refuses " + record.selector)
                    code, said = opendkim(settings, record.selector, record.key if "rsa" in record.key.name else None)
                    # OpenDKIM 2.11 lacks Ed25519: it reads the record and ends
                    good = (code == 0 and "key OK" in said) if "rsa" in record.key.name else "syntax" not in said
                    check(good, "opendkim-testkey on " + record.selector, code, said)
                signed = next(record for record in records if record.selector == "r2048")
                other = next(record for record in records if record.selector == "r3072")
                code, said = opendkim(settings, signed.selector, other.key)
                check(code != 0 and "keys do not match" in said, "opendkim-testkey must refuse another key", code, said)
                signed.selector, revoked = "revoked", signed.selector
                check(not dkimpy_accepts(server, signed), "dkimpy takes a revoked key")
                signed.selector = revoked

        dynamic = lambda text: text.replace("type primary;", "type primary; allow-update { 127.0.0.1; };")
        with Server("bind", zone_of([]), directory, dynamic) as server:
            for record in records * 2:  # the second time, it replaces the existing record
                script = "server %s %d\n" % (ADDRESS, server.port) + program.text(record, "nsupdate")
                done = subprocess.run(["nsupdate"], input=script, capture_output=True, text=True, timeout=600)
                check(done.returncode == 0 and not done.stderr, "nsupdate", done.stderr, script)
            for record in records:
                test_published(program, server, record, "bind")

        for record in records:
            planned = program.facts(record)["record"]
            expected = (planned["name"] + ".", planned["strings"], 3_600)
            for output, decode in (("route53", decode_route53), ("powershell", decode_powershell)):
                text = program.text(record, output)
                check(decode(text) == expected, "%s as %s" % (record.selector, output), decode(text), expected)
            check(program.text(record, "text") == "".join(planned["strings"]) + "\n", record.selector + " as text")
    print("\n".join(wrong) if wrong else "%d checks hold" % checked)
    return 1 if wrong or checked < 100 else 0


sys.exit(main())
