"""A domain moves to other nameservers, and only these have the new selector. An earlier probe of another selector saw
the old ones: resolvers that know them ask them until their NS records expire, and cache the absence of the selector."""

import time

from rotation_lab import SECOND

NS_TTL, NEGATIVE = 6 * SECOND, 3 * SECOND
ZONES = {
    "moved.example": {
        "on": "nsd knot provider provider2",
        "soa_ttl": NEGATIVE,
        "minimum": NEGATIVE,
        "ns_ttl": NS_TTL,
        "parent_ns_ttl": 4 * SECOND,
    }
}
NAME = "s2._domainkey.moved.example"
NEW = ["provider", "provider2"]


def play(stage):
    zone, parent = stage.zone, stage.net.parent_of(stage.zone)
    old_key, old_record = stage.make_key("s1")
    key, record = stage.make_key("s2")
    zone.delegated_to = ["nsd", "knot"]
    zone.put("s1._domainkey", "TXT", old_record, ttl=2 * SECOND)
    zone.put("s2._domainkey", "TXT", record, ttl=2 * SECOND, on=NEW)
    stage.net.load(zone, parent)
    stage.preflight("s1", old_key)  # this probe sees the servers of the zone

    stage.wait_for_second()
    stage.publics_get("before", "s1._domainkey.moved.example", [old_record])
    zone.delegated_to = NEW
    stage.net.load(zone, on=NEW)
    moved = stage.net.load(parent)
    held = stage.second + NS_TTL
    stage.publics_will_get(moved + 1, "one second after the move", NAME, [], until=held)
    complete = time.time()
    run = stage.preflight("s2", key, never_used=True)
    stage.has_progress(run.json, provider="match", provider2="match")
    latest = run.ended + NS_TTL + NEGATIVE + 2
    safe_at = stage.is_waiting(run, complete + NS_TTL, latest, "old_nameservers")
    stage.wait_until(safe_at)
    stage.publics_get("at the said time", NAME, [record])
    stage.is_ready(stage.preflight("s2", key, never_used=True))
