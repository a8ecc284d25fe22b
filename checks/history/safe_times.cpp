#include "checks/history/safe_times.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/chain_answers.hpp"
#include "checks/answers/delegation_facts.hpp"
#include "checks/answers/server_answer.hpp"
#include "checks/history/zone_reading.hpp"
#include "checks/record/key_record.hpp"

namespace dkimprobe::checks {
namespace {

using config::DomainName;
using std::chrono::seconds;

/// The longest that a cache may remember a failure (RFC 2308 section 7.1, RFC 9520 section 3.2).
constexpr seconds failure_life{300};

bool is_absence(const AnswerSpan& span) {
  return span.kind == PublishedKind::nodata || span.kind == PublishedKind::nxdomain;
}

// ---- Reasons ----

/// One share of a time: until when one answer of one server may be held.
struct Share {
  Reason reason = Reason::nothing_known;
  WallTime until{};
  seconds held{};  ///< by a cache that got it at the last moment
  const ServerTimeline* timeline = nullptr;
  std::string detail{};  ///< of a share that no timeline of a server has
};

std::string detail_of(const Share& share) {
  if (share.timeline == nullptr) return share.detail;
  const std::string server = server_text(share.timeline->server);
  const std::string owner = share.timeline->owner.to_string();
  const auto held = share.held.count();
  switch (share.reason) {
    case Reason::right_everywhere:
      return fmt::format("{} was the last server of {} that was first seen right", server, owner);
    case Reason::negative_ttl:
      return fmt::format("{} had no record at {}: caches may hold that for {} s", server, owner, held);
    case Reason::nsec_ttl:
      return fmt::format(
          "{} denied the names around {} with NSEC or NSEC3 records, which caches may use for {} s without "
          "asking for that name",
          server, owner, held);
    case Reason::domainkey_denied:
      return fmt::format(
          "{} answered NXDOMAIN for `_domainkey`: caches may take that for {} s as true of {} below it",
          server, held, owner);
    case Reason::domainkey_unknown:
      return fmt::format(
          "whether `_domainkey` was there before it was first seen is not known: caches may hold for {} s "
          "that it was not, and so nothing below it; where another selector signs, the settings can say so",
          held);
    case Reason::wildcard_ttl:
      return fmt::format("{} answered for {} from a wildcard: caches may hold that for {} s", server, owner,
                         held);
    case Reason::old_record_ttl:
      return fmt::format("{} had another record at {}: caches may hold it for {} s", server, owner, held);
    case Reason::old_alias_ttl:
      return fmt::format("{} had an alias at {} that leads elsewhere: caches may hold it for {} s", server,
                         owner, held);
    case Reason::changing_answers:
      return fmt::format("{} gave different answers for {} in one look: caches may hold any of them for {} s",
                         server, owner, held);
    case Reason::server_failure:
      return fmt::format("{} answered SERVFAIL for {}: caches may remember a failure for {} s", server, owner,
                         held);
    case Reason::old_nameservers:
      return fmt::format(
          "{} is no longer a server of {}: caches that know the old nameservers may ask it until their NS "
          "records run out, and hold what it had for {} s more",
          server, owner, held);
    case Reason::old_ds:
    case Reason::no_look:
    case Reason::never_used_contradicted:
    case Reason::never_there:
    case Reason::resolver_cache:
    case Reason::resolver_unknown:
    case Reason::public_answer:
    case Reason::signatures_expired:
    case Reason::signatures_not_begun:
    case Reason::last_signature_unknown:
    case Reason::last_signature_in_future:
    case Reason::transit:
      break;  // no timeline of a server has them
    case Reason::earlier_answer_unknown:
      return fmt::format(
          "what {} had at {} before it was first seen is not known: it counts like the longest held answer "
          "of "
          "the other servers, {} s",
          server, owner, held);
    case Reason::nothing_known:
      return fmt::format(
          "how long caches hold what {} had at {} before is not known: {} s are allowed for it", server,
          owner, held);
  }
  return {};
}

/// Of each reason the share that lasts longest, the latest first.
class Shares {
 public:
  void add(const Share& share) {
    const auto [known, is_new] = longest_.try_emplace(share.reason, share);
    if (!is_new && known->second.until < share.until) known->second = share;
  }
  [[nodiscard]] std::vector<Because> because() const {
    std::vector<Because> reasons;
    for (const auto& [reason, share] : longest_)
      reasons.push_back(because_of(reason, share.until, detail_of(share)));
    return reasons;
  }

 private:
  std::map<Reason, Share> longest_{};
};

void sort_latest_first(std::vector<Because>& because) {
  std::ranges::sort(because, [](const Because& a, const Because& b) {
    return a.until != b.until ? a.until > b.until
                              : std::pair(a.name(), std::string_view(a.detail)) <
                                    std::pair(b.name(), std::string_view(b.detail));
  });
}

// ---- The history, read for a chain ----

/// A span that caches could fetch from a server, with the time until which they could: none while it lasts.
struct Stretch {
  const AnswerSpan* span = nullptr;
  std::optional<WallTime> until{};
  bool left = false;  ///< it ended because the server left
};

class ReadHistory {
 public:
  ReadHistory(const SelectorHistory& history, const RotationPolicy& policy)
      : history_(history), policy_(policy), zones_(history.past, history.servers, policy.unknown_wait) {
    if (const auto owner = history.selector.owner_name(history.domain)) chain_.push_back(*owner);
    for (std::size_t next = 0; next < chain_.size(); ++next) {
      for (const auto& timeline : history.servers) {
        if (!(timeline.owner == chain_[next]) || !timeline.is_there()) continue;
        const AnswerSpan* const last = last_whole(timeline);
        if (last != nullptr && last->alias && !is_in_chain(*last->alias)) chain_.push_back(*last->alias);
      }
    }
  }

