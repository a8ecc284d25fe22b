#include "exporters/terminal/preflight_text.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/catalogue.hpp"
#include "checks/report/time_text.hpp"
#include "config/basics/escape.hpp"
#include "exporters/terminal/text_page.hpp"
#include "exporters/text/report_facts.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Preflight;
using checks::Progress;
using checks::Readiness;
using checks::ReasonDetail;
using checks::ServerProgress;
using std::chrono::milliseconds;

constexpr std::size_t fingerprint_shown = 16;

/// How long servers usually need to get a new record.
constexpr std::chrono::minutes usual_wait{30};

Symbol symbol_of(Readiness readiness) {
  switch (readiness) {
    case Readiness::ready:
      return good_symbol;
    case Readiness::wait:
      return {"◷", "~", TextStyle::warning};
    case Readiness::not_ready:
      return exporters::symbol_of(checks::Severity::critical);
    case Readiness::unknown:
      return unknown_symbol;
  }
  return unknown_symbol;
}

Symbol symbol_of(Progress progress) {
  switch (progress) {
    case Progress::match:
      return good_symbol;
    case Progress::absent:
      return neutral_symbol;
    case Progress::mismatch:
    case Progress::corrupted:
    case Progress::revoked:
      return exporters::symbol_of(checks::Severity::critical);
    case Progress::unknown:
      return unknown_symbol;
  }
  return unknown_symbol;
}

Symbol symbol_of(checks::CacheState state) {
  switch (state) {
    case checks::CacheState::expected:
      return good_symbol;
    case checks::CacheState::empty:
      return neutral_symbol;
    case checks::CacheState::denied:
    case checks::CacheState::other:
      return exporters::symbol_of(checks::Severity::critical);
    case checks::CacheState::hidden:
    case checks::CacheState::unknown:
      return unknown_symbol;
  }
  return unknown_symbol;
}

/// "has another key", "have no record".
std::string has_words(Progress progress, std::size_t count) {
  const std::string_view has = count == 1 ? "has" : "have";
  switch (progress) {
    case Progress::match:
      return fmt::format("{} the correct key", has);
    case Progress::mismatch:
      return fmt::format("{} another key", has);
    case Progress::corrupted:
      return fmt::format("{} a corrupted record", has);
    case Progress::revoked:
      return fmt::format("{} a revoked key", has);
    case Progress::absent:
      return fmt::format("{} no record", has);
    case Progress::unknown:
      return "could not be checked";
  }
  return {};
}

/// "1 of 5 servers has another key, 2 have no record"; empty if all match.
std::string what_is_missing(const std::vector<ServerProgress>& servers) {
  std::string text;
  for (const Progress progress :
       {Progress::mismatch, Progress::corrupted, Progress::revoked, Progress::absent, Progress::unknown}) {
    const auto count =
        static_cast<std::size_t>(std::ranges::count(servers, progress, &ServerProgress::progress));
    if (count == 0) continue;
    if (text.empty()) {
      text = fmt::format("{} of {}", count, counted(servers.size(), "server"));
    } else {
      text += fmt::format(", {}", count);
    }
    text += ' ' + has_words(progress, count);
  }
  return text;
}

/// The first fault among the reasons.
config::EscapedText first_reason(const Preflight& preflight) {
  for (const auto& reasons : preflight.sign.safe.reasons) {
    if (reasons.until) continue;
    if (reasons.row->check != nullptr) return reasons.row->check->summary;
    if (reasons.row->detail_says_why) return reasons.detail;
  }
  return "see below";
}

/// "this machine has no IPv6": the first clause of the sentence on it.
std::string lack_here(const Preflight& preflight) {
  std::string clause = preflight.no_way.substr(0, preflight.no_way.find(':'));
  if (!clause.empty() && clause.front() == 'T') clause.front() = 't';
  return clause;
}

