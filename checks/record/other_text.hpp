// Recognizes what a text is if it is not a DKIM key record: a record of another kind that was published at
// the wrong name, a policy, a key without its tags, free text.
#pragma once

#include <string>
#include <string_view>

#include "checks/record/record_fault.hpp"
#include "checks/record/tag_list.hpp"

namespace dkimprobe::checks {

/// The tags that RFC 6376 section 3.6.1 defines, and g= of RFC 4871.
inline constexpr std::string_view known_tags = "vghknpst";

/// What `text` is, as a noun for people: "an SPF record"; empty for a key record. `list` are its tags.
[[nodiscard]] std::string_view other_kind(std::string_view text, const TagList& list);

/// `kind` is what `other_kind` returned.
[[nodiscard]] TextFault other_text_fault(std::string_view text, std::string_view kind);

/// Whether `text` is base64 of a public key, with or without the lines of PEM around it.
[[nodiscard]] bool is_bare_key(std::string_view text);

/// Whether all tags are those of a DomainKeys sending policy, such as `t=y; o=~` (RFC 4870 section 3.6). At a
/// name that is not `_domainkey`, only o= identifies a policy: see `is_domainkeys_policy`.
[[nodiscard]] bool has_policy_tags_alone(const TagList& list);
[[nodiscard]] bool is_domainkeys_policy(const TagList& list);

}  // namespace dkimprobe::checks
