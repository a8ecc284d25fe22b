#!/usr/bin/python3
"""The models of the verifiers (checks/verifiers) beside the verifiers: OpenDKIM, Mail::DKIM, dkimpy, rspamd, Exim and
mailauth verify signed messages with records that a nameserver of this test publishes, and must do what
`dkimprobe lint --json` says of them. The records are those of the matrix and of the record vectors, with new keys.

It runs in a network and a mount namespace of its own, where the nameserver has port 53 and is the only resolver. That
needs root; otherwise the script says so and runs nothing. A verifier that is not installed, or of which there is no
model of its version, is skipped, and the output says so.

    verifiers_test.py --program PROGRAM --modules DIRECTORY [--only GLOB]"""

import argparse
import base64
import contextlib
import dataclasses
import fnmatch
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

import dkim
import nacl.exceptions

import servers

HERE = pathlib.Path(__file__).resolve().parent
CHECKS = HERE.parent / "checks"
ZONE = "verifiers.example"
ADDRESS = "127.0.0.1"
BODY = b"From: a@verifiers.example\r\nTo: b@example.com\r\nSubject: test\r\nDate: Sun, 22 Nov 2026 05:00:00 +0000\r\n" \
       b"Message-ID: <1@verifiers.example>\r\n\r\nbody\r\n"
ACCEPTED, REJECTED, TEMPORARY = "accepted", "rejected", "temporary_error"
TELLS_NOT_FOR_NOW = ("dkimpy 1.1",)  # returns True or False


# ---- Keys ----

def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *map(str, arguments)], input=data, check=True, capture_output=True).stdout


class Keys:
    """New keys with the names of those in the vectors. Of a name that is not here, nothing can be signed."""

    def __init__(self):
        self.public, self.private = {}, {}
        for bits in (512, 768, 1024, 2040, 2048, 3072, 4096):
            self.add_rsa("rsa%d" % bits, bits)
        self.add_rsa("rsa2048_e3", 2048, 3)
        self.add_rsa("rsa2048_e17", 2048, 17)
        spki = self.public["rsa2048"]
        pem = self.private["rsa2048"]
        self.also("rsa2048_trailing", "rsa2048", spki + b"\xde\xad\xbe\xef")
        self.also("rsa2048_twice", "rsa2048", base64.b64encode(spki))
        self.also("rsa2048_private", "rsa2048", openssl("pkey", "-outform", "DER", data=pem))
        pair = openssl("genpkey", "-algorithm", "ED25519")
        spki = openssl("pkey", "-pubout", "-outform", "DER", data=pair)
        self.private["ed25519"] = base64.b64encode(openssl("pkey", "-outform", "DER", data=pair)[-32:])
        self.public["ed25519"] = spki[-32:]
        self.also("ed25519_spki", "ed25519", spki)
        self.also("ed25519_twice", "ed25519", base64.b64encode(spki[-32:]))
        pair = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
        self.also("mldsa44", "rsa2048", os.urandom(1312))
        self.also("mldsa44_spki", "rsa2048", bytes.fromhex("30820532300b06096086480165030403110382052100") +
                  self.public["mldsa44"])
        self.also("ec_p256", "rsa2048", openssl("pkey", "-pubout", "-outform", "DER", data=pair))

    def add_rsa(self, name, bits, exponent=65537):
        pair = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:%d" % bits,
                       "-pkeyopt", "rsa_keygen_pubexp:%d" % exponent)
        self.private[name] = openssl("rsa", "-traditional", data=pair)
        self.public[name] = openssl("pkey", "-pubout", "-outform", "DER", data=pair)
        self.also(name + "_pkcs1", name, openssl("rsa", "-RSAPublicKey_out", "-outform", "DER", data=pair))

    def also(self, name, signer, octets):
        self.public[name] = octets
        self.private[name] = self.private[signer]

    def fill(self, text):
        """The text with its keys, as in the record vectors; KeyError for a key that is not here."""

        def key(match):
            whole = base64.b64encode(self.public[match[1]]).decode()
            part = match[2] or ""
            return whole[int(part[:-1]):] if part.endswith("-") else whole[: int(part) if part else None]

        return PLACE.sub(key, text)


# ---- Cases ----

PLACE = re.compile(r"\{([a-z0-9_]+)(?::([0-9]+-?))?\}")  # of a key in a text
NO_KEY = "rsa2048"  # signs where the texts have no key


@dataclasses.dataclass
class Case:
    name: str
    texts: list  # TXT records, each a list of strings of octets
    signer: str
    selector: str = ""
    message: bytes = b""


def unescape(text):
    return re.sub(rb"\\(x[0-9a-f]{2}|\\)", lambda m: b"\\" if m[1] == b"\\" else bytes([int(m[1][1:], 16)]), text)


