#include "checks/record/digest.hpp"

#include <array>
#include <stdexcept>

#include <openssl/evp.h>

namespace dkimprobe::checks {

std::string sha256_hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("OpenSSL cannot compute SHA-256");
  }
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * digest.size());
  for (const unsigned char octet : digest) {
    text.push_back(digits[octet >> 4U]);
    text.push_back(digits[octet & 15U]);
  }
  return text;
}

}  // namespace dkimprobe::checks
