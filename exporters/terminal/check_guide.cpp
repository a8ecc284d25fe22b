#include "exporters/terminal/check_guide.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/report/caveats.hpp"
#include "exporters/terminal/text_page.hpp"
#include "exporters/text/text_layout.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::Check;
using checks::Scope;

constexpr std::size_t entry_label_columns = 14;

constexpr std::string_view markdown_head = R"(# The checks

Every fault that dkimprobe finds, its effect on mail and how to fix it. `dkimprobe explain NAME` prints the same.
This file is generated from the catalogue: change the rows, then run `./run generate`.

A finding is critical, a warning or a notice. The role of a selector changes the severity of some findings. A check
that could not see what it needs is `not_evaluated`: neither found nor clear.

## To add a check
1. Add a row to the file of its group, `checks/rules/*_checks.cpp`. The row and the head of its table hold everything
   that is printed about the check: name, what it needs, severity, the effect of roles, RFC section, the fault in one
   clause, its effect on mail, the remedy and an example. The name is part of the interface; name the fault, not the
   test.
2. Write the function that finds it, beside the row. The function is pure: evidence in, findings out.
3. Add two vectors in `tests/checks/vectors`: one that has the fault, and one that almost has it.
4. Run `./run generate`. It writes this file, the schema's list of checks, the alerts and the tests' expected outputs.

That is all: `tests/checks/catalogue/new_check_test.py` adds a check in this way.
)";

std::string sentence(std::string_view clause) {
  std::string text(clause);
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z' && !(text.size() > 1 && text[1] == '=')) {
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  }
  if (!text.empty() && text.back() != '.') text += '.';
  return text;
}

/// How a role changes the fault; empty if it does not.
std::string_view role_text(checks::RoleEffect rule) {
  switch (rule) {
    case checks::RoleEffect::as_found:
      return {};
    case checks::RoleEffect::notice:
      return "notice";
    case checks::RoleEffect::clear:
      return "no fault";
    case checks::RoleEffect::not_evaluated:
      return "not evaluated";
  }
  return {};
}

std::string severity_text(const Check& check) {
  std::string text(checks::to_string(check.severity));
  if (check.receivers_decide) text += "; critical if at least half of the verifiers reject the record";
  for (const auto role : {config::Role::pending, config::Role::standby, config::Role::retired}) {
    const auto word = role_text(check.roles.of(role));
    if (!word.empty()) text += fmt::format("; for a {} selector: {}", config::to_string(role), word);
  }
  return text;
}

/// A headline and its entries.
std::string page_of(const std::string& headline, const std::vector<GuideEntry>& list, std::size_t columns) {
  columns = std::max(columns, narrowest_page);
  std::string text = hanging_text("", 0, headline, columns) + '\n';
  for (const auto& entry : list) {
    text += hanging_text(pad_right(fmt::format("  {}", entry.label), entry_label_columns),
                         entry_label_columns, entry.text, columns);
  }
  return text;
}

/// Names in one column, and a clause about each in another.
class NameList {
 public:
  explicit NameList(std::size_t columns) : columns_(columns) {
    std::size_t widest = 0;
    for (const auto& check : checks::catalogue()) widest = std::max(widest, check.name.size());
    indent_ = std::min(widest + 4, columns / 2);
  }

  void heading(std::string_view words) { text_ += fmt::format("{}{}\n", text_.empty() ? "" : "\n", words); }

  void name(std::string_view word, std::string_view summary) {
    std::string name = fmt::format("  {}", word);
    if (name.size() + 2 > indent_) {
      text_ += name + '\n';
      name.clear();
    }
    if (summary.ends_with('.')) summary.remove_suffix(1);
    text_ += hanging_text(pad_right(name, indent_), indent_, summary, columns_);
  }

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::size_t columns_;
  std::size_t indent_ = 0;
  std::string text_{};
};

}  // namespace

