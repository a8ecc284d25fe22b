// Loaded before the C library (LD_PRELOAD) by serve_test.py: while the file that PAST_CLOCK names exists, the clock of
// the program shows the year 1972. Its other clocks are as they are.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec* time) {
  const int result = (int)syscall(SYS_clock_gettime, clock, time);
  const char* file = getenv("PAST_CLOCK");
  if (result == 0 && clock == CLOCK_REALTIME && file != NULL && access(file, F_OK) == 0)
    time->tv_sec = 2 * 365 * 86400 + time->tv_sec % 86400;
  return result;
}
