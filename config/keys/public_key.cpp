#include "config/keys/public_key.hpp"

#include <array>
#include <string>

#include <fmt/format.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "config/basics/escape.hpp"
#include "config/keys/der.hpp"
#include "config/keys/key_form.hpp"
#include "config/keys/key_text.hpp"
#include "config/keys/openssl_objects.hpp"
#include "config/keys/pem_block.hpp"
#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {
namespace {

/// 2.16.840.1.101.3.4.3.17 (RFC 9881 section 2), which OpenSSL 3.0 does not know.
constexpr std::string_view oid_mldsa44("\x60\x86\x48\x01\x65\x03\x04\x03\x11");

bool is_mldsa44(std::string_view identifier) {
  const auto oid = take_element(identifier, V_ASN1_OBJECT);
  return oid && oid->content == oid_mldsa44;
}

Result<KeyIdentity> identity_with(std::string_view algorithm, std::uint32_t bits, std::string spki) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(spki.data(), spki.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1)
    return failure("", "the public part of the key cannot be computed");
  KeyIdentity identity{
      .sha256 = {}, .algorithm = std::string(algorithm), .bits = bits, .spki = std::move(spki)};
  for (unsigned i = 0; i < size; ++i) identity.sha256 += fmt::format("{:02x}", digest[i]);
  return identity;
}

/// `body` is what follows the algorithm in the SubjectPublicKeyInfo.
Result<KeyIdentity> read_mldsa44_bits(std::string_view body) {
  const auto bits = take_element(body, V_ASN1_BIT_STRING);
  if (!bits || !body.empty() || !bits->content.starts_with('\0'))
    return failure("", "this public key is corrupted");
  return read_raw_mldsa44(bits->content.substr(1));
}

Result<KeyIdentity> read_spki(std::string_view der) {
  std::string_view rest = der;
  const auto outer = take_element(rest);
  rest = outer ? outer->content : std::string_view();
  const auto algorithm = take_element(rest, V_ASN1_SEQUENCE);
  if (!algorithm) return failure("", "this public key is corrupted");
  if (is_mldsa44(algorithm->content)) return read_mldsa44_bits(rest);
  if (const int nid = algorithm_of(algorithm->content); nid != NID_rsaEncryption && nid != NID_ED25519)
    return wrong_algorithm(algorithm->content);
  const unsigned char* at = octets(der);
  const OpensslOwned<EVP_PKEY> key(d2i_PUBKEY(nullptr, &at, static_cast<long>(der.size())));
  if (!key) return failure("", "this public key is corrupted");
  return identity_of(*key);
}

Result<KeyIdentity> read_public_der(std::string_view der) {
  const DerContent content = content_of(der);
  if (content == DerContent::spki) return read_spki(der);
  if (content == DerContent::rsa_public) {
    const auto outer = take_element(der);
    return read_rsa_numbers(outer->content);
  }
  if (is_raw_mldsa44(der)) return read_raw_mldsa44(der);
  if (form_of(content) == KeyForm::private_key)
    return failure("", "this is a private key; give its file as private_key");
  const std::string_view name = name_of_other(content);
  return failure("", name.empty() ? std::string("this is not a public key in PEM or DER (BEGIN PUBLIC KEY)")
                                  : fmt::format("this is {}; a public key was expected", name));
}

}  // namespace

tl::unexpected<Errors> wrong_type(std::string_view type) {
  return failure("",
                 fmt::format("this is a key for {}; DKIM supports only RSA and Ed25519 (RFC 8463)", type));
}

tl::unexpected<Errors> wrong_algorithm(std::string_view identifier) {
  if (is_mldsa44(identifier))
    return failure("", "this is an ML-DSA-44 private key, which cannot be read; give its public key");
  const int algorithm = algorithm_of(identifier);
  if (algorithm == NID_undef) return wrong_type("another algorithm");
  if (algorithm != NID_X9_62_id_ecPublicKey) return wrong_type(OBJ_nid2sn(algorithm));
  static_cast<void>(take_element(identifier));
  const int curve = algorithm_of(identifier);
  return wrong_type(curve == NID_undef ? "EC" : fmt::format("EC on the curve {}", OBJ_nid2sn(curve)));
}

