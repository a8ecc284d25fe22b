// The operator's own recursive resolvers, asked about a selector's TXT: a look at their caches with RD=0,
// which plants nothing, and, once that cannot harm, the one question of the public with RD=1. Nothing else in
// the program asks a recursive resolver. It compares no answer with the key that should be there.
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
#include "probe/transport/public_question.hpp"
#include "probe/transport/query_engine.hpp"

namespace dkimprobe::probe {

enum class ResolverAnswerKind : std::uint8_t {
  text,     ///< TXT records
  denial,   ///< that there is no such name, or no TXT at it
  nothing,  ///< a referral: its cache has nothing that answers, though perhaps an alias whose target has gone
            ///< from it. To a look alone
  hidden,   ///< REFUSED, or an answer without content: it does not show its cache. To a look alone
  unknown,  ///< nothing that tells: another error, silence, a broken or truncated response
};

/// What one resolver said. The chain of aliases is followed inside its one response.
struct ResolverAnswer {
  config::ServerAddress resolver{};
  WallTime seen{};  ///< when the answer came, or was given up
  ResolverAnswerKind kind = ResolverAnswerKind::unknown;
  std::vector<AliasRecord> aliases{};  ///< from the name asked on, also those before a denial or nothing
  std::vector<TxtRecord> txt{};        ///< with `text`, at the end of the chain
  /// With `text` and `denial`: when all that makes this answer has left its cache, the aliases among it. For
  /// a denial it is the SOA's TTL, counted down (RFC 2308 section 6); without SOA nothing is known.
  /// Caches count in whole seconds, so that it may still be given during the second after.
  std::optional<std::uint32_t> seconds_left{};
  /// It answers a question with RD=0 as one with RD=1: it may have recursed, and the look be planted there.
  bool recursion_on_its_own = false;
  Transport transport = Transport::udp;  ///< of the exchange that decided
  Outcome outcome = Outcome::timed_out;
  int system_error = 0;
  std::optional<Rcode> rcode{};  ///< when answered
};

/// What it said as a sentence for the operator; for a hidden cache with the settings that would show it.
[[nodiscard]] std::string sentence(const ResolverAnswer& answer);

/// One question to each of several resolvers at the same time. A look is repeated as any lost datagram is;
/// the public question is sent once, and once more over TCP when its answer is truncated.
class ResolverQuestions {
 public:
  using Finished = std::function<void(std::vector<ResolverAnswer>)>;  ///< in the order of the resolvers

  /// A look, with RD=0.
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

  /// `finished` is called once, within this call when there is nobody to ask; not from inside it may this be
  /// destroyed. Destroyed before, it is not called at all.
  void start();
  /// Ends what is under way; `finished` is called before this returns, unless it was called before.
  void interrupt();

 private:
  class State;
  std::unique_ptr<State> state_;
};

/// The same as calls that wait, over real sockets: what the commands use.
class ResolverProbe {
 public:
  /// `wall_now` tells when a resolver is asked.
  ResolverProbe(const config::ProbeSettings& settings, std::function<WallTime()> wall_now);
  ~ResolverProbe();
  ResolverProbe(const ResolverProbe&) = delete;
  ResolverProbe& operator=(const ResolverProbe&) = delete;

  /// What the resolvers' caches hold for the TXT at `name`, asked with RD=0.
  [[nodiscard]] std::vector<ResolverAnswer> read_caches(const std::vector<config::ServerAddress>& resolvers,
                                                        const config::DomainName& name);
  /// What the public gets for the TXT at `name`: asked once, with RD=1.
  [[nodiscard]] std::vector<ResolverAnswer> ask_public(PublicQuestion right,
                                                       const std::vector<config::ServerAddress>& resolvers,
                                                       const config::DomainName& name);

  /// Ends the call under way early, also one that has not begun. From any thread.
  void interrupt();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace dkimprobe::probe
