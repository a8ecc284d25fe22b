#!/usr/bin/python3
"""Reads keys in every form that OpenSSL's commands write: all forms of a key give the same public key, input that
cannot be read gets a clear error, and no output contains anything private.

    key_formats_test.py PROGRAM"""

import base64
import hashlib
import json
import os
import pathlib
import pty
import re
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
NAME = ["example.com", "s1"]
HANGS_SECONDS = 300  # only a program that hangs takes so long
PASSPHRASE = "correct horse; b\u00e4ttery =staple"
LEGACY = ["-provider", "legacy", "-provider", "default"]
V1 = ["PBE-SHA1-RC4-128", "PBE-SHA1-3DES", "PBE-SHA1-2DES", "PBE-SHA1-RC2-128", "PBE-SHA1-RC2-40"]
V1 += ["PBE-SHA1-RC4-40", "PBE-SHA1-DES", "PBE-MD5-DES"]
V2 = [["-v2", "aes-256-cbc"], ["-v2", "aes-128-cbc", "-v2prf", "hmacWithSHA512"], ["-v2", "des3"], ["-scrypt"]]
V2 += [["-v2", "des", *LEGACY]]
TRADITIONAL = [["-aes256"], ["-des3"], ["-camellia128"], ["-des", *LEGACY]]

wrong = []
secrets = {}  # text that no output may contain: its description


def openssl(*arguments, given=b""):
    done = subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True)
    if done.returncode != 0:
        sys.exit("openssl %s: %s" % (" ".join(map(str, arguments)), done.stderr.decode()))
    return done.stdout


def keep_secret(octets, what):
    """The octets in every notation in which they could be printed."""
    secrets[octets.hex()] = what
    secrets[octets.hex().upper()] = what
    secrets[":".join("%02x" % octet for octet in octets)] = what
    for shift in range(3):  # octets can begin at three places of a base64 group
        secrets[base64.b64encode(octets[shift : shift + 30]).decode()] = what


