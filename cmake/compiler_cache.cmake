# Compiles through ccache, if it is there and can write its cache: without a writable home it fails each compilation.
find_program(CCACHE ccache)
if(CCACHE)
  # A file that no cache holds, so that the cache has to be written.
  set(probe ${CMAKE_BINARY_DIR}/CMakeFiles/ccache_probe)
  string(RANDOM LENGTH 20 name)
  file(WRITE ${probe}.cpp "int probe_${name};\n")
  execute_process(COMMAND ${CCACHE} ${CMAKE_CXX_COMPILER} -c ${probe}.cpp -o ${probe}.o
    RESULT_VARIABLE result OUTPUT_QUIET ERROR_VARIABLE why ERROR_STRIP_TRAILING_WHITESPACE)
  if(result EQUAL 0)
    # Paths below the sources count as relative ones, so that all clones share what one has compiled.
    # Sloppiness: without it ccache leaves all that uses a precompiled header to the compiler.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE})
  else()
    string(REGEX REPLACE "\n.*" "" why "${why}")
    message(STATUS "ccache is not used, since it cannot write its cache (set CCACHE_DIR): ${why}")
  endif()
endif()
