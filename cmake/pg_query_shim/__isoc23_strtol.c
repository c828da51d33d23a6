/* glibc has it from 2.38 on. C23 adds binary numbers (0b1), which PostgreSQL's grammar reads by itself. */
#include <stdlib.h>

long __isoc23_strtol(const char *text, char **end, int base);

long __isoc23_strtol(const char *text, char **end, int base) { return strtol(text, end, base); }