def split(octets):
    return [octets[i: i + 255] for i in range(0, len(octets), 255)] or [b""]


def read_files():
    """The name of each case, its texts with places for keys, and whether it may have none."""
    for line in (CHECKS / "verifiers" / "runs.tsv").read_text().splitlines():
        if not line.startswith(("#", "shape\t")):
            shape, text = line.split("\t")[:2]
            yield "matrix/" + shape, [[text]], True
    for folder in ("records", "verifiers"):
        for file in sorted((CHECKS / "vectors" / folder).glob("*.json")):
            texts = json.loads(file.read_text()).get("texts", [])
            if texts:
                yield "%s/%s" % (folder, file.stem), texts, folder == "verifiers"


def read_cases(keys):
    """Those that can be signed. Several texts are in both orders, since a verifier may read the first one alone."""
    cases = []
    for name, texts, may_lack_key in read_files():
        places = [match[1] for strings in texts for string in strings for match in PLACE.finditer(string)]
        if not all(place in keys.public for place in places) or not places and not may_lack_key:
            continue
        encode = unescape if name.startswith("matrix/") else bytes
        octets = [[part for string in strings for part in split(encode(keys.fill(string).encode()))]
                  for strings in texts]
        for order in (octets, octets[::-1])[: len(texts)]:
            cases.append(Case(name, order, places[0] if places else NO_KEY, "c%d" % len(cases)))
    for case in cases:
        algorithm = b"ed25519-sha256" if case.signer.startswith("ed25519") else b"rsa-sha256"
        case.message = dkim.sign(BODY, case.selector.encode(), ZONE.encode(), keys.private[case.signer],
                                 signature_algorithm=algorithm, include_headers=[b"from", b"subject"]) + BODY
    return cases


# ---- Verifiers ----

class NotHere(Exception):
    """Why a verifier is skipped."""


def installed_version(package):
    done = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], capture_output=True, text=True)
    if done.returncode != 0 or not done.stdout:
        raise NotHere("%s is not installed" % package)
    return done.stdout


def output_of(command, count):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, errors="replace", timeout=600)
    lines = done.stdout.splitlines()
    if len(lines) != count:
        sys.exit("%s returned %d results for %d messages\n%s" % (command[0], len(lines), count, done.stderr[-2000:]))
    return lines


def verdict_of(word, temporary):
    return ACCEPTED if word == "pass" else TEMPORARY if word in temporary else REJECTED


def with_dkimpy(cases, directory):
    def accepts(message):
        try:
            return dkim.verify(message)
        except nacl.exceptions.ValueError:  # an RSA signature for an Ed25519 key
            return False

    return [ACCEPTED if accepts(case.message) else REJECTED for case in cases]


def with_mail_dkim(cases, directory):
    command = ["perl", HERE / "verifiers" / "mail_dkim.pl", *files_of(cases, directory)]
    return [verdict_of(line.split()[0], ["temperror"]) for line in output_of(command, len(cases))]


def with_mailauth(module):
    def verify(cases, directory):
        command = ["node", HERE / "verifiers" / "mailauth.js", module, *files_of(cases, directory)]
        return [verdict_of(line.split()[0], ["temperror"]) for line in output_of(command, len(cases))]

    return verify


def files_of(cases, directory):
    return [directory / case.selector for case in cases]


def with_opendkim(cases, directory):
    settings = directory / "opendkim.conf"
    resolver = directory / "unbound.conf"
    resolver.write_text("server:\n  module-config: iterator\n  do-not-query-localhost: no\n  do-ip6: no\n"
                        "  use-syslog: no\nstub-zone:\n  name: \"%s\"\n  stub-addr: %s\n" % (ZONE, ADDRESS))
    settings.write_text("ResolverConfiguration %s\nAuthservID here\nAlwaysAddARHeader yes\n" % resolver)
    verdicts = []
    for case in cases:
        command = ["opendkim", "-x", settings, "-b", "v", "-v", "-v", "-v", "-t", directory / case.selector]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=600)
        found = re.search(r"dkim=(\w+)", done.stdout + done.stderr)
        if not found:
            sys.exit("opendkim has no result for %s\n%s%s" % (case.name, done.stdout, done.stderr))
        verdicts.append(verdict_of(found[1], ["temperror"]))
    return verdicts


@contextlib.contextmanager
def running(command, directory, address):
    with open(directory / "log", "wb") as log:
        process = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            end = time.monotonic() + 100
            while True:
                try:
                    socket.create_connection(address, timeout=1).close()
                    break
                except OSError:
                    if time.monotonic() > end or process.poll() is not None:
                        sys.exit("%s does not start:\n%s" % (command[0], (directory / "log").read_text()[-3000:]))
                    time.sleep(0.05)
            yield
        finally:
            process.terminate()
            process.wait()