std::string why_not(const Preflight& preflight) {
  const auto& servers = preflight.sign.servers;
  const auto count = [&](Progress progress) {
    return std::ranges::count(servers, progress, &ServerProgress::progress);
  };
  if (!preflight.expected_key && count(Progress::match) == 0 && count(Progress::mismatch) > 1)
    return "the servers have different keys, each equally often; give yours as --key FILE";
  const std::string missing = what_is_missing(servers);
  const bool all_seen_are_right = std::ranges::all_of(servers, [](const ServerProgress& server) {
    return server.progress == Progress::match || server.progress == Progress::unknown;
  });
  if (!missing.empty() && (preflight.sign.safe.readiness == Readiness::unknown || !all_seen_are_right))
    return preflight.no_way.empty() ? missing : fmt::format("{}; {}", missing, lack_here(preflight));
  if (servers.empty() && !preflight.no_way.empty()) return lack_here(preflight);
  if (servers.empty() && preflight.sign.safe.readiness == Readiness::unknown)
    return "no server for the name could be found";
  // A fault forbids signing.
  if (servers.empty()) return first_reason(preflight).str();
  if (!missing.empty()) return fmt::format("{}; {}", first_reason(preflight), missing);
  return fmt::format("{}, but: {}",
                     servers.size() == 1 ? std::string("the only server has the correct key")
                                         : fmt::format("all {} servers have the correct key", servers.size()),
                     first_reason(preflight));
}

struct Headline {
  std::string word{};  ///< "NOT READY"
  std::string rest{};  ///< ": 1 of 5 servers has another key"
};

Headline headline_of(const Preflight& preflight) {
  const checks::SafeTime& safe = preflight.sign.safe;
  const std::string_view so_far =
      preflight.only_given_servers ? ", by the given servers only: others of the zone were not queried" : "";
  switch (safe.readiness) {
    case Readiness::ready:
      return {"SIGN NOW", std::string(so_far)};
    case Readiness::wait:
      if (!safe.at) return {"WAIT", {}};
      return {"WAIT", fmt::format(" until {} (in {}){}", checks::time_text(*safe.at),
                                  checks::wait_text(*safe.at - preflight.now), so_far)};
    case Readiness::not_ready:
      return {"NOT READY", ": " + why_not(preflight)};
    case Readiness::unknown:
      return {"UNKNOWN", ": " + why_not(preflight)};
  }
  return {};
}

/// The soonest first; reasons without a time come last. If the readiness does not depend on time, reasons
/// without a time come first, and past ones are omitted.
std::vector<const ReasonDetail*> in_reading_order(const Preflight& preflight) {
  const checks::SafeTime& safe = preflight.sign.safe;
  const bool is_about_time = safe.readiness == Readiness::ready || safe.readiness == Readiness::wait;
  std::vector<const ReasonDetail*> timed;
  for (auto each = safe.reasons.rbegin(); each != safe.reasons.rend(); ++each) {
    if (each->until && (is_about_time || *each->until > preflight.now)) timed.push_back(&*each);
  }
  std::vector<const ReasonDetail*> others;
  for (const auto& each : safe.reasons) {
    if (!each.until) others.push_back(&each);
  }
  auto& first = is_about_time ? timed : others;
  const auto& second = is_about_time ? others : timed;
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

/// Only the summary for what is also printed as a finding.
config::EscapedText detail_of(const ReasonDetail& reasons, const std::vector<checks::Finding>& findings) {
  const auto same = std::ranges::find_if(
      findings, [&](const checks::Finding& finding) { return finding.check == reasons.row->check; });
  if (same == findings.end() || same->check->summary.empty()) return reasons.detail;
  return same->check->summary;
}

/// Whether a queried server did not answer either, apart from those that this machine has no route to.
bool is_also_silent(const Preflight& preflight) {
  return std::ranges::any_of(preflight.sign.servers, [&](const ServerProgress& server) {
    const auto row = std::ranges::find_if(preflight.report.servers, [&](const checks::ServerRow& each) {
      return each.owner == server.owner && each.id == server.server;
    });
    return server.progress == Progress::unknown && row != preflight.report.servers.end() &&
           row->not_asked == probe::NotAsked::asked;
  });
}

class PreflightPage : public TextPage {
 public:
  using TextPage::TextPage;

  void answer(const Preflight& preflight);
  void key(const Preflight& preflight);
  void why(const Preflight& preflight);
  void servers(const Preflight& preflight);
  void text(const Preflight& preflight);
  void resolvers(const Preflight& preflight);
  void limits(const Preflight& preflight);
  void next(const Preflight& preflight);

 private:
  void title(std::string_view words) {
    line();
    line("  " + paint(words, TextStyle::bold));
  }
  void difference(const checks::TextCopy& copy);
};

void PreflightPage::answer(const Preflight& preflight) {
  const Symbol symbol = symbol_of(preflight.sign.safe.readiness);
  const auto [word, rest] = headline_of(preflight);
  // The word and the rest are one sentence: wrapped together, but styled separately.
  const auto lines = wrap_text(word + rest, style().columns - 2);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::string_view part = lines[i];
    const std::size_t inked = i == 0 ? std::min(word.size(), part.size()) : 0;
    line((i == 0 ? paint(symbol) + ' ' : std::string("  ")) +
         paint(part.substr(0, inked), symbol.text_style) + paint(part.substr(inked), TextStyle::bold));
  }
  paragraph("  ", 2,
            fmt::format("{}, according to its servers at {}", preflight.report.name.to_string(),
                        checks::time_text(preflight.report.observed_at)));
  line();
}

