/*
 * Makes of this process one that may touch only what it is given, as far as the kernel can hold it to that (Linux; by Landlock and seccomp).
 * It is given pairs, up to "--":
 *
 *   read PATH        a file or folder that it may read
 *   run PATH         one that it may also execute
 *   package PATH     the same, and what links that lie directly in the folder lead to
 *   write PATH       a folder that it may change
 *   device PATTERN   devices that it may read, write and control; * stands for the rest of a name
 *   network WHICH    it may open sockets: `any`, or `local` ones
 *   landlock N       no more of Landlock is used than its version N has
 *
 * or, first of all, of a program that is otherwise free:
 *
 *   hide PATH        a folder that it finds empty, but for
 *   show PATH        what of it stands there all the same
 *
 * Beside that it may read what /proc tells of itself. It can neither send signals to what is not its own nor look into it. What is not there
 * is passed over.
 */
#define _GNU_SOURCE
#include "supervisor.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#if defined(__has_include) && __has_include(<linux/audit.h>) && __has_include(<linux/seccomp.h>)
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif
#endif

/* Headers may be older than the kernel: what they may lack stands here, with its numbers. */
#define CREATE_RULESET 444
#define ADD_RULE 445
#define RESTRICT_SELF 446
#define ASK_VERSION 1
#define PATH_BENEATH 1

#define EXECUTE (1ULL << 0)
#define WRITE_FILE (1ULL << 1)
#define READ_FILE (1ULL << 2)
#define READ_DIR (1ULL << 3)
#define MAKE_CHAR (1ULL << 6)
#define MAKE_BLOCK (1ULL << 11)
#define TRUNCATE (1ULL << 14)
#define IOCTL_DEV (1ULL << 15)
#define READ (READ_FILE | READ_DIR)
/* What a rule for a single file can hold. */
#define OF_FILES (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)

/* All access to files that each version of Landlock knows: 13 kinds at first, then moving between folders, truncating, controlling devices. */
static const uint64_t files_by_version[] = {0, 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff};
/* Binding and connecting TCP sockets; abstract Unix sockets and signals to the outside. */
#define NETWORK 3
#define NETWORK_SINCE 4
#define SCOPES 3
#define SCOPES_SINCE 6

struct ruleset {
  uint64_t files, network, scopes;
};

struct beneath {
  uint64_t access;
  int32_t parent;
} __attribute__((packed));

enum network { NO_NETWORK, LOCAL_NETWORK, ANY_NETWORK };

struct wish {
  long version;
  enum network network;
};

static int fail(const char *what) {
  fprintf(stderr, "the node could not be confined: %s: %s\n", what, strerror(errno));
  return -1;
}

static int is_pair(char **at) { return at[0] != NULL && at[1] != NULL && strcmp(at[0], "--") != 0; }

static long landlock_version(void) {
  long version = syscall(CREATE_RULESET, NULL, 0, ASK_VERSION);
  return version < 0 ? 0 : version;
}

static uint64_t known_files(long version) {
  size_t newest = sizeof files_by_version / sizeof *files_by_version - 1;
  return files_by_version[(size_t)version < newest ? (size_t)version : newest];
}

/* Grants access to what an open path leads to. */
static int grant_open(int rules, int path, uint64_t access) {
  struct stat stats;
  struct beneath rule = {.access = access, .parent = path};
  if (fstat(path, &stats) != 0) return -1;
  if (!S_ISDIR(stats.st_mode)) rule.access &= OF_FILES;
  return rule.access == 0 ? 0 : (int)syscall(ADD_RULE, rules, PATH_BENEATH, &rule, 0);
}

static int grant(int rules, const char *name, uint64_t access) {
  int path = open(name, O_PATH | O_CLOEXEC);
  if (path < 0) return 0;
  int result = grant_open(rules, path, access);
  close(path);
  return result;
}

/* Grants access to what the links of a folder lead to. */
static int grant_linked(int rules, const char *name, uint64_t access) {
  int result = 0;
  char link[4096];
  DIR *folder = opendir(name);
  if (folder == NULL) return 0;
  for (struct dirent *entry; result == 0 && (entry = readdir(folder)) != NULL;)
    if ((entry->d_type == DT_LNK || entry->d_type == DT_UNKNOWN) && entry->d_name[0] != '.' && snprintf(link, sizeof link, "%s/%s", name, entry->d_name) < (int)sizeof link)
      result = grant(rules, link, access);
  closedir(folder);
  return result;
}

/* Grants access to all whose names fit. */
static int grant_fitting(int rules, const char *pattern, uint64_t access) {
  glob_t found;
  int result = 0;
  if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0) return 0;
  for (size_t at = 0; result == 0 && at < found.gl_pathc; at += 1) result = grant(rules, found.gl_pathv[at], access);
  globfree(&found);
  return result;
}

/* What is told of the process itself. Its folder stays open: a folder of /proc that nobody has open may be forgotten, and with it its rule. */
static int grant_itself(int rules, uint64_t known) {
  char name[32];
  snprintf(name, sizeof name, "/proc/%d", (int)getpid());
  int path = open(name, O_PATH);
  return path < 0 ? 0 : grant_open(rules, path, READ & known);
}

static uint64_t access_of(const char *option) {
  if (strcmp(option, "read") == 0) return READ;
  if (strcmp(option, "run") == 0 || strcmp(option, "package") == 0) return READ | EXECUTE;
  if (strcmp(option, "write") == 0) return ~(EXECUTE | MAKE_CHAR | MAKE_BLOCK | IOCTL_DEV);
  if (strcmp(option, "device") == 0) return READ | WRITE_FILE | IOCTL_DEV;
  return 0;
}

