"""A selector that nobody can have asked for is safe as soon as all servers have its key. But if the zone is signed and
denies with NSEC, a validating resolver can deny it from the answer for another name."""

import time

from rotation_lab import SECOND, VALIDATING

NEGATIVE = 3 * SECOND

ZONES = {
    "signed.example": {"on": "nsd knot", "soa_ttl": NEGATIVE, "minimum": NEGATIVE, "signed": True},
    "unsigned.example": {"on": "nsd knot", "soa_ttl": NEGATIVE, "minimum": NEGATIVE},
}


def play(stage):
    key, record = stage.make_key("s1")
    _, other_record = stage.make_key("s9")
    for zone in stage.zones.values():
        zone.put("s9._domainkey", "TXT", other_record, ttl=2 * SECOND)  # so that `_domainkey` itself exists
    stage.net.load(*stage.zones.values())
    stage.is_not_ready(stage.preflight("s1", key, never_used=True), nsd="absent", knot="absent")
    stage.wait_for_second()
    stage.expect("a neighbour", stage.public("s0._domainkey.signed.example", VALIDATING), [])
    stage.zone.put("s1._domainkey", "TXT", record, ttl=2 * SECOND)
    published = stage.net.load(stage.zone)
    name = "s1._domainkey.signed.example"
    held = stage.second + NEGATIVE
    stage.publics_will_get(published + 1, "by the neighbour's denial", name, [], [VALIDATING], until=held)
    complete = time.time()
    run = stage.preflight("s1", key, never_used=True)
    safe_at = stage.is_waiting(run, complete + NEGATIVE, run.ended + NEGATIVE + 1, "nsec_ttl")
    stage.wait_until(safe_at)
    stage.publics_get("at the said time", name, [record])
    stage.is_ready(stage.preflight("s1", key, never_used=True))

    stage.zone = stage.zones["unsigned.example"]
    stage.is_not_ready(stage.preflight("s1", key, never_used=True), nsd="absent", knot="absent")
    stage.publics_get("a neighbour", "s0._domainkey.unsigned.example", [])
    stage.zone.put("s1._domainkey", "TXT", record, ttl=2 * SECOND)
    stage.net.load(stage.zone)
    stage.is_ready(stage.preflight("s1", key, never_used=True))
    stage.publics_get("at once", "s1._domainkey.unsigned.example", [record])
