#include "exporters/terminal/check_guide.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>

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
  for (const auto role : {config::Role::pending, config::Role::standby, config::Role::retired}) {
    const auto word = role_text(check.roles.of(role));
    if (!word.empty()) text += fmt::format("; for a {} selector: {}", config::to_string(role), word);
  }
  return text;
}

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
  columns = std::max(columns, narrowest_page);
  std::string text = hanging_text("", 0, fmt::format("{}: {}", check.name, check.summary), columns);
  text += '\n';
  for (const auto& entry : guide_entries(check)) {
    text += hanging_text(pad_right(fmt::format("  {}", entry.label), entry_label_columns),
                         entry_label_columns, entry.text, columns);
  }
  return text;
}

std::string list_checks(std::size_t columns) {
  columns = std::max(columns, narrowest_page);
  std::size_t widest = 0;
  for (const auto& check : checks::catalogue()) widest = std::max(widest, check.name.size());
  const std::size_t indent = std::min(widest + 4, columns / 2);
  std::string text;
  for (const Scope scope : guide_scopes()) {
    text += fmt::format("{}{}\n", text.empty() ? "" : "\n", guide_heading(scope));
    for (const auto& check : checks::catalogue()) {
      if (check.scope != scope) continue;
      std::string name = fmt::format("  {}", check.name);
      if (name.size() + 2 > indent) {
        text += name + '\n';
        name.clear();
      }
      text += hanging_text(pad_right(name, indent), indent, check.summary, columns);
    }
  }
  return text;
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
