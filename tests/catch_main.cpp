// The main function of every test program.
#define CATCH_CONFIG_RUNNER  // with it the header of version 2 holds the implementation too
#include "tests/catch.hpp"

int main(int count, char** arguments) {
  return Catch::Session().run(count, arguments);
}
