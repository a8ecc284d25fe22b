#include "config/master_file.hpp"

#include <cstdint>
#include <cstdio>
#include <memory>

#include <fmt/format.h>

namespace dkimprobe::config {
namespace {

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct RecordFree {
  void operator()(ldns_rr* record) const { ldns_rr_free(record); }
};

/// Parser state from line to line.
struct ReaderNames {
  ldns_rdf* origin = ldns_rdf_new_frm_str(LDNS_RDF_TYPE_DNAME, ".");
  ldns_rdf* previous = nullptr;

  ReaderNames() = default;
  ReaderNames(const ReaderNames&) = delete;
  ReaderNames& operator=(const ReaderNames&) = delete;
  ~ReaderNames() {
    ldns_rdf_deep_free(origin);
    ldns_rdf_deep_free(previous);
  }
};

}  // namespace

void read_master_lines(std::string& text, const std::string& place, Errors& errors,
                       const std::function<void(const ldns_rr&, int line)>& take) {
  const std::unique_ptr<std::FILE, FileCloser> stream(text.empty() ? nullptr
                                                                   : fmemopen(text.data(), text.size(), "r"));
  ReaderNames names;
  std::uint32_t ttl = 3'600'000;
  int next_line = 1;
  while (stream && std::feof(stream.get()) == 0 && errors.size() < most_errors) {
    const int line = next_line;
    ldns_rr* read = nullptr;
    const ldns_status status =
        ldns_rr_new_frm_fp_l(&read, stream.get(), &ttl, &names.origin, &names.previous, &next_line);
    const std::unique_ptr<ldns_rr, RecordFree> record(read);
    if (status == LDNS_STATUS_OK && record) {
      take(*record, line);
    } else if (status != LDNS_STATUS_OK && status != LDNS_STATUS_SYNTAX_EMPTY &&
               status != LDNS_STATUS_SYNTAX_TTL && status != LDNS_STATUS_SYNTAX_ORIGIN) {
      errors.push_back(
          {fmt::format("{}:{}", place, line),
           fmt::format("this is not a line of a zone file: {}", ldns_get_errorstr_by_id(status))});
    }
  }
}

}  // namespace dkimprobe::config
