#include "config/keys/der.hpp"

#include <algorithm>

#include <openssl/objects.h>

#include "config/keys/openssl_objects.hpp"

namespace dkimprobe::config {

std::optional<DerElement> take_element(std::string_view& bytes) {
  const unsigned char* at = octets(bytes);
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  const int flags = ASN1_get_object(&at, &length, &tag, &tag_class, static_cast<long>(bytes.size()));
  // 0x80: error. 1: indefinite length, which DER does not allow.
  if ((flags & 0x81) != 0 || length < 0) return std::nullopt;
  const auto header = static_cast<std::size_t>(at - octets(bytes));
  DerElement element{
      tag_class == V_ASN1_UNIVERSAL ? tag : -1, bytes.substr(header, static_cast<std::size_t>(length)), {}};
  element.whole = bytes.substr(0, header + element.content.size());
  bytes.remove_prefix(element.whole.size());
  return element;
}

std::optional<DerElement> take_element(std::string_view& bytes, int tag) {
  auto element = take_element(bytes);
  return element && element->tag == tag ? element : std::nullopt;
}

std::string make_element(int tag, std::string_view content) {
  const int size = static_cast<int>(content.size());
  const bool is_sequence = tag == V_ASN1_SEQUENCE;
  std::string bytes(static_cast<std::size_t>(ASN1_object_size(is_sequence ? 1 : 0, size, tag)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(bytes.data());
  ASN1_put_object(&at, is_sequence ? 1 : 0, size, tag, V_ASN1_UNIVERSAL);
  std::ranges::copy(content, bytes.end() - static_cast<std::ptrdiff_t>(content.size()));
  return bytes;
}

int algorithm_of(std::string_view identifier) {
  const auto oid = take_element(identifier, V_ASN1_OBJECT);
  if (!oid) return NID_undef;
  const unsigned char* at = octets(oid->whole);
  const OpensslOwned<ASN1_OBJECT> object(d2i_ASN1_OBJECT(nullptr, &at, static_cast<long>(oid->whole.size())));
  return object ? OBJ_obj2nid(object.get()) : NID_undef;
}

}  // namespace dkimprobe::config