void PreflightPage::key(const Preflight& preflight) {
  const std::string_view ellipsis = style().unicode ? "…" : "...";
  if (const auto& key = preflight.expected_key) {
    std::string words;
    if (!key->algorithm.empty()) words = fmt::format("{} {} bits, ", key->algorithm, key->bits);
    fact("Your key",
         fmt::format("{}SHA-256 {}{}", words, key->sha256.substr(0, fingerprint_shown), ellipsis));
  } else {
    fact("Your key",
         "not given: any usable key counts as correct if all servers have the same one. To check that it is "
         "yours, give --key FILE",
         TextStyle::warning);
    if (const auto& key_seen = preflight.report.key) {
      fact("Their key", fmt::format("{}, SHA-256 {}{}", key_text(*key_seen),
                                    key_seen->sha256.substr(0, fingerprint_shown), ellipsis));
    }
  }
  aliases(preflight.report.chain);
  text(preflight);
  sizes(preflight.report.size);
}

/// The number of servers of the names at which these servers were asked.
std::size_t servers_at_same_names(const Preflight& preflight, const std::vector<checks::ServerId>& servers) {
  std::set<config::DomainName> names;
  for (const auto& each : preflight.sign.servers) {
    if (std::ranges::find(servers, each.server) != servers.end()) names.insert(each.owner);
  }
  return static_cast<std::size_t>(std::ranges::count_if(
      preflight.sign.servers, [&](const auto& each) { return names.count(each.owner) == 1; }));
}

/// "1 of 2 servers"; "2 servers" if those are all.
std::string of_all(std::size_t count, std::size_t all) {
  return count < all ? fmt::format("{} of {}", count, counted(all, "server")) : counted(count, "server");
}

void PreflightPage::difference(const checks::TextCopy& copy) {
  const auto& difference = *copy.difference;
  fact("Text",
       fmt::format("differs from the intended text at octet {}{}{}; on {}. From octet {}:", difference.offset,
                   difference.cause.empty() ? "" : ": ", difference.cause, server_names(copy.servers),
                   difference.shown_from),
       TextStyle::warning);
  const auto excerpt = [](std::string_view bytes) {
    return bytes.empty() ? std::string("(end of text)") : config::escape_text(bytes);
  };
  fact("published", excerpt(difference.published));
  fact("intended", excerpt(difference.meant));
}

void PreflightPage::text(const Preflight& preflight) {
  if (preflight.report.record.strings.empty() && preflight.texts.empty()) return;
  if (!preflight.text_known) {
    const bool damaged = std::ranges::any_of(preflight.report.findings, [](const checks::Finding& finding) {
      return finding.check->name.starts_with("txt_") || finding.check->name.starts_with("selector_multiple_");
    });
    fact("Text", damaged ? "corrupted: see the findings below"
                         : "no quotes, escapes or other corruption; to compare it octet for octet, give a "
                           "file with the record's text as --key");
    return;
  }
  for (const auto& copy : preflight.texts) {
    if (copy.difference) {
      difference(copy);
      continue;
    }
    std::string sizes;
    for (const auto size : copy.string_sizes) sizes += fmt::format("{}{}", sizes.empty() ? "" : " + ", size);
    fact("Text", fmt::format("as intended, octet for octet, on {} (in {} of {})",
                             of_all(copy.servers.size(), servers_at_same_names(preflight, copy.servers)),
                             counted(copy.string_sizes.size(), "string"), sizes));
  }
}

void PreflightPage::why(const Preflight& preflight) {
  const auto sorted = in_reading_order(preflight);
  if (sorted.empty()) return;
  title("Why");
  for (const auto* reasons : sorted) {
    std::string head(reasons->name());
    if (reasons->until) {
      const bool is_over = *reasons->until <= preflight.now;
      head =
          fmt::format("{} {}  {}", is_over ? "ended at" : "until", checks::time_text(*reasons->until), head);
    }
    if (!reasons->reference().empty()) head += fmt::format("  {}", reasons->reference());
    const bool holds = !reasons->until || *reasons->until > preflight.now;
    paragraph("  " + (holds ? paint(neutral_symbol) : paint(good_symbol)) + ' ', 4, head, TextStyle::dim);
    paragraph("    ", 4, detail_of(*reasons, preflight.report.findings));
  }
}

