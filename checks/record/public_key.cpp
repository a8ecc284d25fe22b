#include "checks/record/public_key.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include <fmt/format.h>

#include "checks/record/digest.hpp"
#include "checks/record/ed25519_point.hpp"
#include "config/keys/key_identity.hpp"

namespace dkimprobe::checks {

namespace {

// ---- DER (ITU-T X.690), as far as keys need it ----

enum class ElementState : std::uint8_t { whole, truncated, broken };

struct Element {
  ElementState state = ElementState::broken;
  std::uint8_t tag = 0;
  std::string_view content{};
  std::size_t missing = 0;
};

constexpr std::uint8_t tag_integer = 0x02;
constexpr std::uint8_t tag_bit_string = 0x03;
constexpr std::uint8_t tag_octet_string = 0x04;
constexpr std::uint8_t tag_oid = 0x06;
constexpr std::uint8_t tag_sequence = 0x30;
constexpr std::uint8_t tag_version = 0xa0;  // of an X.509 certificate

std::uint8_t octet(std::string_view bytes, std::size_t i) {
  return static_cast<std::uint8_t>(bytes[i]);
}

/// Removes one element from the front of `bytes`. A truncated element has the content that is there.
Element take_element(std::string_view& bytes) {
  Element element;
  const auto cut_off = [&](std::size_t missing) {
    element.state = ElementState::truncated;
    element.missing = missing;
    bytes = {};
    return element;
  };
  if (!bytes.empty()) element.tag = octet(bytes, 0);
  if (bytes.size() < 2) return cut_off(2 - bytes.size());
  std::size_t length = octet(bytes, 1);
  std::size_t header = 2;
  if (length >= 0x80) {
    const std::size_t count = length & 0x7fU;
    if (count == 0 || count > 3) return element;
    if (bytes.size() < 2 + count) return cut_off(2 + count - bytes.size());
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = (length << 8U) | octet(bytes, 2 + i);
    header += count;
    // DER requires the shortest form.
    if (length < 0x80 || (count > 1 && octet(bytes, 2) == 0)) return element;
  }
  const std::size_t there = bytes.size() - header;
  element.content = bytes.substr(header, length);
  if (there < length) return cut_off(length - there);
  element.state = ElementState::whole;
  bytes.remove_prefix(header + length);
  return element;
}

/// The octets of a positive INTEGER in its shortest form, without the leading zero; otherwise nothing.
std::optional<std::string_view> positive_integer(const Element& element) {
  if (element.state != ElementState::whole || element.tag != tag_integer || element.content.empty()) {
    return std::nullopt;
  }
  std::string_view digits = element.content;
  if (octet(digits, 0) >= 0x80) return std::nullopt;
  if (octet(digits, 0) == 0) {
    if (digits.size() > 1 && octet(digits, 1) < 0x80) return std::nullopt;
    digits.remove_prefix(1);
  }
  return digits;
}

std::string der(std::uint8_t tag, std::string_view content) {
  std::string bytes(1, static_cast<char>(tag));
  const std::size_t size = content.size();
  if (size < 0x80) {
    bytes.push_back(static_cast<char>(size));
  } else {
    const int count = size > 0xffff ? 3 : size > 0xff ? 2 : 1;
    bytes.push_back(static_cast<char>(0x80 | count));
    for (int i = count - 1; i >= 0; --i) {
      bytes.push_back(static_cast<char>((size >> (8U * static_cast<unsigned>(i))) & 0xffU));
    }
  }
  bytes += content;
  return bytes;
}

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr auto oid_rsa = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01"sv;
constexpr auto oid_ed25519 = "\x2b\x65\x70"sv;
constexpr auto oid_mldsa44 = "\x60\x86\x48\x01\x65\x03\x04\x03\x11"sv;
constexpr auto oid_ec = "\x2a\x86\x48\xce\x3d\x02\x01"sv;

struct NamedOid {
  std::string_view oid{};
  std::string_view name{};
};

constexpr auto other_algorithms = std::to_array<NamedOid>({
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a"sv, "RSA-PSS"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x07"sv, "RSA-OAEP"},
    {"\x2a\x86\x48\xce\x38\x04\x01"sv, "DSA"},
    {"\x2a\x86\x48\x86\xf7\x0d\x01\x03\x01"sv, "Diffie-Hellman"},
    {"\x2b\x65\x6e"sv, "X25519"},
    {"\x2b\x65\x6f"sv, "X448"},
    {"\x2b\x65\x71"sv, "Ed448"},
    {oid_mldsa44, "ML-DSA-44"},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x12"sv, "ML-DSA-65"},
    {"\x60\x86\x48\x01\x65\x03\x04\x03\x13"sv, "ML-DSA-87"},
});

constexpr auto curves = std::to_array<NamedOid>({
    {"\x2a\x86\x48\xce\x3d\x03\x01\x07"sv, "EC P-256"},
    {"\x2b\x81\x04\x00\x22"sv, "EC P-384"},
    {"\x2b\x81\x04\x00\x23"sv, "EC P-521"},
    {"\x2b\x81\x04\x00\x0a"sv, "EC secp256k1"},
});

std::string_view name_of(std::string_view oid, const auto& names, std::string_view otherwise) {
  const auto found = std::ranges::find(names, oid, &NamedOid::oid);
  return found == names.end() ? otherwise : found->name;
}

PublicKey invalid(std::string why) {
  PublicKey key;
  key.fault = std::move(why);
  return key;
}

PublicKey truncated(const Element& element) {
  PublicKey key;
  key.form = KeyForm::truncated;
  key.missing_bytes = element.missing;
  return key;
}

std::string rsa_spki(std::string_view rsa_public_key) {
  const std::string algorithm = der(tag_sequence, der(tag_oid, oid_rsa) + "\x05\x00"s);
  return der(tag_sequence, algorithm + der(tag_bit_string, "\x00"s.append(rsa_public_key)));
}

/// `body` is the content of the SEQUENCE of an RSAPublicKey.
PublicKey read_rsa(std::string_view body, KeyForm form) {
  const Element modulus = take_element(body);
  const Element exponent = take_element(body);
  const auto n = positive_integer(modulus);
  const auto e = positive_integer(exponent);
  if (!n || n->empty()) return invalid("the modulus is not a positive INTEGER in DER");
  if (!e) return invalid("the exponent is not a positive INTEGER in DER");
  if (!body.empty()) return invalid("extra data follows the exponent inside the RSA key");
  PublicKey key;
  key.form = form;
  key.algorithm = "rsa";
  key.modulus = *n;
  key.exponent_octets = *e;
  key.bits = static_cast<std::uint32_t>((n->size() - 1) * 8 +
                                        static_cast<std::size_t>(std::bit_width(octet(*n, 0))));
  if (e->size() <= 8) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < e->size(); ++i) value = (value << 8U) | octet(*e, i);
    key.exponent = value;
  }
  const auto integer = [](std::string_view digits) {
    return der(tag_integer,
               digits.empty() || octet(digits, 0) >= 0x80 ? "\x00"s.append(digits) : std::string(digits));
  };
  key.spki = rsa_spki(der(tag_sequence, integer(*n) + integer(*e)));
  key.sha256 = sha256_hex(key.spki);
  return key;
}