def private_parts(key):
    """The numbers of a private key, from OpenSSL's printout."""
    text = openssl("pkey", "-in", key, "-noout", "-text").decode()
    for name, digits in re.findall(r"^(\w+):\n((?:    [0-9a-f:]+\n)+)", text, re.M):
        if name not in ("modulus", "pub"):
            keep_secret(bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0"), "%s of %s" % (name, key.name))


def search_for_secrets(output, title):
    text = output.decode("utf-8", "replace")
    wrong.extend("%s: the output holds %s" % (title, what) for secret, what in secrets.items() if secret in text)


def run(arguments, title, given=None, descriptors=(), environment=None):
    done = subprocess.run(
        [PROGRAM, "record", *map(str, arguments), *NAME],
        input=given if given is not None else b"",
        capture_output=True,
        timeout=HANGS_SECONDS,
        pass_fds=descriptors,
        # The search for leaks takes a third of each run; the fuzzer of keys has it too.
        env={**os.environ, "ASAN_OPTIONS": "detect_leaks=0", **(environment or {})},
    )
    search_for_secrets(done.stdout + done.stderr, title)
    return done


def must_be(sha256, arguments, title, **more):
    done = run(["--json", "--key", *arguments], title, **more)
    try:
        found = json.loads(done.stdout)["key"]["sha256"]
    except (ValueError, KeyError, TypeError):
        found = done.stderr.decode("utf-8", "replace").strip()
    if found != sha256:
        wrong.append("%s: %s" % (title, found))


def must_say(words, arguments, title, **more):
    done = run(["--key", *arguments], title, **more)
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode != 78 or done.stdout or len(said.splitlines()) != 1 or words not in said:
        wrong.append("%s: exit %d, %r, wanted %r" % (title, done.returncode, said, words))


def forms_of(folder, key, passphrase):
    """Yields the file of each form, and whether it is encrypted."""
    at = folder / key.stem
    rsa = key.stem.startswith("rsa")
    secret = ["-passout", "file:%s" % passphrase]

    def form(name, *arguments):
        path = pathlib.Path("%s.%s" % (at, name))
        openssl(*arguments, "-in", key, "-out", path)
        path.chmod(0o600)
        return path

    yield form("pkcs8.pem", "pkcs8", "-topk8", "-nocrypt"), False
    yield form("pkcs8.der", "pkcs8", "-topk8", "-nocrypt", "-outform", "DER"), False
    yield form("public.pem", "pkey", "-pubout"), False
    yield form("public.der", "pkey", "-pubout", "-outform", "DER"), False
    if rsa:
        yield form("pkcs1.pem", "rsa", "-traditional"), False
        yield form("pkcs1.der", "rsa", "-traditional", "-outform", "DER"), False
        yield form("rsapublic.pem", "rsa", "-RSAPublicKey_out"), False
        yield form("rsapublic.der", "rsa", "-RSAPublicKey_out", "-outform", "DER"), False
        for cipher in TRADITIONAL:
            yield form("traditional%s.pem" % cipher[0], "rsa", "-traditional", *cipher, *secret), True
    for index, cipher in enumerate([["-v1", name, *LEGACY] for name in V1] + V2):
        for outform in ("PEM", "DER"):
            name = "%d%s.%s" % (index, "".join(cipher[:2]), outform.lower())
            yield form(name, "pkcs8", "-topk8", *cipher, *secret, "-outform", outform), True


def all_forms(folder, key, passphrase):
    sha256 = hashlib.sha256(openssl("pkey", "-in", key, "-pubout", "-outform", "DER")).hexdigest()
    forms = 0
    for path, encrypted in forms_of(folder, key, passphrase):
        forms += 1
        opened_by = ["--passphrase-file", passphrase] if encrypted else []
        must_be(sha256, [path, *opened_by], path.name)
        if encrypted:
            must_say("the passphrase is wrong, or the key is corrupted", [path, "--passphrase-file", folder / "other"],
                     path.name + " with a wrong passphrase")
            must_say("its passphrase is not given", [path], path.name + " without a passphrase")
    if forms < 30:
        wrong.append("only %d forms of %s" % (forms, key.name))

    # a record gives the same key, as plain text and in the notation of a zone file
    private = folder / (key.stem + ".pkcs8.pem")
    for output in ("text", "zone"):
        record = folder / ("%s.%s" % (key.stem, output))
        record.write_bytes(run(["--key", private, "--format", output], key.name).stdout)
        must_be(sha256, [record], record.name)
    must_be(sha256, ["-"], key.name + " from standard input", given=private.read_bytes())
    sealed = next(folder.glob(key.stem + ".*PBE-SHA1-RC4-128.pem"))
    must_be(sha256, ["-", "--passphrase-file", passphrase], "encrypted from standard input", given=sealed.read_bytes())
    must_be(sha256, [sealed, "--passphrase-fd", "0"], "passphrase from standard input",
            given=PASSPHRASE.encode() + b"\r\nand what else there is")
    reader, writer = os.pipe()
    os.write(writer, PASSPHRASE.encode())
    os.close(writer)
    must_be(sha256, [sealed, "--passphrase-fd", reader], "passphrase from a pipe", descriptors=(reader,))
    os.close(reader)
    reader, writer = os.pipe()
    os.write(writer, sealed.read_bytes())
    os.close(writer)
    must_be(sha256, ["/dev/fd/%d" % reader, "--passphrase-file", passphrase], "key from a pipe", descriptors=(reader,))
    os.close(reader)
    commented = folder / "commented.pem"
    commented.write_bytes(b"Bag Attributes\n    friendlyName: s1\n" + private.read_bytes().replace(b"\n", b"\r\n") + b"\n")
    commented.chmod(0o600)
    must_be(sha256, [commented], "with a comment and CRLF")


def mistakes(folder, passphrase):
    def file(name, content, mode=0o600):
        path = folder / name
        path.write_bytes(content)
        path.chmod(mode)
        return path

    rsa = (folder / "rsa2048.pkcs8.pem").read_bytes()
    der = (folder / "rsa2048.pkcs8.der").read_bytes()
    sealed = folder / "rsa2048.0-v1PBE-SHA1-RC4-128.pem"
    for name, arguments in {
        "EC on the curve prime256v1": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
        "ED448": ["-algorithm", "ED448"],
        "X25519": ["-algorithm", "X25519"],
        "X448": ["-algorithm", "X448"],
    }.items():
        other = folder / "other.pem"
        openssl("genpkey", *arguments, "-out", other)
        must_say("this is a key for %s; DKIM supports only RSA and Ed25519" % name, [other], name)
        public = file("other_public.pem", openssl("pkey", "-in", other, "-pubout"))
        must_say("this is a key for %s; DKIM supports" % name, [public], "public " + name)
    parameters = folder / "dsa_parameters.pem"
    openssl("genpkey", "-genparam", "-algorithm", "DSA", "-pkeyopt", "dsa_paramgen_bits:1024", "-out", parameters)
    dsa = file("dsa.pem", openssl("genpkey", "-paramfile", parameters))
    must_say("this is a key for DSA", [dsa], "DSA")
    must_say("this is a key for DSA", [file("dsa1.pem", openssl("dsa", "-in", dsa))], "traditional DSA")
    sec1 = openssl("ecparam", "-name", "prime256v1", "-genkey")  # with parameters before the key
    must_say("this is a key for EC;", [file("sec1.pem", sec1)], "SEC1")
    must_say("this is a key for EC;", [file("sec1.der", openssl("ec", "-outform", "DER", given=sec1))], "SEC1 in DER")

    request = ["req", "-new", "-key", folder / "rsa2048.pem", "-subj", "/CN=example.com"]
    for name, content in {
        "certificate": openssl(*request, "-x509"),
        "certificate in DER": openssl(*request, "-x509", "-outform", "DER"),
        "request": openssl(*request),
    }.items():
        must_say("this is a certificate or a certificate request", [file("other", content)], name)
    pkcs12 = openssl("pkcs12", "-export", "-nocerts", "-inkey", folder / "rsa2048.pem", "-passout", "pass:a")
    must_say("this is a PKCS#12 file", [file("p12", pkcs12)], "PKCS#12")
    openssh = rsa.replace(b"PRIVATE", b"OPENSSH PRIVATE")
    must_say("in OpenSSH format", [file("openssh", openssh)], "OpenSSH")

    must_say("is not base64", [file("damaged", rsa.replace(b"\nM", b"\n!", 1))], "no base64")
    must_say("END PRIVATE KEY is missing: the text of the key is cut off", [file("cut", rsa[:500])], "cut PEM")
    must_say("this contains no readable key", [file("cut.der", der[:500])], "cut DER")
    flipped = bytearray(der)
    flipped[-200] ^= 1  # within a prime or a number derived from the primes
    flipped[-400] ^= 1
    must_say("RSA key is corrupted", [file("flipped.der", bytes(flipped))], "an octet of a prime changed")
    must_say("it is empty", [file("empty", b"")], "empty")
    must_say("this is a directory", [folder], "directory")
    must_say("over 64 KiB", [file("large", b"#" * 70_000 + rsa)], "too large")
    must_say("this is not a regular file", ["/dev/zero"], "/dev/zero")
    must_say("No such file", [folder / "no such\nfile"], "missing")
    must_say("this contains no readable key", [file("noise", os.urandom(2_000))], "noise")
    must_say("this contains no readable key", [file("words", b"hello\n")], "words")
    must_say("p= is empty", [file("revoked", b"v=DKIM1; p=\n")], "the record of a revoked key")
    fifo = folder / "fifo"
    os.mkfifo(fifo)
    must_say("it is empty", [fifo], "a pipe without a writer")

    must_say("legacy.so (Debian: package libssl3)", [sealed, "--passphrase-file", passphrase],
             "without the legacy provider", environment={"OPENSSL_MODULES": "/nonexistent"})
    must_say("PBE-SHA1-RC4-128", [sealed, "--passphrase-file", passphrase],
             "the name of the cipher", environment={"OPENSSL_MODULES": "/nonexistent"})
    must_say("the passphrase is empty", [sealed, "--passphrase-file", file("nothing", b"\n")], "empty passphrase")
    must_say("contains a NUL octet", [sealed, "--passphrase-file", file("nul", b"a\0b\n")], "NUL in a passphrase")
    must_say("too long for a passphrase", [sealed, "--passphrase-file", file("long", b"a" * 1_025)], "long passphrase")
    must_say("too large to hold a passphrase", [sealed, "--passphrase-file", file("long", b"a" * 9_000)], "large file")
    must_say("too long for a passphrase", [sealed, "--passphrase-fd", "0"], "long line", given=b"a" * 2_000)
    must_say("descriptor 97: the passphrase cannot be read: Bad file descriptor", [sealed, "--passphrase-fd", "97"],
             "no such descriptor")
    must_say("it is empty", [sealed, "--passphrase-file", file("none", b"")], "empty file")

    readable = file("readable.pem", rsa, 0o644)
    said = run(["--key", readable], "readable").stderr.decode()
    if "the group or everybody can read the private key; chmod 600 %s" % readable not in said:
        wrong.append("no warning about a key that everybody can read: " + said)


def run_as_a_shell(command):
    """Gives the program its own process group: one whose parent is in another session is never stopped."""
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        os.execv(PROGRAM, command)
    while True:
        _, status = os.waitpid(pid, os.WUNTRACED)
        if not os.WIFSTOPPED(status):
            os._exit(os.waitstatus_to_exitcode(status) & 0x7F)
        os.tcsetpgrp(0, os.getpid())
        os.write(1, b"it was stopped")
        os.read(0, 1)
        os.tcsetpgrp(0, pid)
        os.kill(pid, signal.SIGCONT)


class Terminal:
    """The program with its own terminal."""

    def __init__(self, arguments, with_shell=False):
        command = [PROGRAM, "record", *map(str, arguments), *NAME]
        self.pid, self.master = pty.fork()
        if self.pid == 0 and with_shell:
            run_as_a_shell(command)
        elif self.pid == 0:
            os.execv(PROGRAM, command)
        self.said = b""

    def read_until(self, words):
        end = time.monotonic() + HANGS_SECONDS
        while words not in self.said and select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
            try:
                self.said += os.read(self.master, 4096)
            except OSError:
                break  # the program has ended
        return words in self.said

    def echoes(self):
        return bool(termios.tcgetattr(self.master)[3] & termios.ECHO)

    def wait_for_echo(self, wanted):
        end = time.monotonic() + HANGS_SECONDS
        while self.echoes() != wanted and time.monotonic() < end:
            time.sleep(0.01)
        return self.echoes() == wanted

    def end(self):
        self.read_until(b"no such words")
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        search_for_secrets(self.said, "terminal")
        return status


def prompts(folder):
    sealed = folder / "ed25519.0-v1PBE-SHA1-RC4-128.pem"
    asked = b"Passphrase of %s: " % str(sealed).encode()

    terminal = Terminal(["--key", sealed])
    if not (terminal.read_until(asked) and terminal.wait_for_echo(False)):
        wrong.append("no prompt, or the terminal echoes: %r" % terminal.said)
    os.write(terminal.master, PASSPHRASE.encode() + b"\n")
    status = terminal.end()
    if status != 0 or b"v=DKIM1; k=ed25519; p=" not in terminal.said or PASSPHRASE.encode() in terminal.said:
        wrong.append("the passphrase at the prompt: status %d, %r" % (status, terminal.said))

    for key, number in ((b"\x03", signal.SIGINT), (b"\x1c", signal.SIGQUIT), (None, signal.SIGTERM)):
        terminal = Terminal(["--key", sealed])
        terminal.read_until(asked)
        terminal.wait_for_echo(False)
        if key:
            os.write(terminal.master, key)
        else:
            os.kill(terminal.pid, number)
        restored = terminal.wait_for_echo(True)
        status = terminal.end()
        if not restored or not os.WIFSIGNALED(status) or os.WTERMSIG(status) != number:
            wrong.append("signal %d at the prompt: status %d, echo %s" % (number, status, restored))

    terminal = Terminal(["--key", sealed], with_shell=True)
    terminal.read_until(asked)
    terminal.wait_for_echo(False)
    os.write(terminal.master, b"\x1a")  # Ctrl-Z
    if not terminal.read_until(b"it was stopped") or not terminal.wait_for_echo(True):
        wrong.append("Ctrl-Z at the prompt: echo %s, %r" % (terminal.echoes(), terminal.said))
    terminal.said = b""
    os.write(terminal.master, b"\n")  # the shell continues it
    again = terminal.read_until(asked) and terminal.wait_for_echo(False)
    os.write(terminal.master, PASSPHRASE.encode() + b"\n")
    if terminal.end() != 0 or not again:
        wrong.append("after Ctrl-Z: prompted again: %s, %r" % (again, terminal.said))

    terminal = Terminal(["--key", sealed])
    terminal.read_until(asked)
    terminal.wait_for_echo(False)
    os.write(terminal.master, b"\x04")  # end of input
    if os.waitstatus_to_exitcode(terminal.end()) != 78 or b"the passphrase is empty" not in terminal.said:
        wrong.append("nothing entered: %r" % terminal.said)

    terminal = Terminal(["--key", sealed, "--passphrase-fd", "0"])
    if os.waitstatus_to_exitcode(terminal.end()) != 78 or b"descriptor 0: this is a terminal" not in terminal.said:
        wrong.append("a terminal as --passphrase-fd: %r" % terminal.said)


def main():
    signal.alarm(5 * HANGS_SECONDS)  # in case the program hangs
    secrets[PASSPHRASE] = "the passphrase"
    with tempfile.TemporaryDirectory(prefix="dkimprobe-keys-") as name:
        folder = pathlib.Path(name)
        passphrase, other = folder / "passphrase", folder / "other"
        passphrase.write_bytes(PASSPHRASE.encode() + b"\nthe second line is not read\n")
        other.write_text("another one\n")
        passphrase.chmod(0o600)
        other.chmod(0o600)
        for bits in (1024, 2048, 3072, 4096):
            openssl("genrsa", "-out", folder / ("rsa%d.pem" % bits), bits)
        openssl("genpkey", "-algorithm", "ED25519", "-out", folder / "ed25519.pem")
        keys = sorted(folder.glob("*.pem"))
        for key in keys:
            private_parts(key)
        if len(secrets) < 100:
            wrong.append("only %d secrets to search for" % len(secrets))
        for key in keys:
            all_forms(folder, key, passphrase)
        mistakes(folder, passphrase)
        prompts(folder)
    print("\n".join(wrong) if wrong else "every form of %d keys is read" % len(keys))
    return 1 if wrong else 0


sys.exit(main())