void PreflightPage::servers(const Preflight& preflight) {
  std::vector<config::DomainName> owners;
  for (const auto& server : preflight.sign.servers) {
    if (std::ranges::find(owners, server.owner) == owners.end()) owners.push_back(server.owner);
  }
  for (const auto& owner : owners) {
    heading(owner, zone_of(preflight.report.delegations, owner));
    std::vector<Column> columns{{"", false, 0},    {"server", false, 14}, {"address", false, 0},
                                {"has", false, 0}, {"", false, 12},       {"seen since", false, 0}};
    std::vector<std::vector<Cell>> rows;
    for (const auto& server : preflight.sign.servers) {
      if (!(server.owner == owner)) continue;
      const Symbol symbol = symbol_of(server.progress);
      rows.push_back({{std::string(glyph(symbol)), symbol.text_style},
                      {server.server.name.str()},
                      {server.server.has_address() ? server.server.address.ip.to_string() : ""},
                      {std::string(checks::to_string(server.progress)), symbol.text_style},
                      {server.detail.str()},
                      {server.since ? checks::time_text(*server.since) : "", TextStyle::dim}});
    }
    rows_as_table(std::move(columns), rows);
  }
}

void PreflightPage::resolvers(const Preflight& preflight) {
  if (preflight.caches.empty() && !preflight.public_answer) return;
  title("Your resolvers");
  const auto word = [&](const checks::CacheAnswer& each, std::string_view how) {
    const Symbol symbol = symbol_of(each.probe.state);
    paragraph("  " + paint(symbol) + ' ', 4, fmt::format("{}: {}", how, each.detail),
              symbol.text_style == TextStyle::good || symbol.text_style == TextStyle::dim
                  ? TextStyle::plain
                  : symbol.text_style);
  };
  for (const auto& each : preflight.caches) word(each, "its cache");
  if (!preflight.public_answer) return;
  if (!preflight.public_answer->why_not_asked.empty())
    paragraph("  ", 2, "The public query was not sent: " + preflight.public_answer->why_not_asked);
  for (const auto& each : preflight.public_answer->answers) word(each, "the public query");
}

void PreflightPage::limits(const Preflight& preflight) {
  title("What this probe cannot know");
  for (const auto& limit : preflight.sign.limits)
    paragraph("  " + paint(neutral_symbol) + ' ', 4, limit, TextStyle::dim);
  paragraph("  " + paint(neutral_symbol) + ' ', 4, caveats_line, TextStyle::dim);
}

/// What to do next: sentences, each with a command to copy, if any.
struct NextStep {
  std::string sentence{};
  std::string command{};
};

/// This preflight with a `--wait` that covers the time.
std::string waiting_again(const Preflight& preflight, milliseconds time) {
  return fmt::format("{} --wait {}", preflight.next.again, checks::wait_value(time));
}

void add_waiting_steps(const Preflight& preflight, std::vector<NextStep>& steps) {
  const std::string selector = preflight.report.selector.to_string();
  const checks::SafeTime& safe = preflight.sign.safe;
  if (safe.at) {
    const milliseconds time = *safe.at - preflight.now;
    if (preflight.wait_ends && *safe.at > *preflight.wait_ends) {
      steps.push_back({fmt::format("The wait needs {}, and --wait ends before, so this did not wait.",
                                   checks::wait_text(time)),
                       {}});
    }
    steps.push_back(
        {fmt::format("Do not sign with {} before {}. This waits until then, and checks that the key is "
                     "still correct:",
                     selector, checks::time_text(*safe.at)),
         waiting_again(preflight, time)});
  }
  if (!preflight.history_kept) {
    steps.push_back(
        {"Nothing is remembered of this run: the next one counts from its own first probe. --state DIR "
         "or --storage.path DIR remembers what was seen.",
         {}});
  }
  if (std::ranges::any_of(safe.reasons,
                          [](const ReasonDetail& reasons) { return reasons.row->never_used_removes_it; })) {
    steps.push_back(
        {fmt::format("If {} was never announced and never used to sign, no cache can hold a wrong "
                     "answer. Give --never-used only if you are certain:",
                     selector),
         preflight.next.again.str() + " --never-used"});
  }
}