def with_rspamd(cases, directory):
    settings = directory / "rspamd.conf"
    settings.write_text(
        'options { filters = "dkim"; dns { nameserver = ["%s"]; } history_rows = 1; url_tld = "/dev/null"; }\n'
        'logging { type = "console"; level = "error"; }\n'
        'worker "normal" { bind_socket = "%s:11333"; count = 1; }\n'
        'dkim { check_local = true; check_authed = true; }\n' % (ADDRESS, ADDRESS))
    verdicts = []
    with running(["rspamd", "-f", "-i", "-c", settings], directory, (ADDRESS, 11333)):
        for case in cases:
            with urllib.request.urlopen("http://%s:11333/checkv2" % ADDRESS, data=case.message, timeout=60) as answer:
                symbols = json.load(answer)["symbols"]
            verdicts.append(ACCEPTED if "R_DKIM_ALLOW" in symbols else
                            TEMPORARY if "R_DKIM_TEMPFAIL" in symbols else REJECTED)
    return verdicts


def with_exim(cases, directory):
    (directory / "spool").mkdir()
    directory.chmod(0o755)
    shutil.chown(directory / "spool", "Debian-exim", "Debian-exim")
    settings = directory / "exim.conf"
    settings.write_text(
        "spool_directory = %s/spool\nlog_file_path = %s/spool/%%slog\nhost_lookup =\nacl_smtp_rcpt = accept\n"
        "acl_smtp_dkim = verdict\nacl_smtp_data = none\nprimary_hostname = here.example\nbegin acl\n"
        "verdict:\n  deny message = dkim=$dkim_verify_status $dkim_verify_reason\n"
        "none:\n  deny message = dkim=none\n" % (directory, directory))
    session = b"EHLO here.example\r\n"
    for case in cases:
        session += b"MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\n%s.\r\n" % case.message
    command = ["exim4", "-C", str(settings), "-bh", ADDRESS]
    done = subprocess.run(command, input=session + b"QUIT\r\n", capture_output=True, timeout=600)
    found = re.findall(rb"^550 dkim=(\w+) ?(\w*)", done.stdout, re.M)
    if len(found) != len(cases):
        sys.exit("exim has %d results\n%s" % (len(found), done.stderr[-3000:].decode(errors="replace")))
    return [verdict_of("temperror" if reason == b"pubkey_unavailable" else status.decode(), ["temperror"])
            for status, reason in found]


MAILAUTH = {"5.0.3": "mailauth 4.13 to 5.0", "7.1.0": "mailauth 7.1"}


def module_of(directory, version):
    return directory / version / "node_modules" / "mailauth"


def install_mailauth(directory):
    for version in MAILAUTH:
        if shutil.which("npm") and not module_of(directory, version).exists():
            (directory / version).mkdir(parents=True, exist_ok=True)
            subprocess.run(["npm", "install", "--prefix", directory / version, "--no-save", "--no-package-lock",
                            "--ignore-scripts", "--no-audit", "--no-fund", "mailauth@" + version])


def find_verifiers(mailauth):
    """Each verifier with the model of its version, as `name versions`, and what runs it; or why it is skipped."""

    def debian(package, models):
        version = installed_version(package)
        number = tuple(int(part) for part in re.findall(r"\d+", version.split(":")[-1])[:2])
        for first, last, model in models:
            if first <= number <= last:
                return model
        raise NotHere("there is no model of %s %s" % (package, version))

    wanted = [
        ("python3-dkim", [((1, 1), (1, 1), "dkimpy 1.1")], with_dkimpy),
        ("libmail-dkim-perl", [((1, 20230212), (1, 20230911), "Mail::DKIM 1.20230212"),
                               ((1, 20240618), (1, 20991231), "Mail::DKIM 1.20240618 and later")], with_mail_dkim),
        ("opendkim", [((2, 11), (2, 11), "OpenDKIM 2.11")], with_opendkim),
        ("rspamd", [((3, 4), (3, 4), "rspamd 3.4")], with_rspamd),
        ("exim4-daemon-heavy", [((4, 94), (4, 97), "Exim 4.94 to 4.97"), ((4, 98), (4, 99), "Exim 4.98 and later")],
         with_exim),
    ]
    for package, models, run in wanted:
        try:
            yield debian(package, models), run, None
        except NotHere as missing:
            yield package, None, str(missing)
    for version, model in MAILAUTH.items():
        module = module_of(mailauth, version)
        loads = "require(%s)" % json.dumps(str(module / "lib/dkim/verify"))
        if not shutil.which("node") or subprocess.run(["node", "-e", loads], capture_output=True).returncode != 0:
            yield model, None, "Node.js cannot load mailauth %s" % version
        else:
            yield model, with_mailauth(module), None


