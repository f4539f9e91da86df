/* Starting a program under its supervisor, with its pipes and its lock. */
#define _GNU_SOURCE
#include "launcher.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is given to a supervisor: the other ends of its streams and of its control pipe. */
enum { CONTROL = STREAMS, GIVEN };

void close_if_open(int *descriptor) {
  if (*descriptor >= 0) close(*descriptor);
  *descriptor = -1;
}

/* So many texts that follow each other, as a list that ends in NULL; `at` moves behind them. */
static char **texts(char **at, uint32_t count) {
  char **list = malloc((count + 1) * sizeof *list);
  if (list == NULL) exit(2);
  for (uint32_t index = 0; index < count; index += 1) {
    list[index] = *at;
    *at += strlen(*at) + 1;
  }
  list[count] = NULL;
  return list;
}

/* Becomes a program's supervisor. */
static void become_supervisor(struct program *program, const int given[GIVEN], char *request, const struct inherited *inherited) {
  uint32_t counts[4];
  memcpy(counts, request, sizeof counts);
  char *at = request + sizeof counts;
  for (int skipped = 0; skipped < 2; skipped += 1) at += strlen(at) + 1;
  struct work work = {.keeps_events = counts[0] != 0, .coordinator = COORDINATOR_DESCRIPTOR};
  char **confinement = texts(&at, counts[1]);
  work.command = texts(&at, counts[2]);
  char **environment = texts(&at, counts[3]);
  if (counts[1] > 0) work.confinement = confinement;
  if (fchdir(program->folder) != 0) _exit(126);
  dup2(inherited->nothing, STDIN_FILENO);
  dup2(given[PRINTED], STDOUT_FILENO);
  dup2(given[PRINTED_AS_ERRORS], STDERR_FILENO);
  dup2(given[CONTROL], CONTROL_DESCRIPTOR);
  dup2(program->lock >= 0 ? program->lock : inherited->nothing, LOCK_DESCRIPTOR);
  dup2(given[TOLD], EVENTS_DESCRIPTOR);
  dup2(inherited->coordinator, COORDINATOR_DESCRIPTOR);
  close_from(COORDINATOR_DESCRIPTOR + 1);
  environ = environment;
  _exit(supervise(&work));
}

/* Digits that say which part of a file is locked, as they stand after a # at the end of a lock's path, and those that give its place. */
enum { PART = 16, PLACE = 12 };

/* Takes the lock on the work as well, beside the coordinator; whether that went well. */
static int take_lock(struct program *program, char *path) {
  if (*path == '\0') return 1;
  struct flock range = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
  char *part = strrchr(path, '#');
  if (part != NULL && strlen(part + 1) == PART && strspn(part + 1, "0123456789abcdef") == PART) {
    char place[PLACE + 1] = {0};
    memcpy(place, part + 1, PLACE);
    range.l_start = (off_t)strtoull(place, NULL, 16);
    range.l_len = 1;
    *part = '\0';
  }
  program->lock = open(path, O_RDONLY | O_CLOEXEC);
  if (range.l_len > 0) *part = '#';
  return program->lock >= 0 && fcntl(program->lock, F_OFD_SETLK, &range) == 0;
}

/* Makes the pipes of a program; whether that went well. */
static int make_pipes(struct program *program, int given[GIVEN]) {
  for (int index = 0; index <= CONTROL; index += 1) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return 0;
    if (index < STREAMS) fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *(index < STREAMS ? &program->streams[index] : &program->control) = ends[index < STREAMS ? 0 : 1];
    given[index] = ends[index < STREAMS ? 1 : 0];
  }
  return 1;
}

void release(struct program *program) {
  for (int index = 0; index < STREAMS; index += 1) close_if_open(&program->streams[index]);
  close_if_open(&program->control);
  close_if_open(&program->lock);
  close_if_open(&program->folder);
}

int start_supervised(struct program *program, char *request, const struct inherited *inherited) {
  int given[GIVEN] = {-1, -1, -1, -1};
  program->lock = program->control = program->folder = -1;
  for (int index = 0; index < STREAMS; index += 1) program->streams[index] = -1;
  char *lock = request + 4 * sizeof(uint32_t);
  int is_ready = take_lock(program, lock) && make_pipes(program, given);
  if (is_ready) program->folder = open(lock + strlen(lock) + 1, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (program->folder < 0 || fstat(program->folder, &program->as_new) != 0) is_ready = 0;
  program->supervisor = is_ready ? fork() : -1;
  if (program->supervisor == 0) become_supervisor(program, given, request, inherited);
  int error = errno;
  for (int index = 0; index < GIVEN; index += 1) close_if_open(&given[index]);
  if (program->supervisor > 0) return 1;
  release(program);
  errno = error;
  return 0;
}
