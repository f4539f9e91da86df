/*
 * Starts programs for one coordinator, each under a supervisor of its own, and hands on what they print and tell. A process as small as this
 * one forks in a small part of the time that Node takes, and Node's thread goes on meanwhile.
 *
 * The descriptor of the control pipe is here a socket to the coordinator. All numbers are 32 bits, in the machine's order. A request is its length, what is asked,
 * and the program's number:
 *
 *   START   flags, counts of confinement, command and environment, and so many texts, after those of the lock's path (empty: none) and the
 *           folder; each text ends in a NUL
 *   SIGNAL  the signal for the supervisor
 *   CLOSE   ends the control pipe: what is left of it is killed
 *
 * An answer is its length, the program's number, what it is (from which stream bytes come, or how the program ended, with whether its folders can be given to another) and that itself.
 */
#define _GNU_SOURCE
#include "launcher.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { START, SIGNAL, CLOSE };

/* Seconds in which the inner half of a supervisor ends what is left when the outer one was killed. */
enum { PATIENCE = 7 };

struct bytes {
  char *data;
  size_t length, room;
};

static struct program *programs;
static struct bytes answers;
static struct inherited inherited;
static int signals;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* Makes room for so many more bytes. Without memory all ends, programs too. */
static char *room_for(struct bytes *bytes, size_t more) {
  if (bytes->length + more > bytes->room) {
    bytes->room = 2 * (bytes->length + more);
    bytes->data = realloc(bytes->data, bytes->room);
    if (bytes->data == NULL) exit(2);
  }
  return bytes->data + bytes->length;
}

static void answer(uint32_t number, uint32_t what, const void *data, size_t length) {
  uint32_t head[3] = {(uint32_t)(sizeof head + length), number, what};
  memcpy(room_for(&answers, sizeof head + length), head, sizeof head);
  memcpy(answers.data + answers.length + sizeof head, data, length);
  answers.length += sizeof head + length;
}

/* Sends all answers. It waits where the coordinator is busy, and so do the programs then. */
static void send_answers(void) {
  for (size_t at = 0; at < answers.length;) {
    ssize_t count = send(inherited.coordinator, answers.data + at, answers.length - at, MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      struct pollfd writable = {.fd = inherited.coordinator, .events = POLLOUT};
      poll(&writable, 1, -1);
    } else if (count < 0 && errno != EINTR) exit(0);
    if (count > 0) at += (size_t)count;
  }
  answers.length = 0;
}

static void start(uint32_t number, char *at) {
  struct program *program = calloc(1, sizeof *program);
  if (program == NULL) exit(2);
  program->number = number;
  program->next = programs;
  if (start_supervised(program, at, &inherited)) {
    programs = program;
    return;
  }
  int32_t error = errno;
  free(program);
  answer(number, REFUSED, &error, sizeof error);
}

static void handle(char *request) {
  uint32_t head[3];
  memcpy(head, request, sizeof head);
  char *rest = request + sizeof head;
  if (head[1] == START) {
    start(head[2], rest);
    return;
  }
  for (struct program *program = programs; program != NULL; program = program->next) {
    if (program->number != head[2]) continue;
    int32_t signal = SIGCONT;
    if (head[1] == SIGNAL) memcpy(&signal, rest, sizeof signal);
    else close_if_open(&program->control);
    if (program->supervisor > 0) kill(program->supervisor, signal);
  }
}

/* Reads requests and does what they ask; ends with the coordinator. */
static void take_requests(void) {
  static struct bytes requests;
  ssize_t count = read(inherited.coordinator, room_for(&requests, 65536), 65536);
  if (count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN)) exit(0);
  if (count > 0) requests.length += (size_t)count;
  size_t at = 0;
  for (uint32_t length; requests.length - at >= sizeof length; at += length) {
    memcpy(&length, requests.data + at, sizeof length);
    if (requests.length - at < length) break;
    handle(requests.data + at);
  }
  memmove(requests.data, requests.data + at, requests.length - at);
  requests.length -= at;
}

