#!/usr/bin/python3
"""Lints hostile files: each ends with a clear error that names the file and the line, within bounds of time and memory.

    hostile_files_test.py PROGRAM"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
MOST_SECONDS = 60  # much of it for a build without optimisation
MOST_KIB = 700 * 1024
ENVIRONMENT = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}
MEBIBYTE = 1 << 20
RECORD = b's1._domainkey.example.com. TXT "v=DKIM1; p="\n'

# name of the file, its content, what its first error says
CASES = [
    ("long-line.zone", b"a TXT " + b"x" * 10 * MEBIBYTE + b"\n" + RECORD, "line 1: the line has more than 131072 octets"),
    ("long-line.txt", b"v=DKIM1; p=" + b"x" * 10 * MEBIBYTE, "line 1: the line has more than 131072 octets"),
    ("long-line.jsonl", b'{"txt": "' + b"x" * 10 * MEBIBYTE + b'"}', "line 1: the line has more than 131072 octets"),
    ("no-line.dig", b'"' + b"\0" * 10 * MEBIBYTE, "line 1: this is UTF-16 text"),
    ("parentheses.zone", b"a TXT " + b"(" * 10_000 + b"\n" + RECORD, "line 1: parentheses are nested more than 16 deep"),
    ("open.zone", b"a TXT (\n" + b'"x"\n' * MEBIBYTE, "line 1: the record has more than 131072 octets"),
    ("lines.zone", b"a TXT (\n" * 200_000, "line 1: parentheses are nested more than 16 deep"),
    ("nul.zone", b"a TXT \"abcd\0\"\n" + RECORD, "line 1: line 1 has a NUL octet"),
    ("nul.yaml", b"a: b\0c\n", "line 1: "),
    ("nul.json", b'{"format_version":"1.0\0"}', "line 1: this is not JSON"),
    ("strings.zone", b"a TXT " + b"x " * 40_000 + b"\n" + RECORD, "line 1: a TXT record has at most 65535 octets"),
    ("bomb.yaml", b"a: &a [x, x]\n" + b"".join(b"%c: &%c [*%c, *%c]\n" % (98 + i, 98 + i, 97 + i, 97 + i) for i in range(20)),
     "line 1: YAML anchors and aliases are not supported"),
    ("deep.yaml", b"[" * 100_000, "line 1: lists and maps are nested more than 32 levels deep"),
    ("large.yaml", b"a: {type: TXT, value: x}\n" * 400_000, "line 1: the file is larger than 4 MiB"),
    ("deep.json", b'{"format_version":"1.0","values":' + b'{"a":[' * MEBIBYTE, "line 1: the JSON is nested more than 200 levels deep"),
    ("large.json", b'{"format_version":"1.0","x":"' + b"x" * 65 * MEBIBYTE, "line 1: the file is larger than 64 MiB"),
    ("string.json", b'{"format_version":"1.0","x":"' + b"x" * 10 * MEBIBYTE, "line 1: this is not JSON"),
    ("includes.zone", b"$INCLUDE includes.zone\n" * 100, "line 1: `includes.zone` was not read: files include each other too often"),
]


def main():
    most = 0
    with tempfile.TemporaryDirectory() as made:
        for name, content, error in CASES:
            file = pathlib.Path(made) / name
            file.write_bytes(content)
            began = time.monotonic()
            process = subprocess.Popen([PROGRAM, "lint", "--allow-include", name], cwd=made, stdout=subprocess.DEVNULL,
                                       stderr=subprocess.PIPE, env=ENVIRONMENT)
            messages = process.stderr.read().decode("ascii")
            _, status, usage = os.wait4(process.pid, 0)
            took, code = time.monotonic() - began, os.waitstatus_to_exitcode(status)
            most = max(most, usage.ru_maxrss)
            if not messages.startswith("dkimprobe: %s: %s" % (name, error)) or len(messages) > 2_000:
                sys.exit("%s: %s\nwanted first: %s" % (name, messages[:2_000], error))
            if code != (2 if RECORD in content else 3):
                sys.exit("%s: exit code %d" % (name, code))
            if took > MOST_SECONDS or usage.ru_maxrss > MOST_KIB:
                sys.exit("%s: %.1f s, %d KiB" % (name, took, usage.ru_maxrss))
    print("%d hostile files, at most %d KiB" % (len(CASES), most))


main()
