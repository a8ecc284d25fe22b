"""A key was stolen: the time for mail in transit does not matter, only how long servers and caches still return the
key."""

import time

from rotation_lab import SECOND

ZONES = {"emergency.example": {"on": "nsd knot bind", "soa_ttl": 2 * SECOND, "minimum": 2 * SECOND}}
NAME = "s1._domainkey.emergency.example"
REVOKED = "v=DKIM1; p="
TTL = 4 * SECOND


def revoke_step(run):
    return next(step for step in run.json["changes"][0]["steps"] if step["step"] == "revoke")


def play(stage):
    _, record = stage.make_key("s1")
    stage.zone.put("s1._domainkey", "TXT", record, ttl=TTL)
    stage.net.load(stage.zone)
    run = stage.rotation("--compromised", "s1")
    stage.expect("at once", (run.exit, revoke_step(run)["state"]), (2, "due"))

    stage.wait_for_second()
    stage.publics_get("before", NAME, [record])
    stage.zone.put("s1._domainkey", "TXT", REVOKED, ttl=SECOND)
    stage.net.load(stage.zone, on=["nsd"])
    run = stage.rotation("--compromised", "s1")
    stage.expect("one server", (run.exit, revoke_step(run)["state"]), (2, "due"))
    stage.has_progress(revoke_step(run), nsd="revoked", knot="match", bind="match")

    revoked = stage.net.load(stage.zone)
    held = stage.second + TTL
    stage.publics_will_get(revoked + 1, "one second after the last server", NAME, [record], until=held)
    complete = time.time()
    run = stage.rotation("--compromised", "s1")
    stage.in_time(complete + TTL, run.ended)
    stage.expect("all servers", (run.exit, revoke_step(run)["state"]), (1, "done"))
    gone_at = stage.time_of(run.json["state"]["old_keys"][0]["cache_expiry"], complete + TTL, run.ended + TTL + 1)
    run = stage.rotation("--compromised", "s1", "--wait", "1ms")
    stage.in_time(gone_at, run.ended)
    too_short = [note for note in run.json["notes"] if "--wait ends before" in note]
    stage.expect("a wait that is too short", (run.exit, len(too_short)), (1, 1))
    run = stage.rotation("--compromised", "s1", "--wait", "1h")
    stage.expect("it waits for the caches", run.ended >= gone_at, True)
    stage.publics_get("after the wait", NAME, [REVOKED])
    # The replacement is still due, but this command waits only for the end of the key.
    stage.expect(
        "gone",
        (run.exit, run.json["headline"]),
        (0, "the key of s1 is gone from all servers and caches; make sure that nothing signs with it"),
    )