/* Hands on what stands on a stream, so much at once; whether there may be more. */
static int take_stream(struct program *program, int index) {
  static char piece[65536];
  ssize_t count = read(program->streams[index], piece, sizeof piece);
  if (count > 0) answer(program->number, (uint32_t)index, piece, (size_t)count);
  else if (count == 0) close_if_open(&program->streams[index]);
  return count > 0;
}

/* Waits for the supervisors that have ended. What else became a child lost its own parents. */
static void reap(void) {
  struct signalfd_siginfo ignored;
  while (read(signals, &ignored, sizeof ignored) > 0);
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    for (struct program *program = programs; program != NULL; program = program->next)
      if (program->supervisor == pid) {
        program->supervisor = 0;
        program->status = status;
        program->ended = now();
      }
}

/* Whether all that a program said was handed on, and so it is over. Where its supervisor was killed, another half of that still ends the rest. */
static int is_over(struct program *program) {
  if (program->supervisor != 0) return 0;
  int open = 0;
  for (int index = 0; index < STREAMS; index += 1) {
    while (program->streams[index] >= 0 && take_stream(program, index));
    open += program->streams[index] >= 0;
  }
  return open == 0 || WIFEXITED(program->status) || now() - program->ended > PATIENCE;
}

/* Tells of programs that are over; whether one is waited for that is not, although its supervisor has ended. */
static int end_programs(void) {
  int waits = 0;
  for (struct program **at = &programs; *at != NULL;) {
    struct program *program = *at;
    if (!is_over(program)) {
      waits = waits || program->supervisor == 0;
      at = &program->next;
      continue;
    }
    int32_t how[3] = {WIFEXITED(program->status) ? WEXITSTATUS(program->status) : -1,
                      WIFSIGNALED(program->status) ? WTERMSIG(program->status) : 0, are_plain(program)};
    release(program);
    answer(program->number, ENDED, how, sizeof how);
    *at = program->next;
    free(program);
  }
  return waits;
}

/* Waits until something comes and takes it. */
static void take_next(int milliseconds) {
  static struct pollfd *polled;
  static size_t room;
  size_t count = 2;
  for (struct program *program = programs; program != NULL; program = program->next) count += STREAMS;
  if (count > room) {
    polled = realloc(polled, (room = 2 * count) * sizeof *polled);
    if (polled == NULL) exit(2);
  }
  polled[0] = (struct pollfd){.fd = inherited.coordinator, .events = POLLIN};
  polled[1] = (struct pollfd){.fd = signals, .events = POLLIN};
  count = 2;
  for (struct program *program = programs; program != NULL; program = program->next) {
    program->polled = (int)count;
    for (int index = 0; index < STREAMS; index += 1) polled[count++] = (struct pollfd){.fd = program->streams[index], .events = POLLIN};
  }
  if (poll(polled, count, milliseconds) <= 0) return;
  for (struct program *program = programs; program != NULL; program = program->next)
    for (int index = 0; index < STREAMS; index += 1)
      if (polled[program->polled + index].revents != 0) take_stream(program, index);
  if (polled[1].revents != 0) reap();
  if (polled[0].revents != 0) take_requests();
}

int launch(void) {
  /* So that whatever is opened later is none of the descriptors that a supervisor has. */
  do inherited.nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  while (inherited.nothing >= 0 && inherited.nothing <= COORDINATOR_DESCRIPTOR);
  inherited.coordinator = fcntl(CONTROL_DESCRIPTOR, F_DUPFD_CLOEXEC, COORDINATOR_DESCRIPTOR + 1);
  sigset_t heard;
  sigemptyset(&heard);
  sigaddset(&heard, SIGCHLD);
  sigprocmask(SIG_BLOCK, &heard, NULL);
  signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
  if (inherited.nothing < 0 || inherited.coordinator < 0 || signals < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    perror("launcher");
    return 2;
  }
  dup2(inherited.nothing, CONTROL_DESCRIPTOR);
  for (;;) {
    int waits = end_programs();
    send_answers();
    take_next(waits ? 100 : -1);
  }
}
