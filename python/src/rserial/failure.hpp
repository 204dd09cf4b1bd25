// What can go wrong, with the place where it did.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace rserial {

// The bytes are no valid serialization.
struct DecodeFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The bytes hold code, or would load or attach something.
struct UnsafeFailure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace rserial
