// What resolvers can get for a name in a small internet: the answers on every path, for every choice of a
// server and of an address, with the NS records of the parent or of the zone itself. It shares no code with
// the walk.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "tests/probe/discovery/delegation_walk_world.hpp"

namespace dkimprobe::tests {

class ResolverPaths {
 public:
  explicit ResolverPaths(const World& world);

  /// The texts at a name; "" if some path finds none. Failing paths add nothing.
  [[nodiscard]] std::set<std::string> texts(const config::DomainName& name) const;
  /// The text at a name from one server, without following a referral; empty when it returns none.
  [[nodiscard]] std::set<std::string> texts_at(const config::Address& server,
                                               const config::DomainName& name) const;

 private:
  using Addresses = std::set<config::Address>;
  using End = std::function<void(const FakeZone&)>;
  using Seen = std::set<std::pair<config::DomainName, Addresses>>;

  void follow(const config::DomainName& name, const End& end) const;
  void visit(const config::DomainName& apex, Addresses servers, const config::DomainName& name,
             const End& end, Seen& seen) const;
  void add_addresses(const FakeZone& from, const config::DomainName& host, Addresses& servers) const;
  [[nodiscard]] const FakeZone* zone_at(const config::Address& server, const config::DomainName& name) const;

  const World& world_;
  std::map<config::DomainName, Addresses> places_{};  ///< addresses of every host, on all paths
};

}  // namespace dkimprobe::tests
