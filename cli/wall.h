/*
 * wall.h - wall clocks, what a zone says about them, and days moved.
 *
 * A wall is what a clock on the wall shows. Zones are an argument, so nothing
 * here depends on the machine but en_zone_system, which reads TZ and
 * /etc/localtime through localtime_r. Days are those of base/day.h.
 *
 * Units      time_ms is Unix milliseconds UTC; offset_min is minutes east of
 *            UTC, -840 to 840, local = UTC + offset.
 * Errors     as each function says; out-parameters are written on success only.
 */
#ifndef EN_CLI_WALL_H
#define EN_CLI_WALL_H

#include "base/day.h"

#define EN_OFFSET_MIN_MAX 840

struct en_wall {
    struct en_day day;
    uint8_t hour;
    uint8_t minute;
    uint8_t second;
    uint16_t ms;
};

/* d moved by n days, or by n months with the month's end clamped: 31 January
 * and one month is 28 or 29 February. False outside 0001-9999. */
bool en_day_add(struct en_day d, int64_t n, struct en_day *out);
bool en_day_add_months(struct en_day d, int64_t n, struct en_day *out);

/* ISO: exactly "YYYY-MM-DD"; out holds 11 bytes. */
void en_day_iso(struct en_day d, char out[11]);
bool en_day_of_iso(struct en_span s, struct en_day *d);

struct en_zone {
    /* The offset in force at an instant; any int64 is asked. */
    int16_t (*offset_min)(const struct en_zone *zone, int64_t time_ms);
    int16_t fixed; /* for en_zone_fixed */
};

struct en_zone en_zone_fixed(int16_t offset_min);
struct en_zone en_zone_system(void);

/* "+02:00", "+0200", "-5", "Z", "utc": a fixed offset. EN_RANGE otherwise. */
en_err en_zone_parse_offset(struct en_span s, int16_t *offset_min);

/* What the wall shows at an instant. EN_RANGE outside 0001-9999. */
en_err en_wall_of(int64_t time_ms, int16_t offset_min, struct en_wall *wall);

/*
 * en_wall_time - the instant at which a wall shows this, in a zone.
 *
 * twice  set when the hour happens twice: the first of the two is taken
 *
 * EN_ABSENT  the clock change skips this hour; nothing is written
 * EN_RANGE   no such wall time
 */
en_err en_wall_time(const struct en_wall *wall, const struct en_zone *zone,
                    int64_t *time_ms, int16_t *offset_min, bool *twice);

/* RFC 3339 with its offset, "2027-04-28T14:07:00.000+02:00" (Z is written
 * +00:00); out holds 32 bytes. EN_RANGE outside 0001-9999. */
en_err en_wall_rfc3339(int64_t time_ms, int16_t offset_min, char out[32]);

#endif