void add_unknown_steps(const Preflight& preflight, std::vector<NextStep>& steps) {
  const std::string selector = preflight.report.selector.to_string();
  const checks::SafeTime& safe = preflight.sign.safe;
  if (std::ranges::any_of(safe.reasons,
                          [](const ReasonDetail& reasons) { return reasons.row->is_about_signatures; })) {
    steps.push_back(
        {fmt::format("Do not sign with {}: sign the zone again first. If its parent has no DS record "
                     "for it, nobody validates its signatures; this was not queried.",
                     selector),
         {}});
    return;
  }
  if (what_is_missing(preflight.sign.servers).empty() && !preflight.is_internal_view &&
      preflight.no_way.empty()) {
    steps.push_back(
        {fmt::format("Do not sign with {}: a resolver did not return it to the public query. SERVFAIL "
                     "may mean that the zone's DNSSEC signatures are wrong. Fix what it reports, or "
                     "query a resolver that answers you.",
                     selector),
         {}});
    return;
  }
  if (preflight.is_internal_view) {
    steps.push_back(
        {fmt::format("Do not sign with {}: run this again from a machine outside your network.", selector),
         {}});
    return;
  }
  if (!preflight.no_way.empty()) {
    steps.push_back({fmt::format("Do not sign with {} before all servers have been checked.", selector), {}});
    steps.push_back({preflight.no_way, {}});
  }
  if (preflight.no_way.empty() || is_also_silent(preflight)) {
    steps.push_back(
        {fmt::format("Do not sign with {}: a server that could not be checked does not count as ready. "
                     "Bring those servers back, or remove them from the zone. This probes until they "
                     "are:",
                     selector),
         waiting_again(preflight, usual_wait)});
  }
}

bool has_other_key_everywhere(const Preflight& preflight) {
  const auto& servers = preflight.sign.servers;
  return !servers.empty() && std::ranges::all_of(servers, [](const ServerProgress& server) {
    return server.progress == Progress::mismatch;
  });
}

void PreflightPage::next(const Preflight& preflight) {
  const std::string selector = preflight.report.selector.to_string();
  title("Next");
  std::vector<NextStep> steps;
  switch (preflight.sign.safe.readiness) {
    case Readiness::ready:
      steps.push_back(
          {fmt::format(
               "Sign with {} now. Keep the previous key published for {} after its last "
               "signature, unless somebody else has it. This shows the steps{}:",
               selector, checks::duration_text(preflight.times.retention),
               preflight.next.signer_is_known ? "" : "; if another selector signs until then, list it too"),
           preflight.next.rotation.str()});
      break;
    case Readiness::wait:
      add_waiting_steps(preflight, steps);
      break;
    case Readiness::not_ready:
      steps.push_back(
          {fmt::format("Do not sign with {}. {}, and fix the faults above. This probes the servers "
                       "until they have the key:",
                       selector,
                       has_other_key_everywhere(preflight)
                           ? "The servers have another key than yours: publish the record of your "
                             "key, or name the right one"
                           : "Publish the record where it is missing"),
           waiting_again(preflight, usual_wait)});
      break;
    case Readiness::unknown:
      add_unknown_steps(preflight, steps);
      break;
  }
  for (const auto& [sentence, command] : steps) {
    paragraph("  ", 2, sentence);
    if (!command.empty()) line(fmt::format("\n    {}\n", command));
  }
}

}  // namespace

std::string preflight_headline(const Preflight& preflight) {
  const auto [word, rest] = headline_of(preflight);
  return word + rest;
}

std::string progress_line(const ServerProgress& server) {
  return fmt::format("{} for {}: {}{}{}", server_name(server.server), server.owner.to_string(),
                     checks::to_string(server.progress),
                     server.detail.empty() || server.progress == Progress::match ? "" : ": ",
                     server.progress == Progress::match ? "" : server.detail);
}

std::vector<std::string> progress_lines(const Preflight& preflight, const TableStyle& style) {
  std::vector<std::string> lines;
  for (const auto& server : preflight.sign.servers) {
    const Symbol symbol = symbol_of(server.progress);
    lines.push_back(
        wrap_text(fmt::format("{} {}", style.unicode ? symbol.unicode : symbol.ascii, progress_line(server)),
                  style.columns)
            .front());
  }
  return lines;
}

std::string preflight_text(const Preflight& preflight, const TableStyle& style) {
  PreflightPage page(style);
  page.answer(preflight);
  page.key(preflight);
  page.why(preflight);
  page.servers(preflight);
  page.resolvers(preflight);
  page.findings(preflight.report.findings);
  page.limits(preflight);
  page.next(preflight);
  return page.take();
}

}  // namespace dkimprobe::exporters
