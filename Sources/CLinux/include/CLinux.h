// What Swift cannot import from glibc: variadic functions (prctl) and GNU calls behind feature macros.
#ifndef CLINUX_H
#define CLINUX_H

#include <sys/types.h>

/// prctl(PR_SET_PDEATHSIG, signal): the calling process is sent `signal` when the thread that forked it ends. 0, or errno.
int clinux_set_parent_death_signal(int signal);

/// prctl(PR_SET_CHILD_SUBREAPER, 1): orphans below this process become its children. 0, or errno.
int clinux_set_child_subreaper(void);

/// Has getaddrinfo use "files dns" whatever /etc/nsswitch.conf says: a static glibc cannot load another glibc's NSS
/// modules, and dies when it tries (verified with `hosts: files hesiod dns`). Call before the first name is resolved.
void clinux_configure_name_lookup(void);

#endif