/// A key whose octets have no structure.
PublicKey raw_key(std::string_view algorithm_name, std::string_view oid, std::string_view raw, KeyForm form) {
  PublicKey key;
  key.form = form;
  key.algorithm = algorithm_name;
  key.bits = static_cast<std::uint32_t>(8 * raw.size());
  key.raw = raw;
  const std::string algorithm = der(tag_sequence, der(tag_oid, oid));
  key.spki = der(tag_sequence, algorithm + der(tag_bit_string, "\x00"s.append(raw)));
  key.sha256 = sha256_hex(key.spki);
  return key;
}

PublicKey ed25519(std::string_view raw, KeyForm form) {
  return raw_key("ed25519", oid_ed25519, raw, form);
}

PublicKey mldsa44(std::string_view raw, KeyForm form) {
  return raw_key("mldsa44", oid_mldsa44, raw, form);
}

/// The key if it has that many octets.
PublicKey sized_key(PublicKey key, std::string_view name, std::size_t octets) {
  if (key.raw.size() == octets) return key;
  return invalid(fmt::format("the {} key has {} octets instead of {}", name, key.raw.size(), octets));
}

PublicKey other(std::string_view algorithm, std::string_view whole) {
  PublicKey key;
  key.form = KeyForm::other;
  key.algorithm = algorithm;
  key.sha256 = sha256_hex(whole);
  return key;
}

