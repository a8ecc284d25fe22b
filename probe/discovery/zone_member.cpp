#include "probe/discovery/zone_member.hpp"

#include <utility>

namespace dkimprobe::probe {

bool ZoneMember::leads_on() const {
  return end == CutAnswer::refers || end == CutAnswer::serves_it;
}

bool ZoneMember::is_conclusive() const {
  return leads_on() || end == CutAnswer::no_cut || end == CutAnswer::denied;
}

std::optional<ParentAnswer> ZoneMember::about(ZoneCut& below) const {
  const std::size_t labels = below.apex.label_count();
  ParentAnswer answer{server.names, server.address, end.value_or(CutAnswer::not_asked),
                      not_asked,    std::nullopt,   serial,
                      nsid};
  if (ticket && !end) answer.answer = CutAnswer::silent;
  if (reading) {
    // A referral to a zone above this one says nothing about this one. A referral further down shows that no
    // zone begins here.
    if (end_labels < labels) return std::nullopt;
    if (end_labels > labels) {
      answer.answer = CutAnswer::no_cut;
    } else if (answer.answer == CutAnswer::refers) {
      answer.referral = referral_index(below, *reading);
    }
  } else if (answer.answer == CutAnswer::denied && end_labels > labels && !met_denial) {
    answer.answer = CutAnswer::no_cut;
  }
  return answer;
}

bool members_differ(const std::vector<ZoneMember>& members) {
  const ZoneMember* first = nullptr;
  for (const ZoneMember& member : members) {
    if (!member.is_conclusive()) continue;
    if (first == nullptr) {
      first = &member;
      continue;
    }
    if (member.leads_on() != first->leads_on() || !(member.cut == first->cut)) return true;
    if (!member.reading || !first->reading || member.reading->kind != first->reading->kind) continue;
    ZoneCut cut;
    if (referral_index(cut, *first->reading) != referral_index(cut, *member.reading)) return true;
  }
  return false;
}

bool serials_differ(const std::vector<ZoneMember>& members) {
  std::optional<std::uint32_t> first;
  for (const ZoneMember& member : members) {
    if (!member.serial) continue;
    if (first && *first != *member.serial) return true;
    first = member.serial;
  }
  return false;
}

}  // namespace dkimprobe::probe
