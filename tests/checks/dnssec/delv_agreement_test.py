#!/usr/bin/python3
"""delv, BIND's validating client, reaches the same verdicts as checks/dnssec for the zones in zones/.

    delv_agreement_test.py CHECKS_TEST

named serves the zones on a loopback address. Today's time must be one at which the signatures are valid: from
2026-12-02 to 2035. The zones with SHA-1 are left out: BIND 9.18 still verifies it (RFC 9905)."""

import pathlib
import socket
import subprocess
import sys
import tempfile
import time

ZONES = pathlib.Path(__file__).resolve().parent / "zones"
ADDRESS = "127.0.0.1"


def free_port():
    with socket.socket() as listener:
        listener.bind((ADDRESS, 0))
        return str(listener.getsockname()[1])


PORT = free_port()


def named_settings(folder):
    text = ('options { directory "%s"; listen-on port %s { %s; }; listen-on-v6 { none; }; pid-file none; '
            "session-keyfile none; recursion no; dnssec-validation no; };\ncontrols {};\n" % (folder, PORT, ADDRESS))
    for path in sorted(ZONES.glob("*.zone")):
        if path.stem != "anchor":
            name = "." if path.stem == "root" else path.stem
            text += 'zone "%s" { type primary; file "%s"; check-names ignore; };\n' % (name, path)
    return text


def anchors():
    fields = (ZONES / "anchor.zone").read_text().split()
    return "trust-anchors { . static-ds %s %s %s \"%s\"; };\n" % tuple(fields[fields.index("DS") + 1:][:4])


def delv(folder, name, kind):
    answer = subprocess.run(["delv", "@" + ADDRESS, "-p", PORT, "-a", str(folder / "anchors"), "+root", name + ".", kind],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=20).stdout
    # The first line of a verdict is about the name asked for; later ones are about the target of an alias.
    for line in answer.splitlines():
        if line in ("; fully validated", "; negative response, fully validated"):
            return "secure"
        if line in ("; unsigned answer", "; negative response, unsigned answer"):
            return "insecure"
        if "resolution failed: broken trust chain" in line:
            return "bogus"
    return "no verdict: " + answer


def wait_for(server):
    for _ in range(100):
        asked = subprocess.run(["dig", "@" + ADDRESS, "-p", PORT, "+tries=1", "+time=1", "+short", "test.", "SOA"],
                               stdout=subprocess.PIPE, text=True).stdout
        if asked.strip() and not asked.startswith(";"):
            return
        if server.poll() is not None:
            break
        time.sleep(0.1)
    sys.exit("named does not answer")


def main():
    printed = subprocess.run([sys.argv[1], "[.dnssec_verdicts]"], stdout=subprocess.PIPE, text=True, check=True).stdout
    verdicts = [line.split()[1:] for line in printed.splitlines() if line.startswith("verdict ")]
    differ = 0
    with tempfile.TemporaryDirectory() as path:
        folder = pathlib.Path(path)
        (folder / "named.conf").write_text(named_settings(folder))
        (folder / "anchors").write_text(anchors())
        with open(folder / "log", "w") as log:
            server = subprocess.Popen(["named", "-g", "-c", str(folder / "named.conf")], stdout=log, stderr=log)
        try:
            wait_for(server)
            for name, kind, state in verdicts:
                other = delv(folder, name, kind)
                if other != state:
                    differ += 1
                    print("%s %s: %s here, %s by delv" % (name, kind, state, other))
        finally:
            server.terminate()
            server.wait()
    print("%d verdicts compared, %d differ" % (len(verdicts), differ))
    return 0 if len(verdicts) > 180 and differ == 0 else 1


sys.exit(main())
