// What NSEC3 records prove (RFC 5155 section 8). Their signatures were verified before.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "checks/dnssec/budget.hpp"
#include "checks/dnssec/record_set.hpp"
#include "checks/dnssec/type_bitmap.hpp"

namespace dkimprobe::checks::dnssec {

/// More are not hashed (RFC 9276 section 3.2); validating resolvers have the same limit or a lower one.
inline constexpr std::uint16_t most_iterations = 100;

struct Nsec3Record {
  std::string hash{};  ///< of the owner, raw
  std::string next{};
  bool opt_out = false;
  std::uint16_t iterations = 0;
  std::string salt{};
  TypeBitmap types{};
};

/// Empty if the set is malformed, or has a hash algorithm or flags that must be ignored (RFC 5155
/// sections 8.1 and 8.2).
[[nodiscard]] std::optional<Nsec3Record> read_nsec3(const RecordSet& set, const config::DomainName& zone);

/// The records of one zone; each question as in denial.hpp. Records whose salt or iterations are not those of
/// the first are ignored: they are of another chain.
class Nsec3Chain {
 public:
  Nsec3Chain(const config::DomainName& zone, std::span<const Nsec3Record> records, Budget& budget)
      : zone_(zone), records_(records), budget_(budget) {}

  [[nodiscard]] Proof no_data(const config::DomainName& name, std::uint16_t type);
  [[nodiscard]] Proof name_error(const config::DomainName& name);
  [[nodiscard]] Proof expansion(const config::DomainName& name, const config::DomainName& wildcard_parent);
  [[nodiscard]] Proof unsigned_delegation(const config::DomainName& child);

 private:
  struct Encloser {
    config::DomainName name{};
    bool opt_out = false;
  };

  [[nodiscard]] std::string hash(const config::DomainName& name);
  [[nodiscard]] const Nsec3Record* find_match(const config::DomainName& name);
  [[nodiscard]] const Nsec3Record* find_cover(const config::DomainName& name);
  /// The longest name above `name` that exists, if the next closer name is proven not to (RFC 5155
  /// section 8.3).
  [[nodiscard]] std::optional<Encloser> find_encloser(const config::DomainName& name);
  /// `proof`, unless the work was limited.
  [[nodiscard]] Proof within_limits(Proof proof) const;

  const config::DomainName& zone_;
  std::span<const Nsec3Record> records_{};
  Budget& budget_;
  bool exhausted_ = false;
};

}  // namespace dkimprobe::checks::dnssec
