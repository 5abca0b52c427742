/* Preloaded, it makes every fsync and fdatasync take SLOWSYNC_US microseconds longer. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

static int later(const char *name, int fd)
{
    int (*real)(int) = (int (*)(int)) dlsym(RTLD_NEXT, name);
    const char *given = getenv("SLOWSYNC_US");
    int result = real(fd);
    if (given)
        usleep((useconds_t) atoi(given));
    return result;
}

int fsync(int fd) { return later("fsync", fd); }
int fdatasync(int fd) { return later("fdatasync", fd); }
