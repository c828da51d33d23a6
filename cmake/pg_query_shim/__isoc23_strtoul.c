/* glibc has it from 2.38 on. C23 adds binary numbers (0b1), which PostgreSQL's grammar reads by itself. */
#include <stdlib.h>

unsigned long __isoc23_strtoul(const char *text, char **end, int base);

unsigned long __isoc23_strtoul(const char *text, char **end, int base) { return strtoul(text, end, base); }