  /// The names to which the last answers lead, the selector's own first.
  [[nodiscard]] const std::vector<DomainName>& chain() const { return chain_; }
  [[nodiscard]] bool is_in_chain(const DomainName& name) const {
    return std::ranges::find(chain_, name) != chain_.end();
  }
  /// Whether aliases lead from the name back to itself.
  [[nodiscard]] bool is_loop(const DomainName& name) const {
    std::vector<DomainName> reached{name};
    for (std::size_t next = 0; next < reached.size(); ++next) {
      for (const auto& timeline : history_.servers) {
        if (!(timeline.owner == reached[next]) || !timeline.is_there()) continue;
        const AnswerSpan* const last = last_whole(timeline);
        if (last == nullptr || !last->alias) continue;
        if (*last->alias == name) return true;
        if (std::ranges::find(reached, *last->alias) == reached.end()) reached.push_back(*last->alias);
      }
    }
    return false;
  }

  /// Why a server without an address is one that was not seen.
  [[nodiscard]] std::string why_not_asked(const ServerTimeline& timeline) const {
    const bool other_is_known = std::ranges::any_of(history_.servers, [&](const ServerTimeline& other) {
      return other.owner == timeline.owner && other.server.name == timeline.server.name &&
             other.server.has_address();
    });
    if (!other_is_known) return "no address of it could be learned";
    return fmt::format("whether it has {} addresses could not be learned",
                       timeline.server.address.ip.family() == config::Family::ipv4 ? "IPv4" : "IPv6");
  }

  static const AnswerSpan* last_whole(const ServerTimeline& timeline) {
    const auto last = std::find_if(timeline.spans.rbegin(), timeline.spans.rend(),
                                   [](const AnswerSpan& span) { return span.is_whole(); });
    return last == timeline.spans.rend() ? nullptr : &*last;
  }

  /// The spans that tell something. Silence, and a failure too, leaves open what a cache got meanwhile, so an
  /// answer counts until another one was seen.
  [[nodiscard]] std::vector<Stretch> stretches(const ServerTimeline& timeline) const {
    std::vector<Stretch> read;
    std::optional<WallTime> next_answer;
    std::optional<WallTime> left;
    for (auto span = timeline.spans.rbegin(); span != timeline.spans.rend(); ++span) {
      if (span->kind == PublishedKind::left) {
        if (!next_answer) left = span->first_seen;
        continue;
      }
      if (span->is_whole() || span->kind == PublishedKind::failure) {
        Stretch stretch{&*span, next_answer, false};
        if (!next_answer && left) {
          stretch.until = zones_.asked_until(timeline, *left);
          stretch.left = true;
        }
        read.push_back(stretch);
      }
      if (span->is_whole()) next_answer = span->first_seen;
    }
    std::ranges::reverse(read);
    return read;
  }

  /// Whether the operator leaves the address out, so that another one speaks for its nameserver.
  [[nodiscard]] bool is_left_out(const ServerTimeline& timeline) const {
    return !is_asked(timeline) && std::ranges::any_of(history_.servers, [&](const ServerTimeline& other) {
      return other.owner == timeline.owner && other.server.name == timeline.server.name && other.is_there() &&
             is_asked(other);
    });
  }
  /// Whether its family is one over which servers are asked.
  [[nodiscard]] bool is_asked(const ServerTimeline& timeline) const {
    return timeline.server.address.ip.family() == config::Family::ipv4 ? policy_.ipv4 : policy_.ipv6;
  }

  [[nodiscard]] const SelectorHistory& history() const { return history_; }
  [[nodiscard]] const RotationPolicy& policy() const { return policy_; }
  [[nodiscard]] const ZoneReader& zones() const { return zones_; }

 private:
  const SelectorHistory& history_;
  const RotationPolicy& policy_;
  ZoneReader zones_;
  std::vector<DomainName> chain_{};
};

/// The records of a span as texts, each once.
std::set<std::string> joined_texts(const AnswerSpan& span) {
  std::set<std::string> texts;
  for (const auto& strings : span.texts) texts.insert(join_strings(strings));
  return texts;
}

/// Reads each text once, however many spans have it.
class KeyReader {
 public:
  explicit KeyReader(config::Service service) : service_(service) {}
  const KeyRecord& read(const std::string& text) {
    const auto known = records_.find(text);
    return known != records_.end() ? known->second
                                   : records_.emplace(text, read_key_record(text, service_)).first->second;
  }

 private:
  config::Service service_;
  std::map<std::string, KeyRecord> records_{};
};

bool can_verify(const KeyRecord& record) {
  return record.key && !record.key->sha256.empty() &&
         (record.record_class == RecordClass::valid || record.record_class == RecordClass::weak);
}

struct Seen {
  Progress progress = Progress::unknown;
  std::string detail{};
};

/// What a span without texts and alias has.
Seen compare_nothing(const AnswerSpan& span) {
  switch (span.kind) {
    case PublishedKind::nodata:
      return {Progress::absent, "no TXT"};
    case PublishedKind::nxdomain:
      return {Progress::absent, "NXDOMAIN"};
    case PublishedKind::failure:
      return {Progress::unknown, "SERVFAIL"};
    case PublishedKind::unknown:
      return {Progress::unknown, span.ttl_seconds ? "different answers in one look" : "no answer that tells"};
    case PublishedKind::texts:
    case PublishedKind::alias:
    case PublishedKind::left:
      break;
  }
  return {};
}

/// What a span of texts has; `expected` may be nothing: then any usable key is right.
Seen compare_texts(const AnswerSpan& span, const std::optional<std::string>& expected, KeyReader& keys) {
  const auto texts = joined_texts(span);
  if (texts.size() != 1) return {Progress::damaged, fmt::format("{} TXT records, not one", texts.size())};
  const KeyRecord& record = keys.read(*texts.begin());
  if (record.record_class == RecordClass::revoked) return {Progress::revoked, "revoked"};
  if (!can_verify(record)) return {Progress::damaged, describe(record)};
  if (expected && *expected != record.key->sha256)
    return {Progress::other_key, fmt::format("another key: {}", describe(record))};
  return {Progress::right, describe(record)};
}

std::vector<std::string> limits_of(const ReadHistory& read) {
  const SelectorHistory& history = read.history();
  std::vector<std::string> limits{
      "A resolver that serves stale data may give an old answer for longer when it cannot reach the servers "
      "(RFC 8767 section 5).",
      "A resolver may be set to hold answers for longer than their TTL; one that holds them for less, as an "
      "absence for one to three hours (RFC 2308 section 5), is not counted on.",
      "One address may be many servers (anycast): only those that answered from here were seen.",
      "What a server published between two looks, or before the first one, was not seen, nor which servers "
      "the zone had before.",
      "DNSSEC signatures are not verified here: a resolver that does finds nothing where they are wrong."};
  if (std::ranges::any_of(history.servers,
                          [](const ServerTimeline& timeline) { return !timeline.is_there(); })) {
    limits.emplace_back(
        "A server that left and still names itself as a nameserver of the zone may be asked for longer by "
        "resolvers that believe it.");
  }
  std::vector<std::string> left_out;
  for (const auto& timeline : history.servers) {
    if (read.is_in_chain(timeline.owner) && timeline.is_there() && read.is_left_out(timeline))
      left_out.push_back(server_text(timeline.server));
  }
  std::ranges::sort(left_out);
  left_out.erase(std::ranges::unique(left_out).begin(), left_out.end());
  if (!left_out.empty()) {
    const std::string_view other = read.policy().ipv4 ? "IPv4" : "IPv6";
    limits.insert(limits.begin(),
                  fmt::format("You left out {} by asking over {} alone: what is answered there was not seen, "
                              "and the {} addresses of the same nameservers stand for it.",
                              join_some(left_out), other, other));
  }
  return limits;
}

// ---- When a key may sign ----

class SignQuestion {
 public:
  SignQuestion(const SelectorHistory& history, const NewKey& key, const std::vector<CacheLook>& caches,
               const RotationPolicy& policy)
      : read_(history, policy), caches_(caches), expected_(key.sha256), keys_(key.service) {
    if (!expected_) expected_ = most_common_key();
    never_used_ = key.never_used;
    domainkey_absence_ = key.domainkey_absence;
    if (never_used_) doubt_never_used();
  }

