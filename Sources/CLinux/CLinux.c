#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <nss.h>
#include <sys/prctl.h>

int clinux_set_parent_death_signal(int signal) {
    return prctl(PR_SET_PDEATHSIG, signal) == 0 ? 0 : errno;
}

int clinux_set_child_subreaper(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1) == 0 ? 0 : errno;
}

void clinux_configure_name_lookup(void) {
    extern int __nss_configure_lookup(const char *database, const char *services);
    __nss_configure_lookup("hosts", "files dns");
}
