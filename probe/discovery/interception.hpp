// Tells from the questions of a walk whether something between this machine and the nameservers answers in
// their place: a resolver of a hotel, a VPN client, a company. A pure decision: it is told how each question
// ended, and says what it makes of that and what it wants to ask besides. It sends nothing, and looks at no
// clock.
//
// A root server or a top-level domain's refers to the zones below it and offers no recursion. What shows that
// none was reached:
//   RA=1 with an answer in place of a referral, or without any authority    sure at two such servers, at
//   every
//                                                                           root server, or at one when a
//                                                                           server of a zone below is a
//                                                                           resolver too
//   a TTL that falls between two questions to one server                    sure: only caches count down
//   REFUSED, or neither authority nor a referral, from every root server    sure when none is of use
//   one NSID at a root server and elsewhere; TCP closed while UDP answers   said beside a sure sign
// One machine may be root and top-level domain at once, in a lab: then it answers with authority and without
// RA. A resolver that sets AA and clears RA looks the same. So does one that sets AA alone, where only
// servers of the domain are redirected, beside a server that offers recursion by mistake. Such an answer, and
// it alone, leads to more questions: SOA of the root to a server that is no root server, and where that
// claims authority, the same once more after a second.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::probe {

/// Whether a server of `zone` answered this as a resolver does: recursion offered, no authority, and no
/// referral to a zone below. It may be a server that lacks the zone, or something between.
[[nodiscard]] bool answers_as_resolver(const Response& response, const config::DomainName& zone);

class InterceptionWatch {
 public:
  /// A question that no selector's name is in, to be asked as the walk asks its own.
  struct Question {
    config::ServerAddress server{};
    config::DomainName zone{};  ///< whose server it is asked as
    config::DomainName name{};
    RecordType type = RecordType::ns;
    std::chrono::milliseconds delay{0};  ///< to be sent so much later

    friend bool operator==(const Question&, const Question&) = default;
  };

  /// `root_servers` are those that may be asked, in the order of the walk.
  explicit InterceptionWatch(std::vector<config::ServerAddress> root_servers = {})
      : root_servers_(std::move(root_servers)) {}

  /// A question is sent to a server of `zone`.
  void asked(const config::ServerAddress& server, const config::DomainName& zone);
  /// How a question ended, one of the walk or one of `take_questions`.
  void saw(const WalkExchange& walked);
  /// These servers of `zone` are about to be told a name at or below `_domainkey`. Doubtful ones are asked
  /// for the SOA of the root first; each is asked once, whatever the number of calls.
  void about_to_ask(const config::DomainName& zone, const std::vector<config::ServerAddress>& servers);
  /// The questions that became wanted since the last call.
  [[nodiscard]] std::vector<Question> take_questions();
  /// Questions of this watch are wanted or under way: nobody shall be asked for anything else until they have
  /// ended.
  [[nodiscard]] bool waits() const { return !wanted_.empty() || !under_way_.empty(); }

  /// Something speaks for a resolver, and what decides has not ended: no name at or below `_domainkey` shall
  /// leave.
  [[nodiscard]] bool holds_back() const;
  /// As a server of the root or of a top-level domain it answered as a resolver, so whatever else it says is
  /// nothing of its zones.
  [[nodiscard]] bool is_resolver(const config::ServerAddress& server) const;

  /// What shows that the servers were never reached, the strongest sign first; empty while it is not sure.
  [[nodiscard]] std::vector<Interception> conclusion() const;
  /// The same for a walk that has ended because no server was of use.
  [[nodiscard]] std::vector<Interception> conclusion_without_servers() const;

 private:
  using Servers = std::vector<config::ServerAddress>;

  /// The TTL of the first answer to a question.
  struct TimedAnswer {
    Question question{};
    std::uint32_t ttl_seconds = 0;
  };

  void saw_response(const WalkExchange& walked, const Response& response);
  void saw_root(const WalkExchange& walked, const Response& response);
  void saw_top_level_domain(const WalkExchange& walked, const Response& response);
  void saw_zone_below(const WalkExchange& walked, const Response& response);
  void saw_transport(const WalkExchange& walked);
  void note_resolver_at_top(const WalkExchange& walked, const Response& response, Servers& among);
  void note_ttl(const WalkExchange& walked, const Response& response);
  void ask_other_roots(const config::DomainName& name, std::size_t most);
  void ask_for_root_soa(const config::ServerAddress& server, const config::DomainName& zone);
  void want(Question question);
  [[nodiscard]] bool is_root(const config::ServerAddress& server) const;
  [[nodiscard]] bool root_of_family_is_good(config::Family family) const;
  [[nodiscard]] bool is_sure_by_number() const;
  [[nodiscard]] bool is_sure() const;
  [[nodiscard]] std::vector<Interception> signs() const;

  Servers root_servers_{};
  std::vector<Question> wanted_{};
  std::vector<Question> under_way_{};
  std::vector<Question> asked_{};  ///< by this watch, so that nothing is asked twice

  Servers roots_under_way_{};  ///< of the walk and of this watch, one for each question
  Servers answered_roots_{};
  Servers good_roots_{};     ///< without RA, that referred or answered with authority
  Servers serving_roots_{};  ///< of these, that answered for a name below in place of a referral
  // Of the root and of top-level domains:
  Servers answered_at_top_{};
  Servers resolver_roots_{};
  Servers resolver_top_level_{};
  Servers recursive_{};  ///< RA=1
  Servers answer_below_{};
  Servers without_authority_{};  ///< of the root alone
  Servers refused_{};            ///< of the root alone
  // Of zones below:
  Servers resolvers_below_{};
  Servers authoritative_resolvers_{};  ///< AA=1 and RA=1

  Servers counting_down_{};  ///< of any zone
  std::vector<TimedAnswer> timed_{};
  std::vector<std::pair<std::string, config::ServerAddress>> root_identities_{};  ///< NSID
  std::vector<std::pair<std::string, config::ServerAddress>> other_identities_{};
  Servers udp_answered_{};
  Servers tcp_failed_{};
  bool tcp_answered_ = false;
};

}  // namespace dkimprobe::probe
