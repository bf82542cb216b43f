#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <malloc.h>
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

void clinux_configure_malloc(int heap_count, int mapped_from, int kept_free) {
    mallopt(M_ARENA_MAX, heap_count);
    mallopt(M_MMAP_THRESHOLD, mapped_from);
    mallopt(M_TRIM_THRESHOLD, kept_free);
}