/// `algorithm` is the content of an AlgorithmIdentifier, `body` what follows it, `whole` the whole
/// SubjectPublicKeyInfo.
PublicKey read_spki(std::string_view algorithm, std::string_view body, std::string_view whole) {
  const Element oid = take_element(algorithm);
  if (oid.state != ElementState::whole) return invalid("the algorithm of the key is malformed");
  // In a certificate, its version or serial number is where a key has its OID.
  if (oid.tag != tag_oid) {
    return oid.tag == tag_version || oid.tag == tag_integer
               ? other("X.509 certificate", whole)
               : invalid("the SubjectPublicKeyInfo does not name an algorithm");
  }
  const Element bits = take_element(body);
  if (bits.state == ElementState::truncated) return truncated(bits);
  if (bits.state != ElementState::whole || bits.tag != tag_bit_string || bits.content.empty() ||
      octet(bits.content, 0) != 0) {
    return invalid("the key itself is not a BIT STRING of whole octets");
  }
  if (!body.empty()) return invalid("extra data follows the key inside the SubjectPublicKeyInfo");
  std::string_view inner = bits.content.substr(1);
  if (oid.content == oid_rsa) {
    const Element rsa = take_element(inner);
    if (rsa.state != ElementState::whole || rsa.tag != tag_sequence) {
      return invalid("the BIT STRING does not contain an RSAPublicKey");
    }
    if (!inner.empty()) return invalid("extra data follows the RSAPublicKey inside its BIT STRING");
    return read_rsa(rsa.content, KeyForm::rsa_spki);
  }
  if (oid.content == oid_ed25519)
    return sized_key(ed25519(inner, KeyForm::ed25519_spki), "Ed25519", ed25519_octets);
  if (oid.content == oid_mldsa44)
    return sized_key(mldsa44(inner, KeyForm::mldsa44_spki), "ML-DSA-44", config::mldsa44_octets);
  if (oid.content == oid_ec) {
    return other(name_of(take_element(algorithm).content, curves, "EC"), whole);
  }
  return other(name_of(oid.content, other_algorithms, "unknown algorithm"), whole);
}

std::string_view private_algorithm(std::string_view identifier) {
  const Element oid = take_element(identifier);
  if (oid.content == oid_rsa) return "rsa";
  if (oid.content == oid_ed25519) return "ed25519";
  if (oid.content == oid_ec) return "EC";
  return name_of(oid.content, other_algorithms, "unknown algorithm");
}

constexpr std::string_view whole_file = "it is the content of a `BEGIN PRIVATE KEY` file";
constexpr std::string_view old_file =
    "it is the content of a `BEGIN RSA PRIVATE KEY` or `BEGIN EC PRIVATE KEY` file";
constexpr std::string_view without_pubout =
    "`-pubout` was left out of `openssl pkey -pubout -outform DER | tail -c +13`";
constexpr std::string_view last_octets =
    "it is the end of what `openssl pkey -outform DER` prints, without `-pubout`";
constexpr std::string_view both_halves =
    "it is the private key as mail servers and libraries store it: its second half is the public key";

/// `body` is the content of a SEQUENCE. Private keys begin with a small version number. A truncated one is
/// reported too: the secret is still public.
std::optional<PublicKey> read_private_sequence(std::string_view body) {
  const Element version = take_element(body);
  // RFC 5958 section 3: the encrypted data follows its algorithm.
  if (version.tag == tag_sequence && !body.empty() && octet(body, 0) == tag_octet_string)
    return leaked_private_key("encrypted", "it is the content of a `BEGIN ENCRYPTED PRIVATE KEY` file");
  if (version.tag != tag_integer || version.content.size() != 1 || octet(version.content, 0) > 1) {
    return std::nullopt;
  }
  if (body.empty()) return std::nullopt;
  const Element next = take_element(body);
  if (next.tag == tag_sequence) return leaked_private_key(private_algorithm(next.content), whole_file);
  if (next.tag == tag_octet_string) return leaked_private_key("EC", old_file);
  // A modulus follows the version of an RSAPrivateKey; an RSAPublicKey begins with it.
  if (next.tag == tag_integer && next.content.size() >= 32) return leaked_private_key("rsa", old_file);
  return std::nullopt;
}