static int grant_pair(int rules, char **pair, uint64_t known) {
  uint64_t access = access_of(pair[0]) & known;
  if (access == 0) return 0;
  if (strcmp(pair[0], "device") == 0) return grant_fitting(rules, pair[1], access);
  if (strcmp(pair[0], "package") == 0 && grant_linked(rules, pair[1], access) != 0) return -1;
  return grant(rules, pair[1], access);
}

static int restrict_files(char **options, const struct wish *wish) {
  uint64_t known = known_files(wish->version);
  struct ruleset attributes = {.files = known};
  if (wish->version >= NETWORK_SINCE && wish->network != ANY_NETWORK) attributes.network = NETWORK;
  if (wish->version >= SCOPES_SINCE) attributes.scopes = SCOPES;
  int rules = (int)syscall(CREATE_RULESET, &attributes, sizeof attributes, 0);
  if (rules < 0) return fail("Landlock");
  for (char **at = options; is_pair(at); at += 2) {
    if (grant_pair(rules, at, known) != 0) return fail(at[1]);
  }
  if (grant_itself(rules, known) != 0) return fail("/proc");
  if (syscall(RESTRICT_SELF, rules, 0) != 0) return fail("Landlock");
  close(rules);
  return 0;
}

#ifdef ARCHITECTURE
#define OTHER_NUMBERING 0x40000000
#define LOW_WORD(index) (offsetof(struct seccomp_data, args) + (index) * 8)
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

static struct sock_filter filter[160];
static unsigned short length;

static void add(struct sock_filter instruction) { filter[length++] = instruction; }

static void load(uint32_t offset) { add((struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset)); }

static void refuse(uint32_t call, uint32_t error) {
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
  add((struct sock_filter)REFUSE(error));
}

/* Refuses a call unless its first argument is one of two. */
static void only(uint32_t call, uint32_t one, uint32_t other, uint32_t error) {
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 5));
  load(LOW_WORD(0));
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, one, 2, 0));
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, other, 1, 0));
  add((struct sock_filter)REFUSE(error));
  load(offsetof(struct seccomp_data, nr));
}

/* Calls that reach past the file system, or into other processes. */
static const uint32_t refused[] = {
    SYS_ptrace,  SYS_process_vm_readv, SYS_process_vm_writev, SYS_open_by_handle_at, SYS_perf_event_open, SYS_bpf, SYS_userfaultfd,
    SYS_add_key, SYS_request_key,      SYS_keyctl,            SYS_mount,             SYS_umount2,         SYS_pivot_root,
    SYS_chroot,  SYS_setns,            SYS_unshare,           SYS_init_module,       SYS_delete_module,   SYS_kexec_load,
    438 /* pidfd_getfd */, 440 /* process_madvise */, 428 /* open_tree */, 429 /* move_mount */, 430 /* fsopen */, 442 /* mount_setattr */};

static int restrict_calls(const struct wish *wish) {
  load(offsetof(struct seccomp_data, arch));
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0));
  add((struct sock_filter)REFUSE(EPERM));
  load(offsetof(struct seccomp_data, nr));
  add((struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, OTHER_NUMBERING, 0, 1));
  add((struct sock_filter)REFUSE(EPERM));
  for (size_t at = 0; at < sizeof refused / sizeof *refused; at += 1) refuse(refused[at], EPERM);
  /* What a ring does is not seen by filters. */
  refuse(425 /* io_uring_setup */, EACCES);
  if (wish->network == NO_NETWORK) refuse(SYS_socket, EACCES);
  if (wish->network == LOCAL_NETWORK) only(SYS_socket, AF_UNIX, AF_UNIX, EACCES);
  uint32_t pid = (uint32_t)getpid();
  only(SYS_prlimit64, 0, pid, EPERM);
  if (wish->version < SCOPES_SINCE) {
    only(SYS_kill, pid, pid, EPERM);
    only(SYS_tkill, pid, pid, EPERM);
    only(SYS_tgkill, pid, pid, EPERM);
    only(SYS_rt_sigqueueinfo, pid, pid, EPERM);
    only(SYS_rt_tgsigqueueinfo, pid, pid, EPERM);
    refuse(424 /* pidfd_send_signal */, EPERM);
  }
  add((struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  struct sock_fprog program = {.len = length, .filter = filter};
  /* A kernel without filters answers EINVAL. */
  return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0 || errno == EINVAL ? 0 : fail("seccomp");
}
#else
static int restrict_calls(const struct wish *wish) {
  (void)wish;
  return 0;
}
#endif

int confine(char **pairs) {
  if (is_pair(pairs) && strcmp(pairs[0], "hide") == 0) return hide(pairs);
  struct wish wish = {.version = landlock_version(), .network = NO_NETWORK};
  for (char **at = pairs; is_pair(at); at += 2) {
    if (strcmp(at[0], "network") == 0) wish.network = strcmp(at[1], "any") == 0 ? ANY_NETWORK : LOCAL_NETWORK;
    if (strcmp(at[0], "landlock") == 0 && atol(at[1]) < wish.version) wish.version = atol(at[1]);
  }
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail("no_new_privs");
  if (wish.version > 0 && restrict_files(pairs, &wish) != 0) return -1;
  return restrict_calls(&wish);
}

void tell_confinement(void) {
#ifdef ARCHITECTURE
  /* A kernel that has filters finds that this one is nowhere. */
  int filters = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) != 0 && errno == EFAULT;
#else
  int filters = 0;
#endif
  printf("{\"landlock\":%ld,\"filters\":%s,\"mounts\":%s}\n", landlock_version(), filters ? "true" : "false", can_hide() ? "true" : "false");
}
