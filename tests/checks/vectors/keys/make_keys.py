#!/usr/bin/python3
"""Makes the keys of the record vectors anew, one file of base64 each, beside this script.

Real pairs come from openssl; their private halves are thrown away, except the one that stands for a leak.
Keys that openssl does not make (an even modulus, an exponent of 1, points off the curve) are written by hand around a number that
nobody has factored, and are good for nothing. Weak keys are computed from their factors, the same in each run.
"""
import base64
import hashlib
import itertools
import math
import pathlib
import subprocess

HERE = pathlib.Path(__file__).parent
SMALL_PRIMES = math.prod(n for n in range(2, 65538) if all(n % d for d in range(2, math.isqrt(n) + 1)))


def openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, capture_output=True, check=True).stdout


def write(name, der):
    (HERE / f"{name}.b64").write_text(base64.b64encode(der).decode() + "\n")


def der(tag, content):
    size = len(content)
    if size < 0x80:
        length = bytes([size])
    else:
        octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([0x80 | len(octets)]) + octets
    return bytes([tag]) + length + content


def integer(number):
    return der(0x02, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def rsa_spki(modulus, exponent):
    algorithm = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
    return der(0x30, algorithm + der(0x03, b"\0" + der(0x30, integer(modulus) + integer(exponent))))


def random(bits, seed):
    digest = hashlib.shake_256(seed.encode()).digest((bits + 7) // 8)
    return int.from_bytes(digest, "big") >> (-bits % 8) | 3 << (bits - 2) | 1


def is_prime(candidate):
    return math.gcd(candidate, SMALL_PRIMES) == 1 and pow(2, candidate - 1, candidate) == 1


def number_at(octets):
    """The next number that is no prime and has no small factors, which would be faults of their own."""
    result = int.from_bytes(octets, "big")
    while math.gcd(result, SMALL_PRIMES) != 1 or is_prime(result):
        result += 2
    return result


def number(bits, seed):
    return number_at(random(bits, seed).to_bytes((bits + 7) // 8, "big"))


def prime_from(candidate):
    while not is_prime(candidate):
        candidate += 2
    return candidate


def first_prime(candidates):
    return next(candidate for candidate in candidates if is_prime(candidate))


def roca_primes(bits):
    """As the library of CVE-2017-15361 makes them: a power of 65537 modulo the product of the first primes."""
    product = math.prod(n for n in range(2, 702) if all(n % d for d in range(2, n)))
    for i in itertools.count():
        power = pow(65537, random(64, f"power {i}"), product)
        start = random(bits, f"roca {i}")
        yield start - start % product + power


def sparse_primes(bits, limb_bits):
    """In each 32 bits, only the lowest `limb_bits` are random."""
    for i in itertools.count():
        digits = [random(256, f"sparse {i} {j}") >> 8 & (1 << limb_bits) - 1 for j in range(bits // 32)]
        yield sum(digit << 32 * j for j, digit in enumerate(digits)) | 3 << (bits - 2) | 1


def write_weak_keys():
    p = prime_from(random(1024, "p"))
    q = prime_from(random(1024, "q"))
    totient = (p - 1) * (q - 1)
    sparse = sparse_primes(1024, 8)
    wide = sparse_primes(1024, 32)
    roca = roca_primes(1024)
    roca_prime = first_prime(roca)
    write("rsa2048_factor_641", rsa_spki(641 * prime_from(random(2038, "factor")), 65537))
    write("rsa2048_factor_65539", rsa_spki(65539 * prime_from(random(2032, "factor")), 65537))
    write("rsa2048_square", rsa_spki(p * p, 65537))
    write("rsa2048_close", rsa_spki(p * prime_from(p + 2), 65537))
    write("rsa2048_apart", rsa_spki(p * prime_from(p + (1 << 518)), 65537))
    write("rsa2048_roca", rsa_spki(roca_prime * first_prime(roca), 65537))
    write("rsa2048_half_roca", rsa_spki(roca_prime * q, 65537))
    write("rsa2048_sharing", rsa_spki(prime_from(random(1024, "r")) * q, 65537))
    write("rsa2048_short_private", rsa_spki(p * q, pow(prime_from(random(500, "d")), -1, totient)))
    write("rsa2048_long_private", rsa_spki(p * q, pow(prime_from(random(530, "d")), -1, totient)))
    write("rsa2048_prime", rsa_spki(prime_from(random(2048, "prime")), 65537))
    write("rsa2048_sparse", rsa_spki(first_prime(sparse) * first_prime(sparse), 65537))
    write("rsa2048_wide", rsa_spki(first_prime(wide) * first_prime(wide), 65537))
    modulus = number(2048, "repeated").to_bytes(256, "big")
    repeated = modulus[:20] * 2 + modulus[40:]
    write("rsa2048_repeated", rsa_spki(number_at(repeated), 65537))
    write("rsa2048_nearly_repeated", rsa_spki(number_at(modulus[:11] * 2 + modulus[22:]), 65537))
    few = random(2048, "few 1") & random(2048, "few 2")
    write("rsa2048_few_ones", rsa_spki(number_at(few.to_bytes(256, "big")), 65537))


def rsa(name, bits, exponent=65537):
    pair = openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", f"rsa_keygen_bits:{bits}",
                   "-pkeyopt", f"rsa_keygen_pubexp:{exponent}")
    write(name, openssl("pkey", "-pubout", "-outform", "DER", data=pair))
    return pair


def write_unusual_keys():
    write("rsa2047", rsa_spki(number(2047, "2047"), 65537))
    write("rsa2040", rsa_spki(number(2040, "2040"), 65537))
    write("rsa4104", rsa_spki(number(4104, "4104"), 65537))
    for bits in (5120, 6144, 8192):
        modulus = number(bits, str(bits))
        write(f"rsa{bits}", rsa_spki(modulus, 65537))
        write(f"rsa{bits}_pkcs1", der(0x30, integer(modulus) + integer(65537)))
    write("rsa2048_even", rsa_spki(number(2048, "even") & ~1, 65537))
    write("rsa2048_e1", rsa_spki(number(2048, "e1"), 1))
    write("rsa16392", rsa_spki(number(16392, "16392"), 65537))
    write("rsa2048_e_long", rsa_spki(number(2048, "e long"), number(2040, "exponent")))
    write("rsa4096_e_long", rsa_spki(number(4096, "e long"), number(128, "exponent")))


def main():
    for bits in (512, 768, 1024, 2048, 3072, 4096):
        pair = rsa(f"rsa{bits}", bits)
        write(f"rsa{bits}_pkcs1", openssl("rsa", "-RSAPublicKey_out", "-outform", "DER", data=pair))
    write("rsa2048_private", openssl("pkey", "-outform", "DER", data=rsa("rsa2048_leaked", 2048)))
    rsa("rsa2048_e3", 2048, 3)
    rsa("rsa2048_e17", 2048, 17)
    rsa("rsa768_e65535", 768, 65535)
    write_unusual_keys()
    write_weak_keys()
    ed25519 = openssl("pkey", "-pubout", "-outform", "DER", data=openssl("genpkey", "-algorithm", "ED25519"))
    write("ed25519_spki", ed25519)
    write("ed25519", ed25519[-32:])
    ec = openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    write("ec_p256", openssl("pkey", "-pubout", "-outform", "DER", data=ec))
    spki = base64.b64decode((HERE / "rsa2048.b64").read_text())
    write("rsa2048_trailing", spki + b"\xde\xad\xbe\xef")
    write("rsa2048_twice", base64.b64encode(spki))
    write("rsa2048_pem_twice", b"-----BEGIN PUBLIC KEY-----\n" + base64.encodebytes(spki) +
          b"-----END PUBLIC KEY-----\n")
    private = base64.b64decode((HERE / "rsa2048_private.b64").read_text())
    write("rsa2048_private_pem_twice", b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(private) +
          b"-----END PRIVATE KEY-----\n")
    write("ed25519_twice", base64.b64encode(ed25519[-32:]))
    write("ed25519_off_curve", (7).to_bytes(32, "little"))
    write("ed25519_not_canonical", (2**255 - 19 + 3).to_bytes(32, "little"))
    # The y of a point of order 8, with the sign of x set.
    write("ed25519_small_order",
          bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"))
    # Any octets of the right number are an ML-DSA-44 public key.
    raw = hashlib.shake_256(b"mldsa44").digest(1312)
    write("mldsa44", raw)
    write("mldsa44_spki", der(0x30, der(0x30, bytes.fromhex("0609608648016503040311")) + der(0x03, b"\0" + raw)))
    # What stands in b= and bh= of messages: of the right length, and true for no message.
    write("body_hash", hashlib.sha256(b"body").digest())
    for name, repeats in (("signature_rsa2048", 8), ("signature_rsa1024", 4), ("signature_ed25519", 2)):
        write(name, hashlib.sha256(name.encode()).digest() * repeats)


if __name__ == "__main__":
    main()
