"""The selector is an alias into the zone of a provider: each server of the provider must have the key, and cached
answers for the target and the alias count."""

import time

from rotation_lab import SECOND

NEGATIVE = 4 * SECOND  # TTL of denials of the provider
ALIAS_TTL = 3 * SECOND
ZONES = {
    "alias.example": {"on": "nsd knot", "soa_ttl": 2 * SECOND, "minimum": 2 * SECOND},
    "keys.test": {"on": "provider provider2", "soa_ttl": NEGATIVE, "minimum": NEGATIVE},
}
NAME = "s1._domainkey.alias.example"


def play(stage):
    keys = stage.zones["keys.test"]
    key, record = stage.make_key("s1")
    stage.is_not_ready(stage.preflight("s1", key), nsd="absent", knot="absent")
    stage.zone.put("s1._domainkey", "CNAME", "k1.keys.test.", ttl=ALIAS_TTL)
    stage.net.load(stage.zone)
    stage.is_not_ready(stage.preflight("s1", key), provider="absent", provider2="absent")
    keys.put("k1", "TXT", record, ttl=2 * SECOND)
    stage.net.load(keys, on=["provider2"])
    stage.is_not_ready(stage.preflight("s1", key), provider="absent", provider2="match")

    stage.wait_for_second()
    keys.take("k1", "TXT", on="provider2")
    stage.net.load(keys, on=["provider2"])
    stage.publics_get("before", NAME, [])
    keys.put("k1", "TXT", record, ttl=2 * SECOND)
    published = stage.net.load(keys)
    held = stage.second + NEGATIVE
    stage.publics_will_get(published + 1, "one second after the provider published", NAME, [], until=held)
    complete = time.time()
    run = stage.preflight("s1", key)
    safe_at = stage.is_waiting(run, complete + NEGATIVE, run.ended + NEGATIVE + 1, "negative_ttl")
    stage.wait_until(safe_at)
    stage.publics_get("at the said time", NAME, [record])
    stage.is_ready(stage.preflight("s1", key))

    # The alias moves to another target with another key.
    other, other_record = stage.make_key("other")
    keys.put("k2", "TXT", other_record, ttl=2 * SECOND)
    stage.net.load(keys)
    stage.wait_until(time.time() + ALIAS_TTL + 1.1)  # so that the resolvers fetch the alias again
    stage.wait_for_second()
    stage.publics_get("before the alias moves", NAME, [record])
    stage.zone.put("s1._domainkey", "CNAME", "k2.keys.test.", ttl=2 * SECOND)
    published = stage.net.load(stage.zone)
    held = stage.second + ALIAS_TTL
    stage.publics_will_get(published + 1, "one second after the alias moved", NAME, [record], until=held)
    complete = time.time()
    run = stage.preflight("s1", other)
    # The new target was not probed before it had the key, so it is unknown what caches hold of it.
    stage.is_waiting(run, complete + 86400, run.ended + 86402, "nothing_known")
    stage.in_time(complete + ALIAS_TTL, run.ended)
    gone = stage.until(run, "old_alias_ttl")
    if not complete + ALIAS_TTL <= gone <= run.ended + ALIAS_TTL + 1:
        stage.fault("the old alias counts until %.2f s after it moved" % (gone - published))
    stage.wait_until(gone)
    stage.publics_get("when the old alias has gone", NAME, [other_record])
