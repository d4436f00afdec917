# Registers the tests of a GoogleTest program with CTest.
#
#   mixvec_discover_tests(TARGET [PER_SIMD FILTER] [PROPERTIES ...])
#
# Those that FILTER (as of --gtest_filter) matches run once for each instruction set that inner loops are compiled for, as
# NAME.baseline, NAME.avx2 and NAME.avx512, so that one machine sees what others will. They skip on a processor that lacks it.
include(GoogleTest)
set(MIXVEC_SIMD_SETS baseline avx2 avx512)

function(mixvec_discover_tests target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PER_SIMD" "PROPERTIES")
  if(NOT arg_PER_SIMD)
    gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 PROPERTIES ${arg_PROPERTIES})
    return()
  endif()
  gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 TEST_FILTER "-${arg_PER_SIMD}" PROPERTIES ${arg_PROPERTIES})
  foreach(simd ${MIXVEC_SIMD_SETS})
    gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60 TEST_FILTER "${arg_PER_SIMD}" TEST_SUFFIX ".${simd}"
      TEST_LIST ${target}_${simd} PROPERTIES ENVIRONMENT "MIXVEC_SIMD=${simd}" LABELS "simd_${simd}" ${arg_PROPERTIES})
  endforeach()
endfunction()
