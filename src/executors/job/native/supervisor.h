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
};

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

/* Prints what this kernel has to confine programs with. */
void tell_confinement(void);

/* Kills all children and whatever becomes a child by that, until there are none. */
struct ending end_children(void);

#endif
