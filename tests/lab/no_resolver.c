// Loaded before the C library (LD_PRELOAD) by run_cases.py: it ends a program that calls the resolver of the system. So
// names leave the program only in its own queries.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct addrinfo;

static void refuse(const char* function, const char* name) {
  static const char message[] = "no_resolver: the system's resolver was asked by ";
  (void)!write(2, message, sizeof message - 1);
  (void)!write(2, function, strlen(function));
  if (name) {
    (void)!write(2, " for ", 5);
    (void)!write(2, name, strlen(name));
  }
  (void)!write(2, "\n", 1);
  abort();
}

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** found) {
  (void)service, (void)hints, (void)found;
  refuse("getaddrinfo", name);
  return -4;
}

#define REFUSE_NAME(function) \
  void* function(const char* name) { refuse(#function, name); return 0; }
REFUSE_NAME(gethostbyname)
#define REFUSE_QUERY(function) \
  int function(const char* name) { refuse(#function, name); return -1; }
REFUSE_QUERY(res_query)
REFUSE_QUERY(__res_query)
REFUSE_QUERY(res_search)
REFUSE_QUERY(__res_search)
#define REFUSE_STATE_QUERY(function) \
  int function(void* state, const char* name) { (void)state; refuse(#function, name); return -1; }
REFUSE_STATE_QUERY(res_nquery)
REFUSE_STATE_QUERY(res_nsearch)
REFUSE_STATE_QUERY(res_nsend)