  [[nodiscard]] SignVerdict answer(WallTime now) {
    SignVerdict verdict;
    verdict.limits = limits_of(read_);
    verdict.servers = compare_servers();
    verdict.alternates = std::ranges::any_of(
        read_.history().servers, [&](const ServerTimeline& timeline) { return alternates(timeline); });
    SafeTime& safe = verdict.safe;
    if (!read_.history().first_look) {
      safe.because.push_back(because_of(Reason::no_look, {}, "no server was looked at yet"));
      return verdict;
    }
    for (const auto& name : read_.chain()) {
      add_shares(name);
      add_zone_shares(name);
    }
    add_domainkey_unknown();
    safe.because = shares_.because();
    std::ranges::move(doubts_, std::back_inserter(safe.because));
    add_resolvers(safe);
    sort_latest_first(safe.because);

    const auto is_right = [](const ServerProgress& server) { return server.progress == Progress::right; };
    const auto is_unknown = [](const ServerProgress& server) { return server.progress == Progress::unknown; };
    if (std::ranges::any_of(verdict.servers,
                            [&](const auto& server) { return !is_right(server) && !is_unknown(server); })) {
      safe.readiness = Readiness::not_ready;
    } else if (verdict.servers.empty() || std::ranges::any_of(verdict.servers, is_unknown)) {
      safe.readiness = Readiness::unknown;
    } else {
      for (const auto& because : safe.because) {
        if (because.until) safe.at = std::max(safe.at.value_or(*because.until), *because.until);
      }
      safe.readiness = safe.at && now >= *safe.at ? Readiness::ready : Readiness::wait;
    }
    return verdict;
  }

 private:
  /// The usable key that most servers have now, those with an outdated zone last. Where as many have another
  /// one, none is the right one.
  [[nodiscard]] std::optional<std::string> most_common_key() {
    struct Count {
      std::size_t up_to_date = 0;
      std::size_t all = 0;
      auto operator<=>(const Count&) const = default;
    };
    std::map<std::string, Count> counts;
    for (const auto& timeline : read_.history().servers) {
      if (!read_.is_in_chain(timeline.owner) || !timeline.is_there()) continue;
      const AnswerSpan* const last = ReadHistory::last_whole(timeline);
      if (last == nullptr || last->kind != PublishedKind::texts) continue;
      if (compare_texts(*last, {}, keys_).progress != Progress::right) continue;
      Count& count = counts[keys_.read(*joined_texts(*last).begin()).key->sha256];
      ++count.all;
      if (!timeline.lag) ++count.up_to_date;
    }
    if (counts.empty()) return std::nullopt;
    const auto most = std::ranges::max_element(counts, {}, [](const auto& key) { return key.second; });
    const auto as_many =
        std::ranges::count_if(counts, [&](const auto& key) { return key.second == most->second; });
    return as_many == 1 ? most->first : std::string{};
  }

  /// Each span is compared once: a long history is looked through for each of its servers.
  [[nodiscard]] const Seen& compare(const DomainName& owner, const AnswerSpan& span) {
    const auto known = compared_.find(&span);
    return known != compared_.end() ? known->second
                                    : compared_.emplace(&span, read(owner, span)).first->second;
  }

  [[nodiscard]] Seen read(const DomainName& owner, const AnswerSpan& span) {
    switch (span.kind) {
      case PublishedKind::texts:
        return compare_texts(span, expected_, keys_);
      case PublishedKind::alias: {
        const std::string alias = fmt::format("an alias to {}", span.alias->to_string());
        if (!read_.is_in_chain(*span.alias)) return {Progress::other_key, alias};
        if (loops_.try_emplace(owner, false).second) loops_[owner] = read_.is_loop(owner);
        if (loops_[owner]) return {Progress::damaged, alias + ", which leads back"};
        return {Progress::right, alias};
      }
      case PublishedKind::left:
        return {Progress::unknown, "no longer a server"};
      case PublishedKind::nodata:
      case PublishedKind::nxdomain:
      case PublishedKind::failure:
      case PublishedKind::unknown:
        return compare_nothing(span);
    }
    return {};
  }

