// Standard output of the process. A reader that went away (`| head`) is no fault of ours and not worth a
// word.
#pragma once

#include <string_view>

namespace dkimprobe::cli {

/// Writes and flushes; false when nobody reads any more. Throws std::system_error for every other failure.
bool write_output(std::string_view text);

}  // namespace dkimprobe::cli
