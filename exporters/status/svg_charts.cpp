#include "exporters/status/svg_charts.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <span>
#include <string_view>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "checks/answers/server_answer.hpp"
#include "exporters/status/page_parts.hpp"
#include "exporters/terminal/history_text.hpp"
#include "exporters/text/response_sizes.hpp"

namespace dkimprobe::exporters {
namespace {

using checks::AnswerPeriod;
using checks::PublishedKind;
using checks::SelectorHistory;
using checks::ServerTimeline;

constexpr std::size_t most_lanes = 24;
constexpr std::size_t shown_periods = 12;
constexpr double narrowest_period = 0.6;  // percent: keeps short periods visible
constexpr double letter_width = 3.0;      // percent of the width of a narrow window

std::string percent(double value) {
  return fmt::format("{:.2f}%", value);
}

// ---- Sizes ----

struct SizeBar {
  std::string_view path{};
  std::uint32_t bytes = 0;
  std::uint32_t limit = 0;
  bool at_most = false;  ///< an upper bound
};

class SizeDrawing {
 public:
  SizeDrawing(HtmlWriter& html, std::uint32_t largest)
      : html_(html), whole_(std::max(largest, edns_limit_bytes) * 1.06) {}

  void bar(const SizeBar& bar);
  void axis();

 private:
  [[nodiscard]] std::string at(std::uint32_t bytes) const { return percent(bytes * 100.0 / whole_); }

  HtmlWriter& html_;
  double whole_ = 1.0;
  std::size_t bars_ = 0;
};

void SizeDrawing::bar(const SizeBar& bar) {
  const bool over = bar.bytes > bar.limit;
  const std::string id = fmt::format("size{}", ++bars_);
  const std::string words =
      fmt::format("{}: {}{} bytes, {} {} {}", bar.path, bar.at_most ? "at most " : "", bar.bytes,
                  over ? bar.bytes - bar.limit : bar.limit - bar.bytes, over ? "over" : "left of", bar.limit);
  const auto lane = html_.open("div", {{"class", over ? "lane over" : "lane"}});
  html_.leaf("p", {{"id", id}}, words);
  const auto drawing =
      html_.open("svg", {{"role", "img"}, {"aria-labelledby", id}, {"width", "100%"}, {"height", "18"}});
  html_.leaf("title", words);
  html_.empty("rect", {{"class", "track"}, {"width", "100%"}, {"height", "18"}, {"rx", "2"}});
  html_.empty(
      "rect",
      {{"class", "bar"}, {"y", "3"}, {"width", at(std::min(bar.bytes, bar.limit))}, {"height", "12"}});
  if (over) {
    html_.empty("rect", {{"class", "bar beyond"},
                         {"x", at(bar.limit)},
                         {"y", "3"},
                         {"width", at(bar.bytes - bar.limit)},
                         {"height", "12"}});
  }
  for (const auto limit : {plain_limit_bytes, edns_limit_bytes}) {
    html_.empty("line", {{"class", limit == bar.limit ? "limit own" : "limit"},
                         {"x1", at(limit)},
                         {"x2", at(limit)},
                         {"y1", "0"},
                         {"y2", "18"}});
  }
}

void SizeDrawing::axis() {
  const auto drawing =
      html_.open("svg", {{"aria-hidden", "true"}, {"class", "axis"}, {"width", "100%"}, {"height", "18"}});
  for (const auto limit : {plain_limit_bytes, edns_limit_bytes}) {
    html_.leaf("text", {{"x", at(limit)}, {"y", "13"}, {"text-anchor", "middle"}}, fmt::format("{}", limit));
  }
}

// ---- Time ----

bool is_published(const AnswerPeriod& period) {
  return period.kind == PublishedKind::texts || period.kind == PublishedKind::alias;
}

/// A period as drawn: changes of TTLs alone do not split it.
struct DrawnPeriod {
  probe::WallTime from{};
  probe::WallTime until{};
  const AnswerPeriod* answer = nullptr;

