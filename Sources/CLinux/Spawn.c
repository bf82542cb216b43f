#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// Since Linux 5.9; the same number on every architecture.
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define CLOSE_RANGE_CLOEXEC_FLAG (1U << 2)

struct failure {
    int step;
    int error;
};

// From here to exec only async-signal-safe calls: the child is a copy of a process with other threads.

static void fail(int report, int step) {
    struct failure failure = {.step = step, .error = errno};
    ssize_t ignored = write(report, &failure, sizeof failure);
    (void)ignored;
    _exit(127);
}

static void default_signals(void) {
    struct sigaction action = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        sigaction(number, &action, NULL);  // refused for SIGKILL, SIGSTOP and glibc's own two: they have no handler
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/// Marks every descriptor above 2 close-on-exec: not every library opens its own so.
static void close_others_on_exec(void) {
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC_FLAG) == 0) {
        return;
    }
    struct rlimit limit;
    long last = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < 65536 ? (long)limit.rlim_cur : 65536;
    for (int descriptor = 3; descriptor < last; descriptor++) {
        fcntl(descriptor, F_SETFD, FD_CLOEXEC);
    }
}

static void standard_input_from_null(void) {
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0) {
        close(0);  // a chroot without /dev: end of file and EBADF are both an end to whoever reads
    } else if (null == 0) {
        fcntl(0, F_SETFD, 0);
    } else {
        dup2(null, 0);
    }
}

static void standard_output_to(int output) {
    for (int standard = 1; output >= 0 && standard <= 2; standard++) {
        if (output == standard) {
            fcntl(standard, F_SETFD, 0);  // the daemon was started without one of them, and the pipe has its number
        } else {
            dup2(output, standard);
        }
    }
}

static void run_child(
    int report, pid_t parent, const char *path, char *const argv[], char *const envp[], const char *directory,
    int output) {
    if (setpgid(0, 0) != 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) != 0) {
        fail(report, CLINUX_SPAWN_FORK);
    }
    if (getppid() != parent) {
        _exit(127);  // the parent died before the death signal was set: nobody will read the report
    }
    standard_input_from_null();
    standard_output_to(output);
    close_others_on_exec();
    if (directory && chdir(directory) != 0) {
        fail(report, CLINUX_SPAWN_CHDIR);
    }
    default_signals();
    execve(path, argv, envp);
    fail(report, CLINUX_SPAWN_EXEC);
}

static int read_failure(int report, struct failure *failure) {
    ssize_t count;
    do {
        count = read(report, failure, sizeof *failure);
    } while (count < 0 && errno == EINTR);
    return count == sizeof *failure;
}

int clinux_spawn(
    const char *path, char *const argv[], char *const envp[], const char *directory, int output, pid_t *pid,
    clinux_spawn_step *step) {
    *step = CLINUX_SPAWN_FORK;
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0) {
        return errno;
    }
    // No handler of ours may run in the child: signals stay blocked there until their dispositions are the defaults.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t parent = getpid();
    pid_t child = fork();
    int error = errno;
    if (child == 0) {
        run_child(report[1], parent, path, argv, envp, directory, output);
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(report[1]);
    if (child < 0) {
        close(report[0]);
        return error;
    }
    struct failure failure;
    int failed = read_failure(report[0], &failure);
    close(report[0]);
    if (failed) {
        clinux_reap(child, NULL);
        *step = (clinux_spawn_step)failure.step;
        return failure.error;
    }
    *pid = child;
    *step = CLINUX_SPAWN_OK;
    return 0;
}

int clinux_await_exit(pid_t pid, int *code, int *signalled) {
    siginfo_t info;
    int result;
    do {
        result = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    } while (result != 0 && errno == EINTR);
    if (result != 0) {
        return errno;
    }
    *code = info.si_status;
    *signalled = info.si_code != CLD_EXITED;
    return 0;
}

int clinux_reap(pid_t pid, long *peak_kilobytes) {
    int status;
    struct rusage usage = {0};
    pid_t result;
    do {
        result = wait4(pid, &status, 0, &usage);
    } while (result < 0 && errno == EINTR);
    if (peak_kilobytes) {
        *peak_kilobytes = result < 0 ? 0 : usage.ru_maxrss;
    }
    return result < 0 ? errno : 0;
}

pid_t clinux_peek_ended_child(int block) {
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOWAIT | (block ? 0 : WNOHANG)) != 0) {
        return -errno;
    }
    return info.si_pid;
}
