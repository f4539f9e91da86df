/* Looking at files, reading and removing them. What the system refuses is left undone, without a word: who asked tries it once more. */
#define _GNU_SOURCE
#include "many.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
  /* Files that a thread takes at once, at most; each of two comes to its turn a few times. */
  BATCH = 256,
  TURNS = 16,
  /* Of a smaller file so many bytes are read as it is said to have; a larger one to its end. */
  SMALL = 1024 * 1024,
};

static size_t at_most(size_t value, size_t most) { return value < most ? value : most; }

void look_through(struct many *many) {
  size_t batch = at_most(many->count / TURNS + 1, BATCH);
  struct thread thread = {.many = many, .buffer = malloc(PIECE), .pack = -1, .descriptor = -1, .stays_closed = -1};
  if (thread.buffer == NULL) return;
  for (size_t from; (from = atomic_fetch_add(&many->next, batch)) < many->count;)
    for (size_t index = from; index < at_most(from + batch, many->count); index += 1) many->take(&thread, index);
  if (thread.descriptor >= 0) close(thread.descriptor);
  free(thread.buffer);
}

static int set_mark(const struct many *many, size_t index, int mark) {
  many->marks[2 * index] = mark;
  return mark != UNDONE;
}

static int64_t nanoseconds(struct timespec time) { return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec; }

void put_stamp(const struct many *many, size_t index, const struct stat *stats) {
  int64_t *stamp = (int64_t *)many->learned + STAMP_NUMBERS * index;
  stamp[0] = stats->st_size;
  stamp[1] = (int64_t)stats->st_ino;
  stamp[2] = nanoseconds(stats->st_mtim);
  stamp[3] = nanoseconds(stats->st_ctim);
}

static int note_stats(const struct many *many, size_t index, const struct stat *stats) {
  put_stamp(many, index, stats);
  many->marks[2 * index + 1] = (int32_t)stats->st_nlink;
  return set_mark(many, index, (int32_t)stats->st_mode);
}

int take_stat(struct thread *thread, size_t index) {
  const struct many *many = thread->many;
  struct stat stats;
  return fstatat(many->folder, many->paths[index], &stats, AT_SYMLINK_NOFOLLOW) == 0 && note_stats(many, index, &stats);
}

/* The SHA-256 of what an open file holds that is said to have so many bytes; whether it could be read. */
static int hash_file(struct thread *thread, int file, off_t size, unsigned char *digest) {
  struct hash hash;
  hash_begin(&hash);
  off_t done = 0;
  ssize_t got;
  do {
    got = read(file, thread->buffer, PIECE);
    if (got < 0) return 0;
    hash_add(&hash, thread->buffer, (size_t)got);
    done += got;
  } while (got > 0 && (done != size || size >= SMALL));
  hash_end(&hash, digest);
  return 1;
}

int take_hash(struct thread *thread, size_t index) {
  const struct many *many = thread->many;
  int file = openat(many->folder, many->paths[index], O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  int is_read = hash_file(thread, file, many->marks[2 * index + 1], many->learned + DIGEST_BYTES * index);
  close(file);
  return set_mark(many, index, is_read ? DONE : UNDONE);
}

int take_stat_and_hash(struct thread *thread, size_t index) {
  const struct many *many = thread->many;
  /* Not through a link, and without waiting for who writes into a pipe. */
  int file = openat(many->folder, many->paths[index], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return 0;
  struct stat stats;
  int is_read = fstat(file, &stats) == 0 &&
                (!S_ISREG(stats.st_mode) || hash_file(thread, file, stats.st_size, many->digests + DIGEST_BYTES * index));
  close(file);
  return is_read && note_stats(many, index, &stats);
}

/* Fills room with what an open file holds; WRONG where it has fewer bytes. */
static enum mark fill(int file, unsigned char *room, size_t length) {
  for (size_t done = 0; done < length;) {
    ssize_t got = read(file, room + done, length - done);
    if (got < 0) return UNDONE;
    if (got == 0) return WRONG;
    done += (size_t)got;
  }
  return DONE;
}

int take_read(struct thread *thread, size_t index) {
  const struct many *many = thread->many;
  int file = openat(many->folder, many->paths[index], O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  unsigned char *room = many->into + (size_t)many->offsets[index];
  size_t length = (size_t)(many->offsets[index + 1] - many->offsets[index]);
  enum mark mark = fill(file, room, length);
  close(file);
  if (mark == DONE) {
    struct hash hash;
    hash_begin(&hash);
    hash_add(&hash, room, length);
    hash_end(&hash, many->learned + DIGEST_BYTES * index);
  }
  return set_mark(many, index, mark);
}

int take_remove(struct thread *thread, size_t index) {
  const struct many *many = thread->many;
  int is_gone = unlinkat(many->folder, many->paths[index], 0) == 0 || errno == ENOENT;
  return set_mark(many, index, is_gone ? DONE : UNDONE);
}