  [[nodiscard]] bool looks_like(const DrawnPeriod& other) const {
    return from == other.from && until == other.until && answer->same_answer(*other.answer);
  }
};

struct Lane {
  config::DomainName owner{};
  std::vector<checks::ServerId> servers{};
  std::vector<DrawnPeriod> periods{};
};

std::vector<DrawnPeriod> drawn_periods(const ServerTimeline& timeline) {
  std::vector<DrawnPeriod> drawn;
  for (const auto& period : timeline.periods) {
    if (!drawn.empty() && drawn.back().answer->same_answer(period)) {
      drawn.back().until = period.last_seen;
    } else {
      drawn.push_back({period.first_seen, period.last_seen, &period});
    }
  }
  return drawn;
}

std::vector<Lane> lanes_of(const SelectorHistory& history) {
  std::vector<Lane> lanes;
  for (const auto& timeline : history.servers) {
    auto periods = drawn_periods(timeline);
    if (periods.empty()) continue;
    const auto alike = std::ranges::find_if(lanes, [&](const Lane& lane) {
      return lane.owner == timeline.owner &&
             std::ranges::equal(lane.periods, periods,
                                [](const DrawnPeriod& a, const DrawnPeriod& b) { return a.looks_like(b); });
    });
    if (alike != lanes.end()) {
      alike->servers.push_back(timeline.server);
    } else {
      lanes.push_back({timeline.owner, {timeline.server}, std::move(periods)});
    }
  }
  return lanes;
}

/// Gives every answer a sign. Published answers are numbered in the order in which they first appeared.
class Signs {
 public:
  explicit Signs(std::span<const Lane> lanes) {
    std::vector<const AnswerPeriod*> periods;
    for (const auto& lane : lanes) {
      for (const auto& period : lane.periods) {
        if (is_published(*period.answer)) periods.push_back(period.answer);
      }
    }
    std::ranges::sort(periods, [](const AnswerPeriod* a, const AnswerPeriod* b) {
      return a->first_seen != b->first_seen ? a->first_seen < b->first_seen : ByAnswer()(a, b);
    });
    for (const auto* const period : periods) {
      if (numbers_.try_emplace(period, answers_.size() + 1).second) answers_.push_back(period);
    }
  }

  [[nodiscard]] std::string sign(const AnswerPeriod& period) const {
    switch (period.kind) {
      case PublishedKind::texts:
      case PublishedKind::alias:
        return fmt::format("{}", numbers_.at(&period));
      case PublishedKind::nodata:
      case PublishedKind::nxdomain:
        return "none";
      case PublishedKind::failure:
      case PublishedKind::unknown:
        return "?";
      case PublishedKind::left:
        return "left";
    }
    return {};
  }

  /// For the stylesheet: the numbers cycle through six styles.
  [[nodiscard]] std::string css_class(const AnswerPeriod& period) const {
    switch (period.kind) {
      case PublishedKind::texts:
      case PublishedKind::alias:
        return fmt::format("span answer-{}", (numbers_.at(&period) - 1) % 6 + 1);
      case PublishedKind::nodata:
      case PublishedKind::nxdomain:
        return "span absent";
      case PublishedKind::failure:
      case PublishedKind::unknown:
      case PublishedKind::left:
        return "span unknown";
    }
    return {};
  }

  [[nodiscard]] const std::vector<const AnswerPeriod*>& answers() const { return answers_; }

 private:
  struct ByAnswer {
    bool operator()(const AnswerPeriod* a, const AnswerPeriod* b) const {
      return std::tie(a->kind, a->texts, a->alias) < std::tie(b->kind, b->texts, b->alias);
    }
  };

  std::map<const AnswerPeriod*, std::size_t, ByAnswer> numbers_{};
  std::vector<const AnswerPeriod*> answers_{};
};

class TimeDrawing {
 public:
  TimeDrawing(HtmlWriter& html, const Signs& signs, probe::WallTime first, probe::WallTime last)
      : html_(html), signs_(signs), first_(first), last_(last) {}

  void lane(const Lane& lane, bool with_owner);
  void axis();

 private:
  /// In percent of the width.
  [[nodiscard]] double at(probe::WallTime time) const {
    const auto whole = std::chrono::duration<double>(last_ - first_).count();
    if (whole <= 0) return 0;
    return std::clamp(std::chrono::duration<double>(time - first_).count() * 100.0 / whole, 0.0, 100.0);
  }
  /// The signs of a lane in order of time.
  [[nodiscard]] std::string in_words(const Lane& lane) const;

