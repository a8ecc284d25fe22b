# example.com: from s1 to s2, if started now
# No server was queried, and this text changes nothing. Paste one command at a
# time into a shell, in this order; the last one shows how to go on. Dates are
# the earliest possible ones.

# 1. Choose a selector, 2026-11-22 12:00:00 UTC
# s2: next in the plan
# - go on with this command, which names the new roles
dkimprobe rotation example.com s1 s2:pending --last-signature s2=2026-11-01

# 2. Generate a key pair, 2026-11-22 12:00:00 UTC
# never reuse a key
# - generate the key pair; only you can read the file
test ! -e s2.example.com.pem && (umask 077 && openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out s2.example.com.pem)

# 3. Publish it, 2026-11-22 12:00:00 UTC
# in every zone file or control panel that serves the name
# - publish its record; this prints the line for a zone file
dkimprobe record example.com s2 --key s2.example.com.pem --format zone --ttl 3600

# 4. Check on each server, 2026-11-22 12:00:00 UTC
# every nameserver has it, and no cache denies it
# - check every nameserver; this exits with 0 when it is safe to sign
dkimprobe preflight example.com s2 --key s2.example.com.pem --signs-now s1 --wait 91m

# 5. Sign with it, 2026-11-22 13:00:00 UTC
# 1 h after every server has it: caches may hold the previous answer that long;
# preflight shows the exact time
# - sign with s2 (s=s2 in the signer's settings) instead of s1
# - go on with this command, which names the new roles
dkimprobe rotation example.com s1:retired s2 --last-signature s1=$(date -u +%F)

# 6. Wait, 2026-11-30 00:00:00 UTC
# 7 days after the day of the last signature with s1, so that mail in transit
# can be verified

# 7a. Revoke the old key, 2026-11-30 00:00:00 UTC
# then the key verifies nothing any more
# - revoke the key: this record replaces the one with the key
#   s1._domainkey.example.com. 3600 IN TXT "v=DKIM1; p="

# 7b. Delete the old record, 2026-11-30 01:00:00 UTC
# 1 h after every server has the revoked record, because caches may hold the key
# that long
# - delete the record at s1._domainkey.example.com

# 7c. Gone from all caches, 2026-11-30 01:00:00 UTC
# no server has a record, and no cache can hold the key
