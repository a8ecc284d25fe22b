"""What `check` finds with a history: a changed key, one key at two selectors, a key removed too early, a key kept too
long. Judged again, each observation gives the same report."""

import datetime
import json
import subprocess
import time

from rotation_lab import SECOND

NEGATIVE = 3 * SECOND
ZONES = {"checked.example": {"on": "nsd knot", "soa_ttl": NEGATIVE, "minimum": NEGATIVE}}
TRANSIT = 3600


def settings(stage, s1, s2, every):
    """The settings file. The retention of the domain overrides that of the policy."""
    file = stage.folder / "settings.json"
    domain = {
        "domain": stage.zone.name,
        "rotation": {"retired_key_retention": "%ds" % TRANSIT, "max_key_age": every},
        "selectors": [{"name": "s1", **s1}, {"name": "s2", **s2}],
    }
    file.write_text(json.dumps({"policy": {"retired_key_retention": "30d"}, "domains": [domain]}))
    return str(file)


def moment_of(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def time_findings(report):
    """The findings that need several probes or several selectors."""
    names = {
        "removed_too_early", "retired_key_still_published", "selector_reused_too_soon",
        "key_changed_unexpectedly", "key_age_exceeded", "key_reused",
    }  # fmt: skip
    return sorted((f["id"], f["severity"]) for f in report["findings"] if f["id"] in names)


def play(stage):
    history, saved = str(stage.folder / "history"), str(stage.folder / "saved.json")

    def check(what, s1, s2, wanted, selectors=(), every="never"):
        file = settings(stage, s1, s2, every)
        words = [stage.zone.name, *selectors, "--config.file", file, "--storage.path", history]
        run = stage.run("check", *words, "--save", saved)
        reports = {report["selector"]: report for report in run.json["reports"]}
        found = {name: time_findings(report) for name, report in reports.items()}
        stage.expect(what, found, {**dict.fromkeys(found, []), **wanted})
        command = [stage.program, "judge", saved, "--json", "--config.file", file, "--storage.path", history]
        again = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
        stage.expect(what + ", judged again", again.stdout == run.stdout, True)
        return reports

    active, pending = {"role": "active"}, {"role": "pending"}
    _, old = stage.make_key("s1")
    stage.zone.put("s1._domainkey", "TXT", old, ttl=2)
    stage.net.load(stage.zone)
    first = check("at first", active, pending, {})
    stage.expect("no last signature", first["s1"]["rotation"]["safe_to_remove_at"], None)

    stage.zone.put("s2._domainkey", "TXT", old, ttl=2)
    stage.net.load(stage.zone)
    published = time.time()
    reports = check(
        "one key at two selectors", active, pending,
        {"s1": [("key_reused", "notice")], "s2": [("key_reused", "notice")]},
    )  # fmt: skip
    stage.in_time(published + NEGATIVE)
    # The absence of s2 was seen with its TTL, so no hour is assumed for it.
    stage.time_of(
        {"readiness": "wait", "at": reports["s2"]["rotation"]["safe_to_sign_at"]},
        published + NEGATIVE,
        time.time() + NEGATIVE + 1,
    )
    check("known from the history alone", active, pending, {"s2": [("key_reused", "notice")]}, ["s2"])

    time.sleep(1.1)
    _, new = stage.make_key("s2")
    stage.zone.put("s2._domainkey", "TXT", new, ttl=2)
    stage.net.load(stage.zone)
    # The old key ended more than a second ago; the history still knows that s2 had it.
    check(
        "a key of its own", active, active,
        {
            "s1": [("key_age_exceeded", "warning"), ("key_reused", "notice")],
            "s2": [("key_changed_unexpectedly", "critical")],
        },
        every="1s",
    )  # fmt: skip

    signed = int(time.time()) - 60
    retired = {"role": "retired", "last_signature": moment_of(signed)}
    key_of_s2 = {"role": "standby"}
    reports = check("retired", retired, key_of_s2, {"s1": [("key_reused", "notice")]})
    stage.expect(
        "when it may go",
        reports["s1"]["rotation"]["safe_to_remove_at"][:19] + "Z",
        moment_of(signed + TRANSIT),
    )
    long_ago = {"role": "retired", "last_signature": moment_of(signed - 2 * TRANSIT)}
    check(
        "too long", long_ago, key_of_s2,
        {"s1": [("key_reused", "notice"), ("retired_key_still_published", "warning")]},
    )  # fmt: skip
    stage.zone.put("s1._domainkey", "TXT", "v=DKIM1; p=", ttl=2)
    stage.net.load(stage.zone)
    check("too early", retired, key_of_s2, {"s1": [("removed_too_early", "critical")]})
    stage.zone.put("s1._domainkey", "TXT", stage.make_key("s1 again")[1], ttl=2)
    stage.net.load(stage.zone)
    check(
        "used again",
        {**retired, "role": "pending"},
        key_of_s2,
        {"s1": [("selector_reused_too_soon", "critical")]},
    )
