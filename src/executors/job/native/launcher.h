/* What the parts of the launcher know of each other. */
#ifndef STILLROOM_LAUNCHER_H
#define STILLROOM_LAUNCHER_H

#include "supervisor.h"
#include <stdint.h>
#include <sys/stat.h>

/* What an answer is: the stream of a program that bytes come from, or how it ended, or why it could not be started. */
enum { PRINTED, PRINTED_AS_ERRORS, TOLD, STREAMS, ENDED = STREAMS, REFUSED };

/* A program that was started. A descriptor that is not open is -1. */
struct program {
  struct program *next;
  uint32_t number;
  /* Its supervisor; 0 once that has ended. */
  pid_t supervisor;
  int status;
  double ended;
  int streams[STREAMS];
  int control;
  int lock;
  /* The folder that it works in, and how that stood before. */
  int folder;
  struct stat as_new;
  /* The first of its streams among those that are polled. */
  int polled;
};

/* What every supervisor is given: nothing to read, and the socket by which it sees the coordinator's end. */
struct inherited {
  int nothing;
  int coordinator;
};

/* Starts a program under its supervisor as a request says; 0, with `errno`, where that cannot be. */
int start_supervised(struct program *program, char *request, const struct inherited *inherited);

/* Whether the folders of an attempt are as the one that its program works in was before, and empty but for that one. */
int are_plain(const struct program *program);

/* Closes a descriptor that is open. */
void close_if_open(int *descriptor);

/* Closes all that is open of a program. */
void release(struct program *program);

#endif
