// Faults of one server whose replies resolvers drop, because they do not match the question or violate the
// format, and of one that distinguishes letter case.
#include <algorithm>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "checks/catalogue/check_groups.hpp"
#include "checks/rules/server_faults.hpp"

namespace dkimprobe::checks {
namespace {

using probe::IgnoreReason;
using probe::Response;
using probe::Transport;

std::uint32_t strange_questions(const TransportAttempts& attempts) {
  return attempts.ignored[IgnoreReason::wrong_question] + attempts.ignored[IgnoreReason::wrong_class] +
         attempts.ignored[IgnoreReason::no_question] + attempts.ignored[IgnoreReason::wrong_id];
}

std::uint32_t strange_messages(const TransportAttempts& attempts) {
  return attempts.ignored[IgnoreReason::malformed] + attempts.ignored[IgnoreReason::wrong_opcode] +
         attempts.ignored[IgnoreReason::not_a_response];
}

/// "3 with another class, 1 with another id"; counts of zero are left out.
std::string count_some(std::initializer_list<std::pair<std::uint32_t, std::string_view>> counts) {
  std::string text;
  for (const auto& [count, what] : counts) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  }
  return text;
}

std::optional<Fault> find_wrong_source(const Asked& asked) {
  for (const TransportAttempts* attempts : asked.answer.all()) {
    const std::uint32_t count = attempts->ignored[IgnoreReason::wrong_source];
    if (count == 0 || attempts->response() != nullptr) continue;
    return Fault{fmt::format("{} datagrams came from another address than {}, which was queried for {}; "
                             "none came from that address",
                             count, asked.who(), asked.question()),
                 fmt::format("Make {} answer from the address that was queried: bind the server to each of "
                             "its addresses, and check the address translation in front of it.",
                             asked.who())};
  }
  return std::nullopt;
}

std::optional<Fault> find_wrong_question(const Asked& asked) {
  for (const TransportAttempts* attempts : asked.answer.all()) {
    if (strange_questions(*attempts) == 0 || attempts->response() != nullptr) continue;
    return Fault{
        fmt::format(
            "{} answered a different question than the one for {}: {}", asked.who(), asked.question(),
            count_some({{attempts->ignored[IgnoreReason::wrong_question], "with another name or type"},
                        {attempts->ignored[IgnoreReason::wrong_class], "with another class"},
                        {attempts->ignored[IgnoreReason::no_question], "without a question"},
                        {attempts->ignored[IgnoreReason::wrong_id], "with another id"}})),
        fmt::format("Fix or replace the DNS software of {}, or the device in front of it.", asked.who())};
  }
  return std::nullopt;
}

/// What is wrong with the messages that came; empty when nothing is.
std::string malformed_text(const TransportAttempts& attempts) {
  const Response* const response = attempts.response();
  if (response != nullptr && response->malformed_txt > 0)
    return fmt::format("{} TXT records without any string", response->malformed_txt);
  if (attempts.outcome == ServerOutcome::malformed)
    return response != nullptr ? "a record of another name instead of an answer"
                               : "a message that violates the message format";
  if (response != nullptr || strange_messages(attempts) == 0) return {};
  return "messages that are not answers: " +
         count_some({{attempts.ignored[IgnoreReason::malformed], "that violate the message format"},
                     {attempts.ignored[IgnoreReason::not_a_response], "that are not responses"},
                     {attempts.ignored[IgnoreReason::wrong_opcode], "with another opcode"}});
}

std::optional<Fault> find_malformed(const Asked& asked) {
  for (const TransportAttempts* attempts : asked.answer.all()) {
    const std::string what = attempts->is_conclusive() ? malformed_text(*attempts) : std::string();
    if (what.empty()) continue;
    return Fault{
        fmt::format("{} sent {} when queried for {} over {}", asked.who(), what,
                    attempts->deciding->question_name.to_string(),
                    attempts->deciding->transport == Transport::tcp ? "TCP" : "UDP"),
        fmt::format("Fix or replace the DNS software of {}, or the device in front of it.", asked.who())};
  }
  return std::nullopt;
}

// ---- Size ----

std::optional<Fault> find_too_much_txt(const Asked& asked) {
  for (const TransportAttempts* attempts : asked.answer.record_attempts()) {
    if (attempts->outcome != ServerOutcome::too_large) continue;
    const probe::OversizedTxt& txt = *attempts->response()->oversized_txt;
    return Fault{
        fmt::format("{} returned {} TXT records of {} bytes in all for {}; more than {} records or {} "
                    "bytes are not evaluated",
                    asked.who(), txt.records, txt.octets, asked.question(), probe::most_txt_records,
                    probe::most_txt_octets),
        fmt::format("At {}: keep only the TXT record whose key signs now.", asked.question())};
  }
  return std::nullopt;
}

// ---- Letter case ----

bool answered_mixed_case(const ServerAnswer& answer) {
  return std::ranges::any_of(answer.all(), [](const TransportAttempts* attempts) {
    return attempts->response() != nullptr && mixes_case(*attempts->deciding);
  });
}

std::optional<Fault> find_case_not_preserved(const Asked& asked) {
  for (const TransportAttempts* attempts : asked.answer.all()) {
    const Response* response = attempts->response();
    if (response == nullptr || !mixes_case(*attempts->deciding) || !response->has_question ||
        response->question_case_kept) {
      continue;
    }
    return Fault{fmt::format("{} changes the letter case of the question {}", asked.who(),
                             attempts->deciding->question_name.to_string()),
                 fmt::format("Make {} copy the question into its response byte for byte.", asked.who())};
  }
  return std::nullopt;
}

bool was_asked_in_both_cases(const ServerAnswer& answer) {
  return !transports_by_case(answer, true).empty() && !transports_by_case(answer, false).empty();
}

std::optional<Fault> find_case_sensitive(const Asked& asked) {
  const bool is_silent_to_it = asked.silence.cause == SilenceCause::mixed_case;
  const bool is_limited = asked.silence.cause == SilenceCause::limit;
  if (!is_silent_to_it && (is_limited || !denies_mixed_case(asked.answer))) return std::nullopt;
  const std::string mixed =
      transports_by_case(asked.answer, true).front()->deciding->question_name.to_string();
  return Fault{is_silent_to_it ? fmt::format("{} answers for {}, but does not when the query is for {}",
                                             asked.who(), asked.question(), mixed)
                               : fmt::format("{} has a record for {}, but none when the query is for {}",
                                             asked.who(), asked.question(), mixed),
               fmt::format("Make {} ignore letter case when it compares names. If several machines answer "
                           "at that address, check that each has the record.",
                           asked.who())};
}

constexpr auto reply_rows = rows_of(
    Scope::server, Needs::one_server,
    {{.name = "ns_wrong_source",
      .severity = Severity::warning,
      .reference = "RFC 2181 section 4.1",
      .summary = "a server answers from a different address than the one that was queried",
      .effect = "resolvers drop such answers",
      .remedy = "Make the server answer from the address that was queried.",
      .example = {Example::behaviour, "The query goes to 192.0.2.1, the answer comes from 192.0.2.9."},
      .find = find_at_servers<learnt_anything, find_wrong_source>},
     {.name = "ns_wrong_question",
      .severity = Severity::warning,
      .reference = "RFC 5452 section 9.1",
      .summary = "a server answers a different question than the one it was asked",
      .effect = "resolvers drop such answers",
      .remedy = "Fix the DNS software of the server.",
      .example = {Example::behaviour, "The query is for s1._domainkey, the answer repeats www."},
      .find = find_at_servers<learnt_anything, find_wrong_question>},
     {.name = "ns_malformed",
      .severity = Severity::warning,
      .reference = "RFC 1035 section 4.1",
      .summary = "a server sends messages or records that violate the DNS format",
      .effect = "resolvers drop such answers",
      .remedy = "Fix the DNS software of the server.",
      .example = {Example::behaviour, "The length of a record exceeds the end of the message."},
      .find = find_at_servers<learnt_anything, find_malformed>},
     {.name = "ns_too_much_txt",
      .severity = Severity::critical,
      .reference = "RFC 6376 section 3.6.2.2",
      .summary = "a server returns more TXT data for the selector than is evaluated",
      .effect = "verifiers may use any of the records, try each, or fail",
      .remedy = "Keep only the TXT record at `SELECTOR._domainkey.DOMAIN` whose key signs now.",
      .example = {Example::behaviour, "The answer for s1._domainkey has 1000 TXT records."},
      .find = find_at_servers<learnt_anything, find_too_much_txt>},
     {.name = "ns_case_not_preserved",
      .severity = Severity::warning,
      .reference = "RFC 4343 section 4.1",
      .summary = "a server changes the letter case of the question",
      .effect = "resolvers that randomize the case ask again over TCP",
      .remedy = "Make the server copy the question unchanged.",
      .example = {Example::behaviour, "The query is for S1._DomainKey, the answer repeats s1._domainkey."},
      .find = find_at_servers<answered_mixed_case, find_case_not_preserved>},
     {.name = "ns_case_sensitive",
      .severity = Severity::warning,
      .reference = "RFC 4343 section 3",
      .summary = "a server finds the record only if the query uses its letter case",
      .effect = "resolvers that randomize the case do not get the key",
      .remedy = "Make the server ignore letter case when it compares names.",
      .example = {Example::behaviour, "s1._domainkey has a key, but S1._DomainKey gets NXDOMAIN."},
      .find = find_at_servers<was_asked_in_both_cases, find_case_sensitive>}});

}  // namespace

std::span<const Check> reply_checks() {
  return reply_rows;
}

}  // namespace dkimprobe::checks
