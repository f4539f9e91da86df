/* The program that the supervisor runs: started, and made to end with its supervisor. */
#define _GNU_SOURCE
#include "supervisor.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Closes all descriptors from `first` on. */
static void close_from(int first) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)first, ~0U, 0) == 0) return;
#endif
  long most = sysconf(_SC_OPEN_MAX);
  for (int descriptor = first; descriptor < (most > 0 && most < 65536 ? most : 65536); descriptor += 1) close(descriptor);
}

/* What a shell says, and its exit codes, where a program cannot be run. */
static void fail(const char *program) {
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
  close_from(keeps_events ? EVENTS_DESCRIPTOR + 1 : CONTROL_DESCRIPTOR);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  if (confinement != NULL && confine(confinement) != 0) _exit(125);
  execvp(command[0], command);
  fail(command[0]);
  return -1;
}
