/* glibc has it from 2.38 on. C23 adds binary numbers (%b), which PostgreSQL does not use. */
#include <stdarg.h>
#include <stdio.h>

int __isoc23_sscanf(const char *text, const char *format, ...);

int __isoc23_sscanf(const char *text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int result = vsscanf(text, format, arguments);
  va_end(arguments);
  return result;
}
