# What leaves the build: the programs, the library entrenous_core with its
# headers, a CMake config, a .pc file, a Debian package. Nothing of it exists
# before the programs do.
if(NOT TARGET entrenous)
  return()
endif()
