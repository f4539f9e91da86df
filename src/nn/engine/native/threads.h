// The threads that an operation may use: all of the node's.
#pragma once
#include <cstdint>

/** Calls `part(data, index)` for all indices below `count`, on this thread and on those that have nothing to do. */
void in_parallel(int64_t count, void (*part)(void* data, int64_t index), void* data);

/** The same for a function object. */
template <typename Part>
void in_parallel(int64_t count, const Part& part) {
  in_parallel(count, [](void* data, int64_t index) { (*static_cast<const Part*>(data))(index); }, const_cast<Part*>(&part));
}
