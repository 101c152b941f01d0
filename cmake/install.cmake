# The umbrella header, and what an installation holds for CMake and for pkg-config.
include(CMakePackageConfigHelpers)

set(includes)
get_target_property(headers csk HEADER_SET)
foreach(header IN LISTS headers)
    if(NOT header MATCHES "_impl\\.h$")
        cmake_path(RELATIVE_PATH header BASE_DIRECTORY ${PROJECT_SOURCE_DIR})
        string(APPEND includes "#include \"${header}\"\n")
    endif()
endforeach()
configure_file(cs/csk.h.in include/cs/csk.h @ONLY)
target_sources(csk PUBLIC FILE_SET umbrella TYPE HEADERS
    BASE_DIRS ${PROJECT_BINARY_DIR}/include
    FILES ${PROJECT_BINARY_DIR}/include/cs/csk.h)

install(TARGETS csk EXPORT cskTargets
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/csk
    FILE_SET umbrella DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/csk)
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/csk)
install(EXPORT cskTargets NAMESPACE csk:: DESTINATION ${config})
configure_package_config_file(cmake/csk-config.cmake.in csk-config.cmake
    INSTALL_DESTINATION ${config})
write_basic_package_version_file(csk-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/csk-config.cmake
    ${PROJECT_BINARY_DIR}/csk-config-version.cmake
    cmake/csk-dependencies.cmake cmake/FindOneDNN.cmake
    DESTINATION ${config})

cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR
    BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE pc_to_include)
list(JOIN csk_pc_requires " " requires)
list(JOIN csk_pc_libs " " libs)
configure_file(cmake/csk.pc.in csk.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/csk.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