  /// A `_domainkey` that a signed zone denies is denied with all below it, whatever the server has there.
  [[nodiscard]] static bool is_denied_for_good(const AnswerSpan& span) {
    return span.domainkey_denied_seconds && span.nsec_ttl_seconds && !is_absence(span);
  }

  [[nodiscard]] Seen compare_now(const ServerTimeline& timeline, const AnswerSpan& span) {
    Seen seen = compare(timeline.owner, span);
    if (seen.progress == Progress::right && is_denied_for_good(span)) {
      return {Progress::damaged, seen.detail + ", but NXDOMAIN for `_domainkey` above it in a signed zone"};
    }
    return seen;
  }

  [[nodiscard]] std::vector<ServerProgress> compare_servers() {
    std::vector<ServerProgress> rows;
    for (const auto& name : read_.chain()) {
      const std::size_t before = rows.size();
      for (const auto& timeline : read_.history().servers) {
        if (!(timeline.owner == name) || !timeline.is_there() || read_.is_left_out(timeline)) continue;
        rows.push_back(row_of(timeline));
      }
      if (rows.size() == before && read_.history().first_look) {
        rows.push_back(
            {name, {{}, no_address}, Progress::unknown, {}, "no server of this name could be asked"});
      }
    }
    return rows;
  }

  [[nodiscard]] ServerProgress row_of(const ServerTimeline& timeline) {
    ServerProgress row{timeline.owner, timeline.server, Progress::unknown, {}, {}};
    if (timeline.spans.back().last_seen != read_.history().last_look) {
      row.detail = "not in the last look";
      return row;
    }
    Seen seen = compare_now(timeline, timeline.spans.back());
    row.progress = seen.progress;
    row.detail = timeline.server.has_address() ? std::move(seen.detail) : read_.why_not_asked(timeline);
    for (auto span = timeline.spans.rbegin(); span != timeline.spans.rend(); ++span) {
      const bool is_silence = span->kind == PublishedKind::unknown && !span->ttl_seconds;
      if (is_silence && row.progress != Progress::unknown) continue;
      if (compare_now(timeline, *span).progress != row.progress) break;
      row.since = span->first_seen;
    }
    return row;
  }

  /// Whether the server was lately right by turns. What was so long ago is another story.
  [[nodiscard]] bool alternates(const ServerTimeline& timeline) {
    if (!read_.is_in_chain(timeline.owner) || !timeline.is_there() || read_.is_left_out(timeline))
      return false;
    const WallTime since = *read_.history().last_look - read_.policy().unknown_wait;
    bool was_right = false;
    bool was_wrong_after = false;
    for (const auto& span : timeline.spans) {
      if (!span.is_whole()) continue;
      const bool is_right_now = is_right(timeline.owner, span);
      if (is_right_now && was_wrong_after) return true;
      if (span.last_seen < since) continue;
      was_wrong_after =
          was_wrong_after || (!is_right_now && (was_right || span.kind == PublishedKind::unknown));
      was_right = was_right || is_right_now;
    }
    return false;
  }

  // ---- Is the assertion true that nobody asked? ----

  void doubt_never_used() {
    const auto doubt = [&](std::string detail) {
      if (!never_used_) return;
      never_used_ = false;
      doubts_.push_back(because_of(Reason::never_used_contradicted, {}, std::move(detail)));
    };
    for (const auto& timeline : read_.history().servers) {
      if (!read_.is_in_chain(timeline.owner)) continue;
      for (const auto& span : timeline.spans) {
        const bool has_record = span.kind == PublishedKind::alias || !span.texts.empty();
        if (!has_record || span.wildcard_ttl_seconds) continue;
        const Seen& seen = compare(timeline.owner, span);
        if (seen.progress == Progress::right) continue;
        doubt(fmt::format("the selector was not unused: {} had {} at {}", server_text(timeline.server),
                          seen.detail, timeline.owner.to_string()));
      }
    }
    for (const auto& cache : caches_) {
      if (cache.state != CacheState::denied && cache.state != CacheState::other) continue;
      doubt(
          fmt::format("somebody asked for the selector: the resolver {} holds {}", cache.resolver.to_string(),
                      cache.state == CacheState::denied ? "that there is no such record" : "another record"));
    }
  }

  // ---- Until when a wrong answer may be held ----

  struct Hold {
    Reason reason = Reason::nothing_known;
    seconds time{};
  };

  /// The longest that an absence at the name was to be held; for a server that did not say.
  [[nodiscard]] std::optional<seconds> absence_life(const DomainName& owner) const {
    std::optional<seconds> longest;
    for (const auto& timeline : read_.history().servers) {
      if (!(timeline.owner == owner)) continue;
      for (const auto& span : timeline.spans) {
        if (is_absence(span) && span.ttl_seconds)
          longest = std::max(longest.value_or(seconds{0}), seconds{*span.ttl_seconds});
      }
    }
    return longest;
  }

  /// How long a cache may hold what the span says, if that is wrong or may hide what is right.
  [[nodiscard]] std::optional<Hold> hold_of(const DomainName& owner, const AnswerSpan& span) {
    std::optional<Hold> hold;
    const auto add = [&](Reason reason, seconds time) {
      if (!hold || hold->time < time) hold = Hold{reason, time};
    };
    const auto add_ttl = [&](Reason reason, std::optional<seconds> otherwise) {
      if (span.ttl_seconds) {
        add(reason, seconds{*span.ttl_seconds});
      } else if (otherwise) {
        add(reason, *otherwise);
      } else {
        add(Reason::nothing_known, read_.policy().unknown_wait);
      }
    };
    if (span.domainkey_denied_seconds) add(Reason::domainkey_denied, seconds{*span.domainkey_denied_seconds});
    if (span.is_whole() && span.kind != PublishedKind::unknown &&
        compare(owner, span).progress == Progress::right) {
      return hold;
    }
    if (span.nsec_ttl_seconds) add(Reason::nsec_ttl, seconds{*span.nsec_ttl_seconds});
    if (span.wildcard_ttl_seconds) add(Reason::wildcard_ttl, seconds{*span.wildcard_ttl_seconds});
    // What stands in caches only where somebody asked.
    if (never_used_ && !(span.wildcard_ttl_seconds && span.kind == PublishedKind::texts)) return hold;
    switch (span.kind) {
      case PublishedKind::nodata:
      case PublishedKind::nxdomain:
        add_ttl(Reason::negative_ttl, absence_life_);
        break;
      case PublishedKind::texts:
        add_ttl(Reason::old_record_ttl, {});
        break;
      case PublishedKind::alias:
        add_ttl(Reason::old_alias_ttl, {});
        break;
      case PublishedKind::unknown:
        add_ttl(Reason::changing_answers, {});
        break;
      case PublishedKind::failure:
        add(Reason::server_failure, failure_life);
        break;
      case PublishedKind::left:
        break;
    }
    return hold;
  }

