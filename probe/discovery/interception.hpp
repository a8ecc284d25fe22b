// Detects during a walk whether something between this machine and the nameservers answers in their place:
// the resolver of a hotel, a VPN client, a company. Pure: it gets the result of each question and returns its
// conclusion and the additional questions that it needs. It sends nothing and reads no clock.
//
// A server of the root or of a top-level domain refers to the zones below and offers no recursion. Signs that
// none was reached:
// - RA=1 with an answer in place of a referral, or without authority: certain at two such servers, at every
//   root server, or at one if a server of a zone below answers as a resolver too;
// - a TTL that falls between two questions to one server: certain, since only caches count down;
// - REFUSED, or neither authority nor a referral, from every root server: certain if no server is of use;
// - one NSID at a root server and elsewhere, or TCP closed while UDP answers: reported only beside a certain
//   sign.
//
// In a lab, one machine may serve the root and a top-level domain: it answers with AA=1 and RA=0. A resolver
// that sets AA and clears RA looks the same. If only the domain's servers are redirected, a resolver that
// sets AA alone looks like a server that offers recursion by mistake. Only such answers lead to additional
// questions: the SOA of the root, sent to a server that is not a root server, and, if that claims authority,
// the same question again after a second.
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

/// Whether a server of `zone` answered as a resolver does: RA=1, AA=0, and no referral to a zone below. It
/// may be a server that lacks the zone, or an interceptor.
[[nodiscard]] bool answers_as_resolver(const Response& response, const config::DomainName& zone);

class InterceptionWatch {
 public:
  /// A question without a selector's name, to be asked like the walk's own.
  struct Question {
    config::ServerAddress server{};
    config::DomainName zone{};  ///< the zone as whose server it is asked
    config::DomainName name{};
    RecordType type = RecordType::ns;
    std::chrono::milliseconds delay{0};  ///< to wait before sending

    friend bool operator==(const Question&, const Question&) = default;
  };

  /// `root_servers` are the ones that may be asked, in the order of the walk.
  explicit InterceptionWatch(std::vector<config::ServerAddress> root_servers = {})
      : root_servers_(std::move(root_servers)) {}

  /// Reports that a question is sent to a server of `zone`.
  void asked(const config::ServerAddress& server, const config::DomainName& zone);
  /// Reports the result of a question of the walk or of `take_questions`.
  void saw(const WalkExchange& walked);
  /// Announces that these servers of `zone` will be asked for a name at or below `_domainkey`. Doubtful ones
  /// are first asked for the SOA of the root, once each, however often this is called.
  void about_to_ask(const config::DomainName& zone, const std::vector<config::ServerAddress>& servers);
  /// The questions that were added since the last call.
  [[nodiscard]] std::vector<Question> take_questions();
  /// Questions of this watch are wanted or under way: the walk must ask nothing else until they have ended.
  [[nodiscard]] bool waits() const { return !wanted_.empty() || !under_way_.empty(); }

  /// There are signs of a resolver and the deciding questions have not ended: no name at or below
  /// `_domainkey` may be sent.
  [[nodiscard]] bool holds_back() const;
  /// It answered as a resolver in place of a server of the root or of a top-level domain, so none of its
  /// answers counts.
  [[nodiscard]] bool is_resolver(const config::ServerAddress& server) const;

  /// The signs that the servers were never reached, strongest first; empty while this is not certain.
  [[nodiscard]] std::vector<Interception> conclusion() const;
  /// The same for a walk that ended because no server was of use.
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
  [[nodiscard]] bool root_was_asked(const config::ServerAddress& root) const;
  [[nodiscard]] bool root_of_family_is_good(config::Family family) const;
  [[nodiscard]] bool is_sure_by_number() const;
  [[nodiscard]] bool is_sure() const;
  [[nodiscard]] std::vector<Interception> signs() const;

  Servers root_servers_{};
  std::vector<Question> wanted_{};
  std::vector<Question> under_way_{};
  std::vector<Question> asked_{};  ///< questions of this watch, so that nothing is asked twice

  Servers roots_under_way_{};  ///< one entry for each question of the walk and of this watch
  Servers answered_roots_{};
  Servers good_roots_{};     ///< RA=0, and referred or answered with authority
  Servers serving_roots_{};  ///< those of `good_roots_` that answered for a name below instead of referring
  // Servers of the root and of top-level domains:
  Servers answered_at_top_{};
  Servers resolver_roots_{};
  Servers resolver_top_level_{};
  Servers recursive_{};  ///< RA=1
  Servers answer_below_{};
  Servers without_authority_{};  ///< only of the root
  Servers refused_{};            ///< only of the root
  // Servers of zones below:
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
