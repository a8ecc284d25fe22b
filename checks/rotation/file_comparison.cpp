#include "checks/rotation/file_comparison.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "checks/answers/chain_answers.hpp"
#include "checks/rotation/preflight.hpp"

namespace dkimprobe::checks {
namespace {

/// Where a published text begins to differ from that of the file; empty if more than two texts are compared.
std::string place_of_difference(const AnswerGroup& group, const std::vector<std::string>& texts) {
  if (group.texts.size() != 1 || texts.size() != 1) return {};
  const auto difference = compare_texts(group.texts.front().text, texts.front());
  const std::string cause = difference->cause.empty() ? "" : ": " + difference->cause;
  return fmt::format("; the text differs from octet {} on{}", difference->offset, cause);
}

/// How the server of the row compares, which belongs to the group of what is published, or to none.
ComparedServer compare(const ServerRow& row, const AnswerGroup* group,
                       const std::vector<std::string>& texts) {
  if (group == nullptr) return {row.id, FileAgreement::unknown, row.answer};
  if (std::ranges::equal(group->texts, texts, {}, &PublishedText::text))
    return {row.id, FileAgreement::same, {}};
  return {row.id, FileAgreement::differs, row.answer.str() + place_of_difference(*group, texts)};
}

}  // namespace

std::vector<ComparedServer> compare_with_file(const probe::Observation& observation,
                                              std::vector<std::string> texts) {
  std::ranges::sort(texts);
  const ChainAnswers answers = read_answers(observation.key);
  std::vector<ComparedServer> compared;
  for (const auto& hop : answers.hops) {
    for (const auto& row : hop.rows) {
      const auto group = std::ranges::find_if(answers.published, [&](const AnswerGroup& each) {
        return std::ranges::find(each.servers, row.id) != each.servers.end();
      });
      const bool is_published = group != answers.published.end();
      // Servers that lead to another name have their say there.
      if (!is_published && row.outcome == ServerOutcome::answered) continue;
      compared.push_back(compare(row, is_published ? &*group : nullptr, texts));
    }
  }
  return compared;
}

}  // namespace dkimprobe::checks