Result<KeyIdentity> identity_of(const EVP_PKEY& key) {
  const bool is_rsa = EVP_PKEY_get_base_id(&key) == EVP_PKEY_RSA;
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(&key, &raw);
  const OpensslOwned<unsigned char> der(raw);
  if (size <= 0) return failure("", "the public part of the key cannot be computed");
  return identity_with(is_rsa ? "rsa" : "ed25519",
                       is_rsa ? static_cast<std::uint32_t>(EVP_PKEY_get_bits(&key)) : 256,
                       std::string(reinterpret_cast<const char*>(der.get()), static_cast<std::size_t>(size)));
}

Result<KeyIdentity> read_rsa_numbers(std::string_view numbers) {
  static constexpr std::string_view rsa_encryption("\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01");
  static constexpr std::string_view null_parameters("\x05\x00", 2);
  std::string bits(1, '\0');  // number of unused bits in the last octet
  bits += make_element(V_ASN1_SEQUENCE, numbers);
  return read_spki(make_element(V_ASN1_SEQUENCE,
                                make_element(V_ASN1_SEQUENCE, make_element(V_ASN1_OBJECT, rsa_encryption) +
                                                                  std::string(null_parameters)) +
                                    make_element(V_ASN1_BIT_STRING, bits)));
}

Result<KeyIdentity> read_public_key_file(const std::filesystem::path& path) {
  // The operator may have given the private key file by accident, so this memory is wiped too.
  SecretBytes bytes(longest_key_file);
  if (const auto read = read_secret_file(path, SecretFiles::regular, "a key", bytes); !read)
    return tl::unexpected(read.error());
  undo_wrapping(bytes);
  return with_place(read_public_key_bytes(bytes.view()), escape_text(path.string()));
}

Result<KeyIdentity> read_public_key_bytes(std::string_view bytes) {
  const ErrorsForgotten errors;
  if (bytes.size() >= longest_key_file) return failure("", "this is too long to be a key (over 64 KiB)");
  if (!is_pem(bytes)) return read_public_der(bytes);
  const auto block = find_block(bytes, "PUBLIC KEY");
  if (!block && find_block(bytes, "PRIVATE KEY"))
    return failure("", "this is a private key; give its file as private_key");
  if (!block) {
    const std::string_view other = name_other_form(bytes);
    return failure(
        "", fmt::format("this is {}; a public key was expected", other.empty() ? "not a public key" : other));
  }
  SecretBytes der(longest_key_file);
  if (auto decoded = decode_block(*block, der); !decoded) return tl::unexpected(std::move(decoded.error()));
  return read_public_der(der.view());
}

Result<KeyIdentity> read_raw_ed25519(std::string_view raw) {
  const ErrorsForgotten errors;
  const OpensslOwned<EVP_PKEY> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(raw), raw.size()));
  if (!key) return failure("", fmt::format("an Ed25519 key has 32 octets, this has {}", raw.size()));
  return identity_of(*key);
}

Result<KeyIdentity> read_raw_mldsa44(std::string_view raw) {
  if (raw.size() != mldsa44_octets) {
    return failure("",
                   fmt::format("an ML-DSA-44 key has {} octets, this has {}", mldsa44_octets, raw.size()));
  }
  const std::string algorithm = make_element(V_ASN1_SEQUENCE, make_element(V_ASN1_OBJECT, oid_mldsa44));
  const std::string bits = make_element(V_ASN1_BIT_STRING, std::string(1, '\0').append(raw));
  return identity_with("mldsa44", 8 * mldsa44_octets, make_element(V_ASN1_SEQUENCE, algorithm + bits));
}

}  // namespace dkimprobe::config
