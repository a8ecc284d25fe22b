#!/usr/bin/python3
"""Follows whole rotations by what the program prints, and by nothing else: runs each printed command as it stands,
publishes each printed record, signs when told to, pastes or applies each printed change of the settings, until the
program says that the change is done. Whenever it says that it is safe to sign, to delete a record, or that a key is
gone, real recursive resolvers, with cold and with warm caches, must agree.

    run_followed.py --program PATH [--only GLOB] [--keep DIRECTORY]

The clock of the program and of the resolvers is libfaketime's: while the program waits, it is moved on. So TTLs are as
long as in real zones.

It needs root, for a network namespace of its own; without, it says so and tests nothing."""

import argparse
import collections
import dataclasses
import datetime
import fnmatch
import glob
import json
import os
import pathlib
import pty
import re
import shlex
import subprocess
import sys
import tempfile
import time
import traceback

import own_namespace

HERE = pathlib.Path(__file__).resolve().parent
MOST_COMMANDS = 60
RUN_SECONDS = 300  # only a program that hangs takes so long


class Failure(Exception):
    pass


class Clock:
    """The clock of the program and the resolvers, ahead of the machine's by a number of seconds."""

    def __init__(self, directory):
        self.file = directory / "clock"
        self.ahead = 0
        self.write()
        libraries = glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1")
        if not libraries:
            raise SystemExit("libfaketime is missing: install the package faketime")
        self.library = libraries[0]

    def write(self):
        fresh = self.file.with_suffix(".new")
        fresh.write_text("+%d\n" % self.ahead)
        fresh.replace(self.file)

    def environment(self, preload=()):
        return {
            **os.environ,
            "LD_PRELOAD": ":".join([*preload, self.library]),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
        }

    def now(self):
        return time.time() + self.ahead

    def move_to(self, when):
        if when > self.now():
            self.ahead += int(when - self.now()) + 1
            self.write()


@dataclasses.dataclass
class Action:
    sentence: str
    lines: list


def actions_in(text):
    """The sentences of a page that have an arrow, each with the lines to copy that follow it."""
    actions, current, copied = [], None, False
    for line in text.splitlines():
        if re.match(r"\s*(→|->) ", line):
            current, copied = Action(re.sub(r"^\s*(→|->) ", "", line), []), False
            actions.append(current)
        elif not line.strip():
            copied = True
        elif current and line.startswith("        "):
            if copied:
                current.lines.append(line[8:])
            else:
                current.sentence += " " + line.strip()
        else:
            current = None
    return actions


def commands_in(text, program):
    """The commands of a preflight page: each alone in its block."""
    return [line.strip() for line in text.splitlines() if line.startswith("    " + program + " ")]