  [[nodiscard]] bool is_right(const DomainName& owner, const AnswerSpan& span) {
    return span.kind != PublishedKind::failure && compare(owner, span).progress == Progress::right;
  }

  /// What a server may have had before it was first seen: like the worst of the others that were seen then;
  /// of one that was there at the first look already, anything.
  [[nodiscard]] std::optional<Hold> earlier_hold(const ServerTimeline& server, WallTime first_seen,
                                                 const AnswerSpan* first) {
    std::optional<Hold> longest;
    const bool was_at_first_look = server.spans.front().first_seen <= *read_.history().first_look;
    if (!never_used_ && was_at_first_look) longest = Hold{Reason::nothing_known, read_.policy().unknown_wait};
    for (const auto& timeline : read_.history().servers) {
      const DomainName& owner = server.owner;
      if (!(timeline.owner == owner)) continue;
      for (const auto& span : timeline.spans) {
        if (!span.is_whole() || span.first_seen > first_seen || is_right(owner, span)) continue;
        const auto hold = hold_of(owner, span);
        if (hold && (!longest || longest->time < hold->time))
          longest = Hold{Reason::earlier_answer_unknown, hold->time};
      }
    }
    if (longest) return longest;
    if (!never_used_) return Hold{Reason::nothing_known, read_.policy().unknown_wait};
    // Nobody asked for the name, but its neighbours may have been denied with NSEC, or be a wildcard's.
    if (first == nullptr) return std::nullopt;
    if (const auto neighbours = std::max(first->nsec_ttl_seconds, first->wildcard_ttl_seconds))
      longest = Hold{Reason::earlier_answer_unknown, seconds{*neighbours}};
    return longest;
  }

  // ---- What caches may hold of the zones, whichever selector saw it ----

  void add_zone_shares(const DomainName& owner) {
    for (const auto& former : read_.zones().former_servers(owner)) add_former(owner, former);
    for (const auto& [zone, until, held] : read_.zones().former_ds(owner)) {
      shares_.add(
          {Reason::old_ds, until, held, nullptr,
           fmt::format("the DS records of {} were others: resolvers that validate may hold them for {} s "
                       "and take nothing that the zone says now",
                       zone.to_string(), held.count())});
    }
    for (const auto& timeline : read_.history().past.names) {
      if (!(timeline.owner == owner) && owner.is_at_or_below(timeline.owner)) add_absence(owner, timeline);
    }
  }

  /// Servers that held the name before it was first looked at, which other names' probes saw.
  void add_former(const DomainName& owner, const FormerServers& former) {
    std::optional<seconds> held;
    const auto keep = [&](std::optional<std::uint32_t> ttl) {
      if (ttl) held = std::max(held.value_or(seconds{0}), seconds{*ttl});
    };
    // Where nobody asked for the name, its neighbours may have been denied with NSEC all the same.
    keep(former.nsec_ttl_seconds);
    if (!never_used_ || !former.names.empty()) keep(former.negative_ttl_seconds);
    // Whether they failed in that time nobody saw, and caches remember a failure too.
    if (!never_used_) keep(static_cast<std::uint32_t>(failure_life.count()));
    if (!held && never_used_ && former.names.empty()) return;
    const seconds hold = held.value_or(read_.policy().unknown_wait);
    if (former.names.empty()) {
      shares_.add(
          {former.nsec_ttl_seconds && seconds{*former.nsec_ttl_seconds} == hold ? Reason::nsec_ttl
                                                                                : Reason::negative_ttl,
           held_until(former.asked_until, hold), hold, nullptr,
           fmt::format("what {} had before it was first looked at is not known: caches may hold for {} s "
                       "that {} had nothing there",
                       owner.to_string(), hold.count(), former.zone.to_string())});
      return;
    }
    std::vector<std::string> names;
    for (const auto& name : former.names) names.push_back(name.to_string());
    shares_.add(
        {Reason::old_nameservers, held_until(former.asked_until, hold), hold, nullptr,
         fmt::format("{} had other nameservers before ({}): caches that know them may ask them for {} until "
                     "their NS records run out, and hold an absence for {} s more",
                     former.zone.to_string(), join_some(names), owner.to_string(), hold.count())});
  }

  /// A name above that was not there took all below it with it, and so did one without the zone that begins
  /// there now, where its absence was proven with NSEC or held by a cache.
  void add_absence(const DomainName& owner, const ServerTimeline& timeline) {
    for (const auto& stretch : read_.stretches(timeline)) {
      const AnswerSpan& span = *stretch.span;
      const bool is_denied = span.kind == PublishedKind::nxdomain;
      const bool lacked_cut =
          span.kind == PublishedKind::nodata && stretch.left && read_.zones().is_zone(timeline.owner);
      if (!stretch.until || (!is_denied && !lacked_cut)) continue;
      const auto ttl = std::max(span.ttl_seconds, span.nsec_ttl_seconds);
      const seconds held = ttl ? seconds{*ttl} : read_.policy().unknown_wait;
      shares_.add(
          {Reason::domainkey_denied, held_until(*stretch.until, held), held, nullptr,
           fmt::format("{} said that {} {}: caches may take that for {} s as true of {} below it",
                       server_text(timeline.server), timeline.owner.to_string(),
                       is_denied ? "does not exist" : "is no zone", held.count(), owner.to_string())});
    }
  }

