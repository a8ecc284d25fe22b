#include "checks/weakness/shared_factor.hpp"

#include <cstddef>

#include <gmpxx.h>

#include "checks/weakness/number.hpp"

namespace dkimprobe::checks {

namespace {

constexpr std::size_t most_moduli = 100'000;
constexpr std::size_t moduli_in_part = 64;
/// Moduli of a hostile domain can all share a factor. A few others show it as well as all of them.
constexpr std::size_t most_partners = 8;

void keep_few(std::vector<std::string>& partners, std::string_view partner) {
  if (partners.size() < most_partners) partners.emplace_back(partner);
}

}  // namespace

/// Some moduli and their product.
struct ModulusPool::Part {
  std::vector<std::string> moduli{};
  mpz_class product = 1;
};

ModulusPool::ModulusPool() = default;
ModulusPool::~ModulusPool() = default;

bool have_common_factor(std::string_view modulus, std::string_view other) {
  return modulus != other && gcd(read_number(modulus), read_number(other)) != 1;
}

bool has_factor_of(std::string_view product_octets, std::string_view modulus_octets) {
  const mpz_class modulus = read_number(modulus_octets);
  mpz_class product = read_number(product_octets);
  if (modulus <= 1 || product == 0) return false;
  mpz_remove(product.get_mpz_t(), product.get_mpz_t(), modulus.get_mpz_t());
  return gcd(product % modulus, modulus) != 1;
}

void ModulusPool::add(std::string_view modulus) {
  if (modulus.empty() || sharing_.size() >= most_moduli || sharing_.contains(modulus)) return;
  const mpz_class number = read_number(modulus);
  auto& own = sharing_[std::string(modulus)];
  for (const auto& part : parts_) {
    if (gcd(part->product % number, number) == 1) continue;
    for (const auto& other : part->moduli) {
      if (!have_common_factor(modulus, other)) continue;
      keep_few(own, other);
      keep_few(sharing_[other], modulus);
    }
  }
  if (parts_.empty() || parts_.back()->moduli.size() == moduli_in_part)
    parts_.push_back(std::make_unique<Part>());
  parts_.back()->moduli.emplace_back(modulus);
  parts_.back()->product *= number;
}

std::vector<std::string> ModulusPool::sharing_with(std::string_view modulus) const {
  const auto found = sharing_.find(modulus);
  return found == sharing_.end() ? std::vector<std::string>() : found->second;
}

}  // namespace dkimprobe::checks