def times_in(text):
    return [
        datetime.datetime.strptime(found, "%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.timezone.utc).timestamp()
        for found in re.findall(r"(?:due from|until|not before) (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", text)
    ]


class Player:
    """A postmaster who does what is printed."""

    def __init__(self, net, clock, program, guard, folder, zone, case):
        self.net, self.clock, self.program, self.folder, self.zone, self.case = net, clock, program, folder, zone, case
        self.environment = {**clock.environment([guard]), "XDG_STATE_HOME": str(folder / "state")}
        self.signer = None
        self.done = collections.Counter()
        self.transcript = []
        self.keys = {}  # the record of each selector
        self.last_signature = {}
        self.last = None  # the last command that shows the rotation
        self.target = {}  # of selectors that are aliases: the provider's zone and owner
        folder.mkdir()

    # ---- What a postmaster has at hand ----

    def run(self, command):
        """Runs a printed command in a shell; where it asks, the answer is yes. The clock moves on while it waits."""
        self.done["commands"] += 1
        if self.done["commands"] > MOST_COMMANDS:
            raise Failure("after %d commands it is not done" % MOST_COMMANDS)
        master, terminal = pty.openpty()
        out, err = self.folder / "stdout", self.folder / "stderr"
        with open(out, "wb") as stdout, open(err, "wb") as stderr:
            process = subprocess.Popen(
                ["/bin/sh", "-c", "exec " + command if command.startswith(self.program) else command],
                cwd=self.folder,
                stdin=terminal,
                stdout=stdout,
                stderr=stderr,
                env=self.environment,
            )
        os.write(master, b"y\n")
        deadline = time.monotonic() + RUN_SECONDS
        while process.poll() is None:
            if time.monotonic() > deadline:
                process.kill()
                raise Failure("it does not end: %s\n%s" % (command, err.read_text()))
            time.sleep(0.05)
            if self.is_asleep(process.pid) and self.is_asleep(process.pid):
                self.clock.move_to(self.clock.now() + self.case.step)
                time.sleep(0.05)
        os.close(master)
        os.close(terminal)
        self.transcript.append("$ %s\n%s%s[exit code %d]\n" % (command, out.read_text(), err.read_text(), process.returncode))
        if process.returncode not in (0, 1, 2, 3):
            raise Failure("a printed command fails: %s\n%s" % (command, err.read_text()))
        return process.returncode, out.read_text()

    @staticmethod
    def is_asleep(process):
        """Whether it has no socket, so that it is not in the middle of a probe."""
        time.sleep(0.05)
        try:
            links = [os.readlink(link) for link in glob.glob("/proc/%d/fd/*" % process)]
        except OSError:
            return False
        return bool(links) and not any(link.startswith("socket:") for link in links)

    def publish(self, entry):
        """Puts an entry of a zone file into its zone; a record replaces those of the same owner."""
        owner, ttl, rdata = re.fullmatch(r"(\S+)\.\s+(\d+)\s+IN\s+TXT\s+(.*)", entry.strip(), re.DOTALL).groups()
        text = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', rdata))
        selector = owner.split(".")[0]
        zone, name = self.target.get(selector, (self.zone, owner[: -len(self.zone.name) - 1]))
        if text.endswith("p=") and selector in self.target:
            zone.take(name, "TXT")
            self.zone.take(owner[: -len(self.zone.name) - 1], "CNAME")
            self.net.load(zone)
            zone, name = self.zone, owner[: -len(self.zone.name) - 1]
            del self.target[selector]
        zone.put(name, "TXT", text, ttl=self.case.ttl)
        if not text.endswith("p="):
            self.keys[selector] = text
        self.net.load(zone)
        self.warm(selector)
        self.done["published"] += 1

    def warm(self, selector):
        """Mail arrives: two of the resolvers fill their caches."""
        for resolver in (rotation_lab.OPEN, rotation_lab.VALIDATING):
            self.public(selector, resolver)

    def public(self, selector, resolver):
        name = "%s._domainkey.%s" % (selector, self.zone.name)
        return rotation_lab.text_in(rotation_lab.ask(resolver, name, "TXT", recursion=True))

    def oracle(self, what, selector, is_right):
        """Every resolver must agree: those whose caches are warm, and those that have not asked for long."""
        self.done[what] += 1
        for resolver in rotation_lab.RESOLVERS:
            got = self.public(selector, resolver)
            if not is_right(got):
                raise Failure("%s: %s, but %s returns %r" % (what, selector, resolver, got))

    # ---- What is printed ----

    def do(self, action):
        """Does one action; returns the command to go on with, if the action names it."""
        first = action.lines[0] if action.lines else ""
        if first.startswith("domains:"):
            return None  # the same change is offered as a command
        if re.search(r"\sIN\s+TXT\s", first):
            self.publish("\n".join(action.lines))
        elif first.startswith(self.program + " record "):
            code, out = self.run(first)
            self.publish(out)
        elif first.startswith(self.program + " preflight "):
            return self.preflight(first)
        elif first.startswith(self.program + " rotation apply "):
            if self.run(first)[0] != 0:
                raise Failure("the change is not written: " + first)
        elif first.startswith(self.program + " rotation "):
            return first
        elif first:
            self.run(first)
        elif signs := re.match(r"sign with (\S+) ", action.sentence):
            self.sign(signs[1])
        elif deleted := re.match(r"delete the records? at (\S+)", action.sentence):
            self.delete(deleted[1])
        elif action.sentence.startswith("stop signing with "):
            self.signer = None
        return None

    def preflight(self, command):
        """Runs it and what it prints, until it says that it is safe to sign."""
        for _ in range(6):
            code, out = self.run(command)
            if code == 0:
                selector = re.search(r"\n\s+Sign with (\S+) now", out)[1]
                self.oracle("safe to sign by preflight", selector, lambda got: got == [self.keys[selector]])
                return None
            printed = [c for c in commands_in(out, self.program) if "--never-used" not in c or "--never-used" in command]
            if not printed:
                raise Failure("preflight prints no way on:\n" + out)
            command = printed[0]
        raise Failure("preflight does not come to an end:\n" + out)

    def sign(self, selector):
        self.oracle("sign now", selector, lambda got: got == [self.keys[selector]])
        if self.signer:
            day = datetime.datetime.fromtimestamp(self.clock.now(), datetime.timezone.utc).strftime("%Y-%m-%d")
            self.last_signature[self.signer] = "%s=%s" % (self.signer, day)
        self.signer = selector
        self.done["signed"] += 1

    def delete(self, name):
        selector = name.split(".")[0]
        old = self.keys[selector]
        self.oracle("delete now", selector, lambda got: old not in got)
        owner = name[: -len(self.zone.name) - 1]
        self.zone.take(owner, "TXT")
        self.net.load(self.zone)
        self.warm(selector)

    def gone(self):
        """No resolver has any key that is published no more."""
        for selector, key in self.keys.items():
            if selector not in self.target:
                published = self.zone.records[self.zone.on[0]].get(("%s._domainkey" % selector, "TXT"), (0, []))[1]
                if rotation_lab.quoted(key) not in published:
                    self.oracle("gone", selector, lambda got: key not in got)

    def follow(self, command, change=None):
        """Until the program says that it is done; with `change`, a selector, that the change from it is, even if the next
        one is due already."""
        for _ in range(MOST_COMMANDS):
            code, out = self.run(command)
            self.last = command
            headline = out.split("\n\n")[0]
            is_done = re.search(r": (from \S+ to (\S+) is done|done)", " ".join(headline.split()))
            if change:
                is_done = re.search(r"Change from %s to \S+\n\s+✓ done" % change, out)
            if is_done:
                self.done["done"] += 1
                self.gone()
                return out
            next_command = None
            printed = [a for a in actions_in(out) if " rotation plan " not in (a.lines or [""])[0]]
            later = [a.lines[0] for a in printed if a.sentence == "then run this"]
            command = later[0] if later else command
            printed = [a for a in printed if a.sentence != "then run this"]
            for action in printed:
                next_command = self.do(action) or next_command
            if next_command:
                command = next_command
            elif not printed:
                later = [at for at in times_in(out) if at > self.clock.now()]
                if not later:
                    raise Failure("nothing is printed to do, and no time to wait for:\n" + out)
                self.clock.move_to(min(later))
        raise Failure("it is never done:\n" + out)


# ---- The cases ----


@dataclasses.dataclass
class Case:
    """`knows`: what the program has besides its own state: a history, settings, or neither."""

    name: str
    zone: str
    play: object
    knows: str
    ttl: int

    @property
    def step(self):
        return max(5, self.ttl // 3)

    @property
    def retention(self):
        return self.ttl * 4


def start(player):
    """The flags of a run, and what is published before: s1, which signs."""
    case = player.case
    file = player.folder / "s1.pem"
    record = new_key(file)
    player.keys["s1"], player.signer = record, "s1"
    player.zone.put("s1._domainkey", "TXT", record, ttl=case.ttl)
    player.net.load(player.zone)
    player.warm("s1")
    flags = ["--root-hints", str(player.net.root_hints), "--allow-net", "127.0.0.0/8", "--rate-limit", "unlimited"]
    flags += ["--retired-key-retention", "%ds" % case.retention]
    if case.knows == "history":
        flags += ["--storage.path", "history"]
    return flags


def new_key(file):
    subprocess.run(
        ["openssl", "genpkey", "-algorithm", "ED25519", "-out", file], check=True, capture_output=True
    )
    file.chmod(0o600)
    der = subprocess.run(
        ["openssl", "pkey", "-in", file, "-pubout", "-outform", "DER"], check=True, capture_output=True
    ).stdout
    import base64

    return "v=DKIM1; k=ed25519; p=" + base64.b64encode(der[-32:]).decode()


def settings(player, ring=(), pending=()):
    """Writes the settings file of a domain: s1 signs, and it is the first in the ring, if there is one."""
    lines = ["# what the postmaster wrote", "policy:", "  retired_key_retention: %ds" % player.case.retention]
    lines += ["domains:", "  - domain: %s" % player.zone.name]
    lines += ["    rotation:", "      selector_cooldown: %ds" % player.case.retention]
    if ring:
        lines += ["      selectors: [%s]  # in turn" % ", ".join(ring), "      max_key_age: 30d"]
    lines += ["    selectors:", "      - name: s1  # signs", "        expected_key: {private_key: s1.pem}"]
    for name in ring[1:]:
        lines += ["      - {name: %s, role: standby}" % name]
    for name in pending:
        lines += ["      - {name: %s, role: pending}" % name]
    (player.folder / "settings.yaml").write_text("\n".join(lines) + "\n")
    return ["--config.file", "settings.yaml"]


def first_command(player, *words):
    return shlex.join([player.program, "rotation", player.zone.name, *words])


def script_actions(script):
    """The actions of a plan up to signing, in their order, each at its earliest time."""
    at, actions = None, []
    for line in script.splitlines():
        if re.match(r"# 6\. ", line):
            break
        if re.match(r"# \d\S* ", line):
            times = re.search(r", (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) UTC", line)
            at = datetime.datetime.strptime(times[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.timezone.utc)
        elif line.startswith("# - "):
            actions.append((at.timestamp(), Action(line[4:], [])))
        elif line and not line.startswith("#"):
            actions.append((at.timestamp(), Action("", [line])))
    return actions


def by_plan(player):
    """A rotation to a new selector by the script that `rotation plan` prints, executed line by line."""
    flags = start(player)
    with_settings = player.case.knows == "settings"
    command = first_command(player, *(settings(player) if with_settings else ["s1"]), *flags)
    code, out = player.run(command)
    code, script = player.run([line.strip() for line in out.splitlines() if " rotation plan " in line][-1])
    for at, action in script_actions(script):
        player.clock.move_to(at)
        printed = player.do(action)
        if printed:
            command = printed
            player.run(command)
    if player.signer == "s1":
        raise Failure("the script does not come to signing:\n" + script)
    player.follow(command)


def new_selector(player):
    """A rotation to a new selector, which the program names, begun with what the first command prints."""
    flags = start(player)
    with_settings = player.case.knows == "settings"
    player.follow(first_command(player, *(settings(player) if with_settings else ["s1"]), *flags))


def in_turn(count):
    """Selectors that sign in turn, until the first one signs again."""

    def play(player):
        names = ["s%d" % (n + 1) for n in range(count)]
        flags = start(player)
        if player.case.knows == "settings":
            command = first_command(player, *settings(player, names), *flags)
            for name in names:
                player.follow(command, name)
        else:
            for now, name in zip(names, [*names[1:], "s1"]):
                used = ["--last-signature", player.last_signature[name]] if name in player.last_signature else []
                player.follow(first_command(player, now, name + ":pending", *used, *flags))
        if player.signer != "s1":
            raise Failure("%s signs in the end, not s1" % player.signer)

    return play


def leaked(player):
    """Somebody else has the key that signs."""
    flags = start(player)
    words = settings(player) if player.case.knows == "settings" else ["s1"]
    player.follow(first_command(player, *words, "--compromised", "s1", *flags))
    if player.case.knows == "settings":
        # The settings know of it now, without the flag.
        code, out = player.run(first_command(player, *words, *flags))
        if "\n  Emergency: from s1 to " not in out or "publish the record" in out:
            raise Failure("the settings do not say that the key is compromised:\n" + out)


def aliased(player):
    """The next selector is an alias into the zone of a provider, who has published its key."""
    player.target["s2"] = (player.net.zones["provider.test"], "s2-%d" % player.case.ttl)
    zone, owner = player.target["s2"]
    player.keys["s2"] = new_key(player.folder / "provider.pem")
    zone.put(owner, "TXT", player.keys["s2"], ttl=player.case.ttl)
    player.net.load(zone)
    player.zone.put("s2._domainkey", "CNAME", owner + ".provider.test.", ttl=player.case.ttl)
    flags = start(player)
    if player.case.knows == "settings":
        command = first_command(player, *settings(player, (), ["s2"]), *flags)
    else:
        command = first_command(player, "s1", "s2:pending", *flags)
    done = player.follow(command)
    # And back to a key of one's own, so that the alias ends too.
    command = player.last
    for action in actions_in(done):
        command = player.do(action) or command
    player.follow(command)


def cases():
    """Every kind of rotation with every kind of knowledge; each length of TTL comes with each of both."""
    kinds = [("new-selector", new_selector), ("plan-script", by_plan), ("ping-pong", in_turn(2)), ("ring-of-three", in_turn(3)),
             ("provider-alias", aliased), ("emergency", leaked)]
    knowledge = ["nothing", "history", "settings"]
    ttls = [5, 300, 3600]
    for a, (kind, play) in enumerate(kinds):
        for b, knows in enumerate(knowledge):
            name = "%s-with-%s" % (kind, knows)
            yield Case(name, name + ".example", play, knows, ttls[(a + b) % 3])


def play_one(net, clock, program, guard, directory, case):
    zone = net.zones[case.zone]
    player = Player(net, clock, program, guard, directory / case.name, zone, case)
    began = time.monotonic()
    fault = None
    try:
        case.play(player)
    except Failure as failure:
        fault = str(failure)
    except Exception:
        fault = traceback.format_exc()
    (player.folder / "transcript").write_text("\n".join(player.transcript))
    print("%-7s %s (%.1f s): %s" % ("FAILED" if fault else "ok", case.name, time.monotonic() - began,
          ", ".join("%s %d" % each for each in player.done.items())), flush=True)
    if fault:
        print("\n".join(player.transcript[-4:]))
        print(fault)
    return not fault


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the dkimprobe to test")
    parser.add_argument("--only", default="*", help="names of rotations, with * and ?")
    parser.add_argument("--keep", type=pathlib.Path, help="an empty directory in which all files are kept")
    arguments = parser.parse_args()
    program = str(pathlib.Path(arguments.program).resolve())
    chosen = [case for case in cases() if fnmatch.fnmatchcase(case.name, arguments.only)]
    if not chosen:
        raise SystemExit("no rotation has such a name")
    with tempfile.TemporaryDirectory(prefix="followed-") as temporary:
        directory = arguments.keep or pathlib.Path(temporary)
        directory.mkdir(exist_ok=True)
        clock = Clock(directory)
        guard = build_resolver_guard(directory)
        zones = [rotation_lab.Zone(name, "nsd knot", soa_ttl=60, minimum=60) for name in {c.zone for c in chosen}]
        zones += [rotation_lab.Zone("provider.test", "provider", soa_ttl=60, minimum=60)]
        with rotation_lab.Internet(directory / "internet", zones, resolver_environment=clock.environment()) as net:
            good = [play_one(net, clock, program, guard, directory, case) for case in chosen]
    print("%d passed, %d failed" % (sum(good), len(good) - sum(good)))
    return 0 if all(good) else 1


if __name__ == "__main__":
    own_namespace.run_inside("rotations")
    import rotation_lab
    from run_cases import build_resolver_guard

    rotation_lab.bring_loopback_up()
    sys.exit(main())