# ---- The test ----

def publish(cases, directory):
    def quoted(string):
        return '"%s"' % "".join("\\%03d" % octet if octet in b'"\\' or not 32 <= octet < 127 else chr(octet)
                                for octet in string)

    lines = ["$TTL 300", "@ SOA ns1 hostmaster 1 3600 600 86400 300", "@ NS ns1", "ns1 A %s" % ADDRESS]
    for case in cases:
        for strings in case.texts:
            lines.append("%s._domainkey TXT %s" % (case.selector, " ".join(map(quoted, strings))))
    zone = directory / "zone"
    zone.write_text("\n".join(lines) + "\n")
    server = dataclasses.make_dataclass("Server", ["name", "kind"])("here", "nsd")
    return servers.prepare(server, 53, [(ZONE, zone)], directory / "nsd", [ADDRESS], directory)


def models_of(program, cases, directory):
    """What the program says of each case: its verdicts by `name versions`, None of a record with a private key."""
    settings = directory / "settings.yaml"
    settings.write_text("probe: {rate_limit: 1000, rate_burst: 1000, allow_networks: [127.0.0.0/8]}\n")
    command = [program, "check", ZONE, *(case.selector for case in cases), "--json", "--config.file", settings,
               "--nameserver", "ns1.%s=%s" % (ZONE, ADDRESS)]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)
    if done.returncode > 3:
        sys.exit(done.stderr)
    reports = {report["selector"]: report for report in json.loads(done.stdout)["reports"]}

    def verdicts(report):
        if any(finding["id"] == "key_private_leaked" for finding in report["findings"]):
            return None
        return {verifier: each for each in report["compatibility"] for verifier in each["verifiers"]}

    return [verdicts(reports[case.selector]) for case in cases]


def compare(arguments, directory):
    resolver = directory / "resolv.conf"
    resolver.write_text("nameserver %s\n" % ADDRESS)
    subprocess.run(["mount", "--bind", resolver, "/etc/resolv.conf"], check=True)
    directory.chmod(0o755)
    cases = [case for case in read_cases(Keys()) if fnmatch.fnmatch(case.name, arguments.only)]
    differences, compared = [], 0
    (directory / "nsd").mkdir()
    command = publish(cases, directory)
    with running(command, directory / "nsd", (ADDRESS, 53)):
        models = models_of(arguments.program.resolve(), cases, directory)
        cases = [case for case, said in zip(cases, models) if said is not None]
        models = [said for said in models if said is not None]
        for name, run, missing in find_verifiers(arguments.modules.resolve()):
            if missing:
                print("SKIPPED: %s: %s" % (name, missing))
                continue
            place = directory / re.sub(r"\W+", "-", name)
            place.mkdir()
            for case in cases:
                (place / case.selector).write_bytes(case.message)
            began = time.monotonic()
            verdicts = {}
            for case, verdict in zip(cases, run(cases, place)):
                if verdicts.setdefault(case.name, ACCEPTED) == ACCEPTED:
                    verdicts[case.name] = verdict  # in one order
            for case, said in zip(cases, models):
                modelled = said[name]["verdict"].replace("unsupported", REJECTED)
                if name in TELLS_NOT_FOR_NOW:
                    modelled = modelled.replace(TEMPORARY, REJECTED)
                compared += 1
                if modelled != verdicts[case.name]:
                    differences.append("%s: %s: %s, but the model says %s (%s)\n    %r" % (
                        case.name, name, verdicts[case.name], modelled, said[name]["reason"], case.texts))
            print("%-32s %d messages in %.0f s, %d records accepted" % (
                name, len(cases), time.monotonic() - began, list(verdicts.values()).count(ACCEPTED)))
    print("\n".join(differences))
    print("%d verdicts compared, %d differ" % (compared, len(differences)))
    return 1 if differences or not compared else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, type=pathlib.Path)
    parser.add_argument("--modules", required=True, type=pathlib.Path, help="directory for what npm installs")
    parser.add_argument("--only", default="*")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        print("SKIPPED: the verifiers need a network namespace of their own, which needs root")
        return 0
    if os.environ.get("DKIMPROBE_VERIFIERS") != "inside":
        install_mailauth(arguments.modules.resolve())
        os.environ["DKIMPROBE_VERIFIERS"] = "inside"
        os.execvp("unshare", ["unshare", "--net", "--mount", "--", sys.executable, *sys.argv])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    with tempfile.TemporaryDirectory(prefix="dkimprobe-verifiers-") as name:
        return compare(arguments, pathlib.Path(name))


if __name__ == "__main__":
    sys.exit(main())