  /// Whether `_domainkey` was there before any probe of the domain is not known: caches may hold that it was
  /// not.
  void add_domainkey_unknown() {
    if (!never_used_ || !domainkey_absence_) return;
    const auto domainkey = config::domainkey_name(read_.history().domain);
    if (!domainkey) return;
    const auto& names = read_.history().past.names;
    const bool was_denied = std::ranges::any_of(names, [&](const ServerTimeline& timeline) {
      return timeline.owner == *domainkey && std::ranges::find(timeline.spans, PublishedKind::nxdomain,
                                                               &AnswerSpan::kind) != timeline.spans.end();
    });
    if (was_denied) return;  // since when it is there was seen
    const DomainName& owner = read_.chain().front();
    const seconds held = read_.zones().denial_above(*domainkey).value_or(*domainkey_absence_);
    for (const auto& timeline : read_.history().servers) {
      if (!(timeline.owner == owner)) continue;
      const auto first = std::ranges::find_if(timeline.spans, &AnswerSpan::is_whole);
      if (first == timeline.spans.end() || !is_right(owner, *first)) continue;
      if (timeline.spans.front().first_seen > *read_.history().first_look) continue;
      const auto there = read_.zones().first_there(*domainkey);
      const WallTime since = std::min(there.value_or(first->first_seen), first->first_seen);
      shares_.add({Reason::domainkey_unknown, held_until(since, held), held, &timeline, {}});
    }
  }

  void add_shares(const DomainName& owner) {
    absence_life_ = absence_life(owner);
    for (const auto& timeline : read_.history().servers) {
      if (!(timeline.owner == owner) || timeline.spans.empty()) continue;
      const auto stretches = read_.stretches(timeline);
      const auto share = [&](WallTime end, Hold hold, bool left) {
        shares_.add({left ? Reason::old_nameservers : hold.reason,
                     held_until(end, hold.time),
                     hold.time,
                     &timeline,
                     {}});
      };
      for (const auto& stretch : stretches) {
        if (!stretch.until) continue;
        auto hold = hold_of(owner, *stretch.span);
        // Whoever asks for the first time may still be led to a server that left.
        if (!hold && stretch.left && !is_right(owner, *stretch.span)) hold.emplace();
        if (hold) share(*stretch.until, *hold, stretch.left);
      }
      const auto told =
          std::ranges::find_if(stretches, [](const Stretch& stretch) { return stretch.span->is_whole(); });
      if (told == stretches.end()) {
        // Only its silence was seen; once it has left, it does not matter for ever.
        if (timeline.is_there()) continue;
        const WallTime left = timeline.spans.back().first_seen;
        const auto hold = earlier_hold(timeline, left, nullptr);
        share(read_.zones().asked_until(timeline, left), hold.value_or(Hold{}), true);
        continue;
      }
      const WallTime first_seen = told->span->first_seen;
      if (is_right(owner, *told->span)) {
        if (const auto hold = earlier_hold(timeline, first_seen, told->span)) share(first_seen, *hold, false);
      }
      add_right_since(timeline, stretches);
    }
  }

  void add_right_since(const ServerTimeline& timeline, const std::vector<Stretch>& stretches) {
    if (stretches.empty() || stretches.back().until || !is_right(timeline.owner, *stretches.back().span))
      return;
    if (stretches.back().span->domainkey_denied_seconds) {
      doubts_.push_back(
          because_of(Reason::domainkey_denied, {},
                     fmt::format("{} answers NXDOMAIN for `_domainkey`: resolvers that take it at its word "
                                 "find no selector there",
                                 server_text(timeline.server))));
    }
    WallTime since = stretches.back().span->first_seen;
    for (auto stretch = stretches.rbegin();
         stretch != stretches.rend() && is_right(timeline.owner, *stretch->span); ++stretch) {
      since = stretch->span->first_seen;
    }
    shares_.add({Reason::right_everywhere, since, seconds{0}, &timeline, {}});
  }

  void add_resolvers(SafeTime& safe) const {
    for (const auto& cache : caches_) {
      const std::string resolver = cache.resolver.to_string();
      switch (cache.state) {
        case CacheState::denied:
        case CacheState::other:
          safe.because.push_back(
              because_of(Reason::resolver_cache, held_until(cache.seen, seconds{cache.seconds_left}),
                         fmt::format("the resolver {} holds {} for {} s more", resolver,
                                     cache.state == CacheState::denied ? "that there is no such record"
                                                                       : "another record",
                                     cache.seconds_left)));
          break;
        case CacheState::hidden:
        case CacheState::unknown:
          safe.because.push_back(
              because_of(Reason::resolver_unknown, {},
                         fmt::format("what the resolver {} holds is not known: {}", resolver,
                                     cache.state == CacheState::hidden ? "it does not show its cache"
                                                                       : "it gave no answer that tells")));
          break;
        case CacheState::expected:
        case CacheState::empty:
          break;
      }
    }
  }

  ReadHistory read_;
  const std::vector<CacheLook>& caches_;
  std::optional<std::string> expected_{};
  KeyReader keys_;
  bool never_used_ = false;
  std::optional<seconds> domainkey_absence_{};
  std::vector<Because> doubts_{};
  Shares shares_{};
  std::optional<seconds> absence_life_{};  ///< of the name whose shares are being added
  std::map<DomainName, bool> loops_{};
  std::unordered_map<const AnswerSpan*, Seen> compared_{};
};

// ---- When a key is gone ----

class GoneQuestion {
 public:
  GoneQuestion(const SelectorHistory& history, const std::optional<std::string>& key,
               const RotationPolicy& policy)
      : read_(history, policy), key_(key) {}

