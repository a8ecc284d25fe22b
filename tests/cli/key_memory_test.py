#!/usr/bin/python3
"""After the program has read a private key, its memory must hold nothing of the primes, exponents and passphrase. The
program blocks when it writes the record to a full pipe; then every writable page is searched for any 16 consecutive
octets of each secret, in both byte orders, and for the text of the file.

This covers the heap, the stacks and OpenSSL's own memory (with AddressSanitizer also freed memory, which it keeps for a
while). It does not cover registers, swap, or pages returned to the system.

    key_memory_test.py PROGRAM"""

import array
import base64
import itertools
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
PASSPHRASE = b"7wK9 a passphrase for this test alone"
LARGEST_REGION = 1 << 30  # larger ones are AddressSanitizer's own shadow memory, mostly unused
WINDOW = 16
PRESENT_OR_SWAPPED = 3 << 62  # bits of an entry of /proc/PID/pagemap
READ, WRITE = "0", "1"  # numbers of system calls

wrong = []


def openssl(*arguments):
    return subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True).stdout


def private_numbers(key):
    text = openssl("pkey", "-in", key, "-noout", "-text").decode()
    for name, digits in re.findall(r"^(\w+):\n((?:    [0-9a-f:]+\n)+)", text, re.M):
        if name not in ("modulus", "pub"):
            yield name, bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")


def secrets_of(key):
    """[(octets, what)]"""
    for name, number in private_numbers(key):
        for at in range(0, len(number) - WINDOW + 1, WINDOW):
            window = number[at : at + WINDOW]
            yield window, name
            yield window[::-1], name + ", its last octet first"
        for at in range(0, len(number) - 24 + 1, 24):
            for shift in range(3):
                octets = number[at + shift : at + shift + 18]
                if len(octets) == 18:
                    yield base64.b64encode(octets), name + " in base64"


def passphrase_secrets():
    yield PASSPHRASE, "the passphrase"
    yield PASSPHRASE[:WINDOW], "the beginning of the passphrase"
    yield PASSPHRASE[-WINDOW:], "the end of the passphrase"
    yield PASSPHRASE.decode().encode("utf-16-be"), "the passphrase as UTF-16"


