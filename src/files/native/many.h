/* What is done with many files at once: what a list of them is, and what the parts of the addon know of each other. */
#ifndef STILLROOM_MANY_H
#define STILLROOM_MANY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

enum {
  DIGEST_BYTES = 32,
  /* Numbers of a stamp, each of eight bytes. */
  STAMP_NUMBERS = 4,
  /* Bytes that are read at once: so many stay in the processor's cache. */
  PIECE = 256 * 1024,
};

/* Of a file with which nothing was done, of one with which it was, and of one whose bytes are not what they are taken for. */
enum mark { UNDONE = 0, DONE = 1, WRONG = 2 };

/* What files are to be made of: see `Packed` in `unpacker.ts`. */
struct packed {
  char **packs;
  const double *places;
  const unsigned char *digests;
  const unsigned char *executable;
};

struct thread;

/* Does something with one of the files; whether that could be done. */
typedef int take(struct thread *thread, size_t index);

/* Files and what is done with them: see `ManyFiles` in `many-work.ts`. What belongs to a task is there for that task alone. */
struct many {
  take *take;
  /* A descriptor of what all paths are below. */
  int folder;
  char **paths;
  size_t count;
  /* The first file that no thread has taken yet. */
  atomic_size_t next;
  unsigned char *learned;
  int32_t *marks;
  unsigned char *digests;
  unsigned char *into;
  const double *offsets;
  struct packed packed;
};

/* One of the threads that deal with the same files, with what it keeps from one to the next. */
struct thread {
  struct many *many;
  /* Room for a piece. */
  unsigned char *buffer;
  /* The pack that is open, or -1, its descriptor, and what of it is in the buffer. */
  int pack;
  int descriptor;
  off_t from, to;
  /* Whether files stand when they are closed as they did before; -1 as long as none was made. */
  int stays_closed;
};

/* Deals with files that no other thread has taken, until none is left. */
void look_through(struct many *many);

/* The tasks, by the names that they have in `many-work.ts`. */
take take_stat, take_hash, take_stat_and_hash, take_read, take_remove, take_unpack, take_prove;

/* Puts how a file stands in its place. */
void put_stamp(const struct many *many, size_t index, const struct stat *stats);

/* A SHA-256 that is being computed, by the OpenSSL that Node brings. */
struct hash {
  uint64_t state[32];
};

/* Whether Node brings what hashes. */
int can_hash(void);
void hash_begin(struct hash *hash);
void hash_add(struct hash *hash, const void *bytes, size_t length);
void hash_end(struct hash *hash, unsigned char *digest);

#endif