  [[nodiscard]] GoneVerdict answer(WallTime now) {
    GoneVerdict verdict;
    verdict.limits = limits_of(read_);
    if (!read_.history().first_look) {
      verdict.gone.because.push_back(because_of(Reason::no_look, {}, "no server was looked at yet"));
      return verdict;
    }
    for (const auto& name : read_.chain()) add_rows(name, verdict.servers);
    const bool is_published = std::ranges::any_of(
        verdict.servers, [](const ServerProgress& row) { return row.progress == Progress::right; });
    const bool is_unknown = std::ranges::any_of(
        verdict.servers, [](const ServerProgress& row) { return row.progress == Progress::unknown; });
    SafeTime& gone = verdict.gone;
    if (is_published) {
      gone.readiness = Readiness::not_ready;
      return verdict;
    }
    if (is_unknown || verdict.servers.empty()) return verdict;

    Shares shares;
    const auto all = ways();
    const auto last = last_shares(all);
    if (const auto own = last.find(read_.chain().front()); own != last.end()) shares.add(own->second);
    for (const auto& name : read_.chain()) {
      add_earlier(name, all, last, shares);
      add_former(name, all, shares);
    }
    gone.because = shares.because();
    sort_latest_first(gone.because);
    if (gone.because.empty()) {
      gone.because.push_back(because_of(Reason::never_there, read_.history().first_look,
                                        "no look saw the key where the selector leads"));
    }
    gone.at = gone.because.front().until;
    gone.readiness = now >= *gone.at ? Readiness::ready : Readiness::wait;
    return verdict;
  }

 private:
  [[nodiscard]] bool has_key(const AnswerSpan& span) {
    const auto texts = joined_texts(span);
    return std::ranges::any_of(texts, [&](const std::string& text) {
      const KeyRecord& record = keys_.read(text);
      return record.key && !record.key->sha256.empty() && (!key_ || record.key->sha256 == *key_);
    });
  }

  void add_rows(const DomainName& name, std::vector<ServerProgress>& rows) {
    const auto is_server = [&](const ServerTimeline& timeline) {
      return timeline.owner == name && timeline.is_there();
    };
    if (std::ranges::none_of(read_.history().servers, is_server)) {
      rows.push_back(
          {name, {{}, no_address}, Progress::unknown, {}, "no server of this name could be asked"});
    }
    for (const auto& timeline : read_.history().servers) {
      if (!is_server(timeline) || read_.is_left_out(timeline)) continue;
      const AnswerSpan& last = timeline.spans.back();
      if (last.last_seen == read_.history().last_look && last.kind == PublishedKind::alias) continue;
      ServerProgress row{timeline.owner, timeline.server, Progress::unknown, {}, "not in the last look"};
      if (last.last_seen == read_.history().last_look) {
        Seen seen = compare(last);
        row.progress = seen.progress;
        row.detail = timeline.server.has_address() ? std::move(seen.detail) : read_.why_not_asked(timeline);
        row.since = last.first_seen;
      }
      rows.push_back(std::move(row));
    }
  }

  [[nodiscard]] Seen compare(const AnswerSpan& span) {
    switch (span.kind) {
      case PublishedKind::texts:
        return has_key(span) ? Seen{Progress::right, "still published"} : compare_others(span);
      case PublishedKind::nodata:
      case PublishedKind::nxdomain:
      case PublishedKind::failure:
      case PublishedKind::unknown:
        return compare_nothing(span);
      case PublishedKind::alias:
      case PublishedKind::left:
        break;
    }
    return {};
  }

  /// Another key is as good as none here.
  [[nodiscard]] Seen compare_others(const AnswerSpan& span) {
    Seen seen = compare_texts(span, std::nullopt, keys_);
    if (seen.progress == Progress::right) seen = {Progress::other_key, "another key: " + seen.detail};
    return seen;
  }

  [[nodiscard]] seconds life(const AnswerSpan& span) const {
    return span.ttl_seconds ? seconds{*span.ttl_seconds} : read_.policy().unknown_wait;
  }

  /// A way to the key: a text that holds it, or an alias to where one may be.
  struct Way {
    DomainName owner{};
    Share share{};
    WallTime from{};
    std::optional<WallTime> end{};
    const DomainName* target = nullptr;  ///< of an alias
  };

  [[nodiscard]] std::vector<Way> ways() {
    std::vector<Way> all;
    for (const auto& timeline : read_.history().servers) {
      const bool in_chain = read_.is_in_chain(timeline.owner);
      for (const auto& stretch : read_.stretches(timeline)) {
        const AnswerSpan& span = *stretch.span;
        const bool is_alias = span.kind == PublishedKind::alias;
        if (!is_alias && !has_key(span)) continue;
        const Reason reason = stretch.left ? Reason::old_nameservers
                              : is_alias   ? Reason::old_alias_ttl
                                           : Reason::old_record_ttl;
        Way way{timeline.owner,
                {reason, WallTime::max(), life(span), &timeline, {}},
                span.first_seen,
                stretch.until,
                nullptr};
        // Nobody looks any more at what stands at a name to which no alias leads now.
        if (stretch.until && (in_chain || !stretch.left))
          way.share.until = held_until(*stretch.until, way.share.held);
        if (is_alias) way.target = &*span.alias;
        all.push_back(std::move(way));
      }
    }
    return all;
  }

  /// The last share of the key at each name where caches can have found it: an alias shows it no longer than
  /// what the alias leads to.
  [[nodiscard]] static std::map<DomainName, Share> last_shares(const std::vector<Way>& all) {
    std::map<DomainName, Share> last;
    // Each round follows one alias more; times only grow, and each is that of one of the ways.
    for (bool grew = true; grew;) {
      grew = false;
      for (const auto& way : all) {
        Share share = way.share;
        if (way.target != nullptr) {
          const auto behind = last.find(*way.target);
          if (behind == last.end()) continue;
          if (behind->second.until < share.until) share = behind->second;
        }
        const auto [known, is_new] = last.try_emplace(way.owner, share);
        if (!is_new && known->second.until >= share.until) continue;
        known->second = share;
        grew = true;
      }
    }
    return last;
  }

