/* glibc has it from 2.38 on. */
#include <stddef.h>
#include <string.h>

size_t strlcat(char *to, const char *from, size_t size);

size_t strlcat(char *to, const char *from, size_t size) {
  const size_t before = strnlen(to, size);
  const size_t length = strlen(from);
  if (before < size) {
    const size_t space = size - before - 1;
    const size_t copied = length < space ? length : space;
    memcpy(to + before, from, copied);
    to[before + copied] = '\0';
  }
  return before + length;
}
