// What the functions of the catalogue look at, and where they put what they find. Evidence is made once for
// each judgement, so that no check reads the same thing twice.
#pragma once

#include <optional>
#include <vector>

#include "checks/adsp_record.hpp"
#include "checks/answers.hpp"
#include "checks/catalogue.hpp"
#include "checks/judge.hpp"
#include "checks/key_record.hpp"
#include "checks/report.hpp"
#include "probe/observation.hpp"

namespace dkimprobe::checks {

/// One text that some servers publish at the selector's name (or at the end of its chain), read as a key
/// record.
struct ReadText {
  const PublishedText* published = nullptr;
  const AnswerGroup* group = nullptr;  ///< the servers that publish it
  KeyRecord record{};                  ///< total: holds every fault of the text with its offset
};

struct Evidence {
  const probe::Observation& observation;
  const Expectation& expectation;
  const Policy& policy;
  const ChainAnswers& answers;  ///< of the selector's name
  const ChainAnswers& adsp_answers;
  std::vector<ReadText> texts{};  ///< each different text once, those of the largest group first
  AdspRecord adsp{};
  SizeFacts size{};
};

/// Collects what one check found. A check that neither finds anything nor calls `not_judged` is clear.
class Verdict {
 public:
  /// A fault at `severity`, by default the check's own; the other members of `finding` are kept as given.
  void found(Finding finding, std::optional<Severity> severity = std::nullopt);
  /// What the check needs was not seen. Ignored once something was found.
  void not_judged() { judged_ = false; }

  [[nodiscard]] CheckOutcome outcome() const;
  [[nodiscard]] std::vector<Finding>& findings() { return findings_; }

  explicit Verdict(const Check& check) : check_(&check) {}

 private:
  const Check* check_;
  bool judged_ = true;
  std::vector<Finding> findings_{};
};

}  // namespace dkimprobe::checks
