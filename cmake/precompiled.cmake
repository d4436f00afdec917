# Reads the large libraries' headers once instead of in each compilation: they are most of what a source of ours costs.
# Not in the preset by-file, where a source that forgets an include must not compile. By g++ alone: clang stamps the
# time into what it precompiles, and the compiler's cache would then serve nothing.

option(MIXVEC_PRECOMPILED "Precompile the headers of libraries (g++ only)" OFF)

# mixvec_precompile(OWNER TARGET...): OWNER precompiles them, the targets share them. All are compiled with OWNER's flags;
# further definitions are fine, other levels of optimisation are not.
function(mixvec_precompile owner)
  if(NOT MIXVEC_PRECOMPILED OR NOT CMAKE_CXX_COMPILER_ID STREQUAL GNU)
    return()
  endif()
  target_precompile_headers(${owner} PRIVATE <algorithm> <array> <atomic> <bit> <charconv> <cmath> <cstdint> <filesystem>
    <fstream> <functional> <map> <memory> <mutex> <optional> <random> <set> <span> <sstream> <string> <string_view> <thread>
    <vector> <fmt/format.h> <fmt/ranges.h> <nlohmann/json.hpp> <boost/program_options.hpp>)
  foreach(target ${ARGN})
    # Some are built only where their packages are there.
    if(TARGET ${target})
      target_precompile_headers(${target} REUSE_FROM ${owner})
    endif()
  endforeach()
  foreach(target ${owner} ${ARGN})
    if(TARGET ${target})
      # So ccache can see which precompiled header a source uses.
      target_compile_options(${target} PRIVATE -fpch-preprocess)
    endif()
  endforeach()
endfunction()
