#!/usr/bin/python3
"""Lints what real tools write: opendkim-genkey, rspamadm, dig and terraform; and compares the reader of zone files with
that of dnspython on many made zones. terraform runs without the providers of DNS, which only a registry has: the
resources of its output get their types here.

    record_files_test.py --program PATH"""

import argparse
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading

import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import dns.zone

PARSER = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
PARSER.add_argument("--program", required=True, type=pathlib.Path)
PROGRAM = str(PARSER.parse_args().program.resolve())
KEY = "v=DKIM1; k=ed25519; p=9JhgWg2ZI4obYNpV7C7BcyXIsr3JczAv4gsPQoMAvmY="
compared = 0


def expect(what, seen, wanted):
    global compared
    compared += 1
    if seen != wanted:
        sys.exit("%s:\n%s\nwanted:\n%s" % (what, seen, wanted))


def lint(*arguments, text=None):
    """The exit code, and the records and the faults as (line, name or fault, strings or error)."""
    done = subprocess.run([PROGRAM, "lint", "--json", *arguments], input=text, capture_output=True, text=True)
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    records = [(o["line"], o["name"], o["record"]["strings"]) for o in objects if "record" in o]
    faults = [(o["line"], o["fault"], o["error"]) for o in objects if "fault" in o]
    return done.returncode, records, faults


def generators(folder):
    subprocess.run(["opendkim-genkey", "-b", "2048", "-d", "example.com", "-s", "s1", "-D", folder], check=True)
    code, records, faults = lint(str(folder / "s1.txt"))
    expect("opendkim-genkey", (code, [f[:2] for f in faults]), (0, [(1, "file_origin")]))
    ((line, name, strings),) = records
    expect("opendkim-genkey's line and first string", (line, name, strings[0]), (1, None, "v=DKIM1; h=sha256; k=rsa; "))
    code, ((_, name, _),), faults = lint("--origin", "example.com", str(folder / "s1.txt"))
    expect("opendkim-genkey with --origin", (code, name, faults), (0, "s1._domainkey.example.com", []))

    if shutil.which("rspamadm") is None:
        print("rspamadm is not installed: its output was not read")
        return
    for kind in ("rsa", "ed25519"):
        command = ["rspamadm", "dkim_keygen", "-s", "s2", "-d", "example.com", "-b", "2048", "-t", kind]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        code, records, faults = lint("--origin", "example.com", text=text)
        expect("rspamadm, with the private key", (code, [f[:2] for f in faults]), (3, [(1, "file_private_key")]))
        expect("rspamadm's record", [(r[1], r[2][0]) for r in records],
               [("s2._domainkey.example.com", "v=DKIM1; k=%s; " % kind)])
        text = subprocess.run([*command, "-k", str(folder / kind)], check=True, capture_output=True, text=True).stdout
        code, records, faults = lint("--origin", "example.com", text=text)
        expect("rspamadm, without the private key", (code, len(records), faults), (0, 1, []))


class Server(threading.Thread):
    """Answers s1 with a record, `alias` with an alias, `empty` with none, and all else with NXDOMAIN."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]

    def run(self):
        while True:
            wire, client = self.socket.recvfrom(4096)
            query = dns.message.from_wire(wire)
            answer = dns.message.make_response(query)
            answer.flags |= dns.flags.AA
            name = query.question[0].name.to_text()
            text = ' '.join('"%s"' % part for part in (KEY[:20], KEY[20:]))
            if name.startswith(("s1.", "alias.")):
                owner = "s1._domainkey.example.com."
                if name.startswith("alias."):
                    answer.answer.append(dns.rrset.from_text(name, 300, "IN", "CNAME", owner))
                answer.answer.append(dns.rrset.from_text(owner, 300, "IN", "TXT", text))
            elif not name.startswith("empty."):
                answer.set_rcode(dns.rcode.NXDOMAIN)
            self.socket.sendto(answer.to_wire(), client)


def dig():
    server = Server()
    server.start()

    def run(*arguments, port=server.port):
        command = ["dig", "@127.0.0.1", "-p", str(port), "+time=5", "+tries=1", *arguments]
        return lint(text=subprocess.run(command, capture_output=True, text=True).stdout)

    strings = [KEY[:20], KEY[20:]]
    named, unnamed = [("s1._domainkey.example.com", strings)], [(None, strings)]
    for arguments, wanted in (([], named), (["+multiline"], named), (["+noall", "+answer"], named), (["+short"], unnamed)):
        for name in ("s1", "alias"):
            code, records, faults = run("TXT", name + "._domainkey.example.com", *arguments)
            expect("dig %s %s" % (name, arguments), (code, [r[1:] for r in records], faults), (0, wanted, []))
    for name, why in (("other", "the answer has the status NXDOMAIN"), ("empty", "the answer has no record")):
        code, records, faults = run("TXT", name + "._domainkey.example.com")
        expect("dig " + name, (code, records, [f[1:] for f in faults]), (3, [], [("file_no_answer", why)]))
    closed = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    closed.bind(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    code, records, faults = run("TXT", "s1._domainkey.example.com", port=port)
    expect("dig without a server", (code, records, [f[1:] for f in faults]),
           (3, [], [("file_no_answer", "no server was reached")]))


TERRAFORM = {
    "main.tf": """module "mail" { source = "./mail" }
