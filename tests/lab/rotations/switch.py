"""A complete rotation, step by step: publish, see, sign, wait for mail in transit, revoke, delete; then, too soon, a
new key at the old selector."""

import datetime
import json
import time

from rotation_lab import SECOND

NEGATIVE = 3 * SECOND
ZONES = {"switch.example": {"on": "nsd knot", "soa_ttl": NEGATIVE, "minimum": NEGATIVE}}
OLD, NEW = "s1._domainkey.switch.example", "s2._domainkey.switch.example"
REVOKED = "v=DKIM1; p="
TRANSIT = 3 * SECOND
TTL = 3 * SECOND


def settings(stage, **selectors):
    """The settings file, with these selectors."""
    file = stage.folder / "settings.json"
    file.write_text(
        json.dumps(
            {
                "policy": {"retired_key_retention": "%ds" % TRANSIT},
                "domains": [
                    {
                        "domain": stage.zone.name,
                        "selectors": [{"name": name, **what} for name, what in selectors.items()],
                    }
                ],
            }
        )
    )
    return "--config.file", file


def state_of(run, step):
    return next(s["state"] for s in run.json["changes"][0]["steps"] if s["step"] == step)


def play(stage):
    old, old_record = stage.make_key("s1")
    new, new_record = stage.make_key("s2")
    stage.zone.put("s1._domainkey", "TXT", old_record, ttl=TTL)
    stage.net.load(stage.zone)
    keys = {name: {"expected_key": {"private_key": str(file)}} for name, file in (("s1", old), ("s2", new))}

    def look(s1, s2):
        return stage.rotation(*settings(stage, s1={**keys["s1"], **s1}, s2={**keys["s2"], **s2}))

    before = ({"role": "active"}, {"role": "pending"})
    run = look(*before)
    stage.expect("before", (run.exit, state_of(run, "publish")), (1, "due"))

    stage.wait_for_second()
    stage.publics_get("before", NEW, [])
    stage.zone.put("s2._domainkey", "TXT", new_record, ttl=TTL)
    published = stage.net.load(stage.zone)
    held = stage.second + NEGATIVE
    stage.publics_will_get(published + 1, "one second after the publication", NEW, [], until=held)
    complete = time.time()
    run = look(*before)
    stage.in_time(complete + NEGATIVE, run.ended)
    stage.expect("published", state_of(run, "sign"), "pending")
    safe_at = stage.time_of(run.json["state"]["safe_to_sign"], complete + NEGATIVE, run.ended + NEGATIVE + 1)
    stage.wait_until(safe_at)
    stage.publics_get("when it is safe to sign", NEW, [new_record])
    run = look(*before)
    stage.expect("safe to sign", (run.exit, state_of(run, "sign")), (1, "due"))

    last = int(time.time())
    signed = datetime.datetime.fromtimestamp(last, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    after = ({"role": "retired", "last_signature": signed}, {"role": "active"})
    run = look(*after)
    stage.in_time(last + TRANSIT, run.ended)
    remove_at = stage.time_of(
        run.json["state"]["old_keys"][0]["safe_to_remove"], last + TRANSIT, last + TRANSIT + 1
    )
    stage.expect("mail in transit", state_of(run, "revoke"), "pending")
    stage.wait_until(remove_at)
    run = look(*after)
    stage.expect("no mail in transit", (run.exit, state_of(run, "revoke")), (1, "due"))

    stage.wait_for_second()
    stage.publics_get("before it is revoked", OLD, [old_record])
    stage.zone.put("s1._domainkey", "TXT", REVOKED, ttl=TTL)
    revoked = stage.net.load(stage.zone)
    held = stage.second + TTL
    stage.publics_will_get(revoked + 1, "one second after it was revoked", OLD, [old_record], until=held)
    complete = time.time()
    run = look(*after)
    stage.in_time(complete + TTL, run.ended)
    gone_at = stage.time_of(run.json["state"]["old_keys"][0]["cache_expiry"], complete + TTL, run.ended + TTL + 1)
    stage.wait_until(gone_at)
    stage.publics_get("when it is gone", OLD, [REVOKED])
    stage.zone.take("s1._domainkey", "TXT")
    stage.net.load(stage.zone)
    run = look(*after)
    stage.expect("deleted", (run.exit, run.json["faults"]), (0, []))

    stage.zone.put("s1._domainkey", "TXT", stage.make_key("s1 again")[1], ttl=TTL)
    stage.net.load(stage.zone)
    run = stage.rotation("s1:pending", "s2:active")
    used_again = (1, [("selector_reused_too_soon", "warning")])
    seen = (run.exit, [(f["name"], f["severity"]) for f in run.json["faults"]])
    # Without a last signature it is unknown whether the earlier key signed.
    stage.expect("used again", seen, used_again)
    run = stage.rotation("s1:pending", "s2:active", "--last-signature", "s1=" + signed)
    used_again = (2, [("selector_reused_too_soon", "critical")])
    seen = (run.exit, [(f["name"], f["severity"]) for f in run.json["faults"]])
    stage.expect("used again, as is known", seen, used_again)
