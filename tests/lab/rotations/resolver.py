"""The behaviour of the resolver itself, without the program: a cached denial outlives the publication of the record by
its TTL, in whole seconds, so up to one second longer."""

import time

from rotation_lab import OPEN, SECOND

TTL = 3 * SECOND
ZONES = {"resolver.example": {"on": "nsd knot bind", "soa_ttl": TTL, "minimum": TTL}}
NAME = "s1._domainkey.resolver.example"


def play(stage):
    _, record = stage.make_key("s1")
    stage.wait_for_second()
    stage.expect("before", stage.public(NAME), [])
    held = time.time() + TTL
    stage.zone.put("s1._domainkey", "TXT", record, ttl=2 * SECOND)
    stage.net.load(stage.zone)
    stage.wait_until(held - TTL + SECOND)
    stage.publics_get("one second after the publication", NAME, [], [OPEN], until=stage.second + TTL)
    stage.wait_until(held)
    stage.publics_get("at the end of its TTL", NAME, [], [OPEN], until=stage.second + TTL + 1)
    stage.wait_until(held + 1.01)
    stage.expect("one second later", stage.public(NAME), [record])
    check = stage.run("check", "resolver.example", "s1")
    stage.expect("exit", check.exit, 0)
    stage.expect("status", check.json["status"], "ok")
