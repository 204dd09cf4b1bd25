// Target: R's safety scan. It reads nothing beyond the bytes, ends, and judges as the native codec does: what
// one of them takes for data is no code to the other.
#include <cstdint>
#include <string>

extern "C" {
#include "scan_shim.h"
}

#include "decode.hpp"
#include "fail.hpp"

namespace {

struct Judged {
  int status;
  std::string why;
};

Judged judged_by_codec(const std::uint8_t* data, std::size_t size) {
  try {
    rserial::decode(data, size);
    return {SHIM_SAFE, ""};
  } catch (const rserial::DecodeFailure& failure) {
    return {SHIM_DAMAGED, failure.what()};
  } catch (const rserial::UnsafeFailure& failure) {
    return {SHIM_UNSAFE, failure.what()};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const verdict full = run_scan(data, size, 1);
  PROMISE(full.sound);
  const verdict brief = run_scan(data, size, 0);
  PROMISE(brief.sound);
  // A report that goes on behind refused items may find damage there; it never turns bad into good.
  PROMISE((brief.status == SHIM_SAFE) == (full.status == SHIM_SAFE));
  const Judged codec = judged_by_codec(data, size);
  if (brief.status == SHIM_SAFE && codec.status == SHIM_UNSAFE) {
    std::fprintf(stderr, "the codec: %s\n", codec.why.c_str());
    broken("what the scan takes for data is no code to the codec");
  }
  if (brief.status == SHIM_UNSAFE && codec.status == SHIM_SAFE) {
    std::fprintf(stderr, "the scan: %s, offset %zu\n", brief.what, brief.offset);
    broken("what the codec takes for data is no code to the scan");
  }
  return 0;
}
