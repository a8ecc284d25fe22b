#include "config/keys/private_key.hpp"

#include <utility>

#include <fmt/format.h>
#include <openssl/objects.h>

#include "config/basics/escape.hpp"
#include "config/keys/der.hpp"
#include "config/keys/key_decryption.hpp"
#include "config/keys/key_form.hpp"
#include "config/keys/key_text.hpp"
#include "config/keys/openssl_objects.hpp"
#include "config/keys/pem_block.hpp"
#include "config/keys/public_key.hpp"
#include "config/keys/secret_bytes.hpp"

namespace dkimprobe::config {
namespace {

constexpr std::string_view pkcs_forms = "in PEM or DER (PKCS#8 or PKCS#1)";

/// Whether the modulus is the product of its factors; true if the file does not give them.
bool factors_fit(std::string_view modulus, std::string_view p, std::string_view q) {
  const auto number = [](std::string_view digits) {
    return OpensslOwned<BIGNUM>(BN_bin2bn(octets(digits), static_cast<int>(digits.size()), nullptr));
  };
  const auto n = number(modulus);
  const auto first = number(p);
  const auto second = number(q);
  const OpensslOwned<BIGNUM> product(BN_new());
  const OpensslOwned<BN_CTX> context(BN_CTX_new());
  if (!n || !first || !second || !product || !context) return false;
  if (BN_is_zero(first.get()) || BN_is_zero(second.get())) return true;
  return BN_mul(product.get(), first.get(), second.get(), context.get()) == 1 &&
         BN_cmp(n.get(), product.get()) == 0;
}

Result<KeyIdentity> read_rsa_private(std::string_view der) {
  const auto damaged = [] {
    return failure("", "this RSA key is corrupted: its numbers do not belong together");
  };
  const auto outer = take_element(der, V_ASN1_SEQUENCE);
  if (!outer) return damaged();
  std::string_view body = outer->content;
  const auto version = take_element(body, V_ASN1_INTEGER);
  const std::string_view numbers = body;
  const auto modulus = take_element(body, V_ASN1_INTEGER);
  const auto exponent = take_element(body, V_ASN1_INTEGER);
  const auto secret_exponent = take_element(body, V_ASN1_INTEGER);
  const auto p = take_element(body, V_ASN1_INTEGER);
  const auto q = take_element(body, V_ASN1_INTEGER);
  if (!version || !modulus || !exponent || !secret_exponent || !p || !q) return damaged();
  // Version 1 keys have more than two factors, whose others come later in the structure.
  const bool two_factors = version->content == std::string_view("\0", 1);
  if (two_factors && !factors_fit(modulus->content, p->content, q->content)) return damaged();
  return read_rsa_numbers(numbers.substr(0, modulus->whole.size() + exponent->whole.size()));
}

/// RFC 8410 section 7: the octets of the key are in a string within the string of PKCS#8.
Result<KeyIdentity> read_ed25519_private(std::string_view der) {
  const auto secret = take_element(der, V_ASN1_OCTET_STRING);
  const OpensslOwned<EVP_PKEY> key(secret ? EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr,
                                                                         octets(secret->content),
                                                                         secret->content.size())
                                          : nullptr);
  if (!key) return failure("", "this Ed25519 key is corrupted: it does not have 32 octets");
  return identity_of(*key);
}

Result<KeyIdentity> read_pkcs8(std::string_view der) {
  const auto outer = take_element(der);
  std::string_view body = outer->content;
  static_cast<void>(take_element(body));  // the version
  const auto algorithm = take_element(body);
  const auto key = take_element(body);
  switch (algorithm_of(algorithm->content)) {
    case NID_rsaEncryption:
      return read_rsa_private(key->content);
    case NID_ED25519:
      return read_ed25519_private(key->content);
    default:
      return wrong_algorithm(algorithm->content);
  }
}

/// Reads an unencrypted or decrypted key.
Result<KeyIdentity> read_plain(std::string_view der) {
  const DerContent content = content_of(der);
  switch (content) {
    case DerContent::pkcs8:
      return read_pkcs8(der);
    case DerContent::rsa_private:
      return read_rsa_private(der);
    case DerContent::ec_private:
      return wrong_type("EC");
    case DerContent::dsa_private:
      return wrong_type("DSA");
    case DerContent::spki:
    case DerContent::rsa_public:
      return failure("", "this is a public key; give it as public_key");
    case DerContent::certificate:
    case DerContent::pkcs12:
      return failure(
          "", fmt::format("this is {}; a private key {} was expected", name_of_other(content), pkcs_forms));
    case DerContent::encrypted_pkcs8:
    case DerContent::unknown:
      break;
  }
  return failure("", fmt::format("this is not a private key {}, or it is corrupted", pkcs_forms));
}

/// Reads the passphrase, decrypts the key with it and reads the result.
template <class Decrypt>
Result<KeyIdentity> read_encrypted(std::string_view name, const PassphraseSource& source,
                                   std::vector<std::string>& warnings, Decrypt decrypt) {
  SecretBytes passphrase(longest_passphrase + 1);
  if (auto read = read_passphrase(source, name, passphrase, warnings); !read)
    return tl::unexpected(std::move(read.error()));
  // A cipher may need room for one block more than its output.
  SecretBytes plain(longest_key_file + EVP_MAX_BLOCK_LENGTH);
  if (Result<void> decrypted = decrypt(passphrase.view(), plain); !decrypted)
    return tl::unexpected(std::move(decrypted.error()));
  // With a wrong passphrase, some ciphers return garbage without an error.
  const DerContent content = content_of(plain.view());
  if (content == DerContent::unknown || content == DerContent::encrypted_pkcs8) return wrong_passphrase();
  return read_plain(plain.view());
}

Result<KeyIdentity> read_private_der(std::string_view der, std::string_view name,
                                     const PassphraseSource& source, std::vector<std::string>& warnings) {
  if (content_of(der) != DerContent::encrypted_pkcs8) return read_plain(der);
  return read_encrypted(name, source, warnings, [&](std::string_view passphrase, SecretBytes& plain) {
    return decrypt_pkcs8(der, passphrase, plain);
  });
}

Result<KeyIdentity> read_private_pem(std::string_view text, std::string_view name,
                                     const PassphraseSource& source, std::vector<std::string>& warnings) {
  const auto block = find_block(text, "PRIVATE KEY");
  if (!block) {
    if (find_block(text, "PUBLIC KEY")) return failure("", "this is a public key; give it as public_key");
    const std::string_view other = name_other_form(text);
    return failure("", fmt::format("this is {}; a private key {} was expected",
                                   other.empty() ? "not a private key" : other, pkcs_forms));
  }
  if (block->label == "OPENSSH PRIVATE KEY") {
    return failure("",
                   fmt::format("this is a private key in OpenSSH format; one {} was expected", pkcs_forms));
  }
  SecretBytes der(longest_key_file);
  if (auto decoded = decode_block(*block, der); !decoded) return tl::unexpected(std::move(decoded.error()));
  if (header_field(block->headers, "Proc-Type").find("ENCRYPTED") == std::string_view::npos)
    return read_private_der(der.view(), name, source, warnings);
  return read_encrypted(name, source, warnings, [&](std::string_view passphrase, SecretBytes& plain) {
    return decrypt_block(block->headers, der.view(), passphrase, plain);
  });
}

}  // namespace

