/*
 * Whether the folders of an attempt can be given to another: whatever its program left in them is emptied, but not what it set on the folders
 * themselves, such as an access list that every new file there would get, and that no one sees.
 */
#define _GNU_SOURCE
#include "launcher.h"
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Flags that say how a file system keeps a folder, not how it behaves. */
enum { OF_LAYOUT = FS_EXTENT_FL | FS_INDEX_FL | FS_INLINE_DATA_FL };

static int is_plain_folder(int at, const char *name) {
  int folder = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (folder < 0) return 0;
  char names[256];
  int flags = 0;
  int has_flags = ioctl(folder, FS_IOC_GETFLAGS, &flags) == 0 && (flags & ~OF_LAYOUT) != 0;
  int is_plain = !has_flags && flistxattr(folder, names, sizeof names) == 0;
  close(folder);
  return is_plain;
}

int are_plain(int work) {
  static const char *const names[] = {".", "..", "../home", "../tmp"};
  for (size_t index = 0; index < sizeof names / sizeof *names; index += 1)
    if (!is_plain_folder(work, names[index])) return 0;
  return 1;
}
