// Elements of ASN.1 in DER (X.690), as far as keys need them. Knows no kind of key.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <openssl/asn1.h>

namespace dkimprobe::config {

/// A view of a DER element: copies of private data could not be wiped.
struct DerElement {
  int tag = 0;  ///< of the universal class, else -1
  std::string_view content{};
  std::string_view whole{};
};

/// Takes the next element off the front of `bytes`; nothing if that is not DER.
std::optional<DerElement> take_element(std::string_view& bytes);

/// The same; also nothing if the element has another tag. It is taken off all the same.
std::optional<DerElement> take_element(std::string_view& bytes, int tag);

/// For public parts only: the result is not wiped.
[[nodiscard]] std::string make_element(int tag, std::string_view content);

/// OpenSSL's number of the algorithm that an AlgorithmIdentifier names (RFC 5280 section 4.1.1.2); NID_undef
/// if it knows none.
[[nodiscard]] int algorithm_of(std::string_view identifier);

}  // namespace dkimprobe::config