def memory_of(pid):
    """The writable pages that the process has, as contiguous runs."""
    page = os.sysconf("SC_PAGE_SIZE")
    with open("/proc/%d/maps" % pid) as maps, open("/proc/%d/mem" % pid, "rb", buffering=0) as memory, open(
        "/proc/%d/pagemap" % pid, "rb", buffering=0
    ) as pagemap:
        for line in maps:
            addresses, mode = line.split()[:2]
            begin, end = (int(address, 16) for address in addresses.split("-"))
            if not mode.startswith("rw") or end - begin > LARGEST_REGION:
                continue
            pagemap.seek(begin // page * 8)
            entries = array.array("Q", pagemap.read((end - begin) // page * 8))
            there = [index for index, entry in enumerate(entries) if entry & PRESENT_OR_SWAPPED]
            for _, run in itertools.groupby(enumerate(there), lambda pair: pair[1] - pair[0]):
                run = [index for _, index in run]
                memory.seek(begin + run[0] * page)
                yield line.strip(), memory.read(len(run) * page)


def found_in(pid, secrets):
    """Returns {secret: where it was found} and the number of bytes searched."""
    found, searched = {}, 0
    for line, content in memory_of(pid):
        searched += len(content)
        for octets, what in secrets:
            if octets in content:
                found[what] = line
    return found, searched


def wait_in(process, call, descriptors):
    """Waits until the process is blocked in that system call on one of the descriptors."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        fields = pathlib.Path("/proc/%d/syscall" % process.pid).read_text().split()
        if len(fields) > 2 and fields[0] == call and int(fields[1], 16) in descriptors:
            return
        if process.poll() is not None:
            sys.exit("the program ended early: %d" % process.returncode)
        time.sleep(0.01)
    sys.exit("the program is not blocked in system call %s" % call)


def full_pipe():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    return reader, writer


def forgotten(arguments, secrets, title):
    """Searches when the program has read the key and is blocked writing the record."""
    reader, writer = full_pipe()
    with subprocess.Popen([PROGRAM, "record", *map(str, arguments), "example.com", "s1"], stdout=writer,
                          stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_in(process, WRITE, [1])
        found, searched = found_in(process.pid, secrets)
        process.kill()
    os.close(reader)
    os.close(writer)
    print("%s: %d KiB searched for %d texts" % (title, searched // 1024, len(secrets)))
    wrong.extend("%s: the memory holds %s in %s" % (title, what, where) for what, where in sorted(found.items()))


def seen_while_read(arguments, given, secrets, title):
    """The control: while the program is still reading, the search must find what it has read so far."""
    reader, writer = os.pipe()
    os.write(writer, given)
    command = [argument.replace("@FD@", str(reader)) for argument in map(str, arguments)]
    with subprocess.Popen([PROGRAM, "record", *command, "example.com", "s1"], pass_fds=(reader,),
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_in(process, READ, range(3, 100))
        found, _ = found_in(process.pid, secrets)
        process.kill()
    os.close(reader)
    os.close(writer)
    if not found:
        wrong.append("%s: the search does not find what must be in memory" % title)


def main():
    with tempfile.TemporaryDirectory(prefix="dkimprobe-memory-") as name:
        folder = pathlib.Path(name)
        passphrase = folder / "passphrase"
        passphrase.write_bytes(PASSPHRASE + b"\n")
        openssl("genrsa", "-out", folder / "rsa.pem", 2048)
        openssl("genpkey", "-algorithm", "ED25519", "-out", folder / "ed25519.pem")
        for stem in ("rsa", "ed25519"):
            key = folder / (stem + ".pem")
            secrets = list(secrets_of(key))
            of_key = secrets + list(passphrase_secrets())
            sealed = {}
            for cipher in ("PBE-SHA1-RC4-128", "PBE-SHA1-3DES", "PBE-SHA1-RC2-40"):
                sealed[cipher] = ["-v1", cipher, "-provider", "legacy", "-provider", "default"]
            sealed["PBES2"] = ["-v2", "aes-256-cbc"]
            sealed["scrypt"] = ["-scrypt"]
            forgotten(["--key", key], secrets, "%s in PEM" % stem)
            der = folder / (stem + ".der")
            openssl("pkcs8", "-topk8", "-nocrypt", "-in", key, "-outform", "DER", "-out", der)
            forgotten(["--key", der], secrets, "%s in DER" % stem)
            for cipher, flags in sealed.items():
                path = folder / ("%s.%s.pem" % (stem, cipher))
                openssl("pkcs8", "-topk8", *flags, "-in", key, "-out", path, "-passout", "file:%s" % passphrase)
                forgotten(["--key", path, "--passphrase-file", passphrase], of_key, "%s in %s" % (stem, cipher))
            if stem == "rsa":
                path = folder / "traditional.pem"
                openssl("rsa", "-traditional", "-aes256", "-in", key, "-out", path, "-passout", "file:%s" % passphrase)
                forgotten(["--key", path, "--passphrase-file", passphrase], of_key, "rsa in traditional PEM")
            # the program has read all that was written and waits for more
            seen_while_read(["--key", "/dev/fd/@FD@"], key.read_bytes(), secrets, "key %s" % stem)
            seen_while_read(["--key", "/dev/fd/@FD@"], der.read_bytes(), secrets, "DER of %s" % stem)
        seen_while_read(["--key", folder / "rsa.PBES2.pem", "--passphrase-fd", "@FD@"], PASSPHRASE,
                        list(passphrase_secrets()), "passphrase")
    print("\n".join(wrong) if wrong else "nothing of the keys is left")
    return 1 if wrong else 0


sys.exit(main())
