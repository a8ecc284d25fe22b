// Asks the operator's own recursive resolvers for a selector's TXT: a cache probe with RD=0, which puts
// nothing into their caches, and, once that can do no harm, a single public question with RD=1. Nothing else
// in the program asks a recursive resolver. It does not compare answers with the expected key.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/names/address.hpp"
#include "config/names/domain_name.hpp"
#include "config/settings.hpp"
#include "probe/observation.hpp"
#include "probe/transport/event_loop.hpp"
#include "probe/transport/public_question.hpp"
#include "probe/transport/query_engine.hpp"

namespace dkimprobe::probe {

enum class ResolverAnswerKind : std::uint8_t {
  text,     ///< TXT records
  denial,   ///< the name does not exist, or has no TXT
  nothing,  ///< a referral: nothing in its cache answers, except perhaps an alias whose target has expired.
            ///< Only for a cache probe
  hidden,   ///< REFUSED, or an empty answer: it does not show its cache. Only for a cache probe
  unknown,  ///< not conclusive: another error, no response, a malformed or truncated response
};

/// What one resolver answered. The chain of aliases is followed within its one response.
struct ResolverAnswer {
  config::ServerAddress resolver{};
  WallTime seen{};  ///< when the answer came or the question was given up
  ResolverAnswerKind kind = ResolverAnswerKind::unknown;
  std::vector<AliasRecord> aliases{};  ///< from the queried name on, also those before `denial` or `nothing`
  std::vector<TxtRecord> txt{};        ///< for `text`: the records at the end of the chain
  /// For `text` and `denial`: time until everything in this answer, aliases included, has expired from its
  /// cache. For a denial, the SOA's TTL, counted down (RFC 2308 section 6); without SOA, unknown. Caches
  /// count in whole seconds, so they may still give the answer for one second more.
  std::optional<std::uint32_t> seconds_left{};
  /// It treats a query with RD=0 as one with RD=1: it may have recursed, and the probe may have filled its
  /// cache.
  bool recursion_on_its_own = false;
  Transport transport = Transport::udp;  ///< of the deciding exchange
  Outcome outcome = Outcome::timed_out;
  int system_error = 0;
  std::optional<Rcode> rcode{};  ///< when `answered`
};

/// The answer as a sentence for the operator; for a hidden cache, with the settings that would show it.
[[nodiscard]] std::string sentence(const ResolverAnswer& answer);

/// Asks several resolvers at the same time. A lost cache probe is repeated like any lost query; the public
/// question is sent once, and once more over TCP when its answer is truncated.
class ResolverQuestions {
 public:
  using Finished = std::function<void(std::vector<ResolverAnswer>)>;  ///< called with the answers in the
                                                                      ///< order of the resolvers

  /// A cache probe, with RD=0.
  ResolverQuestions(QueryEngine& engine, const config::ProbeSettings& settings,
                    const std::vector<config::ServerAddress>& resolvers, config::DomainName name,
                    WallTime now, Finished finished);
  /// The public question, with RD=1.
  ResolverQuestions(PublicQuestion right, QueryEngine& engine, const config::ProbeSettings& settings,
                    const std::vector<config::ServerAddress>& resolvers, config::DomainName name,
                    WallTime now, Finished finished);
  ~ResolverQuestions();
  ResolverQuestions(const ResolverQuestions&) = delete;
  ResolverQuestions& operator=(const ResolverQuestions&) = delete;

  /// Calls `finished` once; within this call when there are no resolvers. This object must not be destroyed
  /// from inside `finished`. If it is destroyed before, `finished` is not called.
  void start();
  /// Ends what is under way. Calls `finished` before it returns, unless it was called already.
  void interrupt();

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// The same as blocking calls over real sockets, for the commands.
class ResolverProbe {
 public:
  /// `wall_now` gives the time at which a resolver is asked.
  ResolverProbe(const config::ProbeSettings& settings, std::function<WallTime()> wall_now);
  ResolverProbe(const ResolverProbe&) = delete;
  ResolverProbe& operator=(const ResolverProbe&) = delete;

  /// What the resolvers' caches hold for the TXT at `name`; asks with RD=0.
  [[nodiscard]] std::vector<ResolverAnswer> read_caches(const std::vector<config::ServerAddress>& resolvers,
                                                        const config::DomainName& name);
  /// What users of the resolvers get for the TXT at `name`; asks once, with RD=1.
  [[nodiscard]] std::vector<ResolverAnswer> ask_public(PublicQuestion right,
                                                       const std::vector<config::ServerAddress>& resolvers,
                                                       const config::DomainName& name);

  /// Ends the current call early, even if it has not begun yet. From any thread.
  void interrupt();

 private:
  template <class... Right>
  std::vector<ResolverAnswer> run(const std::vector<config::ServerAddress>& resolvers,
                                  const config::DomainName& name, Right... right);

  config::ProbeSettings settings_;
  std::function<WallTime()> wall_now_;
  EventLoop loop_{};
  QueryEngine engine_{loop_.sockets(), one_use_sockets};
  ResolverQuestions* questions_ = nullptr;  ///< while a call runs
};

}  // namespace dkimprobe::probe
