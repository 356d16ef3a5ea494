/*
 * clock.h - both clocks of this machine.
 *
 * The monotonic one runs on while the machine sleeps (CLOCK_BOOTTIME): a vault left
 * open in a closed laptop is locked when the lid opens. The zone is that of TZ or
 * /etc/localtime.
 */
#ifndef EN_NET_CLOCK_H
#define EN_NET_CLOCK_H

#include <stdint.h>

/* What core and commands ask time of. now_ms is monotonic, time_ms Unix, offset
 * minutes east of UTC. */
struct en_clock {
    uint64_t (*now_ms)(void *user);
    int64_t (*time_ms)(void *user);
    int16_t (*offset_min)(void *user, int64_t time_ms);
    void *user;
};

struct en_clock en_clock_system(void);

#endif