  /// Servers whose first sight was without the key: they may have had it before, as long as others of the
  /// same name had it; and whoever never had it in our looks may have had it before all of them.
  void add_earlier(const DomainName& owner, const std::vector<Way>& all,
                   const std::map<DomainName, Share>& last, Shares& shares) {
    for (const auto& timeline : read_.history().servers) {
      if (!(timeline.owner == owner)) continue;
      const auto first = std::ranges::find_if(timeline.spans, &AnswerSpan::is_whole);
      if (first == timeline.spans.end() || first->kind == PublishedKind::alias || has_key(*first)) continue;
      if (all.empty()) {
        const seconds held = read_.policy().unknown_wait;
        shares.add({Reason::nothing_known, later(first->first_seen, held), held, &timeline, {}});
      }
      for (const auto& way : all) {
        if (!(way.owner == owner) || way.from > first->first_seen) continue;
        if (way.end && *way.end < first->first_seen) continue;
        WallTime until = held_until(first->first_seen, way.share.held);
        if (way.target != nullptr) {
          const auto behind = last.find(*way.target);
          if (behind == last.end() || behind->second.until < first->first_seen) continue;
          until = std::min(until, behind->second.until);
        }
        shares.add({Reason::earlier_answer_unknown, until, way.share.held, &timeline, {}});
      }
    }
  }

  /// Servers that held the name before it was first looked at may have the key for ever: until caches do not
  /// ask them any more.
  void add_former(const DomainName& owner, const std::vector<Way>& all, Shares& shares) {
    std::optional<seconds> held;
    for (const auto& way : all) {
      if (way.owner == owner) held = std::max(held.value_or(seconds{0}), way.share.held);
    }
    const seconds hold = held.value_or(read_.policy().unknown_wait);
    for (const auto& former : read_.zones().former_servers(owner)) {
      if (former.names.empty()) continue;
      std::vector<std::string> names;
      for (const auto& name : former.names) names.push_back(name.to_string());
      shares.add({Reason::old_nameservers, held_until(former.asked_until, hold), hold, nullptr,
                  fmt::format(
                      "{} had other nameservers before ({}): caches that know them may ask them for {} until "
                      "their NS records run out, and hold a key for {} s more",
                      former.zone.to_string(), join_some(names), owner.to_string(), hold.count())});
    }
  }

  ReadHistory read_;
  const std::optional<std::string>& key_;
  KeyReader keys_{config::Service::email};
};

}  // namespace

std::string no_way_sentence(const probe::Observation& observation) {
  std::vector<ServerRow> rows;
  for (const auto& leg : read_answers(observation.key).legs) {
    if (has_no_network(leg)) {
      return "This machine has no network: it has no route to any server that it needs. Bring its network "
             "up, "
             "and run this again.";
    }
    rows.insert(rows.end(), leg.rows.begin(), leg.rows.end());
  }
  return no_way_sentence(rows);
}

std::string no_way_sentence(std::span<const ServerRow> rows) {
  std::set<config::Family> missing;
  std::set<config::Family> asked;
  for (const auto& row : rows) {
    if (row.not_asked == probe::NotAsked::no_route) missing.insert(row.id.address.ip.family());
    if (row.not_asked == probe::NotAsked::asked) asked.insert(row.id.address.ip.family());
  }
  // Without servers of the other family there is nothing to go on with.
  if (missing.size() != 1 || asked.empty()) return {};
  const bool is_ipv6 = *missing.begin() == config::Family::ipv6;
  return fmt::format(
      "This machine has no {0}: say {1} to go on without it, and the other addresses of the same nameservers "
      "stand for those; or look from a machine that has {0}.",
      is_ipv6 ? "IPv6" : "IPv4", is_ipv6 ? "-4" : "-6");
}

std::optional<std::chrono::seconds> earlier_domainkey_absence(const probe::Observation& observation,
                                                              const RotationPolicy& policy) {
  const auto domainkey = config::domainkey_name(observation.domain);
  const ChainAnswers answers = read_answers(observation.key);
  if (!domainkey || answers.legs.empty()) return std::nullopt;
  const LegAnswers& leg = answers.legs.front();
  // What is in a zone that begins there may have come with it.
  if (leg.leg->delegation.zone.is_at_or_below(*domainkey)) return policy.unknown_wait;
  const auto is_published = [](const ServerAnswer& answer) {
    return answer.outcome == ServerOutcome::answered;
  };
  for (const auto& adsp : read_answers(observation.adsp).legs) {
    if (std::ranges::any_of(adsp.servers, is_published)) return std::nullopt;
  }
  std::optional<std::chrono::seconds> longest;
  for (const auto& server : leg.servers) {
    const bool is_there =
        is_whole(server.domainkey.outcome) && server.domainkey.outcome != ServerOutcome::nxdomain;
    const bool has_text = server.domainkey.outcome == ServerOutcome::answered;
    if (has_text || (is_there && is_whole(server.outcome) && !is_published(server))) return std::nullopt;
    if (const auto* const soa = server.soa_record)
      longest = std::max(longest.value_or(std::chrono::seconds{0}),
                         std::chrono::seconds{std::min(soa->ttl_seconds, soa->minimum_seconds)});
  }
  return longest.value_or(policy.unknown_wait);
}

SignVerdict safe_to_sign(const SelectorHistory& history, const NewKey& key,
                         const std::vector<CacheLook>& caches, const RotationPolicy& policy, WallTime now) {
  return SignQuestion(history, key, caches, policy).answer(now);
}

SafeTime safe_to_remove(std::optional<WallTime> last_signature, const RotationPolicy& policy, WallTime now) {
  SafeTime safe;
  if (!last_signature) {
    safe.because.push_back(
        because_of(Reason::last_signature_unknown, {}, "when the key signed for the last time was not told"));
    return safe;
  }
  if (*last_signature > now) {
    safe.because.push_back(because_of(Reason::last_signature_in_future, *last_signature,
                                      "the last signature is said to be yet to come"));
    return safe;
  }
  safe.at = later(*last_signature, policy.transit);
  safe.because.push_back(
      because_of(Reason::transit, safe.at,
                 fmt::format("mail may be verified for up to {} h after it was signed",
                             std::chrono::ceil<std::chrono::hours>(policy.transit).count())));
  safe.readiness = now >= *safe.at ? Readiness::ready : Readiness::wait;
  return safe;
}

GoneVerdict gone(const SelectorHistory& history, const std::optional<std::string>& key_sha256,
                 const RotationPolicy& policy, WallTime now) {
  return GoneQuestion(history, key_sha256, policy).answer(now);
}

}  // namespace dkimprobe::checks
