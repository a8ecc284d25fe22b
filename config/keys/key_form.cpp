#include "config/keys/key_form.hpp"

#include <algorithm>
#include <string>

#include "config/keys/der.hpp"
#include "config/keys/key_identity.hpp"
#include "config/keys/openssl_objects.hpp"
#include "config/keys/pem_block.hpp"

namespace dkimprobe::config {
namespace {

/// The types of the elements in a SEQUENCE, a letter each: I(NTEGER), O(CTET STRING), B(IT STRING),
/// S(EQUENCE), and `-` for others.
std::string types_in(std::string_view sequence) {
  std::string types;
  while (const auto element = take_element(sequence)) {
    types.push_back(element->tag == V_ASN1_INTEGER        ? 'I'
                    : element->tag == V_ASN1_OCTET_STRING ? 'O'
                    : element->tag == V_ASN1_BIT_STRING   ? 'B'
                    : element->tag == V_ASN1_SEQUENCE     ? 'S'
                                                          : '-');
  }
  return types;
}

}  // namespace

DerContent content_of(std::string_view der) {
  const auto outer = take_element(der, V_ASN1_SEQUENCE);
  if (!outer || !der.empty()) return DerContent::unknown;
  const std::string types = types_in(outer->content);
  if (types.starts_with("SO")) return DerContent::encrypted_pkcs8;
  if (types.starts_with("SB")) return DerContent::spki;
  if (types.starts_with("SS")) return DerContent::certificate;
  if (types.starts_with("IO")) return DerContent::ec_private;
  if (types.starts_with("ISO")) return DerContent::pkcs8;
  if (types.starts_with("IS")) return DerContent::pkcs12;
  const std::size_t integers = std::min(types.find_first_not_of('I'), types.size());
  if (integers == 2) return DerContent::rsa_public;
  if (integers == 6) return DerContent::dsa_private;
  return integers >= 9 ? DerContent::rsa_private : DerContent::unknown;
}

KeyForm form_of(DerContent content) {
  switch (content) {
    case DerContent::pkcs8:
    case DerContent::encrypted_pkcs8:
    case DerContent::rsa_private:
    case DerContent::ec_private:
    case DerContent::dsa_private:
      return KeyForm::private_key;
    case DerContent::spki:
    case DerContent::rsa_public:
      return KeyForm::public_key;
    case DerContent::certificate:
    case DerContent::pkcs12:
    case DerContent::unknown:
      break;
  }
  return KeyForm::other;
}

std::string_view name_of_other(DerContent content) {
  return content == DerContent::certificate ? "a certificate or a certificate request"
         : content == DerContent::pkcs12    ? "a PKCS#12 file"
                                            : "";
}

bool is_raw_mldsa44(std::string_view bytes) {
  return bytes.size() == mldsa44_octets && content_of(bytes) == DerContent::unknown;
}

KeyForm key_form(std::string_view bytes) {
  if (is_pem(bytes)) {
    if (find_block(bytes, "PRIVATE KEY")) return KeyForm::private_key;
    return find_block(bytes, "PUBLIC KEY") ? KeyForm::public_key : KeyForm::other;
  }
  const ErrorsForgotten errors;
  return is_raw_mldsa44(bytes) ? KeyForm::public_key : form_of(content_of(bytes));
}

std::string_view name_other_form(std::string_view bytes) {
  const ErrorsForgotten errors;
  if (!is_pem(bytes)) return name_of_other(content_of(bytes));
  return find_block(bytes, "CERTIFICATE") || find_block(bytes, "CERTIFICATE REQUEST")
             ? name_of_other(DerContent::certificate)
             : "";
}

}  // namespace dkimprobe::config
