// How a target says that a promise was broken: by abort(), which ends a run as a sanitizer does.
#pragma once

#include <cstdio>
#include <cstdlib>

[[noreturn]] inline void broken(const char* promise) {
  std::fprintf(stderr, "BROKEN PROMISE: %s\n", promise);
  std::abort();
}

#define PROMISE(holds) ((holds) ? static_cast<void>(0) : broken(#holds))
