// Numbers of RSA keys as numbers of GMP.
#pragma once

#include <string_view>

#include <gmpxx.h>

namespace dkimprobe::checks {

/// `octets` are big-endian.
[[nodiscard]] inline mpz_class read_number(std::string_view octets) {
  mpz_class number;
  mpz_import(number.get_mpz_t(), octets.size(), 1, 1, 0, 0, octets.data());
  return number;
}

}  // namespace dkimprobe::checks
