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

Result<KeyIdentity> read_spki(std::string_view der) {
  std::string_view rest = der;
  const auto outer = take_element(rest);
  rest = outer ? outer->content : std::string_view();
  const auto algorithm = take_element(rest, V_ASN1_SEQUENCE);
  if (!algorithm) return failure("", "this public key is corrupted");
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
  const int algorithm = algorithm_of(identifier);
  if (algorithm == NID_undef) return wrong_type("another algorithm");
  if (algorithm != NID_X9_62_id_ecPublicKey) return wrong_type(OBJ_nid2sn(algorithm));
  static_cast<void>(take_element(identifier));
  const int curve = algorithm_of(identifier);
  return wrong_type(curve == NID_undef ? "EC" : fmt::format("EC on the curve {}", OBJ_nid2sn(curve)));
}

Result<KeyIdentity> identity_of(const EVP_PKEY& key) {
  KeyIdentity identity;
  identity.algorithm = EVP_PKEY_get_base_id(&key) == EVP_PKEY_RSA ? "rsa" : "ed25519";
  identity.bits = identity.algorithm == "rsa" ? static_cast<std::uint32_t>(EVP_PKEY_get_bits(&key)) : 256;
  unsigned char* raw = nullptr;
  const int size = i2d_PUBKEY(&key, &raw);
  const OpensslOwned<unsigned char> der(raw);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned digest_size = 0;
  if (size <= 0 || EVP_Digest(der.get(), static_cast<std::size_t>(size), digest.data(), &digest_size,
                              EVP_sha256(), nullptr) != 1) {
    return failure("", "the public part of the key cannot be computed");
  }
  for (unsigned i = 0; i < digest_size; ++i) identity.sha256 += fmt::format("{:02x}", digest[i]);
  identity.spki.assign(reinterpret_cast<const char*>(der.get()), static_cast<std::size_t>(size));
  return identity;
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

}  // namespace dkimprobe::config
