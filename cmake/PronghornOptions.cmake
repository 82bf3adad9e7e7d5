# pronghorn_options: what every target of the project is compiled with.
add_library(pronghorn_options INTERFACE)
target_include_directories(pronghorn_options INTERFACE
  "${PROJECT_SOURCE_DIR}/cpp/include" "${PROJECT_SOURCE_DIR}/cpp/src")
target_compile_options(pronghorn_options INTERFACE -Wall -Wextra -Wpedantic)

if(PRONGHORN_SANITIZE)
  string(REPLACE "," ";" sanitizers "${PRONGHORN_SANITIZE}")
  foreach(sanitizer IN LISTS sanitizers)
    if(NOT sanitizer MATCHES "^(address|undefined|thread)$")
      message(FATAL_ERROR "PRONGHORN_SANITIZE: expected address, undefined or thread, "
                          "got '${sanitizer}'")
    endif()
  endforeach()
  if("thread" IN_LIST sanitizers AND "address" IN_LIST sanitizers)
    message(FATAL_ERROR "PRONGHORN_SANITIZE: address and thread exclude each other")
  endif()
  target_compile_options(pronghorn_options INTERFACE
    -fsanitize=${PRONGHORN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  target_link_options(pronghorn_options INTERFACE -fsanitize=${PRONGHORN_SANITIZE})
endif()
