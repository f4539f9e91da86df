/* The program that the supervisor runs: started, and made to end with its supervisor. */
#define _GNU_SOURCE
#include "supervisor.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void close_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0) return;
#endif
  long most = sysconf(_SC_OPEN_MAX);
  for (int descriptor = first; descriptor < (most > 0 && most < 65536 ? most : 65536); descriptor += 1) close(descriptor);
}

/* What a shell says, and its exit codes, where a program cannot be run; what it is given and is too long is told on the events. */
static void fail(const char *program) {
  static const char too_long[] = "\n{\"type\":\"not-started\",\"code\":\"E2BIG\"}\n";
  if (errno == E2BIG && write(EVENTS_DESCRIPTOR, too_long, sizeof too_long - 1) > 0) _exit(126);
  int missing = errno == ENOENT || errno == ENOTDIR;
  fprintf(stderr, "%s: %s\n", program, missing ? "not found" : strerror(errno));
  _exit(missing ? 127 : 126);
}

pid_t start_program(char **command, int keeps_events, char **confinement) {
  pid_t supervisor = getpid();
  pid_t program = fork();
  if (program != 0) return program;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != supervisor) _exit(128 + SIGKILL);
  setsid();
  close(CONTROL_DESCRIPTOR);
  close(LOCK_DESCRIPTOR);
  if (!keeps_events) fcntl(EVENTS_DESCRIPTOR, F_SETFD, FD_CLOEXEC);
  close_from(EVENTS_DESCRIPTOR + 1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (confinement != NULL && confine(confinement) != 0) _exit(125);
  execvp(command[0], command);
  fail(command[0]);
  return -1;
}
