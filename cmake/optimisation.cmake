# How hard a release is optimised. Most sources read, check and report: they run for moments and are most of what is
# compiled, so a quick build counts there. Those whose loops are the time of a run are named by their folders.

set(CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG")

# mixvec_optimise(FILE...): sources of this folder whose loops count.
function(mixvec_optimise)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:-O3>)
endfunction()
