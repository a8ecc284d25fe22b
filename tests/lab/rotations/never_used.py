"""A selector that nobody can have asked for is safe as soon as it is right everywhere. But where the zone is
signed and denies with NSEC, a validating resolver denies it from the answer about another name."""

import time

from rotation_lab import VALIDATING

ZONES = {
    "signed.example": {"on": "nsd knot", "soa_ttl": 3, "minimum": 3, "signed": True},
    "unsigned.example": {"on": "nsd knot", "soa_ttl": 3, "minimum": 3},
}


def play(stage):
    key, record = stage.make_key("s1")
    _, other_record = stage.make_key("s9")
    for zone in stage.zones.values():
        zone.put("s9._domainkey", "TXT", other_record, ttl=2)  # so that `_domainkey` itself is there
    stage.net.load(*stage.zones.values())
    stage.is_not_ready(stage.preflight("s1", key, never_used=True), nsd="absent", knot="absent")
    stage.wait_for_second()
    stage.expect("a neighbour", stage.public("s0._domainkey.signed.example", VALIDATING), [])
    stage.zone.put("s1._domainkey", "TXT", record, ttl=2)
    published = stage.net.load(stage.zone)
    name = "s1._domainkey.signed.example"
    stage.publics_will_get(published + 1, "by the neighbour's denial", name, [], [VALIDATING])
    complete = time.time()
    run = stage.preflight("s1", key, never_used=True)
    safe_at = stage.is_waiting(run, complete + 3, run.ended + 3 + 1, "nsec_ttl")
    stage.wait_until(safe_at)
    stage.publics_get("at the said time", name, [record])
    stage.is_ready(stage.preflight("s1", key, never_used=True))

    stage.zone = stage.zones["unsigned.example"]
    stage.is_not_ready(stage.preflight("s1", key, never_used=True), nsd="absent", knot="absent")
    stage.publics_get("a neighbour", "s0._domainkey.unsigned.example", [])
    stage.zone.put("s1._domainkey", "TXT", record, ttl=2)
    stage.net.load(stage.zone)
    stage.is_ready(stage.preflight("s1", key, never_used=True))
    stage.publics_get("at once", "s1._domainkey.unsigned.example", [record])