std::string private_key_readable(std::string_view name) {
  return fmt::format("the group or everybody can read the private key; chmod 600 {}", name);
}

Result<PrivateKeyFacts> read_private_key_bytes(std::string_view bytes, std::string_view name,
                                               const PassphraseSource& passphrase) {
  const ErrorsForgotten errors;
  PrivateKeyFacts facts;
  auto identity = is_pem(bytes) ? read_private_pem(bytes, name, passphrase, facts.warnings)
                                : read_private_der(bytes, name, passphrase, facts.warnings);
  if (!identity) return tl::unexpected(std::move(identity.error()));
  facts.identity = std::move(*identity);
  return facts;
}

Result<PrivateKeyFacts> read_private_key_file(const std::filesystem::path& path,
                                              const PassphraseSource& passphrase) {
  SecretBytes bytes(longest_key_file);
  const auto readable_by_others = read_secret_file(path, SecretFiles::regular, "a key", bytes);
  if (!readable_by_others) return tl::unexpected(readable_by_others.error());
  undo_wrapping(bytes);
  const std::string name = escape_text(path.string());
  auto facts = with_place(read_private_key_bytes(bytes.view(), name, passphrase), name);
  if (facts && *readable_by_others) facts->warnings.push_back(private_key_readable(name));
  return facts;
}

}  // namespace dkimprobe::config
