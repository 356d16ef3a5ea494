/*
 * local.h - the way between a command and its agent: a folder, a socket, a start.
 *
 * The folder is the owner's alone (0700, uid checked) and so is the socket in it
 * (0600); both ends ask the kernel for the other's uid. Of two agents the one that
 * holds the lock of the folder itself lives: flock, gone with its process, so that
 * a socket left behind by a crash is nobody's and is replaced.
 *
 * A path longer than a socket's name can be is reached through the open folder.
 *
 * Ownership  descriptors are the caller's, close-on-exec.
 * Errors     EN_CLOSED: nobody answers there. EN_BUSY: another agent holds the
 *            folder. EN_DENIED: the folder or the socket is not this user's alone.
 *            EN_IO.
 */
#ifndef EN_NET_LOCAL_H
#define EN_NET_LOCAL_H

#include "base/err.h"

#include <stdbool.h>

#define EN_LOCAL_SOCKET "agent.sock"
#define EN_LOCAL_FD     3 /* what a started agent inherits */

/* dir: no socket is made there, no folder either. */
en_err en_local_connect(const char *dir, int *fd);

/* The socket of an agent, listening, and the folder that it holds. {-1, -1, 0} is
 * none. */
struct en_local {
    int dir_fd;
    int fd;
    unsigned made; /* folders made for it, from the last component up */
};
en_err en_local_listen(const char *dir, struct en_local *l);
/* Removes the socket and the folders made, if they are empty. */
void en_local_close(const char *dir, struct en_local *l);

/* Whether the process at the other end of a connection is of this user. */
bool en_local_own(int fd);

/*
 * Starts an agent: program (an absolute path; NULL: this one) with the words "agent run", in a
 * session of its own, nothing open but EN_LOCAL_FD.
 *
 * start  a pipe: returns when the agent has told that it listens, or why not
 * own    one end of a socket pair: an agent for this command alone; it ends when
 *        *fd is closed
 */
en_err en_local_start(const char *program);
en_err en_local_start_own(const char *program, int *fd);

#endif