std::vector<GuideEntry> guide_entries(const Check& check) {
  std::vector<GuideEntry> list = {{"Effect", sentence(check.effect)}, {"Fix", std::string(check.remedy)}};
  list.push_back({"Example", checks::example_text(check), check.example.kind == checks::Example::record});
  list.push_back({"Severity", severity_text(check)});
  list.push_back({"Scope", std::string(checks::to_string(check.scope))});
  if (!check.reference.empty()) list.push_back({"Reference", std::string(check.reference)});
  return list;
}

std::string guide_summary(const Check& check) {
  return sentence(check.summary);
}

std::vector<Scope> guide_scopes() {
  std::vector<Scope> list;
  for (const auto& check : checks::catalogue()) {
    if (std::find(list.begin(), list.end(), check.scope) == list.end()) list.push_back(check.scope);
  }
  return list;
}

std::string_view guide_heading(Scope scope) {
  switch (scope) {
    case Scope::record:
      return "The record: its text and its tags";
    case Scope::key:
      return "The key in p=";
    case Scope::size:
      return "The size of the answer";
    case Scope::adsp:
      return "Signing practices (ADSP)";
    case Scope::server:
      return "One server";
    case Scope::zone:
      return "All servers, the zone and the aliases";
    case Scope::signature:
      return "The signature field of a message";
  }
  return {};
}

std::string explain_check(const Check& check, std::size_t columns) {
  return page_of(fmt::format("{}: {}", check.name, check.summary), guide_entries(check), columns);
}

std::string explain_fault(const checks::RotationFaultRow& fault, std::size_t columns) {
  std::vector<GuideEntry> list = {{"Effect", std::string(fault.effect)},
                                  {"Fix", std::string(fault.remedy)},
                                  {"Severity", std::string(checks::to_string(fault.severity))},
                                  {"Scope", "rotation"}};
  list.push_back({"Alert", std::string(fault.alert.name)});
  return page_of(fmt::format("{}: {}", fault.name, fault.summary), list, columns);
}

std::string explain_reason(const checks::ReasonRow& reason, std::size_t columns) {
  std::vector<GuideEntry> list = {{"Meaning", std::string(reason.meaning)}};
  if (!reason.reference.empty()) list.push_back({"Reference", std::string(reason.reference)});
  return page_of(fmt::format("{}: a reason for the time of a step in a rotation", reason.name), list,
                 columns);
}

std::string explain_caveats(std::size_t columns) {
  columns = std::max(columns, narrowest_page);
  std::string text = "What a probe cannot know\n";
  for (const auto& caveat : checks::caveats()) {
    text +=
        '\n' + hanging_text("  - ", 4, caveat.text, columns) + hanging_text("    ", 4, caveat.why, columns);
  }
  return text;
}

std::string list_names(std::size_t columns) {
  NameList list(std::max(columns, narrowest_page));
  for (const Scope scope : guide_scopes()) {
    list.heading(guide_heading(scope));
    for (const auto& check : checks::catalogue()) {
      if (check.scope == scope) list.name(check.name, check.summary);
    }
  }
  list.heading("Faults of a rotation");
  for (const auto& fault : checks::rotation_faults()) list.name(fault.name, fault.summary);
  list.heading("Reasons for the times of a rotation");
  for (const auto* reason : checks::reasons())
    list.name(reason->name, reason->meaning.substr(0, reason->meaning.find(". ")));
  list.heading("Further");
  list.name("caveats", "what a probe cannot know, and why");
  return list.take();
}

std::string catalogue_markdown() {
  std::string text(markdown_head);
  for (const Scope scope : guide_scopes()) {
    text += fmt::format("\n## {}\n", guide_heading(scope));
    for (const auto& check : checks::catalogue()) {
      if (check.scope != scope) continue;
      text += fmt::format("\n### `{}`\n{}\n\n", check.name, guide_summary(check));
      for (const auto& entry : guide_entries(check)) {
        // Two backticks can enclose an example that contains one.
        text += entry.is_code ? fmt::format("- {}: `` {} ``\n", entry.label, entry.text)
                              : fmt::format("- {}: {}\n", entry.label, entry.text);
      }
    }
  }
  return text;
}

}  // namespace dkimprobe::exporters
