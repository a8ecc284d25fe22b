"""A key is replaced at its selector, and a secondary still has the old one: verifiers get either of them until it has
caught up, and for the TTL of the old record afterwards."""

import time

from rotation_lab import SECOND

ZONES = {"stale.example": {"on": "nsd knot bind", "soa_ttl": 2 * SECOND, "minimum": 2 * SECOND}}
NAME = "s1._domainkey.stale.example"
OLD_TTL = 5 * SECOND


def play(stage):
    _, old_record = stage.make_key("old")
    key, record = stage.make_key("new")
    stage.zone.put("s1._domainkey", "TXT", old_record, ttl=OLD_TTL)
    stage.net.load(stage.zone)
    stage.is_not_ready(stage.preflight("s1", key), nsd="mismatch", knot="mismatch", bind="mismatch")

    stage.zone.put("s1._domainkey", "TXT", record, ttl=2 * SECOND)
    stage.net.load(stage.zone, on=["nsd", "bind"])
    stage.is_not_ready(stage.preflight("s1", key), nsd="match", knot="mismatch", bind="match")

    # The worst case: every resolver got the old key, from the last server that has it.
    stage.wait_for_second()
    stage.zone.put("s1._domainkey", "TXT", old_record, ttl=OLD_TTL, on=["nsd", "bind"])
    stage.net.load(stage.zone, on=["nsd", "bind"])
    stage.publics_get("before", NAME, [old_record])
    stage.zone.put("s1._domainkey", "TXT", record, ttl=2 * SECOND)
    published = stage.net.load(stage.zone)
    held = stage.second + OLD_TTL
    stage.publics_will_get(published + 1, "one second after the last server", NAME, [old_record], until=held)
    complete = time.time()
    run = stage.preflight("s1", key)
    stage.has_progress(run.json, nsd="match", knot="match", bind="match")
    safe_at = stage.is_waiting(run, complete + OLD_TTL, run.ended + OLD_TTL + 1, "old_record_ttl")
    stage.wait_until(safe_at)
    stage.publics_get("at the said time", NAME, [record])
    stage.is_ready(stage.preflight("s1", key))
