# The sources of a folder's rooms.

# mixvec_rooms(VARIABLE ROOM...): VARIABLE becomes the list of all .cpp files in these folders below the current one. A room
# that is missing or empty is an error: so a room that moves is noticed.
function(mixvec_rooms variable)
  set(all)
  foreach(room ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${room}/*.cpp)
    if(NOT sources)
      message(FATAL_ERROR "mixvec_rooms: found no source in ${CMAKE_CURRENT_SOURCE_DIR}/${room}")
    endif()
    list(APPEND all ${sources})
  endforeach()
  set(${variable} ${all} PARENT_SCOPE)
endfunction()
