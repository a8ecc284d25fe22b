#!/usr/bin/python3
"""Signs the zones of tests/checks/dnssec/zones with ldns-signzone, dnssec-signzone and knotd, with new keys.

    make_zones.py

The signatures are valid from 2026 to 2036, and the tests validate at a time between. Needs ldnsutils, bind9-utils and
knot, and asks no network."""

import pathlib
import re
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
BEGIN, END = "20260101000000", "20360101000000"

CONTENTS = """$TTL 3600
@ SOA ns.{0} Hostmaster.{0} 1 3600 600 86400 300
@ NS ns.{0}
@ TXT "apex"
ns A 192.0.2.1
s1._domainkey TXT "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQ" "second string"
s1._domainkey TXT "another record"
S2._DomainKey TXT "the owner has capitals"
alias._domainkey CNAME Target.Example.ORG.
*.wild TXT "from a wildcard"
*.wildalias CNAME target.example.org.
a.b.ent TXT "below two names without records"
moved DNAME New.Example.ORG.
sub NS ns.example.org.
"""

# Signer, algorithm, NSEC3 iterations (None: NSEC), salt.
CHILDREN = {
    "ldns.test.": ("ldns", "RSASHA512", None, None),
    "ldns3.test.": ("ldns", "ECDSAP384SHA384", 10, "abcd"),
    "bind.test.": ("bind", "ED25519", None, None),
    "bind3.test.": ("bind", "ED448", 0, None),
    "knot.test.": ("knot", "ecdsap256sha256", None, None),
    "knot3.test.": ("knot", "ed25519", 5, None),
    "costly.test.": ("ldns", "ECDSAP256SHA256", 2500, None),
    "sha1.test.": ("bind", "NSEC3RSASHA1", None, None),
    "sha1digest.test.": ("ldns", "ECDSAP256SHA256", None, None),
    "unknown.test.": ("ldns", "ECDSAP256SHA256", None, None),
    "wrongds.test.": ("ldns", "ECDSAP256SHA256", None, None),
}


def run(folder, *command):
    return subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout


def file_name(zone):
    return zone.rstrip(".") or "root"


def sign_ldns(folder, zone, algorithm, iterations, salt):
    bits = ["-b", "2048"] if "RSA" in algorithm else []
    key = run(folder, "ldns-keygen", "-r", "/dev/urandom", "-a", algorithm, *bits, "-k", zone).strip()
    denial = [] if iterations is None else ["-n", "-t", str(iterations)] + (["-s", salt] if salt else [])
    run(folder, "ldns-signzone", "-o", zone, "-i", BEGIN, "-e", END, *denial, "-f", "signed", "zone", key)


def sign_bind(folder, zone, algorithm, iterations, salt, opt_out=False):
    bits = ["-b", "2048"] if "RSA" in algorithm else []
    key = run(folder, "dnssec-keygen", "-q", "-a", algorithm, *bits, "-f", "KSK", zone).strip()
    with open(folder / "zone", "a") as zone_file:
        zone_file.write((folder / (key + ".key")).read_text())
    denial = [] if iterations is None else ["-3", salt or "-", "-H", str(iterations)] + (["-A"] if opt_out else [])
    run(folder, "dnssec-signzone", "-q", "-z", "-o", zone, "-s", BEGIN, "-e", END, "-O", "full", *denial, "-f", "signed",
        "zone", key)


def sign_knot(folder, zone, algorithm, iterations, salt):
    """Its signatures begin at the present time."""
    nsec3 = "" if iterations is None else "    nsec3: on\n    nsec3-iterations: %d\n" % iterations
    (folder / "knot.conf").write_text("""server:
    rundir: "{0}"
database:
    storage: "{0}"
policy:
  - id: p
    algorithm: {1}
    single-type-signing: on
    rrsig-lifetime: 3650d
{2}zone:
  - domain: {3}
    storage: "{0}"
    file: zone
    zonefile-sync: -1
    dnssec-signing: on
    dnssec-policy: p
""".format(folder, algorithm, nsec3, zone))
    server = subprocess.Popen(["knotd", "-c", "knot.conf"], cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            time.sleep(0.1)
            done = subprocess.run(["knotc", "-c", "knot.conf", "zone-read", zone, "@", "RRSIG"], cwd=folder,
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            if "RRSIG" in done.stdout:
                break
        lines = run(folder, "knotc", "-c", "knot.conf", "zone-read", zone)
        (folder / "signed").write_text("".join(re.sub(r"^\[.*?\] ", "", line) + "\n" for line in lines.splitlines() if line))
    finally:
        server.terminate()
        server.wait()


SIGN = {"ldns": sign_ldns, "bind": sign_bind, "knot": sign_knot}


def signed_zone(zone, contents, signer, *how):
    """Signs a zone, stores it, and returns its DS records with SHA-256."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "zone").write_text("$ORIGIN %s\n" % zone + contents.format(zone if zone != "." else ""))
        SIGN[signer](folder, zone, *how)
        records = run(folder, "ldns-read-zone", "signed")
        store(zone, records)
        keys = [line for line in records.splitlines() if re.search(r"\sDNSKEY\s+257 ", line)]
        (folder / "dnskeys").write_text("\n".join(keys) + "\n")
        return {digest: run(folder, "ldns-key2ds", "-n", digest, "dnskeys") for digest in ("-1", "-2", "-4")}


def store(zone, records):
    (HERE / "zones" / (file_name(zone) + ".zone")).write_text(records)


def delegation_signers(zone, digests):
    if zone == "sha1digest.test.":
        return digests["-1"]
    if zone == "unknown.test.":
        return re.sub(r"(\sDS\s+\d+ )\d+ ", r"\g<1>200 ", digests["-2"])
    if zone == "wrongds.test.":
        digest = digests["-2"].split()[-1]
        return digests["-2"].replace(digest, digest[::-1])
    return digests["-4" if zone.startswith("bind") else "-2"]


def main():
    test = "$TTL 3600\n@ SOA ns.{0} hostmaster.{0} 1 3600 600 86400 300\n@ NS ns.{0}\nns A 192.0.2.1\nunsigned NS ns.example.org.\n"
    for zone, how in CHILDREN.items():
        test += "%s NS ns.%s\n" % (zone, zone) + delegation_signers(zone, signed_zone(zone, CONTENTS, *how))
    root = ("$TTL 3600\n@ SOA ns.test. hostmaster.test. 1 3600 600 86400 300\n@ NS ns.test.\ntest. NS ns.test.\n"
            "unsigned. NS ns.example.org.\n")
    root += signed_zone("test.", test, "bind", "ECDSAP256SHA256", 0, None, True)["-2"]
    anchor = signed_zone(".", root, "ldns", "RSASHA256", None, None)["-2"]
    (HERE / "zones" / "anchor.zone").write_text(anchor)


main()