  HtmlWriter& html_;
  const Signs& signs_;
  probe::WallTime first_{};
  probe::WallTime last_{};
  std::size_t lanes_ = 0;
};

std::string TimeDrawing::in_words(const Lane& lane) const {
  std::string words = lane.periods.size() > shown_periods ? "..." : "";
  const std::size_t first = lane.periods.size() - std::min(lane.periods.size(), shown_periods);
  for (std::size_t i = first; i < lane.periods.size(); ++i)
    words += (words.empty() ? "" : ", ") + signs_.sign(*lane.periods[i].answer);
  return words;
}

void TimeDrawing::lane(const Lane& lane, bool with_owner) {
  const std::string id = fmt::format("lane{}", ++lanes_);
  std::vector<std::string> names;
  for (const auto& server : lane.servers) names.push_back(checks::server_text(server));
  const auto row = html_.open("div", {{"class", "lane"}});
  {
    const auto words = html_.open("p", {{"id", id}});
    html_.text(checks::join_some(names));
    if (with_owner) html_.text(fmt::format(", queried for {}", lane.owner.to_string()));
    html_.leaf("span", {{"class", "quiet"}}, fmt::format(": {}", in_words(lane)));
  }
  const auto drawing =
      html_.open("svg", {{"role", "img"}, {"aria-labelledby", id}, {"width", "100%"}, {"height", "22"}});
  html_.leaf("title", in_words(lane));
  html_.empty("rect", {{"class", "track"}, {"width", "100%"}, {"height", "22"}, {"rx", "2"}});
  for (std::size_t i = 0; i < lane.periods.size(); ++i) {
    const DrawnPeriod& period = lane.periods[i];
    if (period.answer->kind == PublishedKind::left) continue;
    // Drawn until the next period begins: what was published between two probes is unknown, and the change is
    // dated to the later probe.
    const double from = std::min(at(period.from), 100.0 - narrowest_period);
    const double until = i + 1 < lane.periods.size() ? at(lane.periods[i + 1].from) : at(period.until);
    const double width = std::max(until - from, narrowest_period);
    const auto group = html_.open("g", {{"class", signs_.css_class(*period.answer)}});
    {
      const auto title = html_.open("title");
      html_.text(fmt::format("{}: {}", signs_.sign(*period.answer), answer_text(*period.answer)));
    }
    html_.empty("rect", {{"x", percent(from)}, {"y", "2"}, {"width", percent(width)}, {"height", "18"}});
    const std::string sign = signs_.sign(*period.answer);
    if (width >= letter_width * static_cast<double>(sign.size()))
      html_.leaf("text", {{"x", percent(from + width / 2)}, {"y", "15"}, {"text-anchor", "middle"}}, sign);
  }
}

void TimeDrawing::axis() {
  const auto ends = html_.open("p", {{"class", "ends"}});
  write_timestamp(html_, first_);
  html_.raw(" ");
  write_timestamp(html_, last_);
}

void write_legend(HtmlWriter& html, const Signs& signs) {
  constexpr std::size_t longest_legend = 24;
  const auto list = html.open("dl", {{"class", "legend"}});
  const auto entry = [&](const std::string& css_class, std::string_view sign, std::string_view words) {
    {
      const auto term = html.open("dt");
      const auto key = html.open("svg", {{"width", "44"}, {"height", "20"}, {"aria-hidden", "true"}});
      const auto group = html.open("g", {{"class", css_class}});
      html.empty("rect", {{"x", "1"}, {"y", "1"}, {"width", "42"}, {"height", "18"}});
      html.leaf("text", {{"x", "22"}, {"y", "14"}, {"text-anchor", "middle"}}, sign);
    }
    const auto meaning = html.open("dd");
    html.leaf("span", {{"class", "visually-hidden"}}, fmt::format("{}: ", sign));
    html.text(words);
  };
  const auto& answers = signs.answers();
  const std::size_t first = answers.size() - std::min(answers.size(), longest_legend);
  for (std::size_t i = first; i < answers.size(); ++i)
    entry(signs.css_class(*answers[i]), signs.sign(*answers[i]), answer_text(*answers[i]));
  entry("span absent", "none", "no such name, or no TXT record there");
  entry("span unknown", "?", "no usable answer");
}

}  // namespace

void write_sizes(HtmlWriter& html, const checks::SizeFacts& size) {
  std::vector<SizeBar> bars;
  if (const auto bytes = plain_bytes(size)) bars.push_back({"UDP without EDNS", *bytes, plain_limit_bytes});
  if (size.chain && size.chain != size.direct)
    bars.push_back({"with the alias chain", *size.chain, plain_limit_bytes, true});
  if (const auto bytes = edns_bytes(size)) bars.push_back({"UDP with EDNS", *bytes, edns_limit_bytes});
  if (bars.empty()) return;
  SizeDrawing drawing(html, std::ranges::max(bars, {}, &SizeBar::bytes).bytes);
  for (const auto& bar : bars) drawing.bar(bar);
  drawing.axis();
}

void write_timeline(HtmlWriter& html, const SelectorHistory& history) {
  if (!history.first_probe || !history.last_probe) return;
  const auto lanes = lanes_of(history);
  const auto drawn = std::span(lanes).first(std::min(lanes.size(), most_lanes));
  const Signs signs(drawn);
  const bool with_owner =
      std::ranges::any_of(drawn, [&](const Lane& lane) { return lane.owner != drawn.front().owner; });
  TimeDrawing drawing(html, signs, *history.first_probe, *history.last_probe);
  for (const auto& lane : drawn) drawing.lane(lane, with_owner);
  if (lanes.size() > most_lanes)
    html.leaf("p", fmt::format("{} more rows are not shown", lanes.size() - most_lanes));
  drawing.axis();
  write_legend(html, signs);
}

}  // namespace dkimprobe::exporters
