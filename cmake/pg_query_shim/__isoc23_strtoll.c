/* glibc has it from 2.38 on. C23 adds binary numbers (0b1), which PostgreSQL's grammar reads by itself. */
#include <stdlib.h>

long long __isoc23_strtoll(const char *text, char **end, int base);

long long __isoc23_strtoll(const char *text, char **end, int base) { return strtoll(text, end, base); }
