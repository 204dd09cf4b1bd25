// Runs a fuzz target without libFuzzer: every file, every truncation of it, every byte changed one at a time,
// then random changes with a fixed seed. The input that a sanitizer stops at is left in the file `--crash`
// names.
//
//   driver [--seconds N] [--seed N] [--limit BYTES] [--crash FILE] FOLDER...
#include <sanitizer/common_interface_defs.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Why: a broken promise ends in abort(), and only the sanitizer's own end runs the callback that keeps the
// input.
extern "C" const char* __asan_default_options() { return "handle_abort=1:allocator_may_return_null=0"; }

namespace {

using Bytes = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

struct Options {
  double seconds = 0;
  unsigned long seed = 1;
  std::size_t limit = 8192;
  std::string crash = "crash.bin";
  std::vector<std::string> folders;
};

Options options;
const Bytes* current = nullptr;
std::uint64_t runs = 0;

void keep_input() {
  if (current == nullptr) return;
  std::ofstream(options.crash, std::ios::binary)
      .write(reinterpret_cast<const char*>(current->data()), static_cast<std::streamsize>(current->size()));
  std::fprintf(stderr, "the input of %zu bytes is in %s\n", current->size(), options.crash.c_str());
}

// Why a copy of its own: a byte read beyond the end is seen only where the block ends there.
void run(const Bytes& bytes) {
  const auto block = std::make_unique<std::uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), block.get());
  current = &bytes;
  LLVMFuzzerTestOneInput(block.get(), bytes.size());
  current = nullptr;
  ++runs;
}

// Why not every place of a large file: the work grows with the square of its size. Up to the limit nothing is
// left out; beyond it the first bytes, the last, and some evenly between.
std::vector<std::size_t> places(std::size_t size) {
  std::vector<std::size_t> out;
  constexpr std::size_t kEdge = 16, kBetween = 16;
  const std::size_t step = size <= options.limit ? 1 : std::max<std::size_t>(1, size / kBetween);
  for (std::size_t i = 0; i < size; i += (i < kEdge || i + kEdge >= size) ? 1 : step) out.push_back(i);
  return out;
}

void run_damaged(const Bytes& whole) {
  run(whole);
  for (const std::size_t at : places(whole.size())) {
    run(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(at)));
    Bytes changed = whole;
    changed[at] ^= 0xFF;
    run(changed);
  }
}

class Mutator {
 public:
  explicit Mutator(const std::vector<Bytes>& corpus) : corpus_(corpus), chance_(options.seed) {}

  Bytes next() {
    Bytes bytes = corpus_[below(corpus_.size())];
    for (std::size_t left = 1 + below(6); left > 0; --left) change(bytes);
    return bytes;
  }

 private:
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : chance_() % bound; }

  void change(Bytes& bytes) {
    // Lengths, types and flags that mean something to a reader of 4-byte words.
    static constexpr std::uint32_t kWords[] = {0,   1,   2,   0xFFFFFFFF, 0x7FFFFFFF, 0x80000000, 13,
                                               14,  16,  19,  22,         238,        254,        255,
                                               511, 525, 531, 775,        1026,       1538};
    const std::size_t at = below(bytes.size() + 1);
    const std::size_t span = std::min(bytes.size() - at, 1 + below(32));
    const auto from = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (below(7)) {
      case 0:
        if (at < bytes.size()) bytes[at] ^= static_cast<std::uint8_t>(1u << below(8));
        break;
      case 1:
        if (at < bytes.size()) bytes[at] = static_cast<std::uint8_t>(chance_());
        break;
      case 2: {
        const std::size_t word = at / 4 * 4 + below(2) * 2;
        if (word + 4 > bytes.size()) break;
        const std::uint32_t value = kWords[below(std::size(kWords))];
        for (int k = 0; k < 4; ++k)
          bytes[word + static_cast<std::size_t>(k)] = static_cast<std::uint8_t>(value >> (24 - 8 * k));
        break;
      }
      case 3: bytes.erase(from, from + static_cast<std::ptrdiff_t>(span)); break;
      case 4: {
        const Bytes copy(from, from + static_cast<std::ptrdiff_t>(span));
        bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1)), copy.begin(),
                     copy.end());
        break;
      }
      case 5: bytes.resize(at); break;
      default: {
        const Bytes& other = corpus_[below(corpus_.size())];
        const std::size_t start = below(other.size() + 1);
        const std::size_t length = std::min(other.size() - start, below(128));
        const auto piece = other.begin() + static_cast<std::ptrdiff_t>(start);
        bytes.insert(from, piece, piece + static_cast<std::ptrdiff_t>(length));
      }
    }
  }

  const std::vector<Bytes>& corpus_;
  std::mt19937_64 chance_;
};

std::vector<Bytes> read_corpus() {
  std::vector<std::filesystem::path> paths;
  for (const std::string& folder : options.folders) {
    for (const auto& entry : std::filesystem::directory_iterator(folder)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Bytes> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

void read_options(int count, char** words) {
  for (int i = 1; i < count; ++i) {
    const std::string word = words[i];
    const char* value = i + 1 < count ? words[i + 1] : "";
    if (word == "--seconds") {
      options.seconds = std::atof(value), ++i;
    } else if (word == "--seed") {
      options.seed = std::strtoul(value, nullptr, 10), ++i;
    } else if (word == "--limit") {
      options.limit = std::strtoul(value, nullptr, 10), ++i;
    } else if (word == "--crash") {
      options.crash = value, ++i;
    } else {
      options.folders.push_back(word);
    }
  }
}

}  // namespace

int main(int count, char** words) {
  read_options(count, words);
  __sanitizer_set_death_callback(keep_input);
  const std::vector<Bytes> corpus = read_corpus();
  if (corpus.empty()) {
    std::fprintf(stderr, "no file to start from\n");
    return 2;
  }
  for (const Bytes& whole : corpus) run_damaged(whole);
  std::printf("%zu files, %llu runs of them truncated and changed\n", corpus.size(),
              static_cast<unsigned long long>(runs));
  const std::uint64_t before = runs;
  Mutator mutator(corpus);
  const auto end = Clock::now() + std::chrono::duration<double>(options.seconds);
  while (Clock::now() < end) run(mutator.next());
  std::printf("%llu runs at random in %.0f s, seed %lu\n", static_cast<unsigned long long>(runs - before),
              options.seconds, options.seed);
  return 0;
}
