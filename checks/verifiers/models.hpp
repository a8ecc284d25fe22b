// The models of the verifiers, each in the file of its name: why it does not accept the text, or empty if it
// accepts the signature.
#pragma once

#include <optional>

#include "checks/verifiers/reading.hpp"

namespace dkimprobe::checks {

[[nodiscard]] std::optional<Refusal> read_as_dkim_verifier(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_dkimpy(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_exim_4_96(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_exim_4_98(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_go_msgauth(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_mail_auth(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_mail_dkim_2023(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_mail_dkim_2024(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_mailauth_5(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_mailauth_7(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_mox(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_opendkim(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_rspamd_3(const Reading& reading);
[[nodiscard]] std::optional<Refusal> read_as_rspamd_4(const Reading& reading);

}  // namespace dkimprobe::checks
