# How hard a release is optimised. Most sources read, check and report: they run for moments and are most of what is
# compiled, so a quick build counts there. Those whose loops are the time of a run are named by their folders.

set(CMAKE_CXX_FLAGS_RELEASE "-O1 -DNDEBUG")

# mixvec_optimise(TARGET FILE...): sources of a library whose loops count. A target of their own, since one of many sources
# at once (CMAKE_UNITY_BUILD) leaves out those with options of their own.
function(mixvec_optimise target)
  set(files ${ARGN})
  list(TRANSFORM files PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/)
  get_target_property(sources ${target} SOURCES)
  foreach(file ${files})
    if(NOT file IN_LIST sources)
      message(FATAL_ERROR "mixvec_optimise: ${file} is no source of ${target}")
    endif()
  endforeach()
  list(REMOVE_ITEM sources ${files})
  set_target_properties(${target} PROPERTIES SOURCES "${sources}")
  add_library(${target}_loops OBJECT ${files})
  target_compile_options(${target}_loops PRIVATE $<$<CONFIG:Release>:-O2>)
  get_target_property(libraries ${target} LINK_LIBRARIES)
  target_link_libraries(${target}_loops PRIVATE ${libraries})
  target_sources(${target} PRIVATE $<TARGET_OBJECTS:${target}_loops>)
endfunction()
