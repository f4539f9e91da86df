/*
 * Watching over a program, so that nothing of it is left at its end, wherever that went.
 *
 * Whatever the program starts stays below this process: what leaves its group, its session or its parent becomes a child of the subreaper
 * that this is. SIGTERM asks the program to end. When the program has ended, or the coordinator is gone (the control pipe or the launcher's
 * socket has ended, or the parent has), everything that is left is killed.
 */
#define _GNU_SOURCE
#include "supervisor.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIGNALS, CONTROL, PARENT, COORDINATOR, WATCHED };

/* Asks the program, or what became of its group, to end; one that was halted has to go on for that. */
static void ask(pid_t program) {
  if (kill(-program, SIGTERM) != 0) kill(program, SIGTERM);
  if (kill(-program, SIGCONT) != 0) kill(program, SIGCONT);
}

/* Reads away what stands on a descriptor; whether it has come to its end. */
static int has_ended(int descriptor) {
  char ignored[256];
  ssize_t count = read(descriptor, ignored, sizeof ignored);
  return count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN);
}

/* A descriptor that can be read when the parent has ended; -1 where the kernel has none. */
static int parent_descriptor(void) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, getppid(), 0);
#else
  return -1;
#endif
}

/* Waits for the program's end, or the coordinator's. Whether the program has ended: then `status` says how. */
static int watch(pid_t program, int signals, int coordinator, int *status) {
  struct pollfd watched[WATCHED] = {
    [SIGNALS] = {.fd = signals, .events = POLLIN},
    [CONTROL] = {.fd = CONTROL_DESCRIPTOR, .events = POLLIN},
    [PARENT] = {.fd = parent_descriptor(), .events = POLLIN},
    [COORDINATOR] = {.fd = coordinator, .events = POLLRDHUP},
  };
  for (;;) {
    if (poll(watched, WATCHED, -1) < 0 && errno != EINTR) return 0;
    struct signalfd_siginfo signal;
    if ((watched[SIGNALS].revents & POLLIN) && read(signals, &signal, sizeof signal) == sizeof signal) {
      int ended;
      for (pid_t pid; (pid = waitpid(-1, &ended, WNOHANG)) > 0;) {
        if (pid != program) continue;
        *status = ended;
        return 1;
      }
      if (signal.ssi_signo == SIGTERM) ask(program);
    }
    if (watched[CONTROL].revents != 0 && has_ended(CONTROL_DESCRIPTOR)) return 0;
    if (watched[PARENT].revents != 0 || watched[COORDINATOR].revents != 0) return 0;
  }
}

/* Says on the events what of the program was ended and what could not be, and what time of the processor all of it took. */
static void tell(struct ending ending, int ended_itself) {
  char text[256];
  struct rusage used;
  getrusage(RUSAGE_CHILDREN, &used);
  int length = snprintf(text, sizeof text, "\n{\"type\":\"ended\",\"killed\":%d,\"left\":%d}\n%ldm%ld.%06lds %ldm%ld.%06lds\n",
                        ended_itself ? ending.killed : 0, ending.left,
                        (long)used.ru_utime.tv_sec / 60, (long)used.ru_utime.tv_sec % 60, (long)used.ru_utime.tv_usec,
                        (long)used.ru_stime.tv_sec / 60, (long)used.ru_stime.tv_sec % 60, (long)used.ru_stime.tv_usec);
  for (int at = 0; at < length;) {
    ssize_t count = write(EVENTS_DESCRIPTOR, text + at, (size_t)(length - at));
    if (count < 0 && errno != EINTR) return;
    if (count > 0) at += (int)count;
  }
}

/* Becomes the parent of whatever loses its own below, and gives the descriptor on which signals are read; -1 on an error. */
static int start_watching(void) {
  sigset_t heard;
  sigemptyset(&heard);
  sigaddset(&heard, SIGCHLD);
  sigaddset(&heard, SIGTERM);
  int signals = signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK);
  if (signals >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1) == 0) return signals;
  perror("supervisor");
  return -1;
}

/* The exit code of a shell for what became of a process. */
static int exit_code(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int supervise(const struct work *work) {
  /* Two of them, so that what is left is ended even if one is killed: the outer one watches the inner one, which runs the program. */
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, NULL);
  int signals = start_watching();
  if (signals < 0) return 2;
  pid_t inner = fork();
  if (inner < 0) {
    perror("supervisor");
    return 2;
  }
  if (inner > 0) {
    int status = SIGKILL;
    watch(inner, signals, work->coordinator, &status);
    /* An inner one that came to its end has ended and told everything. */
    if (!WIFEXITED(status)) tell(end_children(), 0);
    return exit_code(status);
  }
  close(signals);
  signals = start_watching();
  if (signals < 0) _exit(2);
  pid_t program = start_program(work->command, work->keeps_events, work->confinement);
  if (program < 0) {
    fprintf(stderr, "supervisor: %s: %s\n", work->command[0], strerror(errno));
    _exit(126);
  }
  int status = SIGKILL;
  int ended_itself = watch(program, signals, work->coordinator, &status);
  tell(end_children(), ended_itself);
  _exit(exit_code(status));
}
