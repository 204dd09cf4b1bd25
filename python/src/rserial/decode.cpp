#include "decode.hpp"

#include <cstring>
#include <utility>

#include "decoder.hpp"
#include "reader.hpp"

namespace rserial {

namespace {

template <class Reader>
Decoded decode_with(Reader reader, std::int64_t origin, std::size_t narrow_text) {
  return Decoder<Reader>(std::move(reader), origin, narrow_text).run();
}

}  // namespace

Decoded decode(const std::uint8_t* data, std::size_t size, std::size_t narrow_text) {
  if (size < 2 || data[1] != '\n') throw DecodeFailure("no serialization header (offset 0)");
  switch (data[0]) {
    case 'X': return decode_with(BinaryReader<true>(data + 2, size - 2), 2, narrow_text);
    case 'B': return decode_with(BinaryReader<false>(data + 2, size - 2), 2, narrow_text);
    case 'A': return decode_with(AsciiReader(data + 2, size - 2), 2, narrow_text);
    default: throw DecodeFailure("no serialization header (offset 0)");
  }
}

Decoded decode(Feed& feed, std::size_t size, std::size_t skip) {
  BinaryReader<true> reader(feed, size);
  if (size < skip + 2 || std::memcmp(reader.bytes(skip + 2) + skip, "X\n", 2) != 0) throw FeedEnded();
  return decode_with(std::move(reader), -static_cast<std::int64_t>(skip), kNarrowText);
}

}  // namespace rserial
