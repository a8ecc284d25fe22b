"""Converts the readable texts in zones/ to zone files that every server loads, and signs them."""

import concurrent.futures
import pathlib
import re
import subprocess

ZONES = pathlib.Path(__file__).resolve().parent / "zones"
SIGNATURE_TIMES = {
    "valid": ("now-3600", "now+2592000"),
    "expired": ("20250101000000", "20250201000000"),
    "future": ("20380101000000", "20380115000000"),
}


class ZoneTextError(Exception):
    pass


def public_keys():
    lines = (ZONES / "keys.txt").read_text().splitlines()
    return dict(line.split() for line in lines if line and not line.startswith("#"))


def expand(text, keys, values=None):
    """@KEY@ becomes values[KEY]; {some text} a TXT's strings of 255 bytes, with <name> or <name:length> in it
    replaced by a public key of keys.txt. Comments stay as they are."""
    for key, value in (values or {}).items():
        text = text.replace("@%s@" % key, value)

    def key_text(match):
        if match[1] not in keys:
            raise ZoneTextError("no key <%s> in keys.txt" % match[1])
        return keys[match[1]][: int(match[2]) if match[2] else None]

    def strings(match):
        whole = re.sub(r"<(\w+)(?::(\d+))?>", key_text, match[1])
        pieces = [whole[at : at + 255] for at in range(0, len(whole), 255)]
        return " ".join('"%s"' % piece.replace("\\", "\\\\").replace('"', '\\"') for piece in pieces)

    return "".join(
        line if line.startswith(";") else re.sub(r"\{([^{}]*)\}", strings, line)
        for line in text.splitlines(keepends=True)
    )


def summary(file):
    """The first comment of a zone text: the purpose of the zone."""
    first = (ZONES / file).read_text().split("\n", 1)[0]
    return first.lstrip("; ") if first.startswith(";") else ""


def run(command, directory):
    done = subprocess.run(command, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        raise ZoneTextError(
            "%s: %s" % (" ".join(map(str, command)), done.stderr.strip() or done.stdout.strip())
        )
    return done.stdout


def sign(jobs, directory, keygen, signzone):
    """Signs in place: jobs is a list of (zone name, zone file, kind of SIGNATURE_TIMES). Each zone has one ECDSA P-256
    key; children come before parents, which get their DS records."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        names = {name for name, _, _ in jobs}
        made = pool.map(
            lambda name: run(
                [keygen, "-q", "-a", "ECDSAP256SHA256", "-f", "KSK", "-K", directory, "-T", "DNSKEY", name],
                directory,
            ).strip(),
            names,
        )
        key_of = dict(zip(names, made))

        def sign_one(job):
            name, file, kind = job
            text = file.read_text()
            # One key signs all (-z); expired signatures would not pass the verification (-P skips it).
            file.write_text(text + "\n" + (directory / (key_of[name] + ".key")).read_text())
            begin, end = SIGNATURE_TIMES[kind]
            run(
                [
                    signzone,
                    "-q",
                    "-z",
                    "-P",
                    "-g",
                    "-d",
                    directory,
                    "-K",
                    directory,
                    "-s",
                    begin,
                    "-e",
                    end,
                    "-o",
                    name,
                    "-f",
                    str(file) + ".signed",
                    file,
                    key_of[name],
                ],
                directory,
            )
            pathlib.Path(str(file) + ".signed").replace(file)

        depth = lambda job: 0 if job[0] == "." else job[0].count(".") + 1
        for level in sorted(set(map(depth, jobs)), reverse=True):
            list(pool.map(sign_one, [job for job in jobs if depth(job) == level]))
