/* What the parts of the supervisor know of each other. */
#ifndef STILLROOM_SUPERVISOR_H
#define STILLROOM_SUPERVISOR_H

#include <sys/types.h>

enum {
  /* Its other end is the coordinator's alone. */
  CONTROL_DESCRIPTOR = 3,
  /* The lock on the work: held until nothing of the program is left. */
  LOCK_DESCRIPTOR = 4,
  /* Where a stage writes its messages; the supervisor says its own last. */
  EVENTS_DESCRIPTOR = 5,
  /* Under a launcher: its socket, whose other end is the coordinator's alone. */
  COORDINATOR_DESCRIPTOR = 6,
};

/* A program to run, with its arguments, what it keeps, and what it is confined to or NULL. */
struct work {
  char **command;
  int keeps_events;
  char **confinement;
  /* A socket that comes to its end with the coordinator; -1: there is none. */
  int coordinator;
};

/* Runs a program with all descriptors in place, to its end and that of all it left. The exit code is the program's, or 128 and its signal. */
int supervise(const struct work *work);

/* Runs programs for one coordinator, as the requests on the control descriptor say, until that is gone; the exit code. */
int launch(void);

/* Closes all descriptors from `first` on. */
void close_from(int first);

/* What became of the processes that were left. */
struct ending {
  int killed;
  /* Processes that could not be killed. */
  int left;
};

/*
 * Starts the program in a session of its own, with the standard descriptors and, if it keeps them, the events, and confined if it is said to
 * what; -1 on an error.
 */
pid_t start_program(char **command, int keeps_events, char **confinement);

/* Confines this process, and whatever it becomes and starts, to what pairs give it; -1 on an error, which it has told. */
int confine(char **pairs);

/* Hides a folder from this process, as pairs say; -1 on an error, which it has told. */
int hide(char **pairs);

/* Whether this kernel lets a folder be hidden. */
int can_hide(void);

/* Prints what this kernel has to confine programs with. */
void tell_confinement(void);

/* Kills all children and whatever becomes a child by that, until there are none. */
struct ending end_children(void);

#endif
