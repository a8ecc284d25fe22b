// The operator's file of numbers with which the factors of keys are compared: a hexadecimal number on each
// line, such as a modulus, a prime, or the product of many moduli.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "config/basics/escape.hpp"
#include "config/basics/result.hpp"

namespace dkimprobe::config {

struct KnownModuli {
  struct Number {
    std::size_t line = 0;
    std::string octets{};  ///< big-endian, without leading zeros
  };

  EscapedText file{};
  std::vector<Number> numbers{};
};

/// Empty lines and those that begin with `#` are skipped. Errors, each with its line: what is no hexadecimal
/// number; a file without a number, or larger than 64 MiB.
[[nodiscard]] Result<std::shared_ptr<const KnownModuli>> read_known_moduli(const std::filesystem::path& path);

}  // namespace dkimprobe::config
