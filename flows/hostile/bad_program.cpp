// bad_program: does the one wrong thing that its first argument names, for the test of the test of hostile inputs.
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace {

int refuse(const char* message = "bad_program: input: found something hostile, expected something else\n") {
  std::fputs(message, stderr);
  return 2;
}

void write(const char* path) { std::ofstream(path) << "x"; }

}  // namespace

int main(int argc, char** argv) {
  const std::string what = argc > 1 ? argv[1] : "";
  if (what == "refuses") return refuse();
  if (what == "accepts") return 0;
  if (what == "aborts") std::abort();
  if (what == "overflows the stack") ::raise(11);
  if (what == "waits") ::pause();
  for (volatile bool spin = what == "spins"; spin;) {
  }
  if (what == "exits with 3") return 3;
  if (what == "says nothing") return 2;
  if (what == "says who threw") return refuse("bad_program: internal error: [json.exception.type_error.302]\n");
  if (what == "says control characters") return refuse("bad_program: found \x1b[31m\n");
  if (what == "says no UTF-8") return refuse("bad_program: found \xFF\n");
  if (what == "says invisible characters") return refuse("bad_program: found \xEF\xBB\xBF{\n");
  if (what == "does not say its name") return refuse("found something\n");
  if (what == "says too much") return refuse(("bad_program: " + std::string(1U << 20U, 'x')).c_str());
  if (what == "leaves a child") {
    if (::fork() == 0) ::pause();
    return refuse();
  }
  if (what == "leaves a file") write(".input.tmp123");
  if (what == "leaves half a result") write("result");
  if (what == "changes an input") write("input");
  if (what == "loses an input") std::filesystem::remove("input");
  if (what == "replaces an input by a folder") {
    std::filesystem::remove("input");
    ::mkdir("input", 0700);
  }
  return refuse();
}
