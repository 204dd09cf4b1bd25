/* One gzip member made by two threads. No R in it: threads must not call R. */
#ifndef CROSSFRAME_DEFLATE_H
#define CROSSFRAME_DEFLATE_H

#include <stddef.h>

/* The most bytes that gzip_member() writes for so many. */
size_t gzip_room(size_t size);

/* Compresses `size` bytes into `out`, which has gzip_room(size) bytes. Answers how many it wrote, 0 where
   zlib could not. The bytes are the same however many threads there are. */
size_t gzip_member(const unsigned char *data, size_t size, int level, unsigned char *out);

#endif
