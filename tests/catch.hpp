// Catch2, of version 2 (Debian 12) or 3 (Debian 13, Ubuntu 24.04). Every test includes this, precompiled.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)

#include <catch2/catch_all.hpp>

using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

#else

#include <catch2/catch.hpp>

inline auto ContainsSubstring(const std::string& part) {
  return Catch::Contains(part);
}

#endif
