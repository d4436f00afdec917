#!/bin/sh
# Configures a small project where ccache can write its cache, and where it cannot: the build goes on without.
#
# usage: compiler_cache_test.sh SOURCE_DIR    Exit 0: as expected. Exit 77: skipped, ccache is not installed.
set -eu
command -v ccache > /dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/CMakeLists.txt" << END
cmake_minimum_required(VERSION 3.25)
project(probe LANGUAGES CXX)
include($1/cmake/compiler_cache.cmake)
file(WRITE \${CMAKE_BINARY_DIR}/main.cpp "int main() {}\n")
add_executable(probe \${CMAKE_BINARY_DIR}/main.cpp)
message(STATUS "launcher: \${CMAKE_CXX_COMPILER_LAUNCHER}.")
END
configure() { cmake -S "$work" -B "$work/$1" > "$work/$1.log" 2>&1 ; }
expect() { grep -q -e "$2" "$work/$1.log" || { echo "$1: expected '$2' in:" ; cat "$work/$1.log" ; exit 1 ; } ; }

unset CCACHE_DIR CCACHE_DISABLE
CCACHE_DIR=$work/cache configure writable
expect writable "launcher: .*ccache\.$"
CCACHE_DIR=/proc/mixvec configure read_only
expect read_only "^-- ccache is not used, since it cannot write its cache (set CCACHE_DIR): ccache: error"
expect read_only "launcher: \.$"
CCACHE_DIR=/proc/mixvec cmake --build "$work/read_only" > /dev/null
