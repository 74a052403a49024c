# One target per folder. Third-party libraries are given as PRIVATE so that only the folder that adapts
# a library can include its headers.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

set(EXITGATE_SANITIZE "" CACHE STRING "Sanitizers for every target: address,undefined or thread")

add_library(exitgate_build_options INTERFACE)
target_compile_options(exitgate_build_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor -Woverloaded-virtual -Wno-missing-field-initializers
  $<$<BOOL:${EXITGATE_WERROR}>:-Werror>)
target_include_directories(exitgate_build_options INTERFACE ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
if(EXITGATE_SANITIZE)
  add_compile_options(-fsanitize=${EXITGATE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${EXITGATE_SANITIZE})
  if(EXITGATE_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Asio's fences, which GCC 12 warns of
  endif()
endif()

if(CMAKE_INTERPROCEDURAL_OPTIMIZATION AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 warns of its own string and vector, inlined into whoever calls them. Each file is checked without this in a dev build.
  add_link_options(-Wno-stringop-overflow -Wno-stringop-overread)
endif()

function(exitgate_subdirectory folder)
  if(EXISTS ${PROJECT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    add_subdirectory(${PROJECT_SOURCE_DIR}/${folder})
  endif()
endfunction()

# exitgate_library(NAME SOURCES … [PUBLIC …] [PRIVATE …]): a static library exitgate_NAME.
function(exitgate_library name)
  cmake_parse_arguments(arg "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(exitgate_${name} STATIC ${arg_SOURCES})
  target_link_libraries(exitgate_${name} PUBLIC ${arg_PUBLIC} PRIVATE exitgate_build_options ${arg_PRIVATE})
endfunction()

# exitgate_program(NAME TARGET_SOURCES …): an executable called NAME (dashes allowed).
function(exitgate_program name)
  cmake_parse_arguments(arg "" "" "SOURCES;PRIVATE" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE exitgate_build_options ${arg_PRIVATE})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
endfunction()

# exitgate_test(NAME SOURCES … [PRIVATE …] [TIMEOUT seconds] [LABELS …]): a Catch2 program test_NAME;
# every test case of it becomes a test of its own, called "NAME: <sentence>".
function(exitgate_test name)
  cmake_parse_arguments(arg "SERIAL" "TIMEOUT" "SOURCES;PRIVATE;LABELS" ${ARGN})
  add_executable(test_${name} ${arg_SOURCES})
  target_link_libraries(test_${name} PRIVATE exitgate_build_options Catch2::Catch2WithMain ${arg_PRIVATE})
  target_compile_definitions(test_${name} PRIVATE EXITGATE_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
    EXITGATE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_SERIAL)
    list(APPEND properties RUN_SERIAL ON)
  endif()
  if(arg_LABELS)
    list(APPEND properties LABELS "${arg_LABELS}")
  endif()
  catch_discover_tests(test_${name} TEST_PREFIX "${name}: " DISCOVERY_MODE PRE_TEST PROPERTIES ${properties})
endfunction()
