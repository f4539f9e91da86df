/* Making files of what is packed, and proving that they could be made, as `unpacker.ts` does. */
#define _GNU_SOURCE
#include "many.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* Reads from an offset on until so many bytes have come or the file ends; how many those are, -1 where it cannot be read. */
static ssize_t read_at(int file, unsigned char *buffer, size_t length, off_t offset) {
  size_t done = 0;
  for (ssize_t got = 1; got != 0 && done < length; done += (size_t)got)
    if ((got = pread(file, buffer + done, length - done, offset + (off_t)done)) < 0) return -1;
  return (ssize_t)done;
}

/* Opens a pack unless it is open; 0 where it cannot be. One that is gone has no bytes. */
static int open_pack(struct thread *thread, int pack) {
  if (pack == thread->pack) return 1;
  if (thread->descriptor >= 0) close(thread->descriptor);
  thread->from = thread->to = 0;
  thread->pack = pack;
  thread->descriptor = open(thread->many->packed.packs[pack], O_RDONLY | O_CLOEXEC);
  if (thread->descriptor >= 0 || errno == ENOENT) return 1;
  thread->pack = -1;
  return 0;
}

/* So many bytes of a pack, a piece at most, in the buffer until the next are asked for: how many there are, -1 where it cannot be read. */
static ssize_t bytes_of(struct thread *thread, off_t offset, size_t length, unsigned char **bytes) {
  if (thread->descriptor < 0) return 0;
  if (offset < thread->from || offset + (off_t)length > thread->to) {
    /* What lies close behind what was read last is read with what follows: most of it lies in order. */
    int is_next = offset >= thread->to && offset < thread->to + PIECE;
    ssize_t got = read_at(thread->descriptor, thread->buffer, is_next ? PIECE : length, offset);
    thread->from = offset;
    thread->to = offset + (got < 0 ? 0 : got);
    if (got < 0) return -1;
  }
  *bytes = thread->buffer + (offset - thread->from);
  off_t there = thread->to - offset;
  return there < (off_t)length ? (ssize_t)there : (ssize_t)length;
}

static int write_all(int file, const unsigned char *bytes, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t written = write(file, bytes + done, length - done);
    if (written < 0) return 0;
    done += (size_t)written;
  }
  return 1;
}

/* Writes what a file is to hold, unless `file` is -1; WRONG where that is not what it should be, UNDONE where the system refuses. */
static enum mark copy(struct thread *thread, size_t index, int file) {
  const struct packed *packed = &thread->many->packed;
  const double *place = packed->places + 3 * index;
  if (!open_pack(thread, (int)place[0])) return UNDONE;
  struct hash hash;
  hash_begin(&hash);
  for (off_t done = 0, size = (off_t)place[2]; done < size;) {
    unsigned char *bytes = NULL;
    ssize_t got = bytes_of(thread, (off_t)place[1] + done, (size_t)(size - done < PIECE ? size - done : PIECE), &bytes);
    if (got < 0) return UNDONE;
    if (got == 0) return WRONG;
    hash_add(&hash, bytes, (size_t)got);
    if (file >= 0 && !write_all(file, bytes, (size_t)got)) return UNDONE;
    done += got;
  }
  unsigned char digest[DIGEST_BYTES];
  hash_end(&hash, digest);
  return memcmp(digest, packed->digests + DIGEST_BYTES * index, DIGEST_BYTES) == 0 ? DONE : WRONG;
}

int take_prove(struct thread *thread, size_t index) {
  enum mark mark = copy(thread, index, -1);
  thread->many->marks[2 * index] = mark;
  return mark != UNDONE;
}

/* How an open file stands once it has its mode: the process may be set to make files with less. */
static int stat_with_mode(int file, mode_t mode, struct stat *stats) {
  if (fstat(file, stats) != 0) return 0;
  return (stats->st_mode & 0777) == mode || (fchmod(file, mode) == 0 && fstat(file, stats) == 0);
}

int take_unpack(struct thread *thread, size_t index) {
  struct many *many = thread->many;
  const char *path = many->paths[index];
  mode_t mode = many->packed.executable[index] == 1 ? 0555 : 0444;
  int file = openat(many->folder, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (file < 0) return 0;
  struct stat stats, closed;
  enum mark mark = copy(thread, index, file);
  if (mark == DONE && !stat_with_mode(file, mode, &stats)) mark = UNDONE;
  /* Some file servers tell only now that there was no room. */
  if (close(file) != 0 && mark == DONE) mark = UNDONE;
  /* Some say of a closed file something else than before, which the first one shows. */
  if (mark == DONE && thread->stays_closed != 1) {
    if (fstatat(many->folder, path, &closed, AT_SYMLINK_NOFOLLOW) != 0) mark = UNDONE;
    else {
      if (thread->stays_closed < 0)
        thread->stays_closed = stats.st_size == closed.st_size && stats.st_ino == closed.st_ino &&
                               memcmp(&stats.st_mtim, &closed.st_mtim, sizeof closed.st_mtim) == 0 &&
                               memcmp(&stats.st_ctim, &closed.st_ctim, sizeof closed.st_ctim) == 0;
      stats = closed;
    }
  }
  if (mark == DONE) put_stamp(many, index, &stats);
  else unlinkat(many->folder, path, 0);
  many->marks[2 * index] = mark;
  return mark != UNDONE;
}