/// What PKCS#8 holds within its OCTET STRING (RFC 8410 section 7), and pairs of a private key and its public
/// key.
std::optional<PublicKey> read_private_octets(std::string_view bytes) {
  if (bytes.starts_with("\x04\x22\x04\x20"sv)) return leaked_private_key("ed25519", without_pubout);
  if (bytes.starts_with("\x04\x20"sv) && bytes.size() == 2 + ed25519_octets)
    return leaked_private_key("ed25519", last_octets);
  if (bytes.size() == 2 * ed25519_octets &&
      ed25519_public_key(bytes.substr(0, ed25519_octets)) == bytes.substr(ed25519_octets))
    return leaked_private_key("ed25519", both_halves);
  const Element outer = take_element(bytes);
  if (outer.tag != tag_octet_string || outer.content.empty() || octet(outer.content, 0) != tag_sequence)
    return std::nullopt;
  std::string_view content = outer.content;
  auto key = read_private_sequence(take_element(content).content);
  if (key) key->fault = last_octets;
  return key;
}

}  // namespace

PublicKey leaked_private_key(std::string_view algorithm, std::string_view cause) {
  PublicKey key;
  key.form = KeyForm::private_key;
  key.algorithm = algorithm;
  key.fault = cause;
  return key;
}

std::optional<PublicKey> read_private_half(const PublicKey& key, std::string_view public_sha256) {
  if (!key.is_ed25519() || key.sha256 == public_sha256 ||
      ed25519(ed25519_public_key(key.raw), KeyForm::ed25519_raw).sha256 != public_sha256)
    return std::nullopt;
  return leaked_private_key("ed25519", last_octets);
}

Base64Text decode_base64(std::string_view text) {
  Base64Text base64;
  base64.bytes.resize(text.size() / 4 * 3 + 3);
  static_cast<config::Base64Reading&>(base64) = config::read_base64(text, base64.bytes);
  base64.bytes.resize(base64.size);
  return base64;
}

bool is_valid_exponent(const PublicKey& key) {
  const std::string& e = key.exponent_octets;
  if (e.empty() || (static_cast<unsigned char>(e.back()) & 1U) == 0 || key.exponent == 1U) return false;
  return e.size() < key.modulus.size() || (e.size() == key.modulus.size() && e < key.modulus);
}

bool has_long_exponent(const PublicKey& key) {
  return key.exponent_octets.size() > largest_usable_exponent_bits / 8;
}

PublicKey read_public_key(std::string_view bytes) {
  std::string_view rest = bytes;
  const Element outer = take_element(rest);
  const bool is_der = !bytes.empty() && octet(bytes, 0) == tag_sequence;
  if (!is_der || outer.state != ElementState::whole || !rest.empty()) {
    if (bytes.size() == ed25519_octets) return ed25519(bytes, KeyForm::ed25519_raw);
    if (bytes.size() == config::mldsa44_octets) return mldsa44(bytes, KeyForm::mldsa44_raw);
  }
  if (bytes.starts_with("\x00\x00\x00\x07ssh-rsa"sv) || bytes.starts_with("\x00\x00\x00\x0bssh-ed25519"sv)) {
    return other("OpenSSH public key", bytes);
  }
  if (auto secret = is_der ? read_private_sequence(outer.content) : read_private_octets(bytes))
    return *std::move(secret);
  if (!is_der) return invalid("it does not begin with a DER SEQUENCE");
  if (outer.state == ElementState::truncated) return truncated(outer);
  if (outer.state != ElementState::whole) return invalid("the length of the outer SEQUENCE is not valid DER");

  std::string_view body = outer.content;
  const std::string_view whole = bytes.substr(0, bytes.size() - rest.size());
  const Element first = take_element(body);
  PublicKey key = invalid("the outer SEQUENCE contains neither an algorithm nor a modulus");
  if (first.state == ElementState::whole && first.tag == tag_sequence) {
    key = read_spki(first.content, body, whole);
  } else if (first.state == ElementState::whole && first.tag == tag_integer) {
    key = read_rsa(outer.content, KeyForm::rsa_pkcs1);
  }
  key.trailing_bytes = rest.size();
  return key;
}

}  // namespace dkimprobe::checks
