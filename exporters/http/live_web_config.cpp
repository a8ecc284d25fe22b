#include "exporters/http/live_web_config.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "config/basics/escape.hpp"

namespace dkimprobe::exporters {
namespace {

config::Result<std::shared_ptr<WebRules>> make_rules(config::WebConfig config) {
  auto rules = std::make_shared<WebRules>();
  rules->config = std::move(config);
  if (rules->config.tls) {
    auto tls = make_tls_context(std::make_shared<const config::TlsServerConfig>(*rules->config.tls));
    if (!tls) {
      for (auto& each : tls.error()) each.where = config::escape_text(rules->config.files.front().string());
      return tl::unexpected(std::move(tls.error()));
    }
    rules->tls = std::move(*tls);
  }
  return rules;
}

WebFileStamp stamp_of(const std::filesystem::path& path) {
  struct stat status{};
  if (stat(path.c_str(), &status) != 0) return {0, 0, -1, 0, 0};
  return {status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

}  // namespace

config::Result<bool> WebRulesFile::open(const WebSettings& settings) {
  path_ = settings.config_file;
  on_config_ = settings.on_config;
  if (!path_) return true;
  files_.push_back(*path_);
  return read();
}

std::shared_ptr<const WebRules> WebRulesFile::now() {
  if (!path_ || stamps() == stamps_) return rules_;
  if (auto result = read(); !result && on_config_) on_config_(tl::unexpected(std::move(result.error())));
  return rules_;
}

std::vector<WebFileStamp> WebRulesFile::stamps() const {
  std::vector<WebFileStamp> result;
  for (const auto& file : files_) result.push_back(stamp_of(file));
  return result;
}

config::Result<bool> WebRulesFile::read() {
  // Taken before reading, so that a change during the reading causes another one.
  stamps_ = stamps();
  return config::load_web_config(*path_)
      .and_then([](config::WebConfig config) { return make_rules(std::move(config)); })
      .map([&](std::shared_ptr<WebRules> rules) {
        if (files_ != rules->config.files) {
          files_ = rules->config.files;
          stamps_ = stamps();
        }
        rules_ = std::move(rules);
        if (on_config_) on_config_(rules_->config.warnings);
        return true;
      });
}

}  // namespace dkimprobe::exporters
