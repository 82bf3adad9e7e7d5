# pronghorn::blas, the C interface of a BLAS with 32-bit integers, and pronghorn_bundle_blas().
#
# Users of the target see PRONGHORN_BLAS_PREFIX (what stands before cblas_*; empty for most
# libraries); the engine declares the few functions that it calls, so no header is needed.
include(CheckFunctionExists)

if(PRONGHORN_BLAS STREQUAL "scipy-openblas32")
  execute_process(
    COMMAND "${Python_EXECUTABLE}" "${CMAKE_CURRENT_LIST_DIR}/locate_openblas.py"
    OUTPUT_VARIABLE located ERROR_VARIABLE problem RESULT_VARIABLE result
    OUTPUT_STRIP_TRAILING_WHITESPACE)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "PRONGHORN_BLAS=scipy-openblas32: ${Python_EXECUTABLE} does not find it "
                        "(pip install scipy-openblas32, or set PRONGHORN_BLAS=system).\n${problem}")
  endif()
  list(GET located 0 blas_library)
  list(GET located 1 blas_license)
  message(STATUS "BLAS: ${blas_library}")
  add_library(pronghorn::blas SHARED IMPORTED GLOBAL)
  set_target_properties(pronghorn::blas PROPERTIES
    IMPORTED_LOCATION "${blas_library}"
    INTERFACE_COMPILE_DEFINITIONS "PRONGHORN_BLAS_PREFIX=scipy_")
elseif(PRONGHORN_BLAS STREQUAL "system")
  find_package(BLAS REQUIRED)
  set(CMAKE_REQUIRED_LIBRARIES BLAS::BLAS)
  check_function_exists(cblas_sgemm PRONGHORN_BLAS_HAS_C_INTERFACE)
  unset(CMAKE_REQUIRED_LIBRARIES)
  if(NOT PRONGHORN_BLAS_HAS_C_INTERFACE)
    message(FATAL_ERROR "PRONGHORN_BLAS=system: ${BLAS_LIBRARIES} lacks the C interface (cblas_*); "
                        "OpenBLAS and BLIS have it (choose one by BLA_VENDOR)")
  endif()
  message(STATUS "BLAS: ${BLAS_LIBRARIES}")
  add_library(pronghorn::blas INTERFACE IMPORTED GLOBAL)
  target_link_libraries(pronghorn::blas INTERFACE BLAS::BLAS)
  target_compile_definitions(pronghorn::blas INTERFACE PRONGHORN_BLAS_PREFIX=)
else()
  message(FATAL_ERROR "PRONGHORN_BLAS: expected scipy-openblas32 or system, got '${PRONGHORN_BLAS}'")
endif()

# Puts the wheel's library and its licence into <destination>/_libs, where `target` finds it relative
# to its own place. A system BLAS stays where it is.
function(pronghorn_bundle_blas target destination)
  if(NOT PRONGHORN_BLAS STREQUAL "scipy-openblas32")
    return()
  endif()
  install(FILES "${blas_library}" DESTINATION "${destination}/_libs"
          PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
                      WORLD_READ WORLD_EXECUTE)
  install(FILES "${blas_license}" DESTINATION "${destination}/_libs" RENAME LICENSE-OpenBLAS.txt)
  if(APPLE)
    set(origin "@loader_path")
  else()
    set(origin "$ORIGIN")
  endif()
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "${origin}/_libs")
endfunction()
