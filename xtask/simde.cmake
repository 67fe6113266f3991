# Tells the build of the small engine that the simde headers are installed. Without this, CMake downloads them.
foreach(prefix IN ITEMS /usr/include /usr/local/include /opt/homebrew/include)
  if(EXISTS "${prefix}/simde/x86/sse4.2.h")
    set(FETCHCONTENT_SOURCE_DIR_SIMDE "${prefix}" CACHE PATH "")
    break()
  endif()
endforeach()
