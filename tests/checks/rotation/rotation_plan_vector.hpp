// Rotations for tests, written short in JSON: selectors, what their servers gave when, and what the plan must
// say. The format stands in tests/checks/vectors/rotation_plan/README.md.
#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "checks/rotation/rotation_plan.hpp"

namespace dkimprobe::tests {

struct RotationPlanVector {
  checks::RotationOverview overview{};
  nlohmann::json expected{};
};

/// Reads the vector and plans what it holds. Throws std::runtime_error when it is not well formed.
[[nodiscard]] RotationPlanVector load_rotation(const std::filesystem::path& file);

}  // namespace dkimprobe::tests