resource "terraform_data" "aws_route53_record" {
  input = { name = "s1._domainkey.example.com", type = "TXT", records = ["%s\\"\\"%s"] }
}
resource "terraform_data" "google_dns_record_set" {
  input = { name = "s3._domainkey.example.com.", type = "TXT", rrdatas = [module.mail.id] }
}
""" % (KEY[:20], KEY[20:]),
    "mail/mail.tf": """resource "terraform_data" "cloudflare_dns_record" {
  input = { name = "s2._domainkey.example.com", type = "TXT", content = "%s" }
}
output "id" { value = terraform_data.cloudflare_dns_record.id }
""" % KEY,
}


def terraform(folder):
    if shutil.which("terraform") is None:
        print("terraform is not installed: its output was not read")
        return
    for name, text in TERRAFORM.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)

    def run(*arguments):
        environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
        return subprocess.run(["terraform", *arguments], cwd=folder, env=environment, check=True, text=True,
                              capture_output=True).stdout

    def with_types(module):
        for resource in module["resources"]:
            resource["type"] = resource["name"]
            resource["values"] = {key: value for key, value in resource["values"].get("input", {}).items()
                                  if value is not None and value != [None]}
        for child in module.get("child_modules", []):
            with_types(child)

    run("init", "-input=false")
    run("plan", "-input=false", "-out=plan")
    wanted = [("s1._domainkey.example.com", [KEY[:20], KEY[20:]]), ("s2._domainkey.example.com", [KEY])]
    for what, output in (("planned_values", run("show", "-json", "plan")), ("values", None)):
        if output is None:
            run("apply", "-input=false", "plan")
            output = run("show", "-json")
        document = json.loads(output)
        with_types(document[what]["root_module"])
        code, records, faults = lint("--format", "terraform", "--origin", "example.com", text=json.dumps(document))
        if what == "planned_values":
            expect("terraform's plan", [f[1] for f in faults], ["file_no_text"])
        else:
            expect("terraform's state", faults, [])
        expect("terraform's " + what, [r[1:] for r in records if r[1] != "s3._domainkey.example.com"], wanted)


def made_string(chance):
    """A string of a zone file, quoted or not, with the escapes that it needs and some that it does not need."""
    quoted = chance.random() < 0.7
    text = ""
    for _ in range(chance.randrange(40)):
        octet = chance.choice([*range(33, 127)] * 3 + [32, 9, 0, 127, 200, 255])
        character = chance.random()
        if octet < 32 or octet > 126 or character < 0.1:
            text += "\\%03d" % octet
        elif chr(octet) in '"\\' or (not quoted and chr(octet) in " ;()@$") or (character < 0.2 and not chr(octet).isdigit()):
            text += "\\" + chr(octet)
        else:
            text += chr(octet)
    return '"%s"' % text if quoted or not text else text


def made_zone(chance):
    """A zone file of TXT records below _domainkey, written in as many ways as the syntax has."""
    lines = ["$ORIGIN example.com.", "$TTL 1h", "@ IN SOA ns1 admin 1 2h 1h 1w 1h", "@ NS ns1"]
    for number in range(20):
        if chance.random() < 0.1:
            lines.append("$ORIGIN " + chance.choice(["example.com.", "sub.example.com."]))
        owner = chance.choice(["s%d._domainkey", "t%d\\.x._domainkey", "u%d._domainkey.example.com."]) % number
        if number > 0 and chance.random() < 0.2:
            owner = ""
        front = chance.choice(["", "IN", "3600", "1d2h IN", "300 in"])
        strings = [made_string(chance) for _ in range(chance.randrange(1, 5))]
        form = chance.randrange(3)
        data = " ".join(strings)
        if form == 1:
            data = "( " + "\n\t ".join(strings) + " ) ; (note \""
        elif form == 2:
            data = strings[0] + " (; begins\n" + "\n  ;; more\n  ".join(strings[1:]) + "\n  )"
        lines.append("%s %s %s %s" % (owner, front, chance.choice(["TXT", "txt"]), data))
    return "\n".join(lines) + "\n"


def escaped(octets):
    return "".join("\\\\" if o == 92 else chr(o) if 32 <= o < 127 else "\\x%02x" % o for o in octets)


def zones():
    chance = random.Random(1035)
    for _ in range(60):
        text = made_zone(chance)
        zone = dns.zone.from_text(text, origin="example.com", relativize=False)
        wanted = sorted({
            (name.to_text(omit_final_dot=True).lower(), tuple(escaped(s) for s in data.strings))
            for name, _, data in zone.iterate_rdatas("TXT")
        })
        _, records, faults = lint("--format", "zone", "--origin", "example.com", text=text)
        seen = sorted({(name.lower(), tuple(strings)) for _, name, strings in records})
        expect("a made zone:\n" + text, (faults, seen), ([], wanted))


with tempfile.TemporaryDirectory() as made:
    generators(pathlib.Path(made))
    terraform(pathlib.Path(made))
dig()
zones()
print("%d comparisons, 0 differ" % compared)
