// A history told as its changes: what appeared, changed or vanished, at which servers, and between which two
// looks. All of it follows from the spans; it judges nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/history/history.hpp"
#include "exporters/store/history_store.hpp"

namespace dkimprobe::exporters {

enum class HistoryChangeKind : std::uint8_t {
  nameservers,  ///< the nameservers of a zone on the way, as parent and zone name them
  found,        ///< what stood there at the first look
  joined,       ///< a server, or a name of the chain, that was not there before
  left,         ///< the contrary
  appeared,
  changed,
  revoked,
  vanished,
  ttl,         ///< the same answer with another TTL of it or of what is beside it
  unanswered,  ///< no answer that tells what is published: SERVFAIL, silence, or answers that differ
  answered,    ///< the answer from before that, again
  differed,    ///< from now on not all servers of a name give the same
  agreed,      ///< from now on they do
};

/// One change, at all the servers that a look saw it at.
struct HistoryChange {
  HistoryChangeKind kind = HistoryChangeKind::found;
  probe::WallTime seen{};                       ///< the look that saw it
  std::optional<probe::WallTime> not_before{};  ///< the look before, which saw it differently
  config::DomainName owner{};                   ///< the name asked, or of the zone
  std::vector<checks::ServerId> servers{};      ///< empty for a zone
  std::optional<checks::AnswerPeriod> before{};
  std::optional<checks::AnswerPeriod> after{};
  std::optional<checks::NameserverPeriod> nameservers_before{};
  std::optional<checks::NameserverPeriod> nameservers_after{};
};

/// The earliest first.
[[nodiscard]] std::vector<HistoryChange> history_changes(const checks::SelectorHistory& history);

/// A key that stood at the selector, with the first and the last look that saw it at some server.
struct KeyPeriod {
  std::string sha256{};     ///< of the SubjectPublicKeyInfo in DER, lower-case hex
  std::string algorithm{};  ///< "rsa", "ed25519", else what it is
  std::uint32_t bits = 0;
  probe::WallTime first_seen{};
  probe::WallTime last_seen{};
  std::vector<KeyUse> elsewhere{};  ///< other names at which it stood
};

/// What is known of one selector.
struct SelectorRecord {
  checks::SelectorHistory history{};
  std::vector<KeyPeriod> keys{};
};

/// The earliest first; what a single history cannot know, `elsewhere`, is empty.
[[nodiscard]] std::vector<KeyPeriod> key_periods(const checks::SelectorHistory& history);

/// When the key that the report found was seen at its selector for the first time.
[[nodiscard]] std::optional<probe::WallTime> key_first_seen(const checks::SelectorHistory& history,
                                                            const checks::Report& report);

/// The words for JSON.
[[nodiscard]] std::string_view to_string(HistoryChangeKind kind);
[[nodiscard]] std::string_view to_string(checks::PublishedKind kind);

}  // namespace dkimprobe::exporters
