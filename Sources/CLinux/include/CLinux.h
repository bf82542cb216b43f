// What Swift cannot import from glibc: variadic functions (prctl), GNU calls behind feature macros, headers without a
// module (malloc.h), and what may only be done between fork and exec.
#ifndef CLINUX_H
#define CLINUX_H

#include <sys/types.h>

#pragma clang assume_nonnull begin

/// prctl(PR_SET_PDEATHSIG, signal): the calling process is sent `signal` when the thread that forked it ends. 0, or errno.
int clinux_set_parent_death_signal(int signal);

/// prctl(PR_SET_CHILD_SUBREAPER, 1): orphans below this process become its children. 0, or errno.
int clinux_set_child_subreaper(void);

/// Has getaddrinfo use "files dns" whatever /etc/nsswitch.conf says: a static glibc cannot load another glibc's NSS
/// modules, and dies when it tries (verified with `hosts: files hesiod dns`). Call before the first name is resolved.
void clinux_configure_name_lookup(void);

/// How malloc keeps memory, in the terms of mallopt(3): the number of heaps (M_ARENA_MAX), the bytes from which on a block
/// comes from the kernel and goes back to it (M_MMAP_THRESHOLD), and those that may lie free at a heap's end
/// (M_TRIM_THRESHOLD). Call before there is a second thread.
void clinux_configure_malloc(int heap_count, int mapped_from, int kept_free);

/// Starts a detached thread with a small stack that calls `body(context)`. 0, or an error number.
int clinux_start_thread(void (*body)(void *), void *context);

/// The step of ``clinux_spawn`` that failed.
typedef enum {
    CLINUX_SPAWN_OK = 0,
    /// Pipe, fork or the child's own set-up.
    CLINUX_SPAWN_FORK = 1,
    CLINUX_SPAWN_CHDIR = 2,
    CLINUX_SPAWN_EXEC = 3,
} clinux_spawn_step;

/// Starts a program as the leader of a new process group, to be killed when the calling *thread* ends.
///
/// Standard input is /dev/null, standard output and error are `output` (the caller's where that is -1), every other
/// descriptor is closed, signal dispositions and mask are the defaults. Returns when the program runs or could not be
/// started.
///
/// `path` is what to exec, without a search. `directory` may be NULL. On success returns 0 and sets `*pid`; else
/// returns errno and sets `*step`; no child is left behind then.
int clinux_spawn(
    const char *path, char *const _Nullable argv[_Nonnull], char *const _Nullable envp[_Nonnull],
    const char *_Nullable directory, int output, pid_t *pid, clinux_spawn_step *step);

/// Opens a pipe: `*reading` does not block, neither end survives an exec. 0, or errno.
int clinux_open_pipe(int *reading, int *writing);

/// How many bytes a pipe holds now; 0 where that cannot be told.
int clinux_readable_byte_count(int descriptor);

/// Waits until the child has ended, and leaves it to be reaped. `*code` is the exit status or the signal; `*signalled`
/// says which. 0, or errno.
int clinux_await_exit(pid_t pid, int *code, int *signalled);

/// Reaps a child that has ended. `*peak_kilobytes`, where it is not NULL, is the largest resident memory that the child
/// or one of those that it has waited for ever had; until its exec it was a copy of its parent, which counts.
/// 0, or errno.
int clinux_reap(pid_t pid, long *_Nullable peak_kilobytes);

/// Looks for any child that has ended, without reaping it. With `block` set, waits for one. Returns its process id, 0
/// for none, or -errno (-ECHILD: no children).
pid_t clinux_peek_ended_child(int block);

#pragma clang assume_nonnull end

#endif
